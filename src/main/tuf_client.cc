// tuf-client: the TUF client of this project by itself, for interoperability tests. It speaks the
// command line of the public conformance suite; exit 0, or 1 with a sentence.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/limits.h"
#include "http/client.h"
#include "main/tuf_updater.h"
#include "posix/directory.h"
#include "posix/raw_file.h"
#include "posix/system_clock.h"

namespace {

using namespace fb;

struct Options {
  std::string metadata_dir, metadata_url, target_dir, target_base_url, root;
  std::vector<std::string> targets;
};

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Status init(const Options& options) {
  FB_ASSIGN(auto metadata, posix::open_directory(options.metadata_dir));
  FB_ASSIGN(const std::string root, posix::read_file(options.root, limits::kRootBytes));
  return tuf_main::init(*metadata, root);
}

Status update(const Options& options) {
  FB_ASSIGN(auto metadata, posix::open_directory(options.metadata_dir));
  http::Client http("firebreak-tuf-client");
  FB_ASSIGN(auto updater,
            tuf_main::Updater::open({*metadata, http, without_slash(options.metadata_url)},
                                    posix::SystemClock().wall()));
  FB_TRY(updater.refresh());
  if (options.targets.empty()) return {};
  FB_ASSIGN(auto files, posix::open_directory(options.target_dir));
  for (const std::string& target : options.targets)
    FB_TRY(updater.download(target, {*files, without_slash(options.target_base_url)}));
  return {};
}

int finish(const Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "tuf-client: %s\n", status.error().detail.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "A client of The Update Framework, specification 1.0.\n\nExample:\n  tuf-client "
      "--metadata-dir trust init root.json\n  tuf-client --metadata-dir trust --metadata-url "
      "http://127.0.0.1:8440/tuf/metadata refresh"};
  app.add_option("--metadata-dir", options.metadata_dir, "Where trusted metadata lies")->required();
  app.add_option("--metadata-url", options.metadata_url, "The repository's metadata");
  app.add_option("--target-name", options.targets, "What to download; may stand several times");
  app.add_option("--target-dir", options.target_dir, "Where downloads go");
  app.add_option("--target-base-url", options.target_base_url, "The repository's targets");
  auto* init_command = app.add_subcommand("init", "Trust this root; no network");
  init_command->add_option("root", options.root, "A root.json from a source you trust")->required();
  auto* refresh = app.add_subcommand("refresh", "Update root, timestamp, snapshot and targets");
  auto* download = app.add_subcommand("download", "Refresh, then download the targets in order");
  app.require_subcommand(1);
  try {
    app.parse(argc, argv);
    if (!*init_command && options.metadata_url.empty()) throw CLI::RequiredError("--metadata-url");
    const bool whither = !options.target_dir.empty() && !options.target_base_url.empty();
    if (*download && (options.targets.empty() || !whither))
      throw CLI::RequiredError("--target-name, --target-dir and --target-base-url");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  if (*refresh) options.targets.clear();
  return finish(*init_command ? init(options) : update(options));
}

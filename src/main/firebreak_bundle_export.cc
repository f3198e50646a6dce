// firebreak bundle export
#include <filesystem>
#include <memory>

#include "main/firebreak.h"
#include "posix/byte_file.h"
#include "posix/directory.h"
#include "publisher/bundles.h"

namespace fb::cli {
namespace {

namespace fs = std::filesystem;
using publisher::Desk;
using publisher::Outcome;

struct Options {
  std::string file;
  publisher::ExportOrder order;
};

Result<Outcome> make(Desk& desk, const Options& options) {
  const fs::path path = fs::absolute(options.file);
  FB_ASSIGN(const auto folder, posix::open_directory(path.parent_path().string()));
  const port::OpenSource open = posix::open_bytes;
  FB_ASSIGN(Outcome outcome, publisher::export_bundle_file(
                                 desk, options.order, {*folder, path.filename().string(), open}));
  outcome.text += "written: " + options.file +
                  "\nnext, on the machine: firebreak-agent install --config agent.toml --bundle " +
                  options.file + "\n";
  outcome.document["file"] = options.file;
  return outcome;
}

}  // namespace

void register_bundle_export(CLI::App* noun, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(noun, "export", "One file with released releases and all that proves them",
                  "firebreak bundle export --release sensor.channel@291 --output site.bundle");
  command
      ->add_option("--release", options->order.releases,
                   "COMPONENT@VERSION, a digest or its beginning; once for each")
      ->required()
      ->type_name("RELEASE")
      ->allow_extra_args(false);
  command->add_option("--output", options->file, "Where to")->required()->type_name("FILE");
  command
      ->add_option("--seen", options->order.seen,
                   "A size of the log that a device says it has seen; earlier exports count anyway")
      ->type_name("ENTRIES")
      ->allow_extra_args(false);
  on(command, program, [options](Desk& desk) { return make(desk, *options); });
}

}  // namespace fb::cli

// firebreak bundle export
#include <filesystem>
#include <memory>

#include "base/limits.h"
#include "main/firebreak.h"
#include "posix/byte_file.h"
#include "posix/directory.h"
#include "posix/raw_file.h"
#include "publisher/bundles.h"

namespace fb::cli {
namespace {

namespace fs = std::filesystem;
using publisher::Desk;
using publisher::Outcome;

struct Options {
  std::string file;
  publisher::ExportOrder order;
  std::vector<std::string> policies;  // files
};

Result<Outcome> make(Desk& desk, const Options& options) {
  publisher::ExportOrder order = options.order;
  for (const std::string& path : options.policies) {
    FB_ASSIGN(std::string bytes, posix::read_file(path, limits::kJsonBytes));
    order.policies.push_back(std::move(bytes));
  }
  const fs::path path = fs::absolute(options.file);
  FB_ASSIGN(const auto folder, posix::open_directory(path.parent_path().string()));
  const port::OpenSource open = posix::open_bytes;
  FB_ASSIGN(Outcome outcome,
            publisher::export_bundle_file(desk, order, {*folder, path.filename().string(), open}));
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
                  "firebreak bundle export --release sensor.channel@291 --policy "
                  "tenants/acme/policy-3.json --output site.bundle");
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
  command
      ->add_option("--policy", options->policies,
                   "A tenant's signed policy, or a rotation of its key, for that tenant's devices; "
                   "once for each")
      ->type_name("FILE")
      ->allow_extra_args(false);
  on(command, program, [options](Desk& desk) { return make(desk, *options); });
}

}  // namespace fb::cli

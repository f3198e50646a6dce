// firebreak bundle export
#include <filesystem>
#include <memory>

#include "main/firebreak.h"
#include "posix/byte_file.h"
#include "posix/directory.h"
#include "publisher/bundles.h"
#include "publisher/home.h"

namespace fb::cli {
namespace {

namespace fs = std::filesystem;
using publisher::Desk;
using publisher::Outcome;

struct Options {
  std::string file;
  publisher::ExportOrder order;
};

// What was written is read again, and judged as on a machine that has our root.
Result<Outcome> write(Desk& desk, const publisher::ExportOrder& order, port::Files& folder,
                      const std::string& name) {
  FB_ASSIGN(const auto file, folder.append_to(name));
  FB_TRY(publisher::export_bundle(desk, order,
                                  [&](std::string_view bytes) { return file->append(bytes); }));
  FB_TRY(file->keep());
  FB_ASSIGN(auto source, posix::open_bytes(folder.absolute(name)));
  FB_ASSIGN(const auto archive, bundle::Archive::open(std::move(source)));
  FB_ASSIGN(const std::string root,
            publisher::read_text(desk.home, std::string(publisher::kPinnedRoot)));
  const Instant now = desk.clock.wall();
  return publisher::describe_bundle(archive, {root, {now, now, {}}});
}

// Written beside it and renamed once it holds: nobody carries half a bundle away.
Result<Outcome> make(Desk& desk, const Options& options) {
  const fs::path path = fs::absolute(options.file);
  FB_ASSIGN(const auto folder, posix::open_directory(path.parent_path().string()));
  const std::string name = path.filename().string(), partial = name + ".partial";
  FB_TRY(folder->remove(partial));
  auto outcome = write(desk, options.order, *folder, partial);
  if (!outcome.ok()) {
    FB_TRY(folder->remove(partial));
    return outcome;
  }
  FB_TRY(folder->rename(partial, name));
  outcome->text += "written: " + options.file +
                   "\nnext, on the machine: firebreak-agent install --config agent.toml --bundle " +
                   options.file + "\n";
  outcome->document["file"] = options.file;
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

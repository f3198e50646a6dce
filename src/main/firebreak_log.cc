// firebreak log verify|save|prove|pack
#include <memory>
#include <optional>

#include "main/firebreak.h"
#include "posix/raw_file.h"
#include "publisher/log_check.h"
#include "publisher/log_pack.h"

namespace fb::cli {
namespace {

using publisher::Desk;

constexpr std::size_t kLogFileBytes = 1U << 30U;

struct Options {
  std::string file;
  std::uint64_t index = 0;
  std::string release;
  std::vector<std::string> words;
  bool devices = false;
};
using Shared = std::shared_ptr<Options>;

Result<publisher::Outcome> verify(Desk& desk, const Options& options) {
  if (options.file.empty()) return publisher::verify_served(desk);
  FB_ASSIGN(const auto bytes, posix::read_file(options.file, kLogFileBytes).in(options.file));
  return publisher::verify_saved(desk, bytes);
}

Result<publisher::Outcome> save(Desk& desk, const std::string& path) {
  FB_ASSIGN(const std::string bytes, publisher::save_log(desk));
  FB_TRY(posix::write_file_atomic(path, bytes).in(path));
  return publisher::Outcome{
      publisher::Answer::yes,
      "saved to " + path + "\nnext: firebreak log verify --file " + path + "\n",
      {{"file", path}}};
}

Result<publisher::Outcome> prove(Desk& desk, const Options& options) {
  Result<Digest> release = Digest{};
  if (!options.release.empty()) release = Digest::parse(options.release);
  if (!release.ok()) return Error{ErrorCode::bad_usage, "--release: " + release.error().detail};
  FB_ASSIGN(auto outcome, options.release.empty() ? publisher::prove_entry(desk, options.index)
                                                  : publisher::prove_release(desk, *release));
  if (options.file.empty()) return outcome;
  FB_TRY(posix::write_file_atomic(options.file, json::pretty(outcome.document)).in(options.file));
  outcome.text += "next: firebreak log verify --file " + options.file + "\n";
  return outcome;
}

void register_prove(CLI::App* noun, Program& program, const Shared& options) {
  CLI::App* command =
      add_command(noun, "prove", "Prove that an entry is in the log: --out FILE keeps the proof",
                  "firebreak log prove --release sha256:… --out proof.json");
  auto* index = command->add_option("index", options->index, "Which entry");
  auto* release =
      command->add_option("--release", options->release, "The entry that published this release")
          ->type_name("DIGEST");
  index->excludes(release);
  command->add_option("--out", options->file, "Where to keep it")->type_name("FILE");
  command->require_option(1, 2);
  on(command, program, [options](Desk& desk) { return prove(desk, *options); });
}

Result<publisher::Outcome> pack_up(Desk& desk, const Options& options) {
  FB_ASSIGN(const auto made,
            publisher::make_pack(desk, options.words,
                                 options.devices ? pack::Devices::named : pack::Devices::left_out));
  FB_TRY(posix::write_file_atomic(options.file, pack::encode(made)).in(options.file));
  const std::string count = std::to_string(made.entries.size());
  return publisher::Outcome{
      publisher::Answer::yes,
      count + " entries of the log, proved, in " + options.file + "\nnext: firebreak-verify " +
          options.file + " --root root.json\n",
      {{"file", options.file}, {"entries", made.entries.size()}, {"release", made.release.text()}}};
}

void register_pack(CLI::App* noun, Program& program, const Shared& options) {
  CLI::App* command =
      add_command(noun, "pack", "The evidence about a release in one file, for firebreak-verify",
                  "firebreak log pack sensor.channel 290 --out pack.json");
  command->add_option("release", options->words, "Digest, its beginning, or component and version")
      ->required()
      ->expected(1, 2);
  command->add_option("--out", options->file, "Where to")->required()->type_name("FILE");
  command->add_flag("--devices", options->devices,
                    "With dispatches and reports, which name devices and customers");
  on(command, program, [options](Desk& desk) { return pack_up(desk, *options); });
}

}  // namespace

void register_log(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(app, "log", "The event log: every act, verdict, permit and report");
  const auto options = std::make_shared<Options>();

  CLI::App* verify_command = add_command(
      noun, "verify", "Verify every entry and the checkpoint; exit 1 names the first bad entry",
      "firebreak log verify");
  verify_command
      ->add_option("--file", options->file,
                   "A saved log or proof instead of the server's; works offline")
      ->type_name("FILE");
  on(verify_command, program, [options](Desk& desk) { return verify(desk, *options); });

  CLI::App* save_command =
      add_command(noun, "save", "Keep a copy to verify elsewhere", "firebreak log save log.json");
  save_command->add_option("file", options->file, "Where to")->required()->type_name("FILE");
  on(save_command, program, [options](Desk& desk) { return save(desk, options->file); });
  register_prove(noun, program, options);
  register_pack(noun, program, options);
}

}  // namespace fb::cli

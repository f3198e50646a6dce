// firebreak bundle show|import: releases for where no network goes; `export` has a file of its own.
#include <memory>

#include "base/limits.h"
#include "main/firebreak.h"
#include "posix/byte_file.h"
#include "posix/directory.h"
#include "posix/raw_file.h"
#include "posix/system_clock.h"
#include "publisher/bundles.h"

namespace fb::cli {
namespace {

using publisher::Outcome;

struct Options {
  std::string file, root = "root.json", mirror = "mirror";
  std::int64_t carry_days = limits::kCarry.ms / days(1).ms;
};
using Shared = std::shared_ptr<Options>;

Result<bundle::Archive> open(const std::string& path) {
  FB_ASSIGN(auto source, posix::open_bytes(path));
  return bundle::Archive::open(std::move(source));
}

// This machine's own root: without it a forged bundle could show a world of its own.
Result<bundle::Judge> judge(const Options& options) {
  const auto root = posix::read_file(options.root, limits::kRootBytes);
  if (!root.ok()) {
    return Error{ErrorCode::bad_usage,
                 options.root +
                     " cannot be read; --root names this machine's own copy of a root.json, which "
                     "came by another way than the bundle"};
  }
  const Instant now = posix::SystemClock().wall();
  return bundle::Judge{*root, {now, now, days(options.carry_days)}};
}

// What is wrong with a bundle is a verdict; that it cannot be read is not.
Result<Outcome> verdict(Result<Outcome> outcome, const std::string& file) {
  if (outcome.ok()) return outcome;
  const Error& error = outcome.error();
  const bool could_not = error.code == ErrorCode::io_failed || error.code == ErrorCode::no_space ||
                         error.code == ErrorCode::bad_usage;
  if (could_not) return error;
  return Outcome{publisher::Answer::no,
                 file + " is not to be used: " + error.detail + "\n",
                 {{"rule", name(error.code)}, {"reason", error.detail}}};
}

Result<Outcome> show(const Options& options) {
  FB_ASSIGN(const auto with, judge(options));
  const auto archive = open(options.file);
  if (!archive.ok()) return verdict(archive.error(), options.file);
  return verdict(publisher::describe_bundle(*archive, with), options.file);
}

Result<Outcome> import(const Options& options) {
  FB_ASSIGN(const auto with, judge(options));
  const auto archive = open(options.file);
  if (!archive.ok()) return verdict(archive.error(), options.file);
  FB_ASSIGN(const auto mirror, posix::open_directory(options.mirror));
  return verdict(publisher::unpack_bundle(*archive, with, *mirror), options.file);
}

void add_judge(CLI::App* command, const Shared& options) {
  command->add_option("file", options->file, "The bundle")->required()->type_name("FILE");
  command->add_option("--root", options->root, "This machine's own copy of a root.json")
      ->type_name("FILE")
      ->capture_default_str();
  command->add_option("--carry-days", options->carry_days, "How long it may have been on its way")
      ->check(CLI::Range(std::int64_t{0}, limits::kLongestCarry.ms / days(1).ms))
      ->capture_default_str();
}

}  // namespace

void register_bundles(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(app, "bundle", "Bundles: releases in one file, for air-gapped sites");
  register_bundle_export(noun, program);
  const auto options = std::make_shared<Options>();
  CLI::App* show_command =
      add_command(noun, "show", "Verify a bundle and say what it holds; needs no home, no network",
                  "firebreak bundle show site.bundle --root root.json");
  add_judge(show_command, options);
  show_command->callback(
      [&program, options] { program.chosen = [options] { return show(*options); }; });
  CLI::App* import_command = add_command(
      noun, "import", "Verify a bundle and lay it out as a repository that a web server can serve",
      "firebreak bundle import site.bundle --root root.json --into /srv/firebreak");
  add_judge(import_command, options);
  import_command->add_option("--into", options->mirror, "The repository's folder")
      ->type_name("DIR")
      ->capture_default_str();
  import_command->callback(
      [&program, options] { program.chosen = [options] { return import(*options); }; });
}

}  // namespace fb::cli

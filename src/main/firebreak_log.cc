// firebreak log verify|save
#include <memory>
#include <optional>

#include "main/firebreak.h"
#include "posix/raw_file.h"
#include "publisher/log_check.h"

namespace fb::cli {
namespace {

using publisher::Desk;

constexpr std::size_t kLogFileBytes = 1U << 30U;

Result<publisher::Outcome> verify(Desk& desk, const std::string& path) {
  std::optional<std::string> file;
  if (!path.empty()) {
    FB_ASSIGN(file, posix::read_file(path, kLogFileBytes).in(path));
  }
  return publisher::check_log(desk, file);
}

Result<publisher::Outcome> save(Desk& desk, const std::string& path) {
  FB_ASSIGN(const std::string bytes, publisher::save_log(desk));
  FB_TRY(posix::write_file_atomic(path, bytes).in(path));
  return publisher::Outcome{
      publisher::Answer::yes,
      "saved to " + path + "\nnext: firebreak log verify --file " + path + "\n",
      {{"file", path}}};
}

}  // namespace

void register_log(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(app, "log", "The event log: every act, verdict, permit and report");
  const auto path = std::make_shared<std::string>();

  CLI::App* verify_command = add_command(
      noun, "verify", "Verify every entry and the signed head; exit 1 names the first bad entry",
      "firebreak log verify");
  verify_command->add_option("--file", *path, "A saved log instead of the server's; works offline")
      ->type_name("FILE");
  on(verify_command, program, [path](Desk& desk) { return verify(desk, *path); });

  CLI::App* save_command =
      add_command(noun, "save", "Keep a copy to verify elsewhere", "firebreak log save log.json");
  save_command->add_option("file", *path, "Where to")->required()->type_name("FILE");
  on(save_command, program, [path](Desk& desk) { return save(desk, *path); });
}

}  // namespace fb::cli

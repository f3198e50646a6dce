// firebreak check, firebreak sync
#include <memory>

#include "base/limits.h"
#include "main/firebreak.h"
#include "posix/raw_file.h"
#include "publisher/check.h"
#include "publisher/sync.h"

namespace fb::cli {
namespace {

struct Options {
  std::string draft;
  std::string inventory;
};

Result<publisher::Outcome> check(publisher::Desk& desk, const Options& options) {
  FB_ASSIGN(const auto draft, publisher::load_draft(desk.home, options.draft));
  publisher::CheckOrder order{{}, desk.clock.wall()};
  if (!options.inventory.empty()) {
    FB_ASSIGN(
        order.inventory,
        posix::read_file(options.inventory, limits::kManagementBodyBytes).in(options.inventory));
  }
  return publisher::check_draft(desk.home, draft, order);
}

}  // namespace

void register_check(CLI::App& app, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      &app, "check", "Run the server's gates over a draft, offline; exit 1 when one is closed",
      "firebreak check sensor.channel-291");
  command->add_option("draft", options->draft, "As `release create` named it")->required();
  command
      ->add_option("--inventory", options->inventory,
                   "A signed inventory instead of the last one seen")
      ->type_name("FILE");
  on(command, program, [options](publisher::Desk& desk) { return check(desk, *options); });

  CLI::App* sync = add_command(
      &app, "sync", "Fetch what `check` needs offline: trust, inventory, engines' contracts",
      "firebreak sync");
  on(sync, program, [](publisher::Desk& desk) { return publisher::sync(desk); });
}

}  // namespace fb::cli

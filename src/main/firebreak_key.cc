// firebreak key new|list|show|status
#include <memory>

#include "main/firebreak.h"
#include "publisher/keys_view.h"

namespace fb::cli {
namespace {

using publisher::Desk;

struct Options {
  std::string name;
  bool plain = false;
  std::int64_t warn_days = 7;
};

}  // namespace

void register_keys(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(
      app, "key", "Keys: make one; see roles, expiry, and what a thief of each could sign");
  const auto options = std::make_shared<Options>();

  CLI::App* make = add_command(noun, "new", "Make a key pair in keys/", "firebreak key new core-3");
  make->add_option("name", options->name, "File name without .pem")->required();
  make->add_flag("--unencrypted", options->plain,
                 "Without a passphrase: for the lab and for programs that start unattended");
  on(make, program, [options](Desk& desk) {
    return publisher::new_key(
        desk, options->name,
        options->plain ? publisher::Protection::plain : publisher::Protection::passphrase);
  });

  CLI::App* list =
      add_command(noun, "list", "Every key that lies here, and what it is worth to a thief",
                  "firebreak key list");
  on(list, program, [](Desk& desk) { return publisher::list_keys(desk); });

  CLI::App* show = add_command(noun, "show", "One key", "firebreak key show core-1");
  show->add_option("name", options->name, "As `key list` names it")->required();
  on(show, program, [options](Desk& desk) { return publisher::show_key(desk, options->name); });

  CLI::App* status =
      add_command(noun, "status", "When each role's metadata expires; exit 1 when one is due",
                  "firebreak key status --warn-days 14");
  status->add_option("--warn-days", options->warn_days, "How early to warn")
      ->check(CLI::Range(0, 365))
      ->capture_default_str();
  on(status, program,
     [options](Desk& desk) { return publisher::key_status(desk, days(options->warn_days)); });
}

}  // namespace fb::cli

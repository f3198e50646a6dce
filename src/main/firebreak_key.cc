// firebreak key new|list|show|status; what other keys have to sign is in firebreak_key_change.cc.
#include <memory>

#include "main/firebreak.h"
#include "main/firebreak_passphrase.h"
#include "posix/directory.h"
#include "publisher/keys_view.h"

namespace fb::cli {
namespace {

using publisher::Desk;

struct Options {
  std::string name, token, type = "ed25519";
  bool plain = false, here = false;
  std::int64_t warn_days = 7;
};

// In `files`: a home, or the folder where a holder stands, whose machine has no home.
Result<publisher::Outcome> make(port::Files& files, publisher::KeyStore& keys,
                                const Options& options) {
  const publisher::NewKeyOrder order{
      options.here ? "" : "keys/", options.name,
      options.plain ? publisher::Protection::plain : publisher::Protection::passphrase};
  if (options.token.empty()) return publisher::new_key(files, keys, order);
  const auto type =
      options.type == "ed25519" ? crypto::KeyType::ed25519 : crypto::KeyType::ecdsa_p256;
  FB_ASSIGN(const auto made, PemKeys().generate_in_token(options.token, type));
  return publisher::keep_key(files, made, order);
}

Result<publisher::Outcome> make_here(const Options& options) {
  FB_ASSIGN(const auto folder, posix::open_directory("."));
  PemKeys keys;
  return make(*folder, keys, options);
}

void register_new(CLI::App* noun, Program& program, const std::shared_ptr<Options>& options) {
  CLI::App* command =
      add_command(noun, "new", "Make a key pair in keys/, or in this folder with --here",
                  "firebreak key new core-3 --here");
  command->add_option("name", options->name, "File name without .pem")->required();
  command->add_flag("--here", options->here, "On a holder's own machine, which has no home");
  command->add_flag("--unencrypted", options->plain,
                    "Without a passphrase: for the lab and for programs that start unattended");
  command
      ->add_option("--token", options->token,
                   "Make it in a PKCS#11 token, which it never leaves; the file names it")
      ->type_name("pkcs11:token=T;object=NAME");
  command->add_option("--type", options->type, "In a token: ed25519 or p256")
      ->check(CLI::IsMember({"ed25519", "p256"}))
      ->capture_default_str();
  command->callback([&program, options] {
    program.chosen = [options] { return make_here(*options); };
    if (options->here) return;
    program.chosen =
        at_home(program, [options](Desk& desk) { return make(desk.home, desk.keys, *options); });
  });
}

}  // namespace

void register_keys(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(
      app, "key",
      "Keys: make, rotate, revoke; see roles, expiry, and what a thief of each could sign");
  const auto options = std::make_shared<Options>();

  register_new(noun, program, options);
  register_key_changes(noun, program);

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

// firebreak evidence add|list|verify
#include <memory>

#include "base/limits.h"
#include "main/firebreak.h"
#include "posix/raw_file.h"
#include "posix/sandbox.h"
#include "publisher/evidence.h"

namespace fb::cli {
namespace {

using publisher::Desk;

struct Options {
  std::vector<std::string> release;
  std::string gpg, artifact, keyring, key;
};
using Shared = std::shared_ptr<Options>;

// A file that a person named: that it is not there is theirs to mend.
Result<std::string> read(const std::string& option, const std::string& path, std::size_t most) {
  auto bytes = posix::read_file(path, most).in(option);
  if (bytes.ok() || bytes.error().code != ErrorCode::not_found) return bytes;
  return Error{ErrorCode::bad_usage, bytes.error().detail};
}

Result<publisher::Outcome> add(Desk& desk, const Options& options) {
  publisher::EvidenceOrder order;
  order.release = options.release;
  order.artifact = options.artifact;
  order.key_name = options.key;
  FB_ASSIGN(order.signature, read("--gpg", options.gpg, limits::kOpenPgpBytes));
  FB_ASSIGN(order.keyring, read("--keyring", options.keyring, limits::kKeyringBytes));
  FB_ASSIGN(order.key, read("--key", options.key, limits::kTextBytes));
  posix::ProcessSandbox sandbox;
  publisher::OpenPgp openpgp(desk.home, desk.entropy, sandbox);
  return publisher::add_evidence(desk, openpgp, order);
}

Result<publisher::Outcome> verify(Desk& desk, const Options& options) {
  FB_ASSIGN(const std::string keyring, read("--keyring", options.keyring, limits::kKeyringBytes));
  posix::ProcessSandbox sandbox;
  publisher::OpenPgp openpgp(desk.home, desk.entropy, sandbox);
  return publisher::verify_evidence(desk, openpgp, options.release, keyring);
}

void add_release(CLI::App* command, const Shared& options) {
  command
      ->add_option("release", options->release, "Digest, its beginning, or component and version")
      ->required()
      ->expected(1, 2);
}

void add_keyring(CLI::App* command, const Shared& options) {
  command
      ->add_option("--keyring", options->keyring,
                   "The OpenPGP keys that count, as `gpg --export` writes them")
      ->required()
      ->type_name("FILE");
}

void register_add(CLI::App* noun, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      noun, "add",
      "Vouch for a detached GPG signature over an artifact; exit 1 when it is not good",
      "firebreak evidence add sensor.channel 290 --gpg channel.bin.asc --keyring keys.gpg --key "
      "people/reviewer.pem");
  add_release(command, options);
  command->add_option("--gpg", options->gpg, "What `gpg --armor --detach-sign` made")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--artifact", options->artifact,
                   "Which one it signs; needed when there are several")
      ->type_name("NAME");
  add_keyring(command, options);
  command->add_option("--key", options->key, "The private key of the person who vouches")
      ->required()
      ->type_name("FILE");
  on(command, program, [options](Desk& desk) { return add(desk, *options); });
}

}  // namespace

void register_evidence(CLI::App& app, Program& program) {
  CLI::App* noun =
      add_noun(app, "evidence", "What people vouch for about a release, beside approvals");
  register_add(noun, program);

  const auto listing = std::make_shared<Options>();
  CLI::App* list = add_command(noun, "list", "What the server has; verified by `verify`",
                               "firebreak evidence list sensor.channel 290");
  add_release(list, listing);
  on(list, program,
     [listing](Desk& desk) { return publisher::list_evidence(desk.server, listing->release); });

  const auto verifying = std::make_shared<Options>();
  CLI::App* command =
      add_command(noun, "verify", "Verify all of it anew; exit 1 when something does not hold",
                  "firebreak evidence verify sensor.channel 290 --keyring keys.gpg");
  add_release(command, verifying);
  add_keyring(command, verifying);
  on(command, program, [verifying](Desk& desk) { return verify(desk, *verifying); });
}

}  // namespace fb::cli

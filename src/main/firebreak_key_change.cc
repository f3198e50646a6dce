// firebreak key rotate|revoke|renew and trust replace: changes that role keys have to sign.
#include <memory>

#include "base/limits.h"
#include "main/firebreak.h"
#include "main/firebreak_request.h"
#include "posix/raw_file.h"

namespace fb::cli {
namespace {

using publisher::Desk;

struct Options {
  std::string role, key, add, file, trust;
  std::int64_t threshold = 0;
  std::string request;
};

using Shared = std::shared_ptr<Options>;

void add_request(CLI::App* command, const Shared& options) {
  command
      ->add_option("--request", options->request,
                   "Write a request for the holders instead of signing with the keys that lie here")
      ->type_name("FILE");
}

Result<publisher::Outcome> rotate(Desk& desk, const Options& options) {
  FB_ASSIGN(auto added, read_added_key(options.add));
  publisher::RotationOrder order{options.role, options.key, std::move(added), {}};
  if (options.threshold > 0) order.threshold = options.threshold;
  if (order.remove.empty() && !order.add && !order.threshold)
    return Error{ErrorCode::bad_usage, "nothing changes: give --remove, --add or --threshold"};
  FB_ASSIGN(const auto request, publisher::request_rotation(desk, order));
  return sign_or_write(desk, request, options.request);
}

Result<publisher::Outcome> revoke(Desk& desk, const Options& options) {
  FB_ASSIGN(const auto replacement, read_added_key(options.add));
  FB_ASSIGN(const auto request, publisher::request_revocation(desk, options.key, replacement));
  return sign_or_write(desk, request, options.request);
}

Result<publisher::Outcome> renew(Desk& desk, const Options& options) {
  FB_ASSIGN(const auto request, publisher::request_renewal(desk, options.role));
  return sign_or_write(desk, request, options.request);
}

Result<publisher::Outcome> replace(Desk& desk, const Options& options) {
  FB_ASSIGN(const std::string bytes,
            posix::read_file(options.file, limits::kJsonBytes).in(options.file));
  FB_ASSIGN(const auto request, publisher::request_trust(desk, options.trust, bytes));
  return sign_or_write(desk, request, options.request);
}

void register_rotate(CLI::App* noun, Program& program, const Shared& options) {
  CLI::App* command = add_command(
      noun, "rotate", "Give a role other keys or another threshold; signed by the old and the new",
      "firebreak key rotate core --remove core-2 --add core-3.pub.json --request core.request");
  command->add_option("role", options->role, "root, targets, core, content, flags …")->required();
  command->add_option("--remove", options->key, "A key's name, or the beginning of its id")
      ->type_name("KEY");
  command->add_option("--add", options->add, "A public key, as `key new` writes it")
      ->type_name("FILE");
  command->add_option("--threshold", options->threshold, "How many have to sign from now on")
      ->check(CLI::Range(1, 64))
      ->type_name("N");
  add_request(command, options);
  on(command, program, [options](Desk& desk) { return rotate(desk, *options); });
}

void register_revoke(CLI::App* noun, Program& program, const Shared& options) {
  CLI::App* command = add_command(
      noun, "revoke", "A key is lost or stolen: no role and no person counts it any more",
      "firebreak key revoke core-2 --replace core-3.pub.json --request core.request");
  command->add_option("key", options->key, "Its name, or the beginning of its id")->required();
  command->add_option("--replace", options->add, "The key that takes its place in its roles")
      ->type_name("FILE");
  add_request(command, options);
  on(command, program, [options](Desk& desk) { return revoke(desk, *options); });
}

}  // namespace

void register_key_changes(CLI::App* noun, Program& program) {
  const auto options = std::make_shared<Options>();
  register_rotate(noun, program, options);
  register_revoke(noun, program, options);
  CLI::App* command =
      add_command(noun, "renew", "Sign a role's metadata for another term, unchanged",
                  "firebreak key renew root --request root.request");
  command->add_option("role", options->role, "root, targets, core, content or flags")->required();
  add_request(command, options);
  on(command, program, [options](Desk& desk) { return renew(desk, *options); });
}

void register_trust(CLI::App& app, Program& program) {
  CLI::App* noun =
      add_noun(app, "trust", "What top-level targets say: people, speed limits, log keys");
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(noun, "replace", "Another people, limits, log or revoked file",
                                  "firebreak trust replace people people.json --request p.request");
  command->add_option("which", options->trust, "people, limits, log or revoked")->required();
  command->add_option("file", options->file, "The new file")->required()->type_name("FILE");
  add_request(command, options);
  on(command, program, [options](Desk& desk) { return replace(desk, *options); });
}

}  // namespace fb::cli

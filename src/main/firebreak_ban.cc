// firebreak release revoke|floor|unblock: what the offline keys say of releases, through a signing
// request.
#include <memory>

#include "main/firebreak.h"
#include "main/firebreak_request.h"
#include "publisher/revocation_orders.h"

namespace fb::cli {
namespace {

using publisher::Desk;

struct Options {
  std::vector<std::string> release;
  std::string component, version, reason, request;
  std::int64_t rollout = 0;
};

using Shared = std::shared_ptr<Options>;

CLI::App* add_order(CLI::App* noun, const std::string& name, const std::string& what,
                    const std::string& example, const Shared& options) {
  CLI::App* command = add_command(noun, name, what, example);
  command->add_option("--reason", options->reason, "Devices tell it to whoever asks them")
      ->required();
  command
      ->add_option("--request", options->request,
                   "Write a request for the holders instead of signing with the keys that lie here")
      ->type_name("FILE");
  return command;
}

void add_release(CLI::App* command, const Shared& options) {
  command
      ->add_option("release", options->release, "Digest, its beginning, or component and version")
      ->required()
      ->expected(1, 2);
}

Result<publisher::Outcome> revoke(Desk& desk, const Options& options) {
  FB_ASSIGN(const auto request, publisher::request_ban(desk, {options.release, options.reason}));
  return sign_or_write(desk, request, options.request);
}

Result<publisher::Outcome> floor(Desk& desk, const Options& options) {
  FB_ASSIGN(const auto request,
            publisher::request_floor(desk, {options.component, options.version, options.reason}));
  return sign_or_write(desk, request, options.request);
}

Result<publisher::Outcome> unblock(Desk& desk, const Options& options) {
  FB_ASSIGN(const RolloutId rollout, RolloutId::parse(options.rollout));
  FB_ASSIGN(const auto request,
            publisher::request_unblock(desk, {options.release, rollout, options.reason}));
  return sign_or_write(desk, request, options.request);
}

}  // namespace

void register_bans(CLI::App* noun, Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* revoke_command = add_order(
      noun, "revoke", "Known to be bad, for good: nobody starts it, who runs it leaves it",
      R"(firebreak release revoke sensor.channel 291 --reason "reads a 21st field")", options);
  add_release(revoke_command, options);
  on(revoke_command, program, [options](Desk& desk) { return revoke(desk, *options); });

  CLI::App* floor_command = add_order(
      noun, "floor", "Nothing of a component below this version starts any more",
      R"(firebreak release floor sensor.engine 7.12 --reason "7.11 reads past its input")",
      options);
  floor_command->add_option("component", options->component, "sensor.engine")->required();
  floor_command->add_option("version", options->version, "The smallest that may start")->required();
  on(floor_command, program, [options](Desk& desk) { return floor(desk, *options); });

  CLI::App* unblock_command = add_order(
      noun, "unblock", "The halt of one rollout no longer stands against its release",
      R"(firebreak release unblock sensor.channel 291 --rollout 7 --reason "a false alarm")",
      options);
  add_release(unblock_command, options);
  unblock_command->add_option("--rollout", options->rollout, "The rollout that was halted")
      ->required()
      ->type_name("N");
  on(unblock_command, program, [options](Desk& desk) { return unblock(desk, *options); });
}

}  // namespace fb::cli

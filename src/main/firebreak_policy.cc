// firebreak policy sign|rotate-key|submit|show
#include <memory>

#include "base/limits.h"
#include "main/firebreak.h"
#include "main/firebreak_simulate.h"
#include "posix/raw_file.h"
#include "publisher/policy_orders.h"

namespace fb::cli {
namespace {

using publisher::Desk;

struct Options {
  std::string tenant, file, component = "*", id, freeze, delay, pin, on_halt = "revert";
  std::vector<std::string> approvals;
  std::string key;
  std::int64_t version = 0;
};

std::string rule_id(const Options& options, const char* otherwise) {
  return options.id.empty() ? otherwise : options.id;
}

// Each of --freeze, --delay, --pin and --approvals is a rule of its own, over the same component.
Result<std::vector<policy::Rule>> rules_of(const Options& options) {
  std::vector<policy::Rule> rules;
  if (!options.freeze.empty()) {
    FB_ASSIGN(const auto freeze, publisher::parse_freeze(options.freeze));
    rules.push_back({rule_id(options, "freeze"), options.component, freeze, {}, {}});
  }
  if (!options.delay.empty()) {
    FB_ASSIGN(const auto delay, publisher::parse_delay(options.delay));
    rules.push_back({rule_id(options, "delay"), options.component, {}, delay, {}});
  }
  if (!options.pin.empty())
    rules.push_back({rule_id(options, "pin"), options.component, {}, {}, options.pin});
  if (!options.approvals.empty()) {
    FB_ASSIGN(auto roles, publisher::parse_roles(options.approvals));
    rules.push_back(
        {rule_id(options, "approvals"), options.component, {}, {}, {}, std::move(roles)});
  }
  return rules;
}

Result<publisher::Outcome> sign(Desk& desk, const Options& options) {
  FB_ASSIGN(auto rules, rules_of(options));
  const auto on_halt = options.on_halt == "hold" ? policy::OnHalt::hold : policy::OnHalt::revert;
  return publisher::sign_policy(desk, {options.tenant, options.version, std::move(rules), on_halt});
}

void register_sign(CLI::App* noun, Program& program, const std::shared_ptr<Options>& options) {
  CLI::App* command = add_command(
      noun, "sign",
      "Write a tenant's policy and sign it with the tenant's key; without rules it allows "
      "everything",
      "firebreak policy sign --tenant acme --freeze 2026-12-20..2027-01-05 --id quarter-end");
  command->add_option("--tenant", options->tenant, "Whose word it is")
      ->required()
      ->type_name("TENANT");
  command->add_option("--component", options->component, "sensor.channel, sensor.* or *")
      ->type_name("PATTERN")
      ->capture_default_str();
  command->add_option("--freeze", options->freeze, "Nothing starts in this time")
      ->type_name("FROM..TO");
  command
      ->add_option("--delay", options->delay,
                   "Wait this long after a device first sees a release: 90s, 30min, 24h, 7d")
      ->type_name("TIME");
  command->add_option("--pin", options->pin, "Only this version may start")->type_name("V");
  command
      ->add_option("--approvals", options->approvals,
                   "Roles whose approval devices want to see, each of another person: "
                   "reviewer,security")
      ->delimiter(',')
      ->type_name("ROLES");
  command
      ->add_option("--id,--name", options->id, "The customer's name for the rule, shown by explain")
      ->type_name("NAME");
  command->add_option("--on-halt", options->on_halt, "What devices do after a halt: revert or hold")
      ->check(CLI::IsMember({"revert", "hold"}))
      ->capture_default_str();
  command->add_option("--version", options->version, "Default: one above the newest here")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->type_name("N");
  on(command, program, [options](Desk& desk) { return sign(desk, *options); });
}

void register_rotation(CLI::App* noun, Program& program, const std::shared_ptr<Options>& options) {
  CLI::App* command = add_command(
      noun, "rotate-key", "A tenant's policies get another key; the old and the new one sign that",
      "firebreak policy rotate-key --tenant acme --to acme-2.pem");
  command->add_option("--tenant", options->tenant, "Whose")->required()->type_name("TENANT");
  command->add_option("--to", options->key, "The new private key, as `key new` wrote it")
      ->required()
      ->type_name("FILE");
  on(command, program, [options](Desk& desk) -> Result<publisher::Outcome> {
    FB_ASSIGN(const std::string pem, posix::read_file(options->key, 64U << 10U).in(options->key));
    return publisher::rotate_policy_key(desk, {options->tenant, pem, options->key});
  });
}

}  // namespace

void register_policies(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(
      app, "policy",
      "The customer's word: freeze, delay, pin, approvals; signed with the customer's key");
  const auto options = std::make_shared<Options>();
  register_sign(noun, program, options);
  register_rotation(noun, program, options);

  register_policy_score(noun, program);

  CLI::App* submit =
      add_command(noun, "submit", "Hand a signed policy, or a rotation of its key, to the server",
                  "firebreak policy submit tenants/acme/policy-1.json");
  submit->add_option("file", options->file, "As `policy sign` wrote it")
      ->required()
      ->type_name("FILE");
  on(submit, program, [options](Desk& desk) -> Result<publisher::Outcome> {
    FB_ASSIGN(const std::string bytes,
              posix::read_file(options->file, limits::kJsonBytes).in(options->file));
    return publisher::submit_policy(desk, bytes);
  });

  CLI::App* show = add_command(noun, "show", "The newest policy that a tenant signed here",
                               "firebreak policy show --tenant acme");
  show->add_option("--tenant", options->tenant, "Whose")->required()->type_name("TENANT");
  on(show, program,
     [options](Desk& desk) { return publisher::show_policy(desk, options->tenant); });
}

}  // namespace fb::cli

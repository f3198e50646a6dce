// firebreak rollout bound|evidence: the two halves of the decision as calculators over the engine's
// own code.
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "main/firebreak_calculate.h"
#include "rollout/bound.h"
#include "rollout/evidence.h"

namespace fb::cli {
namespace {

constexpr std::int64_t kMostDevices = 1'000'000'000;

struct BoundOptions {
  std::int64_t observed = 0, bad = 0;
  std::vector<std::string> ticks;
  double beta = 0.01, budget = 100, delta = 0.001;
};

struct EvidenceOptions {
  std::int64_t treated_bad = 0, control_bad = 0, treated = 0, control = 0;
};

Error bad_tick(const std::string& text) {
  return {ErrorCode::bad_usage,
          "--tick " + text +
              " is not TREATED,CONTROL,CONTROL_BAD: three whole numbers from 0 on, "
              "like 1000,9000,9"};
}

Result<rollout::ControlTick> parse_tick(const std::string& text) {
  std::vector<std::int64_t> parts(1, 0);
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == ',' && digits > 0) {
      parts.push_back(0);
      digits = 0;
    } else if (c >= '0' && c <= '9' && ++digits <= 10) {
      parts.back() = parts.back() * 10 + (c - '0');
    } else {
      return bad_tick(text);
    }
  }
  if (parts.size() != 3 || digits == 0 || parts[2] > parts[1]) return bad_tick(text);
  return rollout::ControlTick{parts[0], parts[1], parts[2]};
}

Result<publisher::Outcome> bound(const BoundOptions& options) {
  if (options.bad > options.observed)
    return Error{ErrorCode::bad_usage, "--bad is at most --observed: those that failed were seen"};
  rollout::Capitals control{};
  for (const std::string& text : options.ticks) {
    FB_ASSIGN(const rollout::ControlTick tick, parse_tick(text));
    rollout::add_control(control, tick);
  }
  const double upper = rollout::upper_bound({options.observed, options.bad}, control, options.beta);
  const double cap = rollout::cap(upper, options.budget, options.delta);
  publisher::Outcome outcome;
  outcome.document = {{"upper", upper}, {"cap", nullptr}};
  if (std::isfinite(cap)) outcome.document["cap"] = cap;
  outcome.text = fmt::format(
      "harm is at most {:.10g} of the devices (error {:g}, at any time); a budget of {:g} devices "
      "pays for {} exposed\n",
      upper, options.beta, options.budget,
      std::isfinite(cap) ? fmt::format("{:.0f}", std::floor(cap)) : "any number");
  return outcome;
}

Result<publisher::Outcome> evidence(const EvidenceOptions& options) {
  if (options.treated_bad > options.treated || options.control_bad > options.control)
    return Error{ErrorCode::bad_usage, "no more devices can be bad than there are"};
  const rollout::Comparison seen{options.treated_bad, options.control_bad, options.treated,
                                 options.control};
  rollout::Ratios capitals{};
  for (std::size_t j = 0; j < capitals.size(); ++j)
    capitals[j] = rollout::log_ratio(rollout::ratio_grid()[j], seen, 1.0);
  const double mixture = rollout::mix(capitals);
  const double log_mixture = rollout::log_mix(capitals);
  const bool capped = std::log(mixture) + 1e-9 < log_mixture;
  publisher::Outcome outcome;
  outcome.document = {{"log_mixture", log_mixture}, {"mixture", mixture}};
  outcome.text = fmt::format(
      "evidence {}{:.10g} : 1 against \"no worse\" (ln {:.10g}), one channel and one age bin\n",
      capped ? "of more than " : "", mixture, log_mixture);
  return outcome;
}

void register_bound(CLI::App* noun, Program& program) {
  const auto options = std::make_shared<BoundOptions>();
  CLI::App* command = add_command(
      noun, "bound", "Calculate how much harm cannot be excluded, and how many that allows",
      "firebreak rollout bound --observed 1000 --bad 2 --tick 1000,9000,9 --json");
  const CLI::Range devices(std::int64_t{0}, kMostDevices);
  command->add_option("--observed", options->observed, "Devices that lived through the horizon")
      ->required()
      ->check(devices)
      ->type_name("N");
  command->add_option("--bad", options->bad, "Of these, went bad")
      ->required()
      ->check(devices)
      ->type_name("X");
  command->add_option("--tick", options->ticks, "Of one tick with control events; may be repeated")
      ->type_name("TREATED,CONTROL,CONTROL_BAD")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--beta", options->beta, "Error of the bound")
      ->check(number_within(1e-6, 0.5))
      ->capture_default_str();
  command->add_option("--budget", options->budget, "Devices that may be harmed")
      ->check(number_within(0.0, 1e9))
      ->capture_default_str();
  command->add_option("--delta", options->delta, "Excess rate below which pacing does not care")
      ->check(number_within(0.0, 1.0))
      ->capture_default_str();
  command->callback(
      [&program, options] { program.chosen = [options] { return bound(*options); }; });
}

void register_evidence(CLI::App* noun, Program& program) {
  const auto options = std::make_shared<EvidenceOptions>();
  CLI::App* command = add_command(
      noun, "evidence", "Calculate what one comparison of two arms says against the release",
      "firebreak rollout evidence --treated-bad 2 --control-bad 0 --treated 10 --control 990");
  const auto add = [&](const char* name, std::int64_t& into, const char* what) {
    command->add_option(name, into, what)
        ->required()
        ->check(CLI::Range(std::int64_t{0}, kMostDevices))
        ->type_name("N");
  };
  add("--treated-bad", options->treated_bad, "Events of devices with the release");
  add("--control-bad", options->control_bad, "Events of devices without");
  add("--treated", options->treated, "Devices with the release at risk");
  add("--control", options->control, "Devices without, at risk");
  command->callback(
      [&program, options] { program.chosen = [options] { return evidence(*options); }; });
}

}  // namespace

void register_calculators(CLI::App* noun, Program& program) {
  register_bound(noun, program);
  register_evidence(noun, program);
}

}  // namespace fb::cli

// What the command line of firebreak simulate may say, and what makes no sense together.
#include <charconv>
#include <memory>

#include "main/firebreak_simulate.h"

namespace fb::cli {
namespace {

// CLI11 reads -1 as 2^64 - 1, and what is too large as the largest.
std::string check_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const char* last = text.data() + text.size();
  const auto [end, problem] = std::from_chars(text.data(), last, seed);
  if (problem == std::errc() && end == last) return "";
  return text + " is not a whole number from 0 to 18446744073709551615";
}

// An option that would change nothing is refused: its user asked another question.
Status fits_together(const SimulateOptions& options) {
  const bool replays = !options.incident.empty();
  const auto refused_if = [](bool wrong, const char* what) -> Status {
    if (wrong) return Error{ErrorCode::bad_usage, what};
    return {};
  };
  FB_TRY(refused_if(replays && !options.page.empty(),
                    "--page draws a scenario, not an incident: leave out --page or --incident"));
  FB_TRY(refused_if(replays && options.model == "exact",
                    "--incident is played by the fast model: leave out --model exact"));
  FB_TRY(refused_if(!replays && options.compare,
                    "--compare is about incidents: add --incident I01 (or all); for a scenario, "
                    "--page shows the other rules"));
  return refused_if(!replays && !options.corpus.empty(),
                    "--incidents only says where incidents stand: add --incident ID (or all)");
}

Result<publisher::Outcome> run(const SimulateOptions& options) {
  FB_TRY(fits_together(options));
  return options.incident.empty() ? simulate(options) : replay_incidents(options);
}

void add_model_options(CLI::App* command, SimulateOptions& options) {
  command->add_option("--rule", options.rule, "Whose rule decides")
      ->type_name("RULE")
      ->capture_default_str();
  command
      ->add_option("--model", options.model,
                   "fast: counts, any size; exact: the real server and agents, small fleets")
      ->check(CLI::IsMember({"fast", "exact"}))
      ->type_name("MODEL")
      ->capture_default_str();
  command->add_option("--runs", options.runs, "How often it is played")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--seed", options.seed, "Equal seeds give equal results everywhere")
      ->check(check_seed)
      ->type_name("S")
      ->capture_default_str();
}

void add_incident_options(CLI::App* command, SimulateOptions& options) {
  command->add_option("--incident", options.incident, "Replay a known incident, or all of them")
      ->type_name("ID|all");
  command->add_option("--incidents", options.corpus, "A file of incidents instead of the own one")
      ->type_name("FILE");
  command->add_flag("--compare", options.compare, "Show each incident under the other rules too");
}

}  // namespace

void register_simulate(CLI::App& app, Program& program) {
  const auto options = std::make_shared<SimulateOptions>();
  CLI::App* command = add_command(
      &app, "simulate", "Play a release, or a known incident, on a made-up fleet under a rule",
      "firebreak simulate --scenario examples/scenarios/july-2024.toml --runs 300 --seed 1");
  command->add_option("--scenario", options->scenario, "Fleet, shocks, fault and rollout, in TOML")
      ->type_name("FILE");
  add_model_options(command, *options);
  command->add_option("--page", options->page, "Also write a web page with plots")
      ->type_name("FILE");
  add_incident_options(command, *options);
  command->callback([&program, options] { program.chosen = [options] { return run(*options); }; });
}

}  // namespace fb::cli

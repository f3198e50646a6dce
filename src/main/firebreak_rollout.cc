// firebreak rollout plan|start|status|watch (and, from elsewhere, the orders and the calculators)
#include <memory>

#include "main/firebreak.h"
#include "main/firebreak_calculate.h"
#include "main/firebreak_order.h"
#include "main/firebreak_watch.h"
#include "publisher/acts.h"
#include "publisher/plan_view.h"
#include "publisher/rollout_view.h"

namespace fb::cli {
namespace {

using publisher::Desk;
using statement::ActKind;

struct Options {
  std::vector<std::string> release;
  std::string rollout, lane = "standard", person, reason;
  std::vector<std::string> borrow;
  bool at_once = false;
};

void add_release(CLI::App* command, const std::shared_ptr<Options>& options) {
  command
      ->add_option("release", options->release, "Digest, its beginning, or component and version")
      ->required()
      ->expected(1, 2);
  command
      ->add_option("--lane", options->lane,
                   "standard, fast (content) or emergency (shorter, never empty)")
      ->check(CLI::IsMember({"standard", "fast", "emergency"}))
      ->type_name("LANE")
      ->capture_default_str();
}

void add_borrow(CLI::App* command, const std::shared_ptr<Options>& options) {
  command
      ->add_option("--borrow", options->borrow,
                   "Fleets below 1000: count what finished rollouts of this release have shown; "
                   "assumes that machines here fail no more often")
      ->type_name("ID")
      ->allow_extra_args(false);
}

Result<std::vector<RolloutId>> lenders(const Options& options) {
  std::vector<RolloutId> ids;
  for (const std::string& text : options.borrow) {
    FB_ASSIGN(const RolloutId id, publisher::parse_rollout(text));
    ids.push_back(id);
  }
  return ids;
}

Result<publisher::Outcome> start(Desk& desk, const Options& options) {
  if (options.at_once) return publisher::refuse_at_once(desk.server, options.release);
  publisher::ActOrder order;
  order.kind = ActKind::start;
  order.person = options.person;
  order.reason = options.reason;
  for (const auto& [word, lane] : statement::lane_words()) {
    if (word == options.lane) order.lane = lane;
  }
  FB_ASSIGN(order.borrow, lenders(options));
  return publisher::act_on_release(desk, order, options.release);
}

}  // namespace

void register_rollouts(CLI::App& app, Program& program) {
  CLI::App* noun = add_noun(app, "rollout",
                            "Rollouts: plan, start, watch, hold, continue, halt, resume, revert");
  const auto options = std::make_shared<Options>();

  CLI::App* plan = add_command(
      noun, "plan", "Waves, earliest end, and how far a fault would come; before any start",
      "firebreak rollout plan sensor.channel 290 --lane fast");
  add_release(plan, options);
  add_borrow(plan, options);
  on(
      plan, program,
      [options](Desk& desk) -> Result<publisher::Outcome> {
        FB_ASSIGN(auto borrow, lenders(*options));
        return publisher::plan_rollout(desk.server,
                                       {options->release, options->lane, std::move(borrow)});
      },
      Afterwards::sync);

  CLI::App* start_command =
      add_command(noun, "start", "Start a release on its way through the fleet",
                  "firebreak rollout start sensor.channel 290 --as operator");
  add_release(start_command, options);
  add_borrow(start_command, options);
  start_command->add_flag("--at-once", options->at_once,
                          "Refused, with the fastest lawful plan as the answer");
  add_person(start_command, options->person, options->reason);
  on(
      start_command, program, [options](Desk& desk) { return start(desk, *options); },
      Afterwards::sync);

  CLI::App* status = add_command(
      noun, "status", "All rollouts, or one with its reason; exit 1 when that one was halted",
      "firebreak rollout status 1");
  status->add_option("rollout", options->rollout, "Its number")->type_name("ID");
  on(
      status, program,
      [options](Desk& desk) { return publisher::rollout_status(desk.server, options->rollout); },
      Afterwards::sync);

  CLI::App* watch = add_command(
      noun, "watch",
      "Follow one until it is over; exit 0 when everybody has it, 1 when it was stopped",
      "firebreak rollout watch 1");
  watch->add_option("rollout", options->rollout, "Its number")->required()->type_name("ID");
  on(watch, program, [options, &program](Desk& desk) {
    return watch_rollout(desk, options->rollout, program.json ? WatchAs::json : WatchAs::text);
  });

  register_orders(noun, program);
  register_calculators(noun, program);
}

}  // namespace fb::cli

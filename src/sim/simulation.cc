#include "sim/simulation.h"

#include <algorithm>
#include <cmath>

namespace fb::sim {
namespace {

bool nothing_can_change(const FleetModel& fleet, const Rule& rule) {
  return fleet.remaining() == 0 && !rule.watches_without_control();
}

Spread spread(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  if (values.empty()) return {-1, -1, -1};
  return {quantile(values, 0.5), quantile(values, 0.99), values.back()};
}

json::Value encode_harm(const Spread& spread) {
  return {{"median", spread.median}, {"p99", spread.p99}, {"max", spread.max}};
}

json::Value encode_minutes(const Spread& spread) {
  if (spread.median < 0) return {{"median", nullptr}, {"p99", nullptr}};
  return {{"median", spread.median}, {"p99", spread.p99}};
}

Result<Play> play_fast(const Order& order, std::uint64_t run) {
  return play(order.scenario, order.rule, Chance(order.seed, run));
}

// One run on its way.
class Playing {
 public:
  Playing(const Scenario& scenario, const Background& background, Rule& rule, const Chance& chance)
      : scenario_(scenario), rule_(rule), fleet_(scenario, background, chance) {}

  Play run(const Watcher& watcher) {
    const std::int64_t last = scenario_.horizon.ms / scenario_.parameters.tick.ms;
    while (fleet_.ticks() < last) {
      tick();
      if (watcher) watcher({minute(), fleet_.exposed(), fleet_.harmed(), rule_.gauge()});
      if (play_.halted || nothing_can_change(fleet_, rule_)) break;
    }
    play_.unfinished = !play_.halted && (play_.t100_minute < 0 || rule_.stuck());
    play_.harmed = play_.halted ? fleet_.harmed_if_reverted_now() : harmed_by_the_end();
    play_.exposed = fleet_.exposed();
    play_.sentence = rule_.sentence();
    play_.lowest_bound = rule_.gauge().lowest;
    return play_;
  }

 private:
  void tick() {
    const Permits& permits = fleet_.live(rule_.open_places());
    rule_.took(permits);
    const rollout::TickCounts counts = fleet_.counts();
    const Millis now = scenario_.parameters.tick * fleet_.ticks();
    rule_.see({counts, fleet_.remaining(), fleet_.installs(), fleet_.heard(), now});
    if (rule_.halted()) {
      play_.halted = true;
      play_.halt_minute = minute();
    }
    if (play_.t100_minute < 0 && !fleet_.anybody_waits()) play_.t100_minute = minute();
  }

  // Ended early, the doomed still fail until the horizon.
  std::int64_t harmed_by_the_end() {
    const std::int64_t last = scenario_.horizon.ms / scenario_.parameters.tick.ms;
    return fleet_.harmed_by(last);
  }

  [[nodiscard]] std::int64_t minute() const {
    return (scenario_.parameters.tick.ms * fleet_.ticks() + 59'999) / 60'000;
  }

  const Scenario& scenario_;
  Rule& rule_;
  FleetModel fleet_;
  Play play_;
};

}  // namespace

Result<Play> play(const Scenario& scenario, const std::string& name, const Chance& chance,
                  const Watcher& watcher) {
  FB_ASSIGN(const auto rule, make_rule(name, scenario));
  const Background background(scenario);
  return Playing(scenario, background, *rule, chance).run(watcher);
}

Result<Summary> simulate(const Order& order, const Each& each, const Player& player) {
  std::vector<std::int64_t> harmed, exposed, halts, t100;
  Summary summary;
  summary.rule = order.rule;
  summary.runs = order.runs;
  std::int64_t unfinished = 0;
  for (std::int64_t run = 0; run < order.runs; ++run) {
    FB_ASSIGN(const Play play, player ? player(order, static_cast<std::uint64_t>(run))
                                      : play_fast(order, static_cast<std::uint64_t>(run)));
    harmed.push_back(play.harmed);
    exposed.push_back(play.exposed);
    if (play.halted) halts.push_back(play.halt_minute);
    if (play.t100_minute >= 0) t100.push_back(play.t100_minute);
    unfinished += play.unfinished ? 1 : 0;
    if (each) each(play);
  }
  const auto runs = static_cast<double>(order.runs);
  summary.halted = static_cast<double>(halts.size()) / runs;
  summary.exhausted = static_cast<double>(unfinished) / runs;
  summary.harmed = spread(std::move(harmed));
  summary.exposed = spread(std::move(exposed));
  summary.halt_minute = spread(std::move(halts));
  summary.t100 = spread(std::move(t100));
  return summary;
}

json::Value encode(const Summary& summary) {
  return {{"rule", summary.rule},
          {"runs", summary.runs},
          {"harmed", encode_harm(summary.harmed)},
          {"exposed", encode_harm(summary.exposed)},
          {"halted", summary.halted},
          {"halt_minute", encode_minutes(summary.halt_minute)},
          {"exhausted", summary.exhausted},
          {"t100_min", encode_minutes(summary.t100)}};
}

std::int64_t quantile(const std::vector<std::int64_t>& sorted, double p) {
  const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(sorted.size())));
  return sorted[std::min(sorted.size() - 1, rank == 0 ? 0 : rank - 1)];
}

}  // namespace fb::sim

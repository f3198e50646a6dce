#include "sim/rivals.h"

#include <algorithm>
#include <cmath>

#include "rollout/evidence.h"

namespace fb::sim {
namespace {

enum class Judgement : std::uint8_t { next, wait, halt };

// A share of the fleet, and how long it is looked at before the next one.
struct Stage {
  double share = 1;
  Millis dwell;
};

// Stages one after another; what is judged, and when, is the rule's own.
class Staged : public Rule {
 public:
  Staged(const Scenario& scenario, std::vector<Stage> stages)
      : fleet_(scenario.fleet.devices),
        heartbeat_(scenario.fleet.heartbeat),
        stages_(std::move(stages)) {}

  [[nodiscard]] std::int64_t open_places() const override {
    return halted_ ? 0 : std::max<std::int64_t>(0, target() - given_);
  }
  void took(const Permits& permits) override {
    for (const std::int64_t count : permits.inside) given_ += count;
    for (const std::int64_t count : permits.handed_back) given_ -= count;
    given_ += permits.outside;
  }
  void see(const Sight& sight) override {
    if (halted_ || sight.counts.frozen) return;
    add(sight);
    const Judgement judgement = judge(sight);
    if (judgement == Judgement::halt) halted_ = true;
    if (judgement != Judgement::next || at_ + 1 >= stages_.size()) return;
    ++at_;
    since_ = sight.now;
  }
  [[nodiscard]] bool halted() const override { return halted_; }
  [[nodiscard]] bool stuck() const override { return at_ + 1 < stages_.size(); }
  [[nodiscard]] bool watches_without_control() const override { return !last(); }

 protected:
  virtual Judgement judge(const Sight& sight) = 0;
  virtual void add(const Sight&) {}

  [[nodiscard]] std::int64_t target() const {
    return std::llround(stages_[at_].share * static_cast<double>(fleet_));
  }
  [[nodiscard]] bool last() const { return at_ + 1 == stages_.size(); }
  [[nodiscard]] bool dwelt(const Sight& sight) const {
    return sight.now - since_ >= stages_[at_].dwell;
  }
  // Whether a check made every `interval` is due in this tick.
  [[nodiscard]] bool due(const Sight& sight, Millis interval) const {
    const std::int64_t passed = (sight.now - since_).ms;
    return passed > 0 && passed % interval.ms == 0;
  }
  // Explicit failures as a share of the devices that say anything at all; negative without data.
  [[nodiscard]] static double reported_failures(const Sight& sight) {
    const auto bad = static_cast<double>(sight.counts.tally.failed_explicit);
    const double said = bad + static_cast<double>(sight.heard);
    return said > 0 ? bad / said : -1;
  }
  [[nodiscard]] Millis heartbeat() const { return heartbeat_; }
  [[nodiscard]] std::size_t stage() const { return at_; }

 private:
  std::int64_t fleet_;
  Millis heartbeat_;
  std::vector<Stage> stages_;
  std::size_t at_ = 0;
  std::int64_t given_ = 0;
  Millis since_;
  bool halted_ = false;
};

// Everybody at once, and nobody looks: how content went out on 19 July 2024.
class BigBang : public Staged {
 public:
  explicit BigBang(const Scenario& scenario) : Staged(scenario, {{1.0, {}}}) {}
  Judgement judge(const Sight&) override { return Judgement::wait; }
};

// Argo Rollouts, canary. Steps 20/40/60/80 % are those of its documentation's example ("Canary
// Deployment Strategy"); the pauses there are placeholders, 15 min here. The analysis is that of
// "Analysis & Progressive Delivery": success-rate >= 0.95, interval 5m, failureLimit 3; a
// measurement without data is an error, and consecutiveErrorLimit is 4 by default.
class Argo : public Staged {
 public:
  explicit Argo(const Scenario& scenario)
      : Staged(scenario, {{.2, minutes(15)},
                          {.4, minutes(15)},
                          {.6, minutes(15)},
                          {.8, minutes(15)},
                          {1.0, {}}}) {}
  Judgement judge(const Sight& sight) override {
    if (sight.now.ms % minutes(5).ms == 0) measure(sight);
    if (failures_ > 3 || errors_ > 4) return Judgement::halt;
    return dwelt(sight) ? Judgement::next : Judgement::wait;
  }

 private:
  void measure(const Sight& sight) {
    const double bad = reported_failures(sight);
    errors_ = bad < 0 ? errors_ + 1 : 0;
    if (bad > .05) ++failures_;
  }
  int failures_ = 0;
  int errors_ = 0;
};

// Flagger. stepWeight 10, maxWeight 50 and then promotion, threshold 5 failed checks,
// request-success-rate min 99: the example of its documentation ("How it works"). Its interval of
// 1m is stretched to the heartbeat that feeds it. A check without values fails (issue 1011).
class Flagger : public Staged {
 public:
  explicit Flagger(const Scenario& scenario)
      : Staged(scenario, {{.1, {}}, {.2, {}}, {.3, {}}, {.4, {}}, {.5, {}}, {1.0, {}}}) {}
  Judgement judge(const Sight& sight) override {
    if (last() || !due(sight, heartbeat())) return Judgement::wait;
    const double bad = reported_failures(sight);
    if (bad >= 0 && bad <= .01) return Judgement::next;
    return ++failed_ >= 5 ? Judgement::halt : Judgement::wait;
  }

 private:
  int failed_ = 0;
};

// Eclipse hawkBit, rollout groups. The next group starts when 50 % of this one have finished, and
// the rollout pauses when 50 % of a group have reported an error: the defaults of its user
// interface ("Rollout management"). A device that says nothing is neither (issue 693).
class HawkBit : public Staged {
 public:
  HawkBit(const Scenario& scenario, std::vector<Stage> groups)
      : Staged(scenario, std::move(groups)) {}
  Judgement judge(const Sight& sight) override {
    const auto size = static_cast<double>(target() - before_);
    const auto failed = static_cast<double>(sight.counts.tally.failed_explicit - failed_before_);
    const auto finished = static_cast<double>(sight.heard - heard_before_);
    if (failed >= .5 * size) return Judgement::halt;
    if (finished < .5 * size || last()) return Judgement::wait;
    before_ = target();
    failed_before_ = sight.counts.tally.failed_explicit;
    heard_before_ = sight.heard;
    return Judgement::next;
  }

 private:
  std::int64_t before_ = 0;
  std::int64_t failed_before_ = 0;
  std::int64_t heard_before_ = 0;
};

class TenGroups : public HawkBit {
 public:
  explicit TenGroups(const Scenario& scenario)
      : HawkBit(scenario, {{.1, {}},
                           {.2, {}},
                           {.3, {}},
                           {.4, {}},
                           {.5, {}},
                           {.6, {}},
                           {.7, {}},
                           {.8, {}},
                           {.9, {}},
                           {1.0, {}}}) {}
};

class FourGroups : public HawkBit {
 public:
  explicit FourGroups(const Scenario& scenario)
      : HawkBit(scenario, {{.001, {}}, {.011, {}}, {.111, {}}, {1.0, {}}}) {}
};

// Spinnaker with Kayenta: one canary of 1 % for an hour, judged once against the rest by a
// Mann-Whitney test at confidence .98 (NetflixACAJudge, "Canary judgement"); here on the rates of
// crashes and of silence, as the normal approximation of two proportions.
class Kayenta : public Staged {
 public:
  explicit Kayenta(const Scenario& scenario) : Staged(scenario, {{.01, hours(1)}, {1.0, {}}}) {}
  Judgement judge(const Sight& sight) override {
    if (last() || !dwelt(sight)) return Judgement::wait;
    for (const Sums& sums : sums_) {
      if (sums.score() > kQuantile) return Judgement::halt;
    }
    return Judgement::next;
  }

 private:
  static constexpr double kQuantile = 2.326;  // two-sided .98

  struct Sums {
    double bad = 0;
    double at_risk = 0;
    double control_bad = 0;
    double control = 0;

    [[nodiscard]] double score() const {
      if (at_risk <= 0 || control <= 0) return 0;
      const double pooled = (bad + control_bad) / (at_risk + control);
      const double spread = std::sqrt(pooled * (1 - pooled) * (1 / at_risk + 1 / control));
      return spread > 0 ? (bad / at_risk - control_bad / control) / spread : 0;
    }
  };
  void add(const Sight& sight) override {
    for (const rollout::StratumCounts& stratum : sight.counts.strata) {
      for (std::size_t c = 0; c < rollout::kChannels; ++c) {
        const rollout::ChannelCounts& counts = stratum.channel[c];
        for (const std::int64_t each : counts.events) sums_[c].bad += static_cast<double>(each);
        for (const std::int64_t each : counts.at_risk)
          sums_[c].at_risk += static_cast<double>(each);
        sums_[c].control_bad += static_cast<double>(counts.control_events);
        sums_[c].control += static_cast<double>(counts.control);
      }
    }
  }
  std::array<Sums, rollout::kChannels> sums_;
};

// A careful hand-made ladder with 30-minute bakes: halts at 1 % explicit or 5 % silent of the
// exposed. No project's: what teams write themselves.
class Ladder : public Staged {
 public:
  explicit Ladder(const Scenario& scenario) : Staged(scenario, rungs(scenario)) {}
  Judgement judge(const Sight& sight) override {
    const auto exposed = static_cast<double>(std::max<std::int64_t>(1, sight.counts.tally.exposed));
    if (static_cast<double>(sight.counts.tally.failed_explicit) > .01 * exposed ||
        static_cast<double>(sight.counts.tally.failed_silent) > .05 * exposed)
      return Judgement::halt;
    return dwelt(sight) ? Judgement::next : Judgement::wait;
  }

 private:
  static std::vector<Stage> rungs(const Scenario& scenario) {
    std::vector<Stage> made;
    for (const double devices : {1e2, 1e3, 1e4, 1e5, 1e6}) {
      const double share = devices / static_cast<double>(scenario.fleet.devices);
      if (share < 1) made.push_back({share, minutes(30)});
    }
    made.push_back({1.0, {}});
    return made;
  }
};

// A ramp 1/5/20/50/100 % by the hour under an anytime-valid test of reported crashes at .05: the
// shape of Zhao, Liu and Deb, "Safely and Quickly Deploying New Features with a Staged Rollout
// Framework", 2019, and of Lindon, Sanden and Shirikian, "Rapid Regression Detection in Software
// Deployments through Sequential Testing", 2022. Those who say nothing are not in the test.
class Sprt : public Staged {
 public:
  explicit Sprt(const Scenario& scenario)
      : Staged(scenario,
               {{.01, hours(1)}, {.05, hours(1)}, {.2, hours(1)}, {.5, hours(1)}, {1.0, {}}}) {}
  Judgement judge(const Sight& sight) override {
    if (rollout::mix(capitals_) >= 1 / .05) return Judgement::halt;
    return dwelt(sight) ? Judgement::next : Judgement::wait;
  }

 private:
  void add(const Sight& sight) override {
    for (const rollout::StratumCounts& stratum : sight.counts.strata) {
      const rollout::ChannelCounts& counts = stratum.channel[0];
      rollout::Comparison seen{0, counts.control_events, 0, counts.control};
      for (const std::int64_t each : counts.events) seen.treated_events += each;
      for (const std::int64_t each : counts.at_risk) seen.treated += each;
      for (std::size_t j = 0; j < capitals_.size(); ++j)
        capitals_[j] += rollout::log_ratio(rollout::ratio_grid()[j], seen, 1.0);
    }
  }
  rollout::Ratios capitals_{};
};

template <class R>
std::unique_ptr<Rule> made(const Scenario& scenario) {
  return std::make_unique<R>(scenario);
}

}  // namespace

const std::vector<Rival>& rivals() {
  static const std::vector<Rival> kRivals = {
      {"bigbang", "everybody at once", made<BigBang>},
      {"argo", "Argo Rollouts: 20/40/60/80/100 %, success rate 95 %", made<Argo>},
      {"flagger", "Flagger: 10 % more per check, success rate 99 %", made<Flagger>},
      {"hawkbit10", "hawkBit: ten groups, 50 % finished, 50 % errors", made<TenGroups>},
      {"hawkbit", "hawkBit: groups of .1/1/10/89 %", made<FourGroups>},
      {"kayenta", "Kayenta: 1 % for an hour, one judgement", made<Kayenta>},
      {"ladder", "100/1k/10k/100k/1M/all, 30-min bakes, 1 % and 5 %", made<Ladder>},
      {"sprt", "1/5/20/50/100 % by the hour, sequential test of crashes", made<Sprt>},
  };
  return kRivals;
}

}  // namespace fb::sim

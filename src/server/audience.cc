#include "server/audience.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace fb::server {
namespace {

// In fleets above this size a device takes part only after it has been enrolled for a day: whoever
// floods the server with fresh identities cannot fill the first wave with them.
constexpr std::size_t kLargeFleet = 1000;
constexpr Millis kEnrolledLongEnough = hours(24);
// Rings in the order in which they open; early and broad are one random population.
using statement::Ring;
struct PopulationOf {
  std::string_view name;
  std::set<Ring> rings;
};
const std::array<PopulationOf, 4> kPopulations{{{"internal", {Ring::internal}},
                                                {"canary", {Ring::canary}},
                                                {"broad", {Ring::early, Ring::broad}},
                                                {"critical", {Ring::critical}}}};
constexpr std::size_t kBroad = 2;
constexpr std::size_t kCritical = 3;
constexpr Millis kCriticalWaits = hours(24);
std::size_t population_of(Ring ring) {
  for (std::size_t i = 0; i < kPopulations.size(); ++i) {
    if (kPopulations[i].rings.contains(ring)) return i;
  }
  FB_CHECK(false);
}

// A configured budget is meant for the fleet; smaller rings have at most the usual one of their
// size.
Config::Budget budget_for(std::size_t population, std::int64_t size) {
  return population == kBroad && size > 0 ? Config::Budget::configured : Config::Budget::usual;
}

// To who asks for a rollout it is a "no": the mistake stands in the server's configuration.
Error not_lawful(const Error& error) {
  if (error.code != ErrorCode::bad_usage) return error;
  return {ErrorCode::conflict,
          "this server's configuration allows no such rollout: " + error.detail};
}

// Devices of one stratum of one population.
using Stratum = std::pair<std::pair<std::size_t, std::string>, std::vector<DeviceIndex>>;

// The largest keep their own name; the rest of each population share `other`.
std::vector<Stratum> largest_own(
    std::map<std::pair<std::size_t, std::string>, std::vector<DeviceIndex>> by_stratum) {
  std::vector<Stratum> strata(std::make_move_iterator(by_stratum.begin()),
                              std::make_move_iterator(by_stratum.end()));
  std::stable_sort(strata.begin(), strata.end(), [](const Stratum& a, const Stratum& b) {
    return a.second.size() > b.second.size();
  });
  if (strata.size() <= limits::kStrata) return strata;
  const std::size_t own = limits::kStrata - kPopulations.size();
  std::map<std::size_t, std::vector<DeviceIndex>> others;
  for (std::size_t i = own; i < strata.size(); ++i) {
    auto& other = others[strata[i].first.first];
    other.insert(other.end(), strata[i].second.begin(), strata[i].second.end());
  }
  strata.resize(own);
  for (auto& [population, devices] : others)
    strata.push_back({{population, "other"}, std::move(devices)});
  return strata;
}

}  // namespace

rollout::Lane engine_lane(statement::Lane lane) {
  switch (lane) {
    case statement::Lane::standard: return rollout::Lane::standard;
    case statement::Lane::fast: return rollout::Lane::fast;
    case statement::Lane::emergency: return rollout::Lane::emergency;
  }
  FB_CHECK(false);
}

Result<Audience> Audiences::gather(const Question& question) const {
  FB_TRY(fleet_was_heard(question.now));
  Audience out = eligible(question);
  if (out.members.empty()) {
    return Error{ErrorCode::conflict,
                 "no device that was heard lately runs " +
                     releases_.find(question.release)->manifest.component.text() +
                     " and still lacks " +
                     (question.resumed != nullptr ? "the halted release" : "this release")};
  }
  std::vector<std::int64_t> sizes(kPopulations.size());
  for (const auto& stratum : out.scope.start.strata) sizes[stratum.population] += stratum.eligible;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    FB_ASSIGN(auto plan, population(i, sizes[i], question));
    out.scope.start.populations.push_back(std::move(plan));
  }
  FB_ASSIGN(out.scope.parameters,
            parameters(question, std::ssize(out.members), budget_for(kBroad, sizes[kBroad])));
  return out;
}

Result<rollout::Parameters> Audiences::parameters(const Question& question, std::int64_t size,
                                                  Config::Budget whose) const {
  const release::Manifest& manifest = releases_.find(question.release)->manifest;
  auto own = config_.parameters(manifest.kind, engine_lane(question.lane),
                                std::max<std::int64_t>(1, size), whose);
  if (!own.ok()) return not_lawful(own.error());
  // The emergency lane has one short horizon, and two people answer for that.
  if (question.lane == statement::Lane::emergency) return own;
  return rollout::with_longest_fault(std::move(*own), manifest.health.longest_fault_delay);
}

// A new process knows nobody's word yet: a list made now would leave out whoever has not spoken.
Status Audiences::fleet_was_heard(Instant now) const {
  const Instant from = listening_since_ + config_.heartbeat_interval() * 3;
  if (now >= from) return {};
  std::size_t unheard = 0;
  for (DeviceIndex device = 0; device < devices_.size(); ++device)
    if (!devices_.at(device).last_heard) ++unheard;
  if (unheard == 0) return {};
  return Error{ErrorCode::conflict,
               "the server began to listen at " + to_rfc3339(listening_since_) +
                   " and has not heard " + std::to_string(unheard) + " of " +
                   std::to_string(devices_.size()) + " devices yet; a start is possible from " +
                   to_rfc3339(from)};
}

bool Audiences::takes_part(DeviceIndex device, const ComponentId& component, Instant now) const {
  const Millis lately = config_.heartbeat_interval() * 3;
  const DeviceEntry& entry = devices_.at(device);
  if (!entry.last_heard || now - *entry.last_heard > lately) return false;
  if (devices_.size() > kLargeFleet && now - entry.record.enrolled < kEnrolledLongEnough)
    return false;
  return devices_.component(device, component) != nullptr;
}

// A retry keeps the list of the halted rollout: nobody new comes before those who had it.
Audience Audiences::eligible(const Question& question) const {
  const release::Manifest& manifest = releases_.find(question.release)->manifest;
  const RolloutRun* resumed = question.resumed;
  const ComponentId& component = manifest.component;
  Audience audience;
  std::map<std::pair<std::size_t, std::string>, std::vector<DeviceIndex>> by_stratum;
  for (DeviceIndex device = 0; device < devices_.size(); ++device) {
    const fleet::Device& record = devices_.at(device).record;
    if (!takes_part(device, component, question.now)) continue;
    if (question.without.contains(record.tenant)) continue;
    const bool has_it = devices_.component(device, component)->active == question.release;
    if (resumed != nullptr ? !resumed->eligible(device) : has_it) continue;
    if (!releases_.knows_reader(manifest, devices_, device)) continue;
    audience.rings.insert(record.ring);
    by_stratum[{population_of(record.ring), fleet::stratum_name(record, manifest.reader)}]
        .push_back(device);
  }
  for (const auto& [key, devices] : largest_own(std::move(by_stratum))) {
    audience.scope.start.strata.push_back(
        {key.second, static_cast<std::int64_t>(devices.size()), key.first});
    for (const DeviceIndex device : devices) {
      audience.members.push_back(
          {device, static_cast<rollout::StratumIndex>(audience.scope.start.strata.size() - 1)});
    }
  }
  return audience;
}

// Budgets of its own for each population; only the random one holds back a last control, and
// critical machines wait a day, whatever happens.
Result<rollout::PopulationPlan> Audiences::population(std::size_t which, std::int64_t size,
                                                      const Question& question) const {
  FB_ASSIGN(auto own, parameters(question, size, budget_for(which, size)));
  if (which != kBroad) own.holdback = 0;
  const bool waits = which == kCritical && config_.profile == rollout::Profile::production &&
                     question.lane != statement::Lane::emergency;
  return rollout::PopulationPlan{std::string(kPopulations[which].name), std::move(own),
                                 waits ? kCriticalWaits : Millis{}};
}

}  // namespace fb::server

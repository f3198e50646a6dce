#include "sim/corpus.h"

#include <cmath>

#include "base/limits.h"
#include "json/reader.h"

namespace fb::sim {
namespace {

using Shows = PastIncident::Shows;
using How = PastIncident::Spread;

constexpr std::size_t kMostIncidents = 1000;
constexpr std::int64_t kMillion = 1'000'000;

PastIncident read_incident(json::Reader& in) {
  PastIncident made;
  made.id = in.string("id", 32);
  made.date = in.string("date", 32);
  made.name = in.string("name", 200);
  made.what = in.string("what", 1000);
  made.spread = in.word<How>(
      "spread", {{"release", How::release}, {"clock", How::clock}, {"outside", How::outside}});
  made.cohort_ppm = in.integer("cohort_ppm", 1, kMillion);
  made.fails_ppm = in.integer("fails_ppm", 1, kMillion);
  made.shows = in.word<Shows>(
      "channel",
      {{"silent", Shows::silent}, {"explicit", Shows::explicitly}, {"none", Shows::nothing}});
  made.onset_min = in.integer("onset_min", 0, 60 * 24 * 30);
  made.gate = in.string("gate", 32);
  if (!made.gate.empty() && made.gate != "contract") in.fail("gate", "must be contract, or empty");
  made.assumption = in.string("assumption", 1000);
  made.source = in.string("source", 2000);
  return made;
}

double share(std::int64_t ppm) { return static_cast<double>(ppm) / 1e6; }

std::int64_t cohort_of(const PastIncident& incident, std::int64_t devices) {
  return std::llround(share(incident.cohort_ppm) * share(incident.fails_ppm) *
                      static_cast<double>(devices));
}

// Under the rule, with every gate open.
Result<Summary> played(const PastIncident& incident, const Order& policy) {
  Order order = policy;
  order.scenario.fault.reset();
  if (incident.shows != Shows::nothing) {
    order.scenario.fault =
        Fault{share(incident.fails_ppm),
              incident.shows == Shows::silent ? rollout::Channel::silence
                                              : rollout::Channel::explicit_failure,
              minutes(incident.onset_min),
              {},
              share(incident.cohort_ppm)};
  }
  return simulate(order);
}

std::string because(const PastIncident& incident) {
  switch (incident.spread) {
    case How::release: return "not caught: devices look healthy";
    case How::clock: return "not caught: strikes all at one moment, whoever has what";
    case How::outside: return "not caught: it was no release";
  }
  return "";
}

// The others look at something too, but hold no evidence against it.
std::string caught_by(const std::string& rule) {
  return rule == "hbp" ? "evidence of harm" : "a check of " + rule;
}

}  // namespace

Result<std::vector<PastIncident>> decode_incidents(std::string_view text) {
  FB_ASSIGN(const json::Value value, json::parse(text));
  json::Reader in(value, "incidents");
  in.literal("format", "firebreak.incidents/1");
  std::vector<PastIncident> made;
  in.objects("incidents", kMostIncidents,
             [&](json::Reader& each) { made.push_back(read_incident(each)); });
  if (made.empty()) in.fail("incidents", "at least one is needed");
  FB_TRY(in.done());
  return made;
}

Result<Replay> replay(const PastIncident& incident, const Order& policy) {
  Replay seen;
  seen.id = incident.id;
  seen.name = incident.name;
  seen.assumption = incident.assumption;
  const std::int64_t cohort = cohort_of(incident, policy.scenario.fleet.devices);
  seen.hit = cohort;
  seen.past_the_gate = cohort;
  if (incident.spread == How::release && incident.shows != Shows::nothing) {
    FB_ASSIGN(const Summary summary, played(incident, policy));
    seen.hit = seen.past_the_gate = summary.harmed.median;
    seen.caught = summary.halted > .5;
    if (seen.caught) seen.minutes = summary.halt_minute.median;
    seen.stopped_by = seen.caught ? caught_by(policy.rule) : "not caught: below what the rule sees";
  } else {
    seen.stopped_by = because(incident);
  }
  // Only Firebreak's own rule comes with its gates.
  if (incident.gate == "contract" && policy.scenario.gates.contract && policy.rule == "hbp") {
    seen.stopped_by = "contract gate";
    seen.caught = true;
    seen.hit = 0;
    seen.minutes = 0;
  }
  return seen;
}

Score score(const std::vector<Replay>& replays) {
  Score sum;
  for (const Replay& each : replays) {
    sum.hit += each.hit;
    (each.caught ? sum.caught : sum.not_caught) += 1;
    if (each.caught) sum.hit_where_caught += each.hit;
  }
  return sum;
}

json::Value encode(const Replay& replay) {
  json::Value made = {{"id", replay.id},
                      {"name", replay.name},
                      {"caught", replay.caught},
                      {"stopped_by", replay.stopped_by},
                      {"devices_hit", replay.hit},
                      {"minutes_to_halt", nullptr},
                      {"devices_hit_past_the_gate", replay.past_the_gate},
                      {"assumption", replay.assumption}};
  if (replay.minutes >= 0) made["minutes_to_halt"] = replay.minutes;
  return made;
}

json::Value encode(const Score& score) {
  return {{"caught", score.caught},
          {"not_caught", score.not_caught},
          {"devices_hit_where_caught", score.hit_where_caught},
          {"devices_hit", score.hit}};
}

}  // namespace fb::sim

// The agent's part in bundles: what local root hands in over the socket, and what became of it.
#include <algorithm>

#include "agent/agent.h"
#include "base/bytes.h"

namespace fb::agent {
namespace {

// After an answer that was no. The mark does not change by being asked; metadata that has run out
// comes back with the next bundle, which is asked about at once.
constexpr Millis kMarkPause = minutes(10);

struct Progress {
  std::string state;  // a phase's word, or "not-taken"
  std::string sentence;
  bool settled = true;  // nothing more happens soon
  bool active = false;
};

std::string newest_decision(const install::State& state) {
  return state.decisions.empty() ? "nothing is known of it" : state.decisions.back().sentence;
}

// What became of one release, from the state of its component.
Progress progress_of(const install::State& state, const Digest& release) {
  using namespace install;
  const std::string phase(word(state.phase));
  if (state.active && state.active->release == release)
    return {phase, state.active->version + " is active", true, true};
  if (const auto* deferred = std::get_if<Deferred>(&state.phase);
      deferred != nullptr && deferred->candidate.slot.release == release) {
    return {phase, deferred->sentence, deferred->rule != "one-at-a-time", false};
  }
  const auto* fetching = std::get_if<Fetching>(&state.phase);
  const Candidate* candidate = candidate_of(state.phase);
  const bool under_way = (candidate != nullptr && candidate->slot.release == release) ||
                         (fetching != nullptr && fetching->release == release);
  if (under_way) return {phase, newest_decision(state), false, false};
  return {"not-taken", newest_decision(state), true, false};
}

}  // namespace

json::Value Agent::hand_in(const std::string& path) {
  if (bundle_ && bundle_->reading)
    return {{"error", bundle_->path + " is still being read; one bundle at a time"}};
  if (!doors_.open) return {{"error", "this agent has no way to open files"}};
  bundle_ = Bundle{path, true, {}, {}};
  doors_.prompt([this, path]() -> port::Completion {
    auto news = std::make_shared<BundleNews>();
    auto source = doors_.open(path);
    if (source.ok()) {
      *news = courier_.take_bundle(std::move(source).value());
    } else {
      news->error = source.error();
      news->knowledge = courier_.knowledge();
    }
    return [this, news] { take_bundle(*news); };
  });
  return describe_bundle();
}

void Agent::take_bundle(const BundleNews& news) {
  bundle_->reading = false;
  bundle_->error = news.error;
  knowledge_ = news.knowledge;
  if (config_.server.empty()) trouble_.clear();  // no check-in will ever do it
  for (const std::string& sentence : news.troubles) trouble(sentence);
  judge_all();  // what is banned comes before what is new
  if (news.error) return trouble(bundle_->path + ": " + news.error->detail);
  for (const CarriedRefusal& each : news.refused) refuse_carried(each);
  for (const Order& order : news.orders) {
    const auto& active = units_.at(order.plan.component).state.active;
    const std::string version = version_in(order.plan);
    if (active && release::version_before(version, active->version)) {
      bundle::Carried carried;
      carried.component = order.plan.component;
      carried.release = order.plan.manifest;
      carried.version = version;
      refuse_carried({carried, "older-version",
                      "the bundle brings " + version + ", and " + active->version +
                          " runs here: a courier takes nobody back; 'firebreak-agent provision' by "
                          "local root does"});
      continue;
    }
    bundle_->releases.push_back({order.plan.component, order.plan.manifest, version, {}, {}});
    units_.at(order.plan.component).next_invitation = {};
    take_order(order);
  }
  judge_all();
}

void Agent::refuse_carried(const CarriedRefusal& refusal) {
  const bundle::Carried& carried = refusal.carried;
  bundle_->releases.push_back(
      {carried.component, carried.release, carried.version, refusal.rule, refusal.sentence});
  feed(carried.component,
       install::OfferRefused{
           {}, carried.release, refusal.rule, "the bundle is not followed: " + refusal.sentence});
}

// A staged release without a rollout waits for nobody: the mark is asked as soon as this device
// agrees.
void Agent::invite_carried(const ComponentId& id) {
  Unit& unit = units_.at(id);
  const auto* staged = std::get_if<install::Staged>(&unit.state.phase);
  if (staged == nullptr || !staged->ready || staged->ask) return;
  const bool carried = staged->candidate.rollout == RolloutId();
  if (!carried || !config_.air_gapped || now().uptime < unit.next_invitation) return;
  unit.next_invitation = now().uptime + kMarkPause;
  feed(id, install::Invited{{}, staged->candidate.slot.release, to_hex(doors_.entropy.bytes(16))});
}

// A stick is to be pulled out as soon as nothing has to be read from it any more.
void Agent::let_go_of_bundle(Unit& unit) {
  if (!unit.order || !unit.order->bundle) return;
  const auto* fetching = std::get_if<install::Fetching>(&unit.state.phase);
  const bool needed = fetching != nullptr && fetching->release == unit.order->plan.manifest;
  if (!needed) unit.order->bundle.reset();
}

json::Value Agent::describe_bundle() const {
  if (!bundle_) return {{"error", "no bundle was handed in since the agent started"}};
  json::Value releases = json::Value::array();
  bool settled = !bundle_->reading;
  for (const Bundle::Release& each : bundle_->releases) {
    const Progress progress = each.rule.empty()
                                  ? progress_of(units_.at(each.component).state, each.release)
                                  : Progress{"refused", each.sentence, true, false};
    settled = settled && progress.settled;
    releases.push_back({{"component", each.component.text()},
                        {"version", each.version},
                        {"release", each.release.text()},
                        {"state", progress.state},
                        {"rule", each.rule},
                        {"sentence", progress.sentence},
                        {"active", progress.active}});
  }
  json::Value out{{"format", "firebreak.bundle-status/1"},
                  {"bundle", bundle_->path},
                  {"settled", settled},
                  {"releases", std::move(releases)}};
  if (bundle_->error)
    out["refused"] = {{"rule", name(bundle_->error->code)}, {"sentence", bundle_->error->detail}};
  return out;
}

}  // namespace fb::agent

// The agent's heartbeat: reports out, news in.
#include <algorithm>

#include "agent/agent.h"
#include "base/bytes.h"
#include "crypto/sha256.h"
#include "install/notes.h"

namespace fb::agent {

// "content/sensor.channel/291.manifest.json" → "291".
std::string version_in(const statement::Plan& plan) {
  const std::string& path = plan.manifest_path;
  const std::size_t from = path.rfind('/') + 1;
  const std::size_t to = path.rfind(".manifest.json");
  return to == std::string::npos || to < from ? "" : path.substr(from, to - from);
}

// News does not wait for the next heartbeat: harm goes out at once, the rest after a tenth of it.
void Agent::hasten_check_in() {
  if (config_.server.empty()) return;
  if (!outbox_.empty()) rhythm_.hasten(Haste::usual);
  for (const auto& [id, unit] : units_) {
    if (const auto haste = haste_of(unit.state.reports)) rhythm_.hasten(*haste);
  }
}

void Agent::check_in() {
  if (checking_in_) return;
  rhythm_.spoke(now().uptime);
  judge_all();
  if (config_.server.empty()) return;  // nobody to tell: only the time is looked at
  checking_in_ = true;
  collect_reports();
  const wire::CheckIn message = report();
  doors_.prompt([this, message]() -> port::Completion {
    auto news = std::make_shared<Result<News>>(courier_.check_in(message));
    auto heard = std::make_shared<std::optional<Knowledge>>();
    if (!news->ok() && courier_.hear_mirrors()) *heard = courier_.knowledge();
    return [this, message, news, heard] {
      if (*heard) knowledge_ = **heard;
      finish_check_in(message.sequence, *news);
      if (*heard) judge_all();
    };
  });
}

void Agent::collect_reports() {
  for (auto& [id, unit] : units_) {
    if (unit.state.reports.empty() || unit.unsure) continue;
    const Status taken = outbox_.take(id, unit.state.reports);
    if (!taken.ok()) return trouble("outbox: " + taken.error().detail);
    feed(id, install::ReportsTaken{outbox_.taken(id)});
  }
}

wire::CheckIn Agent::report() {
  wire::CheckIn message;
  auto batch = outbox_.batch();
  if (batch.ok()) {
    message.sequence = batch->sequence;
    message.events = std::move(batch->events);
  } else {
    trouble("outbox: " + batch.error().detail);
  }
  message.boot_id = doors_.clock.boot_id();
  message.boot_count = boot_count_;
  message.uptime = {doors_.clock.uptime().ms};
  for (const auto& [id, unit] : units_) message.components.push_back(report_of(unit));
  return message;
}

wire::ComponentReport Agent::report_of(const Unit& unit) const {
  wire::ComponentReport report;
  report.component = unit.state.component;
  report.state = install::word(unit.state.phase);
  if (unit.state.active) {
    report.version = unit.state.active->version;
    report.active = unit.state.active->release;
  }
  if (const auto* staged = std::get_if<install::Staged>(&unit.state.phase)) {
    report.staged = staged->candidate.slot.release;
    report.ready = staged->ready;
  }
  if (const auto* deferred = std::get_if<install::Deferred>(&unit.state.phase)) {
    report.staged = deferred->candidate.slot.release;
    report.waiting = install::plain(deferred->rule + ": " + deferred->sentence, 1000);
  }
  return report;
}

void Agent::finish_check_in(std::uint64_t sequence, const Result<News>& news) {
  checking_in_ = false;
  const auto jitter = [this](Millis pause) { return jittered(pause); };
  if (!news.ok()) {
    if (const auto next = expected_sequence(news.error())) {
      const Status renumbered = outbox_.renumber(*next);
      if (!renumbered.ok()) trouble("outbox: " + renumbered.error().detail);
    }
    const Millis wait = rhythm_.missed(now().uptime, jitter);
    return trouble("check-in failed, the next one is in " + in_words(wait) + ": " +
                   news.error().detail);
  }
  trouble_.clear();
  last_contact_ = now().wall;
  rhythm_.answered(now().uptime, news->reply.next, jitter);
  const Status acknowledged = outbox_.acknowledge(sequence);
  if (!acknowledged.ok()) trouble("outbox: " + acknowledged.error().detail);
  take_news(*news);
}

void Agent::take_news(const News& news) {
  knowledge_ = news.knowledge;
  for (const std::string& sentence : news.troubles) trouble(sentence);
  for (const auto& [offer, error] : news.refused_offers) {
    if (!units_.contains(offer.component)) continue;
    feed(offer.component,
         install::OfferRefused{
             offer.rollout, offer.release, std::string(name(error.code)),
             "rollout " + offer.rollout.text() + " is not followed: " + error.detail});
  }
  judge_all();  // what is banned comes before what is new
  for (const Order& order : news.orders) take_order(order);
  judge_all();
  for (const Order& order : news.orders) {
    if (!order.ask || !units_.contains(order.plan.component)) continue;
    if (handing_back(order)) continue;
    feed(order.plan.component, install::Invited{order.plan.rollout, order.plan.manifest,
                                                to_hex(doors_.entropy.bytes(16))});
  }
}

// The server does not know yet that its place was given back: it would count this device twice.
bool Agent::handing_back(const Order& order) const {
  const ComponentId& id = order.plan.component;
  const std::int32_t rollout = order.plan.rollout.number();
  const auto& reports = units_.at(id).state.reports;
  return outbox_.awaits(id, wire::EventKind::handed_back, rollout) ||
         std::any_of(reports.begin(), reports.end(), [&](const install::Report& report) {
           return report.kind == install::ReportKind::handed_back && report.rollout == rollout;
         });
}

void Agent::take_order(const Order& order) {
  const auto component = config_.components.find(order.plan.component);
  if (component == config_.components.end()) return;
  const ComponentId& id = component->first;
  if (order.plan.kind != component->second.kind) {
    return feed(id, install::OfferRefused{order.plan.rollout, order.plan.manifest, "kind",
                                          "the plan says " + std::string(word(order.plan.kind)) +
                                              "; local configuration says " +
                                              std::string(word(component->second.kind))});
  }
  units_.at(id).order = order;
  feed(id, install::Offered{order.plan.rollout, order.plan.manifest, order.resumed,
                            version_in(order.plan), knowledge_.bans});
}

// A tenth either way, by a hash: a fleet that was started together does not knock together.
Millis Agent::jittered(Millis base) {
  const std::string who = knowledge_.device ? knowledge_.device->text() : doors_.clock.boot_id();
  const Digest hash =
      crypto::sha256("firebreak/check-in/1\n" + who + "\n" + std::to_string(++beats_));
  const std::int64_t spread = base.ms / 5;
  const std::int64_t roll = hash.bytes[0] * 256 + hash.bytes[1];
  return {base.ms - base.ms / 10 + spread * roll / 65536};
}

}  // namespace fb::agent

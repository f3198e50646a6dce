#include "exact/thin_device.h"

#include <algorithm>

#include "agent/permit.h"
#include "base/check.h"
#include "crypto/sha256.h"

namespace fb::exact {
namespace {

constexpr Millis kAskPause = seconds(2);  // as the agent's

Millis to_the_second(Millis pause) { return pause; }

agent::Outbox empty_outbox(port::Files& files) {
  auto outbox = agent::Outbox::load(files);
  FB_CHECK(outbox.ok());
  return std::move(outbox).value();
}

install::Candidate candidate_of(const MetadataView::Order& order) {
  install::Candidate candidate;
  candidate.rollout = order.plan.rollout;
  candidate.slot = {order.plan.manifest, order.manifest.version};
  candidate.cls = order.manifest.cls;
  candidate.probation = order.manifest.health.probation;
  candidate.restarts = order.manifest.health.restarts;
  candidate.probe_failures = order.manifest.health.probe_failures;
  return candidate;
}

}  // namespace

ThinDevice::ThinDevice(const Surroundings& around, const Fate& fate, std::int64_t number,
                       MetadataView& metadata)
    : Device(around, fate, number),
      metadata_(metadata),
      secret_(crypto::sha256("simulated device " + std::to_string(number)).hex()),
      arch_("s" + std::to_string(fate.stratum)),
      outbox_(empty_outbox(files_)),
      state_(install::fresh(Vendor::channel())),
      rhythm_(Uptime(), around.heartbeat) {
  if (fate.deferred) policy_ = closed_until(around.zero + fate.window);
  feed(install::Provisioned{{around.image.channel, "290"}});
}

Status ThinDevice::join() {
  const wire::Enrolment ask{Vendor::tenant(),
                            Vendor::enrolment_token(),
                            crypto::sha256(secret_),
                            statement::Ring::broad,
                            "linux",
                            arch_};
  const auto answer = post("/v1/enroll", wire::encode(ask));
  if (!answer || answer->status / 100 != 2)
    return Error{ErrorCode::conflict, "enrolment: " + (answer ? answer->body : "no answer")};
  FB_ASSIGN(const auto reply, wire::decode_enrolment_reply(answer->body));
  id_ = reply.device;
  return {};
}

std::optional<Instant> ThinDevice::wake() {
  if (dead()) return std::nullopt;
  if (std::exchange(unanswered_, false) || state_.revert) feed(install::Tick{});
  if (around_.telling == Telling::at_once) live();
  if (here().uptime >= rhythm_.due()) beat();
  if (around_.telling == Telling::at_once) hasten();
  return std::max(due(), now() + milliseconds(1));
}

// What befalls it, and what a probe says.
void ThinDevice::live() {
  suffer();
  feed(install::ProbePassed{});
}

void ThinDevice::hasten() {
  if (!outbox_.empty()) rhythm_.hasten(agent::Haste::usual);
  if (const auto haste = agent::haste_of(state_.reports)) rhythm_.hasten(*haste);
}

Instant ThinDevice::due() const {
  Instant due = now() + (rhythm_.due() - here().uptime);
  if (state_.revert) due = std::min(due, now() + (state_.revert->due - here().uptime));
  if (unanswered_) due = std::min(due, now() + kAskPause);
  if (around_.telling == Telling::with_heartbeats) return due;
  const auto consider = [&](Instant then) {
    if (then > now()) due = std::min(due, then);
  };
  consider(around_.zero + fate_.crashes);
  if (const auto at = strike()) consider(*at);
  if (const auto* probation = std::get_if<install::Probation>(&state_.phase))
    consider(now() + (probation->since + probation->candidate.probation - here().uptime));
  return due;
}

// --- a heartbeat ---

void ThinDevice::beat() {
  rhythm_.spoke(here().uptime);
  live();
  judge();
  if (!state_.reports.empty() && outbox_.take(state_.component, state_.reports).ok())
    feed(install::ReportsTaken{outbox_.taken(state_.component)});
  const wire::CheckIn message = report();
  const auto answer = post("/v1/check-in", wire::encode(message));
  if (!answer || answer->status != 200) {  // the same batch again
    rhythm_.missed(here().uptime, to_the_second);
    return;
  }
  const auto reply = wire::decode_check_in_reply(answer->body);
  if (!reply.ok() || !outbox_.acknowledge(message.sequence).ok()) return;
  take_news(*reply);
}

// What has befallen it since the last beat. Who runs into the fault of the release runs into it
// again after its restart.
void ThinDevice::suffer() {
  if (!crash_told_ && now() >= around_.zero + fate_.crashes) {
    crash_told_ = true;
    feed(install::Crashed{"signal 11 (SIGSEGV), by itself"});
  }
  if (!struck() || !runs_it()) return;
  feed(install::Crashed{"signal 11 (SIGSEGV)"});
  feed(install::Crashed{"signal 11 (SIGSEGV)"});
}

wire::CheckIn ThinDevice::report() {
  wire::CheckIn message;
  const auto batch = outbox_.batch();
  if (batch.ok()) {
    message.sequence = batch->sequence;
    message.events = batch->events;
  }
  message.boot_id = "boot";
  message.uptime = {here().uptime.ms};
  message.components.push_back({Vendor::engine(), "7.11", around_.image.engine, {}, false, "", ""});
  wire::ComponentReport channel;
  channel.component = state_.component;
  channel.state = install::word(state_.phase);
  channel.version = state_.active->version;
  channel.active = state_.active->release;
  if (const auto* staged = std::get_if<install::Staged>(&state_.phase)) {
    channel.staged = staged->candidate.slot.release;
    channel.ready = staged->ready;
  } else if (const auto* deferred = std::get_if<install::Deferred>(&state_.phase)) {
    channel.staged = deferred->candidate.slot.release;
    channel.waiting = deferred->rule;
  }
  message.components.push_back(std::move(channel));
  return message;
}

void ThinDevice::take_news(const wire::CheckInReply& reply) {
  rhythm_.answered(here().uptime, reply.next, to_the_second);
  if (!metadata_.follow(reply).ok()) return;
  judge();  // what is banned comes before what is new
  for (const wire::Offer& offer : reply.offers)
    feed(install::Offered{offer.rollout, offer.release, {}, "291", metadata_.bans()});
  judge();
  for (const wire::Offer& offer : reply.offers) {
    const bool handing_back =
        outbox_.awaits(state_.component, wire::EventKind::handed_back, offer.rollout.number());
    if (offer.ask && !handing_back) feed(install::Invited{offer.rollout, offer.release, nonce()});
  }
}

void ThinDevice::judge() {
  install::Judged judged;
  judged.device = id_;
  judged.bans = metadata_.bans();
  judged.spread = std::min(minutes(5), around_.heartbeat * 10);
  judged.policy = policy_;
  judged.limits = metadata_.limits();
  feed(judged);
}

// --- the state machine and its effects ---

void ThinDevice::feed(const install::Event& event) {
  install::Step step = install::step(std::move(state_), event, here());
  state_ = std::move(step.next);
  for (const install::Effect& effect : step.effects) perform(effect);
}

void ThinDevice::perform(const install::Effect& effect) {
  struct Doer {
    ThinDevice& device;
    void operator()(const install::Fetch& fetch) const { device.fetch(fetch); }
    void operator()(const install::AskPermit& ask) const { device.ask(ask); }
    void operator()(const install::Taste& taste) const {
      device.feed(install::TasteEnded{taste.candidate.slot.release, install::Trial::passed,
                                      "loaded", device.nonce()});
    }
    void operator()(const install::Activate& activate) const { device.activate(activate); }
    void operator()(const install::RestartWorkload&) const {
      if (device.fate_.reboot.ms > 0)
        device.rhythm_.resume_at(device.here().uptime + device.fate_.reboot);
    }
    void operator()(const install::FallBack&) const { device.fall_back(); }
    void operator()(const install::Prune&) const {}
  };
  std::visit(Doer{*this}, effect);
}

void ThinDevice::fetch(const install::Fetch& effect) {
  const auto order = metadata_.order(effect.rollout);
  if (!order.ok()) return feed(install::FetchFailed{effect.release, order.error().detail, ""});
  feed(install::Fetched{candidate_of(**order), {}});
}

void ThinDevice::ask(const install::AskPermit& effect) {
  const wire::PermitAsk question{effect.rollout, effect.release, effect.nonce, effect.purpose, 0};
  const auto answer = post("/v1/permit", wire::encode(question));
  unanswered_ = !answer || answer->status != 200;
  if (unanswered_) return;
  const auto reply = wire::decode_permit_reply(answer->body);
  const auto signers = metadata_.rollouts_signers();
  if (!reply.ok() || !signers.ok()) return;
  if (reply->denied) {
    return feed(install::PermitDenied{effect.nonce, reply->denied->rule, reply->denied->detail});
  }
  const auto permit = agent::verify_permit(*reply->permit, {id_, question, *signers});
  if (!permit.ok()) return feed(install::PermitRefused{effect.nonce, permit.error().detail});
  feed(install::PermitGranted{effect.nonce, permit->valid});
}

void ThinDevice::activate(const install::Activate& effect) {
  if (fate_.fails_first_install && !std::exchange(install_failed_, true)) {
    return feed(install::SwitchFailed{around_.image.channel, "the switch could not be turned"});
  }
  if (here().uptime >= effect.until) {
    return feed(install::SwitchFailed{around_.image.channel, "the permit ran out"});
  }
  activated();
  feed(install::Switched{});
}

void ThinDevice::fall_back() {
  if (runs_it()) left();
  feed(install::FellBack{});
}

std::optional<port::ServerResponse> ThinDevice::post(const std::string& path, std::string body) {
  port::ServerRequest request;
  request.method = "POST";
  request.path = path;
  request.headers["authorization"] = "Bearer " + secret_;
  request.body = std::move(body);
  return line_.ask(std::move(request));
}

std::string ThinDevice::nonce() {
  return crypto::sha256(secret_ + " asks " + std::to_string(++asked_)).hex().substr(0, 32);
}

}  // namespace fb::exact

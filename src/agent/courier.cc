#include "agent/courier.h"

#include <algorithm>

#include "agent/layout.h"
#include "agent/permit.h"
#include "agent/staging.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "wire/problem.h"

namespace fb::agent {
namespace {

constexpr Millis kFullRefreshAge = hours(24);
// While the server is away, mirrors are asked so often for what is blocked and revoked.
constexpr Millis kHearingPause = minutes(5);

std::string kept_path(const std::string& target) { return "tuf/targets/" + target; }

Result<statement::SpeedLimits> decode_limits(std::string_view bytes) {
  return statement::decode_limits(bytes);
}

}  // namespace

Courier::Courier(Config config, Pinned pinned, Doors doors)
    : config_(std::move(config)),
      pinned_(std::move(pinned)),
      doors_(doors),
      mirrors_(config_.target_bases(), doors.clock.boot_id()),
      metadata_mirrors_(config_.metadata_mirrors, doors.clock.boot_id()),
      metadata_(doors.files, doors.clock, pinned_.root, config_.carry()),
      log_watch_(doors.files) {}

// ---- Who we are ----

Status Courier::load_identity() {
  const auto bytes = doors_.files.read(layout::kIdentity, 4096);
  if (!bytes.ok() && bytes.error().code == ErrorCode::not_found) return {};
  if (!bytes.ok()) return bytes.error();
  FB_ASSIGN(const json::Value value, json::parse(*bytes));
  json::Reader in(value, "identity");
  in.literal("format", "firebreak.identity/1");
  std::string secret = in.string("secret", 64);
  std::optional<DeviceId> device;
  if (in.has("device")) device = in.id<DeviceId>("device");
  FB_TRY(in.done());
  secret_ = std::move(secret);
  device_ = device;
  return {};
}

Status Courier::load() {
  if (const Status read = load_identity(); !read.ok()) {
    identity_ = Error{read.error().code,
                      "identity is damaged (" + read.error().detail +
                          "). The server cannot be told who this is; remove the file to enrol " +
                          "again, as another device"};
  }
  load_policy();
  if (const auto seen = doors_.files.read(layout::kSeenBlocked, limits::kJsonBytes); seen.ok()) {
    if (auto blocked = statement::decode_blocked(*seen); blocked.ok())
      seen_.blocked = std::move(blocked).value();
  }
  if (const auto seen = doors_.files.read(layout::kSeenRevoked, limits::kJsonBytes); seen.ok()) {
    if (auto revocations = statement::decode_revocations(*seen); revocations.ok())
      seen_.revocations = std::move(revocations).value();
  }
  bans_ = seen_;
  load_carried();
  if (const Status trusted = metadata_.load(); trusted.ok()) load_documents(nullptr);
  return identity_;
}

Status Courier::store_identity() const {
  json::Value value{{"format", "firebreak.identity/1"}, {"secret", secret_}};
  if (device_) value["device"] = device_->text();
  return doors_.files.write_atomic(layout::kIdentity, json::pretty(value));
}

// The secret is on the disk before the server hears its digest: asked again, it is the same device.
Status Courier::enrol() {
  if (secret_.empty()) {
    secret_ = to_hex(doors_.entropy.bytes(32));
    if (const Status stored = store_identity(); !stored.ok()) {
      secret_.clear();
      return stored;
    }
  }
  wire::Enrolment ask;
  ask.tenant = config_.tenant;
  ask.enrolment_token = pinned_.enrolment_token;
  ask.token_hash = crypto::sha256(secret_);
  ask.ring = config_.ring;
  ask.os = pinned_.os;
  ask.arch = pinned_.arch;
  FB_ASSIGN(const auto response, post("/v1/enroll", encode(ask), false));
  FB_ASSIGN(const auto reply, wire::decode_enrolment_reply(response.body));
  device_ = reply.device;
  doors_.log.line(port::LogLevel::note, "enrolled as device " + reply.device.text());
  return store_identity();
}

Result<port::HttpResponse> Courier::post(const std::string& path, std::string body,
                                         bool authorized) {
  port::HttpRequest request;
  request.method = "POST";
  request.url = config_.server + path;
  request.headers["content-type"] = "application/json";
  if (authorized) request.headers["authorization"] = "Bearer " + secret_;
  request.body = std::move(body);
  FB_ASSIGN(auto response, doors_.http.send(request).in(request.url));
  if (response.status == 200 || response.status == 201) return response;
  return wire::to_error(response.status, response.body).in(request.url);
}

// ---- Check-in ----

Result<News> Courier::check_in(wire::CheckIn report) {
  FB_TRY(identity_);
  if (!device_) FB_TRY(enrol().in("enrolment"));
  report.root_version = metadata_.root_version();
  report.policy_version = policy_ ? policy_->version : 0;
  FB_ASSIGN(const auto response, post("/v1/check-in", encode(report), true));
  News news;
  FB_ASSIGN(news.reply, wire::decode_check_in_reply(response.body));
  follow_metadata(news.reply, news);
  Origin origin{doors_.http, mirrors_.in_order(doors_.clock.uptime()), news.troubles};
  load_documents(&origin);
  follow_policy_keys(news.reply.policy_key_version, news);
  follow_policy(news.reply.policy_version, news);
  take_offers(news);
  news.knowledge = knowledge();
  return news;
}

Knowledge Courier::knowledge() const {
  Knowledge known;
  known.device = own_id();
  known.trusted = metadata_.trusted();
  known.authenticated = metadata_.now().authenticated_bound;
  known.bans = bans_;
  known.missing = missing_lists();
  known.limits = limits_;
  known.people = people_;
  known.policy = policy_;
  for (const auto& [component, each] : carried_)
    known.carried.emplace(component, CarriedActs{each.release, verified(each.acts, Heard::before)});
  return known;
}

void Courier::follow_metadata(const wire::CheckInReply& reply, News& news) {
  const auto full = metadata_.feed_timestamp({reply.timestamp, reply.root_version});
  if (full.ok() && !*full) return;
  Status done = full.ok() ? Status() : Status(full.error());
  if (done.ok()) {
    done = refresh_metadata([&] {
      const auto more = metadata_.feed_timestamp({reply.timestamp, reply.root_version});
      return more.ok() && !*more;
    });
  }
  if (!done.ok()) news.troubles.push_back("metadata: " + done.error().detail);
}

// The server first: versions make a mirror that is behind harmless, and this makes it powerless
// while the server answers.
Status Courier::refresh_metadata(const std::function<bool()>& enough) {
  Status at_server = metadata_.refresh(doors_.http, config_.server + "/tuf/metadata");
  if (at_server.ok() || enough() || refresh_at_mirrors(enough)) return {};
  return at_server;
}

bool Courier::refresh_at_mirrors(const std::function<bool()>& enough) {
  const Uptime now = doors_.clock.uptime();
  for (const std::string& base : metadata_mirrors_.in_order(now)) {
    const Status refreshed = metadata_.refresh(doors_.http, base);
    if (refreshed.ok() && enough()) {
      metadata_mirrors_.served(base);
      return true;
    }
    metadata_mirrors_.failed(base, now);
    doors_.log.line(port::LogLevel::warning, base + ": " +
                                                 (refreshed.ok() ? "is behind what the server says"
                                                                 : refreshed.error().detail));
  }
  return false;
}

bool Courier::hear_mirrors() {
  const Uptime now = doors_.clock.uptime();
  if (config_.metadata_mirrors.empty() || now < next_hearing_) return false;
  next_hearing_ = now + kHearingPause;
  if (!refresh_at_mirrors([] { return true; })) return false;
  std::vector<std::string> untold;  // the check-in itself failed: that is the trouble
  Origin origin{doors_.http, mirrors_.in_order(now), untold};
  load_documents(&origin);
  return true;
}

// What is signed for everybody. A document that is not published is empty; one that cannot be had
// stays as it was.
void Courier::load_documents(Origin* origin) {
  if (!metadata_.trusted()) return;
  load_document(statement::kRevokedPath.data(), tuf::kTargets, revocations_,
                statement::decode_revocations, origin);
  const auto decode_ours =
      [this](std::string_view bytes) -> Result<std::vector<statement::Blocked>> {
    FB_ASSIGN(auto blocked, statement::decode_blocked(bytes));
    return statement::concerning(std::move(blocked), config_.tenant);
  };
  load_document(statement::kBlockedPath.data(), "rollouts", blocked_, decode_ours, origin);
  load_document(statement::kLimitsPath.data(), tuf::kTargets, limits_, decode_limits, origin);
  load_document(statement::kPeoplePath.data(), tuf::kTargets, people_, statement::decode_people,
                origin);
  load_document(statement::kLogTrustPath.data(), tuf::kTargets, log_trust_,
                statement::decode_log_trust, origin);
  remember_bans();
}

// Whoever holds the online keys may stop, and not quietly take back what two people or the
// publisher's offline keys must lift. What there was no room to remember still counts while it is
// on the list.
void Courier::remember_bans() {
  const bool blocks = statement::absorb(seen_.blocked, blocked_);
  const bool revocations = statement::absorb(seen_.revocations, revocations_);
  const auto keep = [&](const char* path, const std::string& bytes) {
    const Status kept = doors_.files.write_atomic(path, bytes);
    if (!kept.ok()) doors_.log.line(port::LogLevel::warning, kept.error().detail);
  };
  if (blocks) keep(layout::kSeenBlocked, statement::encode(seen_.blocked));
  if (revocations) keep(layout::kSeenRevoked, statement::encode(seen_.revocations));
  bans_ = seen_;
  for (const statement::Blocked& each : blocked_) {
    if (seen_.blocked.size() >= limits::kSeenBlocks) bans_.blocked.push_back(each);
  }
}

// A server that withholds a list of bans must gain nothing by it.
std::string Courier::missing_lists() const {
  if (!metadata_.trusted()) return "";
  for (const auto& [path, role] :
       {std::pair(statement::kRevokedPath, tuf::kTargets),
        std::pair(statement::kBlockedPath, std::string_view("rollouts"))}) {
    const auto file = find_target(*metadata_.trusted(), std::string(path), role);
    const auto digest = file.ok() ? file->sha256() : Result<Digest>(file.error());
    if (!digest.ok()) continue;
    const auto here = loaded_.find(std::string(path));
    if (here != loaded_.end() && here->second == *digest) continue;
    return std::string(path) + " (" + digest->brief() + ") is signed, and could not be had";
  }
  return "";
}

template <class T, class Decode>
void Courier::load_document(const char* path, std::string_view role, T& into, Decode decode,
                            Origin* origin) {
  const auto signed_file = find_target(*metadata_.trusted(), path, role);
  const auto digest =
      signed_file.ok() ? signed_file->sha256() : Result<Digest>(signed_file.error());
  if (digest.ok() && loaded_[path] == *digest) return;
  loaded_.erase(path);
  const auto bytes = document(path, role, origin);
  if (!bytes.ok()) {
    if (bytes.error().code == ErrorCode::not_found)
      into = T{};
    else if (origin != nullptr)
      origin->troubles.push_back(bytes.error().detail);
    return;
  }
  auto decoded = decode(*bytes);
  if (decoded.ok()) {
    into = std::move(decoded).value();
    loaded_[path] = *digest;
  } else if (origin != nullptr) {
    origin->troubles.push_back(std::string(path) + ": " + decoded.error().detail);
  }
}

// From the disk when those are the signed bytes, else fetched and kept.
Result<std::string> Courier::document(const std::string& path, std::string_view role,
                                      Origin* origin) {
  FB_ASSIGN(const auto file, find_target(*metadata_.trusted(), path, role));
  FB_ASSIGN(const Digest digest, file.sha256());
  const auto kept = doors_.files.read(kept_path(path), limits::kJsonBytes);
  if (kept.ok() && crypto::sha256(*kept) == digest) return *kept;
  if (origin == nullptr) return Error{ErrorCode::unavailable, path + " is not on this disk"};
  std::vector<MirrorFailure> failures;
  auto fetched = fetch_target(origin->http, origin->bases, {path, file}, failures);
  mirrors_.failed(failures, doors_.clock.uptime());
  if (!fetched.ok()) {  // a mirror without it says nothing about whether it exists
    Error error = fetched.error();
    if (error.code == ErrorCode::not_found) error.code = ErrorCode::unavailable;
    return error;
  }
  FB_TRY(doors_.files.write_atomic(kept_path(path), *fetched));
  return fetched;
}

// ---- The customer's word ----

// What was accepted under an earlier key of the chain stays the customer's word until the next one.
void Courier::load_policy() {
  if (!pinned_.policy_key) return;
  policy_keys_.emplace(config_.tenant, *pinned_.policy_key);
  const auto stored_keys = doors_.files.read(layout::kPolicyKeys, limits::kJsonBytes);
  const auto rotations =
      stored_keys.ok() ? policy::decode_rotations(*stored_keys) : stored_keys.error();
  if (rotations.ok()) policy_keys_->follow_stored(*rotations);
  if (stored_keys.ok() && !rotations.ok())
    doors_.log.line(port::LogLevel::warning, "policy/keys.json: " + rotations.error().detail);
  const auto stored = doors_.files.read(layout::kPolicy, limits::kJsonBytes);
  if (!stored.ok()) return;
  auto policy = open_policy(*stored, policy_keys_->past_signers());
  if (policy.ok())
    policy_ = std::move(policy).value();
  else
    doors_.log.line(port::LogLevel::warning,
                    "the stored customer policy: " + policy.error().detail);
}

Result<std::string> Courier::get(const std::string& path) {
  port::HttpRequest request;
  request.url = config_.server + path;
  request.headers["authorization"] = "Bearer " + secret_;
  FB_ASSIGN(auto response, doors_.http.send(request));
  if (response.status == 200) return std::move(response.body);
  return Error{ErrorCode::unavailable,
               request.url + " answered " + std::to_string(response.status)};
}

// Before the policy: whoever holds the old key alone must not get in between.
void Courier::follow_policy_keys(std::int64_t offered, News& news) {
  if (!policy_keys_ || offered <= policy_keys_->version()) return;
  const auto bytes = get("/v1/policy-keys");
  const Status taken = bytes.ok() ? take_policy_keys(*bytes) : Status(bytes.error());
  if (!taken.ok()) news.troubles.push_back("customer key refused: " + taken.error().detail);
}

Status Courier::take_policy_keys(std::string_view bytes) {
  FB_ASSIGN(const auto rotations, policy::decode_rotations(bytes));
  const std::int64_t before = policy_keys_->version();
  FB_TRY(take_rotations(rotations));
  if (policy_keys_->version() > before) return {};
  return Error{ErrorCode::not_found, "no rotation that this device has not seen came"};
}

// Durable before it counts: a device that forgot a rotation would believe the old key again.
Status Courier::take_rotations(const std::vector<statement::Envelope>& rotations) {
  policy::KeyChain next = *policy_keys_;
  Status refused;
  for (const auto& each : rotations) {
    if (next.knows(each)) continue;
    // One from before the pinned key leads nowhere here, and another may lead on.
    if (const Status followed = next.follow(each); !followed.ok()) refused = followed;
  }
  if (next.version() == policy_keys_->version()) return refused;
  FB_TRY(
      doors_.files.write_atomic(layout::kPolicyKeys, policy::encode_rotations(next.rotations())));
  policy_keys_ = std::move(next);
  return {};
}

void Courier::follow_policy(std::int64_t offered, News& news) {
  if (!policy_keys_ || offered <= (policy_ ? policy_->version : 0)) return;
  const auto bytes = get("/v1/policy");
  if (!bytes.ok()) {
    return news.troubles.push_back("customer policy version " + std::to_string(offered) +
                                   " cannot be fetched");
  }
  if (const Status taken = take_policy(*bytes); !taken.ok())
    news.troubles.push_back("customer policy refused: " + taken.error().detail);
}

// One of a newer version, signed with the key of today; durable before it counts.
Status Courier::take_policy(std::string_view bytes) {
  FB_ASSIGN(auto policy, open_policy(bytes, policy_keys_->signers()));
  FB_TRY(doors_.files.write_atomic(layout::kPolicy, bytes));
  policy_ = std::move(policy);
  return {};
}

Result<policy::Policy> Courier::open_policy(std::string_view bytes,
                                            const statement::Signers& signers) const {
  FB_ASSIGN(const auto envelope, statement::parse_envelope(bytes));
  FB_ASSIGN(const auto payload, statement::open(envelope, statement::kPolicyType, signers));
  FB_ASSIGN(auto policy, policy::decode_policy(payload));
  if (policy.tenant != config_.tenant) {
    return Error{ErrorCode::mismatch, "it is the policy of " + policy.tenant.text()};
  }
  if (policy_ && policy.version <= policy_->version) {
    return Error{ErrorCode::rolled_back, "version " + std::to_string(policy.version) +
                                             " after version " + std::to_string(policy_->version)};
  }
  return policy;
}

// ---- Offers ----

void Courier::take_offers(News& news) {
  for (const wire::Offer& offer : news.reply.offers) {
    auto order = take_offer(offer);
    if (order.ok())
      news.orders.push_back(std::move(order).value());
    else
      news.refused_offers.emplace_back(offer, order.error());
  }
}

Result<Order> Courier::take_offer(const wire::Offer& offer) {
  const auto& trusted = metadata_.trusted();
  if (!trusted) return Error{ErrorCode::conflict, "no metadata is trusted here yet"};
  FB_TRY(check_fresh(*trusted, {"rollouts"}, metadata_.now()));
  std::vector<std::string> untold;  // the error says it
  Origin origin{doors_.http, mirrors_.in_order(doors_.clock.uptime()), untold};
  FB_ASSIGN(const auto bytes, document(statement::plan_path(offer.rollout), "rollouts", &origin));
  FB_ASSIGN(auto plan, statement::decode_plan(bytes));
  FB_TRY(check_fresh(*trusted, roles_for(plan.kind), metadata_.now()));
  const auto wrong = [&](const std::string& what) {
    return Error{ErrorCode::mismatch,
                 "the signed plan of rollout " + offer.rollout.text() + " " + what};
  };
  if (plan.rollout != offer.rollout) return wrong("is that of rollout " + plan.rollout.text());
  if (plan.component != offer.component) return wrong("is for " + plan.component.text());
  if (plan.manifest != offer.release) return wrong("names release " + plan.manifest.brief());
  // A completed rollout still takes those who come late.
  const bool open =
      plan.state == statement::PlanState::running || plan.state == statement::PlanState::completed;
  if (!open) return wrong("is " + std::string(word(plan.state)));
  const auto& halted = plan.halted_tenants;
  const Digest mark = statement::tenant_mark(plan.manifest, config_.tenant);
  if (std::find(halted.begin(), halted.end(), mark) != halted.end())
    return wrong("is halted for tenant " + config_.tenant.text() + ", whose this device is");
  Order order{std::move(plan), offer.ask, {}, {}, nullptr};
  order.acts = verified(order.plan.acts, Heard::now);
  order.resumed = lifted(order);
  return order;
}

std::vector<statement::SignedAct> Courier::verified(const std::vector<statement::Envelope>& acts,
                                                    Heard heard) const {
  std::vector<statement::SignedAct> out;
  const auto now = metadata_.now();
  for (const auto& envelope : acts) {
    auto act =
        statement::verify_act(envelope, people_, std::max(now.local, now.authenticated_bound));
    if (act.ok())
      out.push_back(std::move(act).value());
    else if (heard == Heard::now)
      doors_.log.line(port::LogLevel::warning, "an act does not count: " + act.error().detail);
  }
  return out;
}

// Of each: two different people with different operative roles named the same halted rollout.
std::vector<RolloutId> Courier::lifted(const Order& order) const {
  using statement::Role;
  struct Signed {
    std::set<PersonId> people;
    std::set<Role> roles;
  };
  std::map<RolloutId, Signed> by_rollout;
  for (const auto& signed_act : order.acts) {
    const auto& act = signed_act.act;
    if (act.kind != statement::ActKind::resume || act.release != order.plan.manifest ||
        !act.rollout)
      continue;
    const auto* person = people_.find(act.person);
    if (person == nullptr) continue;
    for (const Role role : {Role::operations, Role::security, Role::reviewer}) {
      if (!person->roles.contains(role)) continue;
      by_rollout[*act.rollout].people.insert(act.person);
      by_rollout[*act.rollout].roles.insert(role);
    }
  }
  std::vector<RolloutId> out;
  for (const auto& [rollout, who] : by_rollout) {
    if (who.people.size() >= 2 && who.roles.size() >= 2) out.push_back(rollout);
  }
  return out;
}

// ---- Permits ----

Status Courier::be_fresh(statement::Purpose purpose, release::Kind kind) {
  const auto fresh = [&]() -> Status {
    if (!metadata_.trusted()) return Error{ErrorCode::conflict, "no metadata is trusted here yet"};
    return check_fresh(*metadata_.trusted(), roles_for(kind), metadata_.now());
  };
  const auto last = metadata_.last_full();
  const bool old = !last || doors_.clock.uptime() - *last >= kFullRefreshAge;
  const bool activation = purpose == statement::Purpose::renew;
  if (fresh().ok() && !(activation && old)) return {};
  const Uptime began = doors_.clock.uptime();
  const Status refreshed = refresh_metadata([&] { return fresh().ok(); });
  // A role that has no say here may have failed.
  const bool went_through = metadata_.last_full() && *metadata_.last_full() >= began;
  if (!went_through) FB_TRY(refreshed);
  return fresh();
}

Result<PermitOutcome> Courier::ask(wire::PermitAsk ask, release::Kind kind) {
  FB_TRY(identity_);
  if (ask.rollout == RolloutId()) return ask_mark(ask, kind);
  if (!device_) return Error{ErrorCode::conflict, "this device is not enrolled yet"};
  FB_TRY(be_fresh(ask.purpose, kind));
  if (log_trust_) ask.log_size = log_watch_.seen(*log_trust_).size;
  FB_ASSIGN(const auto response, post("/v1/permit", encode(ask), true));
  FB_ASSIGN(const auto reply, wire::decode_permit_reply(response.body));
  if (reply.denied) return PermitOutcome(*reply.denied);
  FB_ASSIGN(const auto signers, metadata_.trusted()->role_keys("rollouts"));
  const auto permit = verify_permit(*reply.permit, {*device_, ask, signers});
  if (!permit.ok()) return PermitOutcome(NoPermit{"permit", permit.error().detail});
  if (!log_trust_) {
    return PermitOutcome(NoPermit{"log", "no signed metadata names the log (trust/log.json)"});
  }
  FB_ASSIGN(auto refusal, log_watch_.admit(permit->log, ask.release, *log_trust_));
  if (refusal) return PermitOutcome(NoPermit{refusal->rule, refusal->sentence});
  FB_TRY(metadata_.note_authenticated(permit->issued));
  return PermitOutcome(Granted{permit->valid, "the server"});
}

}  // namespace fb::agent

#include "server/world.h"

#include "base/limits.h"
#include "statement/speed.h"

namespace fb::server {
namespace {

constexpr const char* kReplySpace = "reply";

}  // namespace

Result<std::unique_ptr<World>> World::open(const Config& config, const Doors& doors,
                                           const OnlineSigners& signers, Instant now) {
  std::unique_ptr<World> world(new World(config, doors));
  FB_ASSIGN(const auto parameters, config.common_parameters());
  world->silence = parameters.silence_deadline();
  FB_ASSIGN(world->repository, Repository::open(doors.repository, doors.store, signers, now));
  if (config.profile == rollout::Profile::lab) FB_TRY(world->check_lab());
  FB_TRY(world->load_log(*signers.log).in("the event log"));
  FB_ASSIGN(const auto people, world->repository->read_target(std::string(statement::kPeoplePath),
                                                              limits::kJsonBytes));
  FB_ASSIGN(world->people, statement::decode_people(people));
  FB_TRY(world->devices.load(doors.store));
  FB_TRY(world->notices.load(doors.store));
  FB_TRY(
      world->bans.load(doors.store, *world->repository).in(std::string(statement::kRevokedPath)));
  world->releases = std::make_unique<Releases>(*world->repository, world->bans);
  FB_TRY(world->releases->load(doors.store, world->people));
  FB_TRY(world->policies.load(doors.store));
  world->rollouts = std::make_unique<Rollouts>(
      Rollouts::Neighbours{config, world->devices, *world->releases, *world->repository,
                           world->bans, world->people, doors.entropy, doors.store});

  Transaction tx(world->log->tip().size);
  tx.log(now, "server-started", {{"devices", world->devices.size()}});
  FB_TRY(world->rollouts->load(tx, now));
  FB_TRY(world->log->seal(tx));
  FB_TRY(doors.store.commit(tx.batch()));
  FB_TRY(world->repository->publish());
  return world;
}

// The lab profile frees rollouts of their floors, which no line of configuration may do for
// machines that matter: the repository's offline keys must have signed that there is no speed limit
// either.
Status World::check_lab() const {
  const auto bytes =
      repository->read_target(std::string(statement::kLimitsPath), limits::kJsonBytes);
  const auto signed_limits =
      bytes.ok() ? statement::decode_limits(*bytes) : Result<statement::SpeedLimits>(bytes.error());
  if (signed_limits.ok() && signed_limits->unlimited()) return {};
  return Error{ErrorCode::bad_usage,
               "profile \"lab\" is for a repository that `firebreak init --lab` made: " +
                   std::string(statement::kLimitsPath) +
                   " of this one limits how fast releases spread. Say profile = \"standard\""};
}

Status World::load_log(const crypto::Signer& signer) {
  FB_ASSIGN(const auto bytes,
            repository->read_target(std::string(statement::kLogTrustPath), limits::kJsonBytes));
  FB_ASSIGN(auto trust, statement::decode_log_trust(bytes));
  FB_ASSIGN(log, EventLog::open(doors_.store, signer, std::move(trust)));
  return {};
}

void World::log_events(DeviceIndex device, const wire::CheckIn& check_in, Transaction& tx,
                       Instant now) const {
  for (const auto& event : check_in.events) {
    tx.log(now, "report",
           {{"device", devices.at(device).record.id.text()},
            {"tenant", devices.at(device).record.tenant.text()},
            {"event", word(event.kind)},
            {"component", event.component.text()},
            {"release", event.release.text()},
            {"rollout", event.rollout},
            {"detail", event.detail},
            {"device_at", to_rfc3339(event.at)}});
  }
}

wire::CheckInReply World::compose_reply(DeviceIndex device, Millis next, Instant now) const {
  const auto current = repository->current();
  const TenantId& tenant = devices.at(device).record.tenant;
  const TenantPolicy* policy = policies.find(tenant);
  const policy::KeyChain* keys = policies.keys(tenant);
  return {.issued = now,
          .next = next,
          .root_version = current->root_version,
          .policy_version = policy == nullptr ? 0 : policy->version,
          .policy_key_version = keys == nullptr ? 0 : keys->version(),
          .timestamp = current->timestamp,
          .offers = rollouts->offers(device)};
}

Result<std::string> World::check_in(const Digest& token_hash, const wire::CheckIn& check_in,
                                    Transaction& tx, Instant now) {
  FB_ASSIGN(const DeviceIndex device, devices.authenticate(token_hash));
  FB_ASSIGN(const auto sequence, devices.judge_sequence(device, check_in.sequence));
  const std::string id = devices.at(device).record.id.text();
  if (sequence == Devices::Sequence::repeated) {
    // Its reply was lost, and those who have much to report lose more of them: it is alive.
    devices.touch(device, now);
    devices.keep_beat(device, now);
    rollouts->heard_again(device, now);
    if (const std::string* pending = tx.pending(kReplySpace, id)) return *pending;
    FB_ASSIGN(auto stored, doors_.store.get(kReplySpace, id));
    if (stored) return std::move(*stored);
    return Error{ErrorCode::not_found,
                 "the reply to sequence " + std::to_string(check_in.sequence) + " is not stored"};
  }
  devices.hear(device, check_in, tx, now);
  log_events(device, check_in, tx, now);
  rollouts->heard(device, check_in, tx, now);
  std::string reply = wire::encode(compose_reply(device, devices.keep_beat(device, now), now));
  if (sequence == Devices::Sequence::next) tx.put(kReplySpace, id, reply);
  return reply;
}

Result<std::variant<World::Grant, wire::Denial>> World::ask_permit(const Digest& token_hash,
                                                                   const wire::PermitAsk& ask,
                                                                   Transaction& tx, Instant now) {
  using Answer = std::variant<Grant, wire::Denial>;
  FB_ASSIGN(const DeviceIndex device, devices.authenticate(token_hash));
  devices.touch(device, now);
  auto answer = rollouts->ask(device, ask, tx, now);
  if (auto* denied = std::get_if<wire::Denial>(&answer)) {
    devices.deny(device, *denied, now);
    return Answer(std::move(*denied));
  }
  if (std::get<RolloutRun::Dispatch>(answer) == RolloutRun::Dispatch::now)
    devices.start_beat(device, now);
  const DeviceId id = devices.at(device).record.id;
  statement::Permit permit{.device = id,
                           .rollout = ask.rollout,
                           .manifest = ask.release,
                           .nonce = ask.nonce,
                           .purpose = ask.purpose,
                           .issued = now,
                           .valid = config_.freshness_interval(),
                           .log = {}};
  return Answer(Grant{id, rollouts->release_index(ask.rollout), std::move(permit)});
}

Result<statement::Envelope> World::policy_for(const Digest& token_hash) const {
  FB_ASSIGN(const DeviceIndex device, devices.authenticate(token_hash));
  const TenantId& tenant = devices.at(device).record.tenant;
  const TenantPolicy* policy = policies.find(tenant);
  if (policy != nullptr) return policy->envelope;
  return Error{ErrorCode::not_found, tenant.text() + " has no policy here"};
}

Result<std::string> World::policy_keys_for(const Digest& token_hash) const {
  FB_ASSIGN(const DeviceIndex device, devices.authenticate(token_hash));
  const policy::KeyChain* keys = policies.keys(devices.at(device).record.tenant);
  return policy::encode_rotations(keys == nullptr ? std::vector<statement::Envelope>()
                                                  : keys->rotations());
}

std::vector<Notice> World::take_notices() {
  auto out = rollouts->take_notices();
  auto more = expiry_watch.take_notices();
  out.insert(out.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return out;
}

Status World::tick(Transaction& tx, Instant now, rollout::Continuity continuity) {
  rollouts->tick(tx, now, continuity);
  FB_TRY(repository->renew_if_due(tx, now));
  // A renewal of this very tick is published after the commit: what it renewed is not due yet.
  if (!repository->unpublished()) expiry_watch.look(repository->expiries(), now);
  return {};
}

}  // namespace fb::server

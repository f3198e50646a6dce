// The world: everything the server decides about, in memory, rebuilt from the store at start. On
// the decider's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "port/clock.h"
#include "port/files.h"
#include "server/bans.h"
#include "server/config.h"
#include "server/devices.h"
#include "server/event_log.h"
#include "server/notices.h"
#include "server/releases.h"
#include "server/repository.h"
#include "server/rollouts.h"
#include "server/tenant_policies.h"

namespace fb::server {

// The doors that the server was opened with. They outlive it.
struct Doors {
  port::Store& store;
  port::Files& repository;  // metadata/ and targets/
  port::Files& blobs;       // uploaded and not yet part of a release
  port::Clock& clock;
  port::Entropy& entropy;
};

class World {
 public:
  // Loads everything and says what a restart interrupted. Errors: malformed or not_found, naming
  // the record.
  static Result<std::unique_ptr<World>> open(const Config& config, const Doors& doors,
                                             const OnlineSigners& signers, Instant now);

  // The three device calls. `token_hash` is SHA-256 of the bearer secret.
  Result<std::string> check_in(const Digest& token_hash, const wire::CheckIn& check_in,
                               Transaction& tx, Instant now);
  struct Grant {
    DeviceId device;
    std::uint64_t release_entry = 0;  // what the log has to prove, once this is committed
    statement::Permit permit;         // without that proof
  };
  Result<std::variant<Grant, wire::Denial>> ask_permit(const Digest& token_hash,
                                                       const wire::PermitAsk& ask, Transaction& tx,
                                                       Instant now);
  // The policy of the device's tenant. Errors: unauthenticated, not_found.
  Result<statement::Envelope> policy_for(const Digest& token_hash) const;
  // How its tenant's key came to be the one that it is. Errors: unauthenticated.
  Result<std::string> policy_keys_for(const Digest& token_hash) const;

  // What people have to be told since the last time.
  std::vector<Notice> take_notices();
  Status tick(Transaction& tx, Instant now, rollout::Continuity continuity);

  Devices devices;
  Notices notices;
  ExpiryWatch expiry_watch;
  std::unique_ptr<Repository> repository;
  Bans bans;
  std::unique_ptr<Releases> releases;
  std::unique_ptr<Rollouts> rollouts;
  statement::People people;
  TenantPolicies policies;
  std::unique_ptr<EventLog> log;
  Millis silence;  // a device not heard for this long is shown as silent

 private:
  World(const Config& config, const Doors& doors)
      : devices(config, doors.entropy), policies(config), config_(config), doors_(doors) {}
  [[nodiscard]] Status check_lab() const;
  Status load_log(const crypto::Signer& signer);
  void log_events(DeviceIndex device, const wire::CheckIn& check_in, Transaction& tx,
                  Instant now) const;
  [[nodiscard]] wire::CheckInReply compose_reply(DeviceIndex device, Millis next,
                                                 Instant now) const;

  const Config& config_;
  Doors doors_;
};

}  // namespace fb::server

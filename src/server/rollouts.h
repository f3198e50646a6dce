// All rollouts: starting them, feeding them, publishing what devices must know of them. On the
// decider's thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "incident/record.h"
#include "rollout/plan.h"
#include "server/audience.h"
#include "server/devices.h"
#include "server/notices.h"
#include "server/releases.h"
#include "server/repository.h"
#include "server/rollout_run.h"
#include "statement/people.h"

namespace fb::server {

class Rollouts {
 public:
  struct Neighbours {
    const Config& config;
    Devices& devices;
    Releases& releases;
    Repository& repository;
    const Bans& bans;
    const statement::People& people;
    port::Entropy& entropy;
    port::Store& store;
  };
  explicit Rollouts(Neighbours neighbours)
      : n_(neighbours), audiences_(n_.config, n_.devices, n_.releases) {}

  // Reads what is stored; every rollout's clocks of silence start anew at `now`. Publishes plans
  // that a crash left unsaid.
  Status load(Transaction& tx, Instant now);

  // A person's order: start, hold, continue, accept, halt, resume, revert. What happened, in one
  // sentence, and the rollout. Errors: forbidden (role), conflict (state; closed gates with their
  // reasons), not_found, already_exists (an act that was carried out before).
  struct Done {
    RolloutId rollout;
    std::string result;
  };
  Result<Done> order(const statement::SignedAct& act, Transaction& tx, Instant now);

  // What the publisher revoked is halted; what lies below a floor is held, since a floor sends
  // nobody back.
  Status obey_bans(Transaction& tx, Instant now);

  void heard(DeviceIndex device, const wire::CheckIn& check_in, Transaction& tx, Instant now);
  // It said once more what it has said before: a heartbeat, and no news.
  void heard_again(DeviceIndex device, Instant now);
  [[nodiscard]] std::vector<wire::Offer> offers(DeviceIndex device) const;
  RolloutRun::Answer ask(DeviceIndex device, const wire::PermitAsk& ask, Transaction& tx,
                         Instant now);
  [[nodiscard]] std::uint64_t release_index(RolloutId rollout) const;

  // What devices verify themselves of what people said about a release that is here.
  [[nodiscard]] std::vector<statement::Envelope> acts_of(const Digest& release, Instant now) const;

  // What a start of this release would be over. Errors: borrowing()'s, not_found, conflict (nobody
  // is left, no such lane for its kind).
  [[nodiscard]] Result<rollout::Scope> scope(const Digest& release, statement::Lane lane,
                                             const std::vector<RolloutId>& borrow,
                                             Instant now) const;

  void tick(Transaction& tx, Instant now, rollout::Continuity continuity);
  // After the commands of one transaction: records, plans, block list.
  Status flush(Transaction& tx, Instant now);

  [[nodiscard]] const std::map<RolloutId, std::unique_ptr<RolloutRun>>& all() const {
    return runs_;
  }
  [[nodiscard]] const RolloutRun* find(RolloutId id) const;
  // The newest rollout of the release was halted, and nobody lifted that.
  [[nodiscard]] bool blocked(const Digest& release) const { return blocking(release) != nullptr; }
  std::vector<Notice> take_notices();

 private:
  [[nodiscard]] const RolloutRun* blocking(const Digest& release) const;
  [[nodiscard]] std::vector<const RolloutRun*> halted_for_one(const Digest& release) const;
  [[nodiscard]] std::set<TenantId> halted_tenants(const Digest& release) const;
  [[nodiscard]] Result<std::vector<Digest>> marks_of_halted(const Digest& release) const;
  [[nodiscard]] std::vector<statement::Blocked> block_list(Instant now) const;
  [[nodiscard]] Status not_banned(const Digest& release, const RolloutRun* resumed) const;
  [[nodiscard]] Status check_word(const statement::SignedAct& act) const;
  Result<Done> carry_out(const statement::SignedAct& act, Transaction& tx, Instant now);
  Result<Done> start(const statement::SignedAct& act, const RolloutRun* resumed, Transaction& tx,
                     Instant now);
  Result<Done> steer(const statement::SignedAct& act, Transaction& tx, Instant now);
  [[nodiscard]] Result<RolloutRun*> steered(const statement::Act& act) const;
  [[nodiscard]] Status check_agreeing(const statement::Act& act) const;
  Result<Done> accept(const statement::SignedAct& act, Transaction& tx, Instant now);
  Result<Done> resume(const statement::SignedAct& act, Transaction& tx, Instant now);
  void ask_for_review(RolloutId id, const statement::Act& act, Transaction& tx, Instant now);
  Status make_room(const ComponentId& component, RolloutId newcomer, Transaction& tx, Instant now);
  [[nodiscard]] Result<std::vector<gate::GateResult>> may_start(const statement::Act& act,
                                                                const RolloutRun* resumed,
                                                                Instant now) const;
  [[nodiscard]] Result<RolloutRecord> new_record(const statement::Act& act,
                                                 const RolloutRun* resumed,
                                                 const std::set<statement::Ring>& rings,
                                                 Instant now) const;
  [[nodiscard]] std::set<RolloutId> lifted_halts(const Digest& release,
                                                 const std::optional<RolloutId>& resumed_now) const;
  void tell_devices(const Digest& release, Instant now);
  [[nodiscard]] int retries(const RolloutRun* resumed) const;
  Status incident_that_a_crash_left(const RolloutRun& run);
  Status publish_plans(Transaction& tx, Instant now);
  void log_plan(const std::string& path, const std::string& bytes, Transaction& tx,
                Instant now) const;
  void open_incident(const RolloutRun& run, const rollout::OpenIncident& effect, Transaction& tx,
                     Instant now);

  Neighbours n_;
  Audiences audiences_;
  std::map<RolloutId, std::unique_ptr<RolloutRun>> runs_;
  RolloutId last_id_;
  std::vector<Notice> notices_;
  std::map<RolloutId, rollout::OpenIncident> incidents_;  // halts without a record so far
  bool plans_changed_ = false;
  std::set<std::string> used_;  // orders carried out, by person and nonce: one act counts once
};

}  // namespace fb::server

// One rollout as the server runs it: the shell around rollout::step for one release.
//
// It keeps who is eligible, who holds a place, who was exposed and what became of them; feeds
// rollout::Exposure; and turns step()'s effects into records, plans and promises. It decides
// nothing by itself. All calls on the decider's thread; whatever must survive goes into the
// Transaction that the caller commits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "rollout/exposure.h"
#include "rollout/order.h"
#include "rollout/step.h"
#include "server/devices.h"
#include "server/transaction.h"
#include "statement/plan.h"
#include "wire/device_api.h"

namespace fb::server {

// What one exposed device did with the release. Stored for each.
struct ExposedDevice {
  Instant dispatched;
  std::string nonce;
  rollout::DeviceFacts facts;
  bool activated = false;
  bool healthy = false;
  bool harmed = false;
  bool silent = false;
  bool reverted = false;
  bool handed_back = false;
};

struct RolloutRecord {
  RolloutId id;
  Digest release;
  std::string version;
  std::uint64_t release_index = 0;  // the release's place in the event log
  rollout::Salt salt;
  statement::Plan plan;
  std::optional<RolloutId> resumes;
  Instant started;
  std::optional<Instant> halted;  // when the halt committed
  std::optional<Instant> ended;
  Millis active;                            // of the last stored tick
  std::int64_t attempts = 0, failures = 0;  // installs
};

class RolloutRun {
 public:
  struct Member {
    DeviceIndex device = 0;
    rollout::StratumIndex stratum = 0;
  };

  // A rollout over `members`, drafted or, when it is read back, started.
  RolloutRun(RolloutRecord record, rollout::State state, std::vector<Member> members,
             const Devices& devices);

  // --- from devices ---
  void heard(DeviceIndex device, Instant now);
  void reported(DeviceIndex device, const wire::ComponentReport& report, Transaction& tx,
                Instant now);
  void happened(DeviceIndex device, const wire::DeviceEvent& event, Transaction& tx, Instant now);
  [[nodiscard]] std::optional<wire::Offer> offer(DeviceIndex device) const;
  // Granted: by this ask the device was dispatched, and that is in `tx`; or it had been before, and
  // asks again for what was lost or runs out.
  enum class Dispatch : std::uint8_t { now, before };
  using Answer = std::variant<Dispatch, wire::Denial>;
  Answer ask(DeviceIndex device, const wire::PermitAsk& ask, Transaction& tx, Instant now);

  // --- from people and the clock ---
  // Errors: conflict, from rollout::step.
  Status apply(const rollout::Event& event, Transaction& tx, Instant now);
  void tick(Transaction& tx, Instant now, rollout::Continuity continuity);

  // What people said, for devices: the plan is published anew with it.
  void carry(std::vector<statement::Envelope> acts);

  // --- effects that others carry out; taken once ---
  struct Outbox {
    bool plans_changed = false;
    std::vector<rollout::Notify> notices;
    std::optional<rollout::OpenIncident> incident;
  };
  Outbox take_outbox();

  [[nodiscard]] const RolloutRecord& record() const { return record_; }
  [[nodiscard]] const rollout::State& state() const { return state_; }
  [[nodiscard]] bool live() const;    // takes ticks and permits
  [[nodiscard]] bool halted() const;  // its release is blocked
  // For everybody, or for the tenant of this device alone.
  [[nodiscard]] bool halted_for(DeviceIndex device) const;
  // Whom it was halted for alone, whatever became of it later.
  [[nodiscard]] std::optional<TenantId> halted_tenant() const;
  [[nodiscard]] const std::map<DeviceIndex, ExposedDevice>& exposed() const { return exposed_; }
  [[nodiscard]] bool eligible(DeviceIndex device) const { return local_.contains(device); }
  [[nodiscard]] json::Value view() const;

  // --- memory ---
  void store_members(Transaction& tx) const;  // once, at the start
  void flush(Transaction& tx);  // record and state, when they changed in this transaction
  static Result<RolloutRun> load(port::Store& store, const std::string& key,
                                 const std::string& value, const Devices& devices, Instant now);

 private:
  using Local = std::uint32_t;  // position in members_
  enum class Standing : std::uint8_t { absent, ready, refused, silent, dispatched };

  void index_members(const Devices& devices);
  void set_standing(Local local, Standing standing);
  [[nodiscard]] std::size_t population_of(Local local) const;
  void give_places(Instant now);
  void give_latecomers_places(Instant until);
  [[nodiscard]] std::vector<std::int64_t> shares_of(
      std::int64_t want, const std::vector<std::int64_t>& remaining) const;
  void remember_control(Local local, Transaction& tx) const;
  std::vector<Local> draw(std::int64_t want);
  void count_tenants();
  [[nodiscard]] bool tenant_full(Local local) const;
  void sweep_silent(Instant now);
  void note_harm(DeviceIndex device, const ExposedDevice& exposed);
  void note_silence(Transaction& tx);
  void note_events(Transaction& tx);
  void take_back(Local local, ExposedDevice& exposed, Transaction& tx, Instant now);
  void watch_exposed(Transaction& tx, Instant now);
  void finish_revert(Transaction& tx, Instant now);
  void store_exposed(DeviceIndex device, Transaction& tx) const;
  void absorb(const std::vector<rollout::Effect>& effects, Instant now);
  void hand_back(Local local, ExposedDevice& exposed, Transaction& tx, Instant now);
  static Status load_control(port::Store& store, const RolloutRun& run, const std::string& key,
                             std::vector<rollout::DeviceFacts>& facts);
  [[nodiscard]] rollout::Tick tick_event(rollout::TickCounts counts) const;

  const Devices* devices_;
  RolloutRecord record_;
  rollout::State state_;
  rollout::Exposure exposure_;
  std::vector<Member> members_;
  Instant listening_since_;  // the start of the rollout, or of this process
  std::unordered_map<DeviceIndex, Local> local_;
  std::vector<rollout::Voice> voice_;                             // by Local
  std::vector<std::uint64_t> rank_;                               // by Local: the lot
  std::vector<Standing> standing_;                                // by Local
  std::vector<std::set<std::pair<std::uint64_t, Local>>> ready_;  // by stratum, in lot order
  std::map<Local, Instant> places_;  // given, not yet taken; until when
  std::map<TenantId, std::int64_t>
      by_tenant_;  // exposed or holding a place; while drawing in the toe-dip
  std::int64_t tenant_limit_ = 0;
  std::map<DeviceIndex, ExposedDevice> exposed_;
  bool many_tenants_ = false;          // so that one may speak for itself alone
  std::set<TenantId> harmed_tenants_;  // whose devices with the release had an event
  std::vector<std::int64_t> gone_;     // by population: eligible, not dispatched, refused or silent
  Local sweep_ = 0;
  std::set<Local> declined_;       // found the release unfit, by their own word
  std::set<DeviceIndex> touched_;  // exposed, with an event since the last tick
  bool dirty_ = true;
  Outbox outbox_;
};

}  // namespace fb::server

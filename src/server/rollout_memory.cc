// What a rollout keeps in the store, and how a new process makes the same rollout from it.
#include "base/limits.h"
#include "json/reader.h"
#include "server/rollout_run.h"

namespace fb::server {
namespace {

using rollout::DeviceFacts;

constexpr const char* kRolloutSpace = "rollout";
constexpr const char* kMembersSpace = "members";
constexpr const char* kExposedSpace = "exposed";

constexpr const char* kControlSpace = "control";

std::string key_of(RolloutId id) {
  const std::string digits = id.text();
  return std::string(10 - digits.size(), '0') + digits;
}

std::string key_of(RolloutId id, const DeviceId& device) {
  return key_of(id) + "/" + device.text();
}

json::Value encode(const ExposedDevice& each) {
  return {{"dispatched_ms", each.dispatched.ms},
          {"nonce", each.nonce},
          {"member", each.facts.device},
          {"stratum", each.facts.stratum},
          {"muted", each.facts.voice == rollout::Voice::muted},
          {"arm", static_cast<int>(each.facts.arm)},
          {"active_ms", each.facts.dispatched_at.ms},
          {"explicit_event", each.facts.explicit_event},
          {"silent_event", each.facts.silent_event},
          {"awaited", each.facts.awaited},
          {"control_event", each.facts.control_event},
          {"left", each.facts.left},
          {"activated", each.activated},
          {"healthy", each.healthy},
          {"harmed", each.harmed},
          {"silent", each.silent},
          {"reverted", each.reverted},
          {"handed_back", each.handed_back}};
}

Result<ExposedDevice> decode_exposed(std::string_view bytes) {
  constexpr std::int64_t kBig = std::int64_t{1} << 53U;
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "exposed device");
  ExposedDevice out;
  out.dispatched = Instant{in.integer("dispatched_ms", 0, kBig)};
  out.nonce = in.string("nonce", 64);
  out.facts.device = static_cast<rollout::DeviceIndex>(in.integer("member", 0, 4'000'000'000));
  out.facts.stratum = static_cast<rollout::StratumIndex>(in.integer("stratum", 0, 65'535));
  out.facts.voice = in.boolean("muted") ? rollout::Voice::muted : rollout::Voice::full;
  out.facts.arm = static_cast<DeviceFacts::Arm>(in.integer("arm", 0, 3));
  out.facts.dispatched_at = Millis{in.integer("active_ms", 0, kBig)};
  out.facts.explicit_event = in.boolean("explicit_event");
  out.facts.silent_event = in.boolean("silent_event");
  out.facts.awaited = in.boolean("awaited");
  out.facts.control_event = in.boolean("control_event");
  out.facts.left = in.boolean("left");
  out.activated = in.boolean("activated");
  out.healthy = in.boolean("healthy");
  out.harmed = in.boolean("harmed");
  out.silent = in.boolean("silent");
  out.reverted = in.boolean("reverted");
  out.handed_back = in.boolean("handed_back");
  FB_TRY(in.done());
  return out;
}

json::Value optional_ms(const std::optional<Instant>& at) {
  return at ? json::Value(at->ms) : json::Value(-1);
}

std::optional<Instant> read_optional_ms(json::Reader& in, const char* key) {
  const auto ms = in.integer(key, -1, std::int64_t{1} << 53U);
  return ms < 0 ? std::nullopt : std::optional<Instant>(Instant{ms});
}

json::Value encode(const RolloutRecord& record) {
  json::Value out{{"id", record.id.number()},
                  {"release", record.release.text()},
                  {"version", record.version},
                  {"release_index", record.release_index},
                  {"salt", record.salt.hex()},
                  {"plan", statement::encode(record.plan)},
                  {"resumes", record.resumes ? record.resumes->number() : 0},
                  {"started_ms", record.started.ms},
                  {"halted_ms", optional_ms(record.halted)},
                  {"ended_ms", optional_ms(record.ended)},
                  {"active_ms", record.active.ms},
                  {"attempts", record.attempts},
                  {"failures", record.failures}};
  return out;
}

Result<RolloutRecord> decode_record(json::Reader in) {
  constexpr std::int64_t kBig = std::int64_t{1} << 53U;
  RolloutRecord out;
  const std::int64_t id = in.integer("id", 1, 2'147'483'647);
  out.release = in.digest("release");
  out.version = in.string("version", 64);
  out.release_index = static_cast<std::uint64_t>(in.integer("release_index", 0, kBig));
  const std::string salt = in.string("salt", 64);
  const std::string plan = in.string("plan", limits::kJsonBytes);
  const std::int64_t resumes = in.integer("resumes", 0, 2'147'483'647);
  out.started = Instant{in.integer("started_ms", 0, kBig)};
  out.halted = read_optional_ms(in, "halted_ms");
  out.ended = read_optional_ms(in, "ended_ms");
  out.active = Millis{in.integer("active_ms", 0, kBig)};
  out.attempts = in.integer("attempts", 0, kBig);
  out.failures = in.integer("failures", 0, kBig);
  FB_TRY(in.done());
  FB_ASSIGN(out.id, RolloutId::parse(id));
  FB_ASSIGN(out.salt, rollout::Salt::from_hex(salt));
  FB_ASSIGN(out.plan, statement::decode_plan(plan));
  if (resumes != 0) {
    FB_ASSIGN(out.resumes, RolloutId::parse(resumes));
  }
  return out;
}

Result<std::vector<RolloutRun::Member>> decode_members(std::string_view bytes,
                                                       const Devices& devices) {
  FB_ASSIGN(const json::Value value, json::parse(bytes, {std::size_t{1} << 30U, 8}));
  if (!value.is_array()) return Error{ErrorCode::malformed, "stored members: a list is expected"};
  std::vector<RolloutRun::Member> members;
  for (const json::Value& each : value) {
    const bool pair =
        each.is_array() && each.size() == 2 && each[0].is_string() && each[1].is_number_integer();
    if (!pair)
      return Error{ErrorCode::malformed,
                   "stored members: pairs of device and stratum are expected"};
    FB_ASSIGN(const auto id, DeviceId::parse(each[0].get<std::string>()));
    const auto device = devices.find(id);
    if (!device)
      return Error{ErrorCode::not_found,
                   "stored members: device " + id.text() + " is not enrolled"};
    members.push_back({*device, each[1].get<rollout::StratumIndex>()});
  }
  return members;
}

}  // namespace

// A device that had its event while it was control must not come back as a fresh one after a
// restart. Nor may the control be forgotten: what waits for its comparison would meet those alone
// who have spoken since.
void RolloutRun::remember_control(Local local, Transaction& tx) const {
  const auto facts = exposure_.facts(local);
  const bool control = facts.arm == DeviceFacts::Arm::control;
  std::string key = key_of(record_.id, devices_->at(members_[local].device).record.id);
  if (!control && !facts.control_event) return tx.remove(kControlSpace, std::move(key));
  const json::Value value{{"control", control},
                          {"explicit_event", facts.explicit_event},
                          {"silent_event", facts.silent_event},
                          {"awaited", facts.awaited},
                          {"control_event", facts.control_event}};
  tx.put(kControlSpace, std::move(key), json::compact(value));
}

void RolloutRun::store_members(Transaction& tx) const {
  json::Value list = json::Value::array();
  for (const Member& member : members_)
    list.push_back({devices_->at(member.device).record.id.text(), member.stratum});
  tx.put(kMembersSpace, key_of(record_.id), json::compact(list));
}

void RolloutRun::flush(Transaction& tx) {
  if (!dirty_) return;
  dirty_ = false;
  tx.put(kRolloutSpace, key_of(record_.id),
         json::compact({{"record", encode(record_)}, {"state", rollout::encode(state_)}}));
}

void RolloutRun::store_exposed(DeviceIndex device, Transaction& tx) const {
  tx.put(kExposedSpace, key_of(record_.id, devices_->at(device).record.id),
         json::compact(encode(exposed_.at(device))));
}

Status RolloutRun::load_control(port::Store& store, const RolloutRun& run, const std::string& key,
                                std::vector<DeviceFacts>& facts) {
  return store.scan(
      kControlSpace, key + "/", [&](const std::string& place, const std::string& bytes) -> Status {
        if (!place.starts_with(key + "/")) return {};
        FB_ASSIGN(const json::Value value, json::parse(bytes));
        json::Reader in(value, "stored control " + place);
        DeviceFacts fact;
        fact.explicit_event = in.boolean("explicit_event");
        fact.silent_event = in.boolean("silent_event");
        fact.awaited = in.boolean("awaited");
        fact.control_event = in.boolean("control_event");
        if (in.boolean("control")) fact.arm = DeviceFacts::Arm::control;
        FB_TRY(in.done());
        const auto device = run.devices_->find(*DeviceId::parse(place.substr(key.size() + 1)));
        FB_CHECK(device.has_value());
        const auto exposed = run.exposed_.find(*device);
        if (exposed != run.exposed_.end() && !exposed->second.handed_back) return {};
        fact.device = run.local_.at(*device);
        fact.stratum = run.members_[fact.device].stratum;
        fact.voice = run.voice_[fact.device];
        facts.push_back(fact);
        return {};
      });
}

Result<RolloutRun> RolloutRun::load(port::Store& store, const std::string& key,
                                    const std::string& value, const Devices& devices, Instant now) {
  FB_ASSIGN(const json::Value stored,
            json::parse(value, {limits::kManagementBodyBytes, limits::kJsonDepth}));
  json::Reader in(stored, "stored rollout " + key);
  const json::Value& state_value = in.raw("state");
  FB_ASSIGN(auto record, decode_record(in.object("record")));
  FB_ASSIGN(auto state, rollout::decode_state(state_value));
  FB_ASSIGN(const auto members_bytes, store.get(kMembersSpace, key));
  if (!members_bytes)
    return Error{ErrorCode::not_found, "stored rollout " + key + " has no list of members"};
  FB_ASSIGN(auto members, decode_members(*members_bytes, devices));

  RolloutRun run(std::move(record), std::move(state), std::move(members), devices);
  run.dirty_ = false;
  std::vector<DeviceFacts> facts;
  Millis active = run.record_.active;
  FB_TRY(store.scan(
      kExposedSpace, key + "/", [&](const std::string& place, const std::string& bytes) -> Status {
        if (!place.starts_with(key + "/")) return {};
        FB_ASSIGN(auto exposed, decode_exposed(bytes));
        const auto device = devices.find(*DeviceId::parse(place.substr(key.size() + 1)));
        FB_CHECK(device.has_value());
        if (!exposed.handed_back) {
          run.set_standing(run.local_.at(*device), Standing::dispatched);
          facts.push_back(exposed.facts);
          active = std::max(active, exposed.facts.dispatched_at);
        }
        run.exposed_[*device] = std::move(exposed);
        return {};
      }));
  FB_TRY(load_control(store, run, key, facts));
  run.exposure_ = rollout::Exposure::restore(run.state_.parameters, run.state_.strata.size(),
                                             std::move(facts), active, now);
  for (const auto& [device, exposed] : run.exposed_) {
    const bool uncounted = exposed.harmed && !exposed.facts.explicit_event && !exposed.handed_back;
    if (!uncounted || !run.live()) continue;
    run.exposure_.explicit_event(run.local_.at(device), now);
    run.touched_.insert(device);  // once counted, it is not counted again after the next restart
  }
  for (const auto& [device, exposed] : run.exposed_) run.note_harm(device, exposed);
  run.listening_since_ = now;
  return run;
}

}  // namespace fb::server

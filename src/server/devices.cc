#include "server/devices.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/sha256.h"
#include "rollout/parameters.h"

namespace fb::server {
namespace {

constexpr const char* kSpace = "device";

std::map<ComponentId, fleet::InstalledComponent> installed(const wire::CheckIn& check_in) {
  std::map<ComponentId, fleet::InstalledComponent> out;
  for (const auto& report : check_in.components) {
    if (report.active) out[report.component] = {report.version, *report.active};
  }
  return out;
}

bool same(const std::map<ComponentId, fleet::InstalledComponent>& a,
          const std::map<ComponentId, fleet::InstalledComponent>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.manifest == y.second.manifest &&
           x.second.version == y.second.version;
  });
}

}  // namespace

Status Devices::load(port::Store& store) {
  return store.scan(kSpace, "", [&](const std::string& key, const std::string& value) -> Status {
    auto record = fleet::decode_device(value);
    if (!record.ok()) return record.error().in("stored device " + key);
    add(std::move(record).value());
    return {};
  });
}

void Devices::add(fleet::Device record) {
  const auto index = static_cast<DeviceIndex>(entries_.size());
  by_token_[record.token_hash] = index;
  by_id_[record.id] = index;
  entries_.push_back({std::move(record), {}, {}, {}, {}});
}

Result<wire::EnrolmentReply> Devices::enroll(const wire::Enrolment& ask, Transaction& tx,
                                             Instant now) {
  const TenantConfig* tenant = config_.tenant(ask.tenant);
  const Digest shown = crypto::sha256(ask.enrolment_token);
  const Digest expected = tenant == nullptr ? Digest() : tenant->enrolment_token;
  const bool equal = crypto::equal_in_constant_time(shown.text(), expected.text());
  if (tenant == nullptr || !equal) {
    return Error{ErrorCode::forbidden,
                 "no tenant '" + ask.tenant.text() + "' with this enrolment token"};
  }
  if (const auto known = by_token_.find(ask.token_hash); known != by_token_.end()) {
    return wire::EnrolmentReply{entries_[known->second].record.id, now};
  }
  fleet::Device record;
  const auto id = DeviceId::parse(to_hex(entropy_.bytes(16)));
  FB_CHECK(id.ok());
  record.id = *id;
  record.tenant = ask.tenant;
  record.token_hash = ask.token_hash;
  record.ring = ask.ring;
  record.os = ask.os;
  record.arch = ask.arch;
  record.enrolled = now;
  tx.put(kSpace, record.id.text(), fleet::encode(record));
  tx.log(now, "enrolled",
         {{"device", record.id.text()},
          {"tenant", record.tenant.text()},
          {"ring", word(record.ring)}});
  add(record);
  return wire::EnrolmentReply{record.id, now};
}

Result<DeviceIndex> Devices::authenticate(const Digest& token_hash) const {
  const auto it = by_token_.find(token_hash);
  if (it != by_token_.end()) return it->second;
  return Error{ErrorCode::unauthenticated, "no device has this secret; enrol again"};
}

Result<Devices::Sequence> Devices::judge_sequence(DeviceIndex device,
                                                  std::uint64_t sequence) const {
  const std::uint64_t last = entries_[device].record.last_sequence;
  if (sequence == 0) return Sequence::none;
  if (sequence == last) return Sequence::repeated;
  if (sequence == last + 1) return Sequence::next;
  return Error{ErrorCode::conflict, "sequence " + std::to_string(sequence) + " where " +
                                        std::to_string(last + 1) + " comes next (or " +
                                        std::to_string(last) + " again)"};
}

void Devices::hear(DeviceIndex device, const wire::CheckIn& check_in, Transaction& tx,
                   Instant now) {
  DeviceEntry& entry = entries_[device];
  entry.last_heard = now;
  entry.components = check_in.components;
  auto runs = installed(check_in);
  const bool changed =
      check_in.sequence > entry.record.last_sequence || !same(runs, entry.record.installed);
  if (!changed) return;
  entry.record.installed = std::move(runs);
  entry.record.last_sequence = std::max(entry.record.last_sequence, check_in.sequence);
  tx.put(kSpace, entry.record.id.text(), fleet::encode(entry.record));
}

Millis Devices::keep_beat(DeviceIndex device, Instant now) {
  std::optional<Instant>& last = entries_[device].last_beat;
  const Millis heartbeat = config_.heartbeat_interval();
  const Millis since = last && *last <= now ? now - *last : heartbeat;
  if (rollout::is_heartbeat(since, heartbeat)) {
    last = now;
    return heartbeat;
  }
  return std::max(heartbeat - since, wire::kShortestPause);
}

std::optional<DeviceIndex> Devices::find(const DeviceId& id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? std::nullopt : std::optional<DeviceIndex>(it->second);
}

const wire::ComponentReport* Devices::component(DeviceIndex device,
                                                const ComponentId& component) const {
  const auto& reports = entries_[device].components;
  const auto it = std::find_if(reports.begin(), reports.end(),
                               [&](const auto& each) { return each.component == component; });
  return it == reports.end() ? nullptr : &*it;
}

statement::Inventory Devices::inventory(Instant now) const {
  std::map<std::pair<ComponentId, Digest>, statement::InventoryBuild> builds;
  for (const DeviceEntry& entry : entries_) {
    for (const auto& [component, what] : entry.record.installed) {
      auto& build = builds[{component, what.manifest}];
      build = {component, what.version, what.manifest, build.devices + 1};
    }
  }
  statement::Inventory out{now, entries_.size(), {}};
  for (auto& [key, build] : builds) out.builds.push_back(std::move(build));
  return out;
}

}  // namespace fb::server

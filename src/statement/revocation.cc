#include "statement/revocation.h"

#include <algorithm>

#include "base/limits.h"
#include "json/reader.h"
#include "release/kind.h"

namespace fb::statement {
namespace {

using json::Reader;
using json::Value;

std::string read_version(Reader& in) {
  auto version = release::parse_version(in.string("version", 64));
  if (version.ok()) return std::move(version).value();
  in.fail("version", version.error().detail);
  return "";
}

RolloutId read_rollout(Reader& in) {
  const auto id = RolloutId::parse(in.integer("rollout", 0, 2'147'483'647));
  if (id.ok()) return *id;
  in.fail("rollout", id.error().detail);
  return {};
}

bool same(const Revoked& a, const Revoked& b) { return a.manifest == b.manifest; }
bool same(const Unblocked& a, const Unblocked& b) {
  return a.manifest == b.manifest && a.rollout == b.rollout;
}
bool same(const Blocked& a, const Blocked& b) {
  return a.manifest == b.manifest && a.rollout == b.rollout;
}

// What is there stays: whoever floods a list must not push out what stood in it before.
template <class T>
bool add(std::vector<T>& seen, const T& item, std::size_t most) {
  const auto known = [&](const T& each) { return same(each, item); };
  if (std::any_of(seen.begin(), seen.end(), known) || seen.size() >= most) return false;
  seen.push_back(item);
  return true;
}

Floor* find(std::vector<Floor>& floors, const ComponentId& component) {
  const auto found = std::find_if(floors.begin(), floors.end(),
                                  [&](const Floor& each) { return each.component == component; });
  return found == floors.end() ? nullptr : &*found;
}

bool add(std::vector<Floor>& seen, const Floor& floor) {
  Floor* known = find(seen, floor.component);
  if (known != nullptr && known->version == floor.version) return false;
  if (known == nullptr && seen.size() >= limits::kFloors) return false;
  if (known == nullptr)
    seen.push_back(floor);
  else
    *known = floor;
  return true;
}

// Short enough, and cheap enough to write as JSON, that the file of many can be read again.
template <class T>
T shortened(T item) {
  std::string& reason = item.reason;
  std::size_t end = std::min(reason.size(), limits::kSeenReasonBytes);
  const auto inside = [&](std::size_t at) {
    return at < reason.size() && (static_cast<unsigned char>(reason[at]) & 0xC0U) == 0x80U;
  };
  while (end > 0 && inside(end)) --end;
  reason.resize(end);
  std::replace_if(
      reason.begin(), reason.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
  return item;
}

}  // namespace

const Revoked* Revocations::find_revoked(const Digest& release) const {
  const auto found = std::find_if(revoked.begin(), revoked.end(),
                                  [&](const Revoked& each) { return each.manifest == release; });
  return found == revoked.end() ? nullptr : &*found;
}

const Floor* Revocations::find_floor(const ComponentId& component, std::string_view version) const {
  const auto found = std::find_if(floors.begin(), floors.end(), [&](const Floor& each) {
    return each.component == component && release::version_before(version, each.version);
  });
  return found == floors.end() ? nullptr : &*found;
}

bool Revocations::lifts(const Digest& release, RolloutId halted) const {
  return std::any_of(unblocked.begin(), unblocked.end(), [&](const Unblocked& each) {
    return each.manifest == release && each.rollout == halted;
  });
}

Result<Revocations> decode_revocations(std::string_view bytes) {
  FB_ASSIGN(const Value value, json::parse(bytes));
  Reader in(value, "revocations");
  in.literal("format", "firebreak.revoked/1");
  Revocations read;
  in.objects("revoked", limits::kRevocations, [&](Reader& each) {
    read.revoked.push_back({each.digest("digest"), each.instant("since"),
                            each.string("reason", limits::kReasonBytes)});
  });
  in.objects("floors", limits::kFloors, [&](Reader& each) {
    Floor floor{each.id<ComponentId>("component"), read_version(each), each.instant("since"),
                each.string("reason", limits::kReasonBytes)};
    const bool twice = find(read.floors, floor.component) != nullptr;
    if (twice) each.fail("component", floor.component.text() + " stands twice");
    read.floors.push_back(std::move(floor));
  });
  in.objects("unblocked", limits::kRevocations, [&](Reader& each) {
    read.unblocked.push_back({each.digest("digest"), read_rollout(each), each.instant("since"),
                              each.string("reason", limits::kReasonBytes)});
  });
  FB_TRY(in.done());
  return read;
}

std::string encode(const Revocations& revocations) {
  Value revoked = Value::array();
  for (const Revoked& each : revocations.revoked) {
    revoked.push_back({{"digest", each.manifest.text()},
                       {"since", to_rfc3339(each.since)},
                       {"reason", each.reason}});
  }
  Value floors = Value::array();
  for (const Floor& each : revocations.floors) {
    floors.push_back({{"component", each.component.text()},
                      {"version", each.version},
                      {"since", to_rfc3339(each.since)},
                      {"reason", each.reason}});
  }
  Value unblocked = Value::array();
  for (const Unblocked& each : revocations.unblocked) {
    unblocked.push_back({{"digest", each.manifest.text()},
                         {"rollout", each.rollout.number()},
                         {"since", to_rfc3339(each.since)},
                         {"reason", each.reason}});
  }
  return json::pretty({{"format", "firebreak.revoked/1"},
                       {"revoked", std::move(revoked)},
                       {"floors", std::move(floors)},
                       {"unblocked", std::move(unblocked)}});
}

bool absorb(Revocations& seen, const Revocations& newer) {
  bool news = false;
  for (const auto& each : newer.revoked)
    news = add(seen.revoked, shortened(each), limits::kRevocations) || news;
  for (const auto& each : newer.floors) news = add(seen.floors, shortened(each)) || news;
  for (const auto& each : newer.unblocked)
    news = add(seen.unblocked, shortened(each), limits::kRevocations) || news;
  return news;
}

bool absorb(std::vector<Blocked>& seen, const std::vector<Blocked>& newer) {
  bool news = false;
  for (const auto& each : newer) news = add(seen, shortened(each), limits::kSeenBlocks) || news;
  return news;
}

std::vector<Blocked> concerning(std::vector<Blocked> blocked, const TenantId& tenant) {
  std::vector<Blocked> ours;
  for (Blocked& each : blocked) {
    const Digest mark = tenant_mark(each.manifest, tenant);
    const auto& marks = each.tenants;
    if (!marks.empty() && std::find(marks.begin(), marks.end(), mark) == marks.end()) continue;
    if (!marks.empty()) each.tenants = {mark};
    ours.push_back(std::move(each));
  }
  return ours;
}

}  // namespace fb::statement

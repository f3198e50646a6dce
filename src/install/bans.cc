#include "install/bans.h"

#include <algorithm>

#include "crypto/sha256.h"

namespace fb::install {
namespace {

// The block on `release` that nobody lifted; null when there is none.
const statement::Blocked* find_block(const State& state, const Bans& bans, const Digest& release) {
  const auto stands = [&](const statement::Blocked& each) {
    if (each.manifest != release || bans.revocations.lifts(release, each.rollout)) return false;
    // Two people lift a halt for everybody else; this tenant's devices wait for the publisher.
    if (!each.tenants.empty()) return true;
    const Lift lift{release, each.rollout};
    return std::find(state.lifted.begin(), state.lifted.end(), lift) == state.lifted.end();
  };
  const auto found = std::find_if(bans.blocked.begin(), bans.blocked.end(), stands);
  return found == bans.blocked.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Ban> find_reason_to_leave(const State& state, const Bans& bans,
                                        const Digest& release) {
  if (const auto* revoked = bans.revocations.find_revoked(release)) {
    return Ban{"revoked",
               "the publisher revoked it on " + to_rfc3339(revoked->since) + ": " + revoked->reason,
               "nothing: a revoked release never comes back; another release",
               {}};
  }
  const auto* block = find_block(state, bans, release);
  if (block == nullptr) return std::nullopt;
  if (!block->tenants.empty()) {
    return Ban{"blocked",
               "rollout " + block->rollout.text() +
                   " was halted for this device's tenant alone: " + block->reason,
               "the publisher's unblock", block->rollout};
  }
  return Ban{"blocked", "rollout " + block->rollout.text() + " was halted: " + block->reason,
             "a rollout that two people resumed, or the publisher's unblock", block->rollout};
}

std::optional<Ban> find_ban(const State& state, const Bans& bans, const Slot& slot) {
  if (auto ban = find_reason_to_leave(state, bans, slot.release)) return ban;
  if (slot.version.empty()) return std::nullopt;
  const auto* floor = bans.revocations.find_floor(state.component, slot.version);
  if (floor == nullptr) return std::nullopt;
  return Ban{"below-floor",
             "the publisher allows no version of " + state.component.text() + " below " +
                 floor->version + ", and this is " + slot.version + ": " + floor->reason,
             "version " + floor->version + " or a later one",
             {}};
}

std::optional<Slot> find_way_out(const State& state, const Bans& bans) {
  for (const auto* slot : {&state.lkg, &state.previous_lkg}) {
    if (!*slot || *slot == state.active) continue;
    if (!find_ban(state, bans, **slot)) return *slot;
  }
  return std::nullopt;
}

Millis revert_delay(const DeviceId& device, const Digest& release, Millis spread) {
  if (spread.ms <= 0) return {};
  const Digest hash =
      crypto::sha256("firebreak/revert/1\n" + release.text() + "\n" + device.text());
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) head = head << 8U | hash.bytes[i];
  return {static_cast<std::int64_t>(head % static_cast<std::uint64_t>(spread.ms))};
}

}  // namespace fb::install

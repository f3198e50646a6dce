// Every sequence of events to a small depth, from every phase, against what must always hold.
#include <map>
#include <set>

#include "base/limits.h"
#include "install/device_test.h"

namespace fb::install {
namespace {

struct Move {
  const char* name;
  std::function<void(Device&)> make;
};

// By everybody who can ban anything.
Judged everything_banned() {
  Judged all = Device::blocked("291");
  for (const char* version : {"290", "291"}) {
    all.bans.blocked.push_back({digest_of(version), rollout_id(9), {}, "stolen keys"});
    all.bans.revocations.revoked.push_back({digest_of(version), {}, "known bad"});
  }
  return all;
}

const std::vector<Move>& moves() {
  static const std::vector<Move> kMoves{
      {"tick", [](Device& d) { d.feed(Tick{}); }},
      {"late", [](Device& d) { d.wait(seconds(61)).feed(Tick{}); }},
      {"restart", [](Device& d) { d.restart(); }},
      {"reboot", [](Device& d) { d.reboot(); }},
      {"offer", [](Device& d) { d.offered(); }},
      {"other", [](Device& d) { d.offered("292"); }},
      {"resumed",
       [](Device& d) {
         d.feed(Offered{rollout_id(8), digest_of("291"), {rollout_id(7)}});
       }},
      {"fetched",
       [](Device& d) {
         d.feed(Fetched{Device::candidate("291"), {}});
       }},
      {"fetch failed",
       [](Device& d) {
         d.feed(FetchFailed{digest_of("291"), "no route", ""});
       }},
      {"open", [](Device& d) { d.feed(Device::open()); }},
      {"busy",
       [](Device& d) {
         Judged busy = Device::open();
         busy.busy = "sensor.engine is being changed";
         d.feed(busy);
       }},
      {"halt", [](Device& d) { d.feed(Device::blocked("291")); }},
      {"everything is banned", [](Device& d) { d.feed(everything_banned()); }},
      {"invited",
       [](Device& d) {
         d.feed(Invited{rollout_id(7), digest_of("291"), "nonce-1"});
       }},
      {"granted",
       [](Device& d) {
         d.feed(PermitGranted{"nonce-1", seconds(60)});
       }},
      {"renewed",
       [](Device& d) {
         d.feed(PermitGranted{"nonce-2", seconds(60)});
       }},
      {"denied",
       [](Device& d) {
         d.feed(PermitDenied{"nonce-1", "held", "held"});
       }},
      {"forged",
       [](Device& d) {
         d.feed(PermitRefused{"nonce-2", "not signed"});
       }},
      {"tasted",
       [](Device& d) {
         d.feed(TasteEnded{digest_of("291"), Trial::passed, "", "nonce-2"});
       }},
      {"sick",
       [](Device& d) {
         d.feed(TasteEnded{digest_of("291"), Trial::failed, "", "nonce-2"});
       }},
      {"switched", [](Device& d) { d.feed(Switched{}); }},
      {"stuck",
       [](Device& d) {
         d.feed(SwitchFailed{digest_of("290"), "read-only"});
       }},
      {"well", [](Device& d) { d.feed(ProbePassed{}); }},
      {"ill", [](Device& d) { d.feed(ProbeFailed{"no answer"}); }},
      {"crash", [](Device& d) { d.feed(Crashed{"signal 11"}); }},
      {"back", [](Device& d) { d.feed(FellBack{}); }},
  };
  return kMoves;
}

// Lists that only people read do not make two states different.
std::string key(const Device& device) {
  State state = device.state;
  state.decisions.clear();
  state.reports.clear();
  state.reported = 0;
  state.seen.clear();
  return encode(state) + "/" + std::to_string(device.now.uptime.ms) +
         (device.linked ? device.linked->brief() : "-");
}

bool is(const std::optional<Slot>& slot, const Digest& release) {
  return slot && slot->release == release;
}

// The empty string when everything that must hold does.
std::string broken(const Device& before, const Device& after, const std::string& move) {
  if (!after.state.active || !after.state.lkg) return "no runnable slot";
  if (const auto* taste = after.effect<Taste>(); taste != nullptr) {
    const auto* permitted = std::get_if<Permitted>(&after.state.phase);
    if (move != "granted" || permitted == nullptr || permitted->until <= after.now.uptime)
      return "parsed without a permit";
  }
  if (const auto* activate = after.effect<Activate>(); activate != nullptr) {
    const auto* tasted = std::get_if<Tasted>(&before.state.phase);
    if (move != "renewed" || tasted == nullptr) return "activated without a renewed permit";
    if (tasted->renewal.asked + limits::kFreshness <= after.now.uptime)
      return "activated under an expired permit";
  }
  if (after.state.lkg != before.state.lkg) {
    const auto* probation = std::get_if<Probation>(&before.state.phase);
    const bool proved = probation != nullptr &&
                        std::holds_alternative<Healthy>(after.state.phase) &&
                        after.now.uptime >= probation->since + probation->candidate.probation;
    const bool reverted = after.state.lkg == before.state.previous_lkg;
    if (!proved && !reverted) return "last-known-good changed without proof";
  }
  if (const auto* prune = after.effect<Prune>(); prune != nullptr) {
    for (const auto& slot : {after.state.active, after.state.lkg}) {
      if (std::find(prune->keep.begin(), prune->keep.end(), slot->release) == prune->keep.end())
        return "pruned a needed slot";
    }
    if (prune->keep.size() > limits::kSlots) return "keeps more slots than allowed";
  }
  const auto* fetching = std::get_if<Fetching>(&after.state.phase);
  for (const Rejection& rejection : after.state.rejected) {
    if (fetching != nullptr && fetching->release == rejection.release)
      return "takes a rejected release";
  }
  const auto* back = std::get_if<RolledBack>(&after.state.phase);
  if (back != nullptr && is(after.state.active, back->from.release))
    return "rolled back to what it left";
  return "";
}

bool survives_its_file(const State& state) {
  const auto decoded = decode_state(encode(state));
  return decoded.ok() && *decoded == state;
}

struct Path {
  Device device;
  std::string story;
};

TEST(InstallExhaustive, NothingThatMustHoldIsBrokenByAnySequenceOfEvents) {
  std::vector<Path> frontier;
  const auto begin = [&](const char* name, Device device) {
    frontier.push_back({std::move(device), name});
  };
  begin("idle", Device::provisioned());
  begin("ready", Device::provisioned().ready());
  begin("permitted", Device::provisioned().permitted());
  begin("tasted", Device::provisioned().tasted());
  begin("probation", Device::provisioned().on_probation());
  begin("healthy", Device::provisioned().healthy());
  begin("rolled back", Device::provisioned().rolled_back());
  std::set<std::string> seen;
  std::set<std::string> phases;
  for (int depth = 0; depth < 3; ++depth) {
    std::vector<Path> next;
    for (const Path& path : frontier) {
      for (const Move& move : moves()) {
        Path further{path.device, path.story + ", " + move.name};
        further.device.effects.clear();
        move.make(further.device);
        ASSERT_EQ(broken(path.device, further.device, move.name), "") << further.story;
        phases.insert(further.device.phase());
        if (!seen.insert(key(further.device)).second) continue;
        ASSERT_TRUE(survives_its_file(further.device.state)) << further.story;
        next.push_back(std::move(further));
      }
    }
    frontier = std::move(next);
  }
  EXPECT_EQ(phases.size(), 11U) << "every phase was visited";
}

}  // namespace
}  // namespace fb::install

// Gates: what must be true of a release before it may start, as a pure function.
//
// The CLI (`firebreak check`, offline), the server (at submit and at start) and the device
// (contract gate) call this same code, so they give the same verdict in the same words. A gate is
// never open for lack of data; a closed one opens only through a waiver by two people with
// different roles.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "release/manifest.h"
#include "statement/people.h"

namespace fb::gate {

enum class Verdict : std::uint8_t { open, closed, waived };
std::string_view word(Verdict verdict);

struct GateResult {
  std::string gate;  // "contract"
  Verdict verdict = Verdict::closed;
  std::vector<std::string>
      reasons;  // why closed (kept when waived); each names numbers and what would be right
};

// A core build in the fleet that interprets the component.
struct Reader {
  release::Contract contract;
  std::uint64_t devices = 0;
};

// The builds that would meet this content, as far as anybody knows.
struct Fleet {
  std::vector<Reader> readers;
  // Devices whose core build has no known contract: they are left out, and close the gate only
  // where nobody's is known.
  std::uint64_t unknown_devices = 0;
};

// All that is evaluated. Acts are already verified (statement::verify_act).
struct Question {
  const release::Manifest& manifest;
  Digest digest;  // of the manifest
  Fleet fleet;
  const std::vector<statement::SignedAct>& acts;
  const statement::People& people;
  Instant now;
  statement::Lane lane = statement::Lane::standard;  // the one it is to start in
};

inline constexpr std::array<std::string_view, 4> kGates{"notes", "size", "contract", "approval"};

// Every gate, in that order.
std::vector<GateResult> evaluate(const Question& question);
bool all_open(const std::vector<GateResult>& results);
// "approval: 0 of 1 approvals; …" of those that are closed, in one line.
std::string closed_reasons(const std::vector<GateResult>& results);

// The gates about the release itself, without approvals: what `check` can know before anybody has
// signed.
std::vector<GateResult> evaluate_content(const Question& question);

// The contract gate alone, as each device asks it about its own core build.
GateResult contract_gate(const Question& question);

// How many approvals by people other than the author are needed: one; two for emergency and one-way
// releases, and for any release in the emergency lane.
int approvals_needed(const release::Manifest& manifest,
                     statement::Lane lane = statement::Lane::standard);
// Whether two people with different roles, none of them counted twice, waived `gate` for `digest`.
bool waived(const std::string& gate, const Question& question);
json::Value encode(const std::vector<GateResult>& results);

}  // namespace fb::gate

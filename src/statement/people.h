// The people who may decide, and what they decided.
//
// trust/people.json (signed by top-level targets) lists each person with roles and public keys. An
// Act is one person's signed word: an approval, a waiver, an order to a rollout. The server stores
// acts and cannot make them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "statement/envelope.h"

namespace fb::statement {

enum class Role : std::uint8_t { author, reviewer, operations, security, customer };
std::string_view word(Role role);
const std::vector<std::pair<std::string_view, Role>>& role_words();

struct Person {
  PersonId id;
  std::set<Role> roles;
  crypto::KeyMap keys;
};

struct People {
  std::vector<Person> people;

  [[nodiscard]] const Person* find(const PersonId& id) const;
};

inline constexpr std::string_view kPeoplePath = "trust/people.json";
Result<People> decode_people(std::string_view bytes);
std::string encode(const People& people);

// Whose key signed it as `type`; nothing of the payload is read. Never null. Errors: bad_signature.
Result<const Person*> signer_of(const Envelope& envelope, std::string_view type,
                                const People& people);

enum class ActKind : std::uint8_t {
  approve,
  waive,
  start,
  hold,
  go_on,
  accept,
  halt,
  resume,
  revert
};
std::string_view word(ActKind kind);

enum class Lane : std::uint8_t { standard, fast, emergency };
std::string_view word(Lane lane);
const std::vector<std::pair<std::string_view, Lane>>& lane_words();

struct Act {
  ActKind kind = ActKind::approve;
  PersonId person;
  Digest release;                    // the manifest's digest: what the act is about
  std::optional<RolloutId> rollout;  // hold, continue, accept, halt, resume, revert
  std::string gate;                  // waive
  Lane lane = Lane::standard;        // start
  std::vector<RolloutId> borrow;     // start: whose evidence counts in the bound
  std::int64_t budget = 0;           // accept: the harm budget B, in devices
  std::string reason;
  Instant issued;
  Instant expires;
  std::string nonce;  // 32 hex digits: one act, counted once
};

// The payload to sign. Pretty JSON, format "firebreak.act/1".
std::string encode(const Act& act);
Result<Act> decode_act(std::string_view payload);

// An act whose signature has been checked against the person it names.
struct SignedAct {
  Act act;
  Envelope envelope;
};

// Errors: bad_signature (not by the named person, or nobody we know), expired, malformed, mismatch.
Result<SignedAct> verify_act(const Envelope& envelope, const People& people, Instant now);

}  // namespace fb::statement

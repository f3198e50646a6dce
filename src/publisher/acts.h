// Acts: one person's signed word, made here with that person's key and posted. The server cannot
// make one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "publisher/desk.h"
#include "publisher/outcome.h"
#include "statement/people.h"

namespace fb::publisher {

// What a person orders; the rest of the Act (times, nonce) comes from the desk.
struct ActOrder {
  statement::ActKind kind = statement::ActKind::approve;
  std::string person;
  Digest release;
  std::optional<RolloutId> rollout;
  std::string gate;
  statement::Lane lane = statement::Lane::standard;
  std::vector<RolloutId> borrow;
  std::int64_t budget = 0;
  std::string reason;
};

// The sealed envelope. Errors: not_found (no key of that person here, naming whose there are),
// bad_usage (a reason is missing where one is due), and those of the key.
Result<statement::Envelope> make_act(Desk& desk, const ActOrder& order);

// Seals and posts it. The document is the server's answer.
Result<Outcome> post_act(Desk& desk, const ActOrder& order);

// `words` name a release as for find_release(). `what.release` is filled in. Errors: also forbidden
// (approving one's own release; nothing is posted).
Result<Outcome> act_on_release(Desk& desk, ActOrder what, const std::vector<std::string>& words);
// `id` is the rollout's number as typed. `what.release` and `what.rollout` are filled in.
Result<Outcome> act_on_rollout(Desk& desk, ActOrder what, const std::string& id);

Result<RolloutId> parse_rollout(const std::string& text);

}  // namespace fb::publisher

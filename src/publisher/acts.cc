#include "publisher/acts.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"
#include "publisher/fields.h"
#include "publisher/home.h"
#include "publisher/release_view.h"

namespace fb::publisher {
namespace {

using statement::ActKind;

// How long the word stands. An approval has to outlast the wait for its rollout; an order is for
// now.
Millis lifetime(ActKind kind) {
  switch (kind) {
    case ActKind::approve: return days(30);
    case ActKind::waive: return days(7);
    case ActKind::start:
    case ActKind::hold:
    case ActKind::go_on:
    case ActKind::accept:
    case ActKind::halt:
    case ActKind::revert: return hours(1);
    // Devices check it themselves, also those that come back after weeks. The server takes it for
    // an order only while it is fresh.
    case ActKind::resume: return days(30);
  }
  FB_CHECK(false);
}

bool needs_reason(ActKind kind) {
  switch (kind) {
    case ActKind::approve:
    case ActKind::start:
    case ActKind::go_on: return false;
    case ActKind::waive:
    case ActKind::hold:
    case ActKind::accept:
    case ActKind::halt:
    case ActKind::resume:
    case ActKind::revert: return true;
  }
  FB_CHECK(false);
}

std::string whose_keys(port::Files& home) {
  std::string names;
  const auto list = home.list("people");
  if (!list.ok()) return names;
  for (const std::string& name : *list) {
    if (name.ends_with(".pem"))
      names += (names.empty() ? "" : ", ") + name.substr(0, name.size() - 4);
  }
  return names;
}

Result<std::unique_ptr<crypto::Signer>> open_person(Desk& desk, const PersonId& person) {
  const auto pem = desk.home.read(person_path(person), limits::kTextBytes);
  if (pem.ok()) return desk.keys.open(*pem, person_path(person));
  const std::string names = whose_keys(desk.home);
  return Error{ErrorCode::not_found, "there is no key of '" + person.text() + "' in " +
                                         desk.home.absolute("people") +
                                         (names.empty() ? "" : "; there are: " + names)};
}

// What an answer to an act is in a sentence.
std::string told(const ActOrder& order, const json::Value& answer) {
  const std::string rollout = text_of(answer, "rollout");
  const std::string result = text_of(answer, "result");
  std::string text = std::string(statement::word(order.kind)) + " by " + order.person + ": " +
                     (result.empty() ? "recorded" : result) + "\n";
  const bool started = order.kind == ActKind::start || order.kind == ActKind::resume;
  if (started && !rollout.empty()) text += "next: firebreak rollout watch " + rollout + "\n";
  return text;
}

// After an approval or a waiver: what is still closed, or how to start.
std::string gates_now(Desk& desk, const ActOrder& order, const std::string& name) {
  if (order.kind != ActKind::approve && order.kind != ActKind::waive) return "";
  const auto record = desk.server.get("/api/v1/releases/" + order.release.text());
  if (!record.ok()) return "";
  const auto& gates = list_of(*record, "gates");
  const bool closed = std::any_of(gates.begin(), gates.end(), [](const json::Value& gate) {
    return text_of(gate, "verdict") == "closed";
  });
  if (closed) return gates_text(*record);
  return gates_text(*record) + "next: firebreak rollout start " + name + " --as operator\n";
}

// A waiver of a gate that does not exist would be recorded and open nothing.
Status check_gate(const ActOrder& order, const json::Value& record) {
  if (order.kind != ActKind::waive) return {};
  std::vector<std::string> names;
  for (const json::Value& gate : list_of(record, "gates")) names.push_back(text_of(gate, "gate"));
  if (names.empty() || std::find(names.begin(), names.end(), order.gate) != names.end()) return {};
  std::string detail = "--gate '" + order.gate + "' is none of this release's gates:";
  for (const std::string& name : names) detail += " " + name;
  return Error{ErrorCode::bad_usage, detail};
}

}  // namespace

Result<statement::Envelope> make_act(Desk& desk, const ActOrder& order) {
  FB_ASSIGN(PersonId person, PersonId::parse(order.person));
  if (order.reason.empty() && needs_reason(order.kind)) {
    return Error{ErrorCode::bad_usage,
                 "--reason is needed: those who read the log later will ask why"};
  }
  FB_ASSIGN(const auto signer, open_person(desk, person));
  const Instant now = desk.clock.wall();
  const statement::Act act{.kind = order.kind,
                           .person = std::move(person),
                           .release = order.release,
                           .rollout = order.rollout,
                           .gate = order.gate,
                           .lane = order.lane,
                           .borrow = order.borrow,
                           .budget = order.budget,
                           .reason = order.reason,
                           .issued = now,
                           .expires = now + lifetime(order.kind),
                           .nonce = to_hex(desk.entropy.bytes(16))};
  return statement::seal(statement::kPersonType, statement::encode(act), *signer);
}

Result<Outcome> post_act(Desk& desk, const ActOrder& order) {
  FB_ASSIGN(const auto envelope, make_act(desk, order));
  FB_ASSIGN(json::Value answer, desk.server.post("/api/v1/acts", statement::encode(envelope)));
  std::string text = told(order, answer);
  return Outcome{Answer::yes, std::move(text), std::move(answer)};
}

Result<Outcome> act_on_release(Desk& desk, ActOrder what, const std::vector<std::string>& words) {
  FB_ASSIGN(const json::Value record, find_release(desk.server, words));
  FB_ASSIGN(what.release, Digest::parse(text_of(record, "release")));
  const std::string name = text_of(record, "component") + "-" + text_of(record, "version");
  if (what.kind == ActKind::approve && text_of(record, "author") == what.person) {
    return Error{ErrorCode::forbidden, what.person + " is the author of " + name +
                                           ", and nobody approves a release of their own"};
  }
  FB_TRY(check_gate(what, record));
  FB_ASSIGN(Outcome outcome, post_act(desk, what));
  outcome.text += gates_now(desk, what, name);
  return outcome;
}

Result<Outcome> act_on_rollout(Desk& desk, ActOrder what, const std::string& id) {
  FB_ASSIGN(const RolloutId rollout, parse_rollout(id));
  FB_ASSIGN(const json::Value record, desk.server.get("/api/v1/rollouts/" + rollout.text()));
  FB_ASSIGN(what.release, Digest::parse(text_of(record, "release")));
  what.rollout = rollout;
  return post_act(desk, what);
}

Result<RolloutId> parse_rollout(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size()) {
    auto id = RolloutId::parse(number);
    if (id.ok()) return id;
  }
  return Error{ErrorCode::bad_usage,
               "'" + text + "' is no rollout; `firebreak rollout status` lists them"};
}

}  // namespace fb::publisher

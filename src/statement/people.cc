#include "statement/people.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "json/reader.h"

namespace fb::statement {
namespace {

const std::vector<std::pair<std::string_view, ActKind>> kActWords{
    {"approve", ActKind::approve}, {"waive", ActKind::waive},    {"start", ActKind::start},
    {"hold", ActKind::hold},       {"continue", ActKind::go_on}, {"accept", ActKind::accept},
    {"halt", ActKind::halt},       {"resume", ActKind::resume},  {"revert", ActKind::revert}};

constexpr std::int64_t kMostBudget = 1'000'000'000;

template <class E>
std::string_view find_word(const std::vector<std::pair<std::string_view, E>>& words, E meaning) {
  const auto it = std::find_if(words.begin(), words.end(),
                               [&](const auto& pair) { return pair.second == meaning; });
  FB_CHECK(it != words.end());
  return it->first;
}

bool needs_rollout(ActKind kind) {
  switch (kind) {
    case ActKind::approve:
    case ActKind::waive:
    case ActKind::start: return false;
    case ActKind::hold:
    case ActKind::go_on:
    case ActKind::accept:
    case ActKind::halt:
    case ActKind::resume:
    case ActKind::revert: return true;
  }
  FB_CHECK(false);
}

std::vector<RolloutId> read_borrow(json::Reader& in) {
  std::vector<RolloutId> lenders;
  for (const std::int64_t number : in.integers("borrow", limits::kLenders, 1, 2'147'483'647)) {
    const auto id = RolloutId::parse(number);
    if (!id.ok())
      in.fail("borrow", id.error().detail);
    else if (std::find(lenders.begin(), lenders.end(), *id) != lenders.end())
      in.fail("borrow", "rollout " + id->text() + " stands twice");
    else
      lenders.push_back(*id);
  }
  return lenders;
}

Person read_person(json::Reader& in) {
  Person person;
  person.id = in.id<PersonId>("id");
  for (const std::string& text : in.strings("roles", 8, 32)) {
    const auto& words = role_words();
    const auto it = std::find_if(words.begin(), words.end(),
                                 [&](const auto& pair) { return pair.first == text; });
    if (it == words.end())
      in.fail("roles",
              "'" + text + "' is no role: author, reviewer, operations, security, customer");
    else
      person.roles.insert(it->second);
  }
  const json::Value& keys = in.raw("keys");
  if (!keys.is_array() || keys.empty() || keys.size() > 8)
    in.fail("keys", "a list of 1 to 8 public keys is expected");
  if (in.failed()) return person;
  for (const json::Value& each : keys) {
    const auto key = crypto::decode_key(each);
    if (!key.ok())
      in.fail("keys", key.error().detail);
    else
      person.keys.emplace(key->id(), *key);
  }
  return person;
}

}  // namespace

const std::vector<std::pair<std::string_view, Role>>& role_words() {
  static const std::vector<std::pair<std::string_view, Role>> kWords{
      {"author", Role::author},
      {"reviewer", Role::reviewer},
      {"operations", Role::operations},
      {"security", Role::security},
      {"customer", Role::customer}};
  return kWords;
}

const std::vector<std::pair<std::string_view, Lane>>& lane_words() {
  static const std::vector<std::pair<std::string_view, Lane>> kWords{
      {"standard", Lane::standard}, {"fast", Lane::fast}, {"emergency", Lane::emergency}};
  return kWords;
}

std::string_view word(Role role) { return find_word(role_words(), role); }
std::string_view word(ActKind kind) { return find_word(kActWords, kind); }
std::string_view word(Lane lane) { return find_word(lane_words(), lane); }

const Person* People::find(const PersonId& id) const {
  const auto it = std::find_if(people.begin(), people.end(),
                               [&](const Person& person) { return person.id == id; });
  return it == people.end() ? nullptr : &*it;
}

Result<People> decode_people(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "people");
  in.literal("format", "firebreak.people/1");
  People people;
  in.objects("people", 10'000, [&](json::Reader& each) {
    Person person = read_person(each);
    if (people.find(person.id) != nullptr)
      each.fail("id", "'" + person.id.text() + "' stands twice");
    people.people.push_back(std::move(person));
  });
  FB_TRY(in.done());
  return people;
}

std::string encode(const People& people) {
  json::Value list = json::Value::array();
  for (const Person& person : people.people) {
    json::Value roles = json::Value::array();
    for (const Role role : person.roles) roles.push_back(word(role));
    json::Value keys = json::Value::array();
    for (const auto& [id, key] : person.keys) keys.push_back(key.document);
    list.push_back(
        {{"id", person.id.text()}, {"roles", std::move(roles)}, {"keys", std::move(keys)}});
  }
  return json::pretty({{"format", "firebreak.people/1"}, {"people", std::move(list)}});
}

std::string encode(const Act& act) {
  json::Value value{{"format", "firebreak.act/1"},
                    {"act", word(act.kind)},
                    {"person", act.person.text()},
                    {"release", act.release.text()},
                    {"reason", act.reason},
                    {"issued", to_rfc3339(act.issued)},
                    {"expires", to_rfc3339(act.expires)},
                    {"nonce", act.nonce}};
  if (act.rollout) value["rollout"] = act.rollout->number();
  if (act.kind == ActKind::waive) value["gate"] = act.gate;
  if (act.kind == ActKind::start || act.kind == ActKind::resume) value["lane"] = word(act.lane);
  if (act.kind == ActKind::accept) value["budget"] = act.budget;
  for (const RolloutId id : act.borrow) value["borrow"].push_back(id.number());
  return json::pretty(value);
}

Result<Act> decode_act(std::string_view payload) {
  FB_ASSIGN(const json::Value value, json::parse(payload));
  json::Reader in(value, "act");
  in.literal("format", "firebreak.act/1");
  Act act;
  act.kind = in.word("act", kActWords);
  act.person = in.id<PersonId>("person");
  act.release = in.digest("release");
  if (needs_rollout(act.kind)) {
    const auto rollout = RolloutId::parse(in.integer("rollout", 0, 2'147'483'647));
    if (!rollout.ok())
      in.fail("rollout", rollout.error().detail);
    else
      act.rollout = *rollout;
  }
  if (act.kind == ActKind::waive) act.gate = in.string("gate", 64);
  if (act.kind == ActKind::start || act.kind == ActKind::resume)
    act.lane = in.word("lane", lane_words());
  if (act.kind == ActKind::start && in.has("borrow")) act.borrow = read_borrow(in);
  if (act.kind == ActKind::accept) act.budget = in.integer("budget", 1, kMostBudget);
  act.reason = in.string("reason", limits::kReasonBytes);
  act.issued = in.instant("issued");
  act.expires = in.instant("expires");
  act.nonce = in.string("nonce", 64);
  if (!in.failed() && (act.expires < act.issued || act.expires > act.issued + limits::kActLife)) {
    in.fail("expires", "must be within " + in_words(limits::kActLife) + " after issued");
  }
  FB_TRY(in.done());
  return act;
}

Result<const Person*> signer_of(const Envelope& envelope, std::string_view type,
                                const People& people) {
  for (const Person& person : people.people) {
    Signers signers{person.keys, {}, 1};
    for (const auto& [id, key] : person.keys) signers.authorized.insert(id);
    if (open(envelope, type, signers).ok()) return &person;
  }
  return Error{ErrorCode::bad_signature, "signed by nobody in " + std::string(kPeoplePath)};
}

Result<SignedAct> verify_act(const Envelope& envelope, const People& people, Instant now) {
  // The signature names a key; only that key's owner can have acted, so ownership is settled before
  // the payload is read.
  FB_ASSIGN(const Person* person, signer_of(envelope, kPersonType, people));
  FB_ASSIGN(Act act, decode_act(envelope.payload));
  if (act.person != person->id) {
    return Error{ErrorCode::bad_signature,
                 "signed by " + person->id.text() + " in the name of " + act.person.text()};
  }
  if (now > act.expires) {
    return Error{ErrorCode::expired, "the " + std::string(word(act.kind)) + " of " +
                                         act.person.text() + " expired " + to_rfc3339(act.expires)};
  }
  return SignedAct{std::move(act), envelope};
}

}  // namespace fb::statement

#include "publisher/keys_view.h"

#include <algorithm>
#include <map>

#include "json/reader.h"
#include "publisher/ages.h"
#include "publisher/columns.h"
#include "publisher/fields.h"
#include "publisher/home.h"
#include "release/kind.h"
#include "tuf/repository.h"

namespace fb::publisher {
namespace {

struct RoleFact {
  std::int64_t threshold = 1;
  std::set<crypto::KeyId> keyids;
  std::optional<Instant> expires;
};
using RoleFacts = std::map<std::string, RoleFact, std::less<>>;

// Alone below the threshold a key signs nothing; the sentence says what the role signs.
std::string_view signs(std::string_view role) {
  if (role == "root") return "who signs for the other roles";
  if (role == "targets") return "who may decide, speed limits, who signs releases";
  if (role == "core") return "core releases, and what commands devices run";
  if (role == "content") return "content and config releases: data, never a command";
  if (role == "flags") return "flag sets";
  if (role == "rollouts") return "plans, permits, the block list";
  if (role == "snapshot" || role == "timestamp") return "freshness of the repository";
  if (role == "log") return "checkpoints of the event log";
  if (role == "person") return "approvals and orders in that person's name";
  if (role == "tenant") return "that customer's policy";
  return "nothing that anybody trusts yet";
}

// "keys/core-1.pub.json" → "core"; "people/…" → "person"; "tenants/…" → "tenant".
std::string role_of(const std::string& path) {
  if (path.starts_with("people/")) return "person";
  if (path.starts_with("tenants/")) return "tenant";
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.substr(0, name.find_first_of("-."));
}

std::string name_of(const std::string& path) {
  if (path.starts_with("tenants/")) return path.substr(8, path.find('/', 8) - 8);
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.substr(0, name.find(".pub.json"));
}

std::optional<Instant> expiry_of(port::Files& home, std::string_view role) {
  const auto bytes = home.read(cached_metadata_path(role), tuf::max_bytes(role));
  const auto own = bytes.ok() ? bytes : newest_metadata(home, role);
  if (!own.ok()) return std::nullopt;
  const auto value = json::parse(*own, {.bytes = tuf::max_bytes(role)});
  if (!value.ok()) return std::nullopt;
  const auto expires = parse_rfc3339(text_of(object_of(*value, "signed"), "expires"));
  return expires.ok() ? std::optional(*expires) : std::nullopt;
}

Result<RoleFacts> facts(port::Files& home) {
  RoleFacts out;
  FB_ASSIGN(const std::string root_bytes, newest_metadata(home, tuf::kRoot));
  FB_ASSIGN(const auto root, tuf::decode_root(root_bytes));
  for (const auto& [role, keys] : root.body.roles) out[role] = {keys.threshold, keys.keyids, {}};
  FB_ASSIGN(const std::string targets_bytes, newest_metadata(home, tuf::kTargets));
  FB_ASSIGN(const auto targets, tuf::decode_targets(targets_bytes));
  for (const auto& role : targets.body.delegations.roles)
    out[role.name] = {role.signers.threshold, role.signers.keyids, {}};
  for (auto& [role, fact] : out) fact.expires = expiry_of(home, role);
  return out;
}

Status gather(port::Files& home, const std::string& folder, std::vector<std::string>& paths) {
  FB_ASSIGN(const auto names, home.list(folder));
  for (const std::string& name : names) {
    if (name.ends_with(".pub.json")) paths.push_back(folder + "/" + name);
  }
  return {};
}

Result<std::vector<std::string>> key_paths(port::Files& home) {
  std::vector<std::string> paths;
  FB_TRY(gather(home, "keys", paths));
  FB_TRY(gather(home, "server/keys", paths));
  FB_TRY(gather(home, "people", paths));
  FB_ASSIGN(const auto tenants, home.list("tenants"));
  for (const std::string& tenant : tenants) FB_TRY(gather(home, "tenants/" + tenant, paths));
  return paths;
}

// What the published metadata trusts the key with, not what its file is called. A key of several
// roles is shown with the most powerful one.
std::string trusted_as(const std::string& path, const crypto::KeyId& id, const RoleFacts& roles) {
  for (const char* role :
       {"root", "targets", "core", "content", "flags", "rollouts", "snapshot", "timestamp"}) {
    const auto fact = roles.find(role);
    if (fact != roles.end() && fact->second.keyids.contains(id)) return role;
  }
  const std::string called = role_of(path);
  return path.starts_with("keys/") || roles.contains(called) ? "none" : called;
}

Result<json::Value> describe(port::Files& home, const std::string& path, const RoleFacts& roles) {
  FB_ASSIGN(const std::string text, read_text(home, path));
  FB_ASSIGN(const json::Value value, json::parse(text).in(path));
  FB_ASSIGN(const crypto::PublicKey key, crypto::decode_key(value).in(path));
  const std::string role = trusted_as(path, key.id(), roles);
  const auto found = roles.find(role);
  const RoleFact fact = found == roles.end() ? RoleFact{} : found->second;
  json::Value out{{"name", name_of(path)},       {"role", role},
                  {"keyid", key.id()},           {"file", path},
                  {"threshold", fact.threshold}, {"could_sign", signs(role)},
                  {"alone", fact.threshold == 1}};
  if (fact.expires) out["expires"] = to_rfc3339(*fact.expires);
  return out;
}

Result<json::Value> describe_all(port::Files& home) {
  FB_ASSIGN(const RoleFacts roles, facts(home));
  FB_ASSIGN(const auto paths, key_paths(home));
  json::Value list = json::Value::array();
  for (const std::string& path : paths) {
    FB_ASSIGN(json::Value each, describe(home, path, roles));
    list.push_back(std::move(each));
  }
  return list;
}

Status check_new(port::Files& files, const NewKeyOrder& order) {
  FB_ASSIGN(const std::string name, release::parse_artifact_name(order.name));
  const std::string path = order.folder + name + ".pem";
  if (!files.size(path).ok()) return {};
  return Error{ErrorCode::already_exists,
               files.absolute(path) + " exists; keys are never overwritten"};
}

std::string if_stolen(const json::Value& key) {
  if (flag_of(key, "alone")) return text_of(key, "could_sign");
  return "nothing alone; with " + std::to_string(count_of(key, "threshold") - 1) +
         " more: " + text_of(key, "could_sign");
}

}  // namespace

Result<Outcome> new_key(port::Files& files, KeyStore& keys, const NewKeyOrder& order) {
  FB_TRY(check_new(files, order));
  FB_ASSIGN(const NewKey made, keys.generate(order.protection));
  return keep_key(files, made, order);
}

Result<Outcome> keep_key(port::Files& files, const NewKey& made, const NewKeyOrder& order) {
  FB_TRY(check_new(files, order));
  const std::string path = order.folder + order.name + ".pem";
  FB_TRY(files.write_atomic(path, made.pem));
  FB_TRY(files.write_atomic(public_half(path), json::pretty(made.key.document)));
  return Outcome{Answer::yes,
                 "made " + path + " (secret) and " + public_half(path) + " (to hand out)\nkey id " +
                     made.key.id() +
                     "\nnobody trusts it until a role or trust/people.json names it\n",
                 {{"file", path}, {"public", public_half(path)}, {"keyid", made.key.id()}}};
}

Result<Outcome> list_keys(Desk& desk) {
  FB_ASSIGN(json::Value list, describe_all(desk.home));
  Columns columns({"KEY", "ROLE", "EXPIRES", "KEY ID", "A THIEF OF IT COULD SIGN"});
  for (const json::Value& each : list) {
    const std::string expires = text_of(each, "expires");
    columns.row({text_of(each, "name"), text_of(each, "role"),
                 expires.empty() ? "-" : expires.substr(0, 10),
                 text_of(each, "keyid").substr(0, 12), if_stolen(each)});
  }
  return Outcome{Answer::yes, columns.text(), {{"keys", std::move(list)}}};
}

Result<Outcome> show_key(Desk& desk, const std::string& name) {
  FB_ASSIGN(const json::Value list, describe_all(desk.home));
  std::vector<std::string> names;
  for (const json::Value& each : list) {
    names.push_back(text_of(each, "name"));
    if (names.back() != name) continue;
    std::string text = name + " (" + text_of(each, "role") + ")\nkey id     " +
                       text_of(each, "keyid") + "\nfile       " + text_of(each, "file") + "\n";
    if (!text_of(each, "expires").empty()) text += "role until " + text_of(each, "expires") + "\n";
    return Outcome{Answer::yes, text + "a thief of it could sign: " + if_stolen(each) + "\n", each};
  }
  const std::string near = json::nearest(name, names);
  return Error{ErrorCode::not_found, "there is no key '" + name + "'" +
                                         (near.empty() ? "" : "; did you mean " + near + "?")};
}

Result<Outcome> key_status(Desk& desk, Millis warn) {
  FB_ASSIGN(const Outcome keys, list_keys(desk));
  FB_ASSIGN(const RoleFacts roles, facts(desk.home));
  const Instant now = desk.clock.wall();
  Outcome outcome{Answer::yes, "", {{"roles", json::Value::object()}}};
  Columns columns({"ROLE", "THRESHOLD", "EXPIRES", "STATE"});
  for (const auto& [role, fact] : roles) {
    if (!fact.expires) continue;
    const bool expired = now > *fact.expires;
    // snapshot and timestamp are signed anew by the server long before they run out.
    const bool online = role == "timestamp" || role == "snapshot" || role == "rollouts";
    const bool soon = !online && now + warn > *fact.expires;
    if (expired || soon) outcome.answer = Answer::no;
    const std::string state =
        expired ? "EXPIRED"
                : (soon ? "expires in " : "good for ") + age_in_words(*fact.expires - now);
    columns.row({role, std::to_string(fact.threshold), to_rfc3339(*fact.expires), state});
    outcome.document["roles"][role] = {{"threshold", fact.threshold},
                                       {"expires", to_rfc3339(*fact.expires)},
                                       {"expired", expired},
                                       {"soon", soon}};
  }
  outcome.text = columns.text() + "\n" + keys.text;
  outcome.document["keys"] = keys.document.at("keys");
  return outcome;
}

}  // namespace fb::publisher

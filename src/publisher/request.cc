#include "publisher/request.h"

#include <algorithm>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "publisher/fields.h"
#include "tuf/names.h"
#include "tuf/repository.h"
#include "tuf/trusted_set.h"

namespace fb::publisher {
namespace {

constexpr const char* kFormat = "firebreak.request/1";

json::Value texts(const std::map<std::string, std::string>& map) {
  json::Value out = json::Value::object();
  for (const auto& [key, text] : map) out[key] = text;
  return out;
}

template <class Map>
void read_texts(json::Reader& in, const std::string& key, Map& out) {
  const json::Value& value = in.raw(key);
  if (in.failed()) return;
  if (!value.is_object()) return in.fail(key, "an object of texts is expected");
  for (const auto& [name, text] : value.items()) {
    if (!text.is_string()) return in.fail(key, "'" + name + "' has to be a text");
    out.emplace(name, text.template get<std::string>());
  }
}

void check_roles(json::Reader& in, const std::string& key, const RoleTexts& texts) {
  for (const auto& [role, file] : texts) {
    const auto& known = request_roles();
    if (std::find(known.begin(), known.end(), role) == known.end())
      in.fail(key, "'" + role + "' is no role that is signed offline");
  }
}

std::int64_t valid_count(const Demand& demand) {
  return static_cast<std::int64_t>(demand.signed_by.size());
}

template <class Body>
Demand demand(std::string whose, const crypto::KeyMap& keys, const tuf::RoleKeys& role,
              const tuf::Document<Body>& document) {
  Demand out{std::move(whose), keys, role.keyids, role.threshold, {}};
  out.signed_by =
      crypto::valid_signers(keys, role.keyids, document.signed_bytes, document.signatures);
  return out;
}

Status check_authentic(const Demand& demand, const std::string& what) {
  if (demand.met()) return {};
  return Error{ErrorCode::bad_signature,
               what + " has " + std::to_string(valid_count(demand)) + " valid signatures of the " +
                   std::to_string(demand.threshold) + " that " + demand.whose + " needs"};
}

Status check_step(const std::string& role, std::int64_t before, std::int64_t after) {
  if (after == before + 1) return {};
  const auto code = after <= before ? ErrorCode::rolled_back : ErrorCode::mismatch;
  return Error{code, role + " version " + std::to_string(after) + " is proposed where " +
                         std::to_string(before + 1) + " comes next"};
}

Status check_expires(const std::string& role, Instant expires, Instant now) {
  if (expires > now) return {};
  return Error{ErrorCode::expired, "the proposed " + role + " would have expired at " +
                                       to_rfc3339(expires) + " already; make the request anew"};
}

// Walks from root to the delegated roles, keeping for each what is in force and what will be.
class Examination {
 public:
  Examination(const Request& request, Instant now) : request_(request), now_(now) {}

  Result<Examined> run(std::string_view own_root) {
    FB_TRY(check_chain(own_root));
    FB_TRY(examine_root());
    FB_TRY(examine_targets());
    for (const std::string& role : request_roles()) {
      if (role != tuf::kRoot && role != tuf::kTargets) FB_TRY(examine_delegated(role));
    }
    if (out_.roles.empty())
      return Error{ErrorCode::malformed, "this request proposes nothing to sign"};
    std::string all;
    for (const auto& [role, bytes] : signed_parts_) all += role + "\n" + bytes + "\n";
    out_.fingerprint = crypto::sha256(all).hex().substr(0, 16);
    return std::move(out_);
  }

 private:
  Status check_chain(std::string_view own_root) {
    if (request_.roots.empty()) return Error{ErrorCode::malformed, "this request carries no root"};
    FB_ASSIGN(auto trusted, tuf::TrustedSet::from_root(request_.roots.front()));
    for (std::size_t i = 1; i < request_.roots.size(); ++i)
      FB_TRY(trusted.update_root(request_.roots[i]));
    root_ = trusted.root().body;
    new_root_ = root_;
    const auto& roots = request_.roots;
    if (own_root.empty() || std::find(roots.begin(), roots.end(), own_root) != roots.end())
      return {};
    return Error{ErrorCode::bad_signature,
                 "this request starts from another root than the one given here: it is forged, of "
                 "another repository, or older than what this machine has seen"};
  }

  // The proposed file of a role, signed by nobody yet perhaps.
  [[nodiscard]] const std::string* proposed(std::string_view role) const {
    const auto it = request_.proposed.find(role);
    return it == request_.proposed.end() ? nullptr : &it->second;
  }

  Status examine_root() {
    const std::string* file = proposed(tuf::kRoot);
    if (file == nullptr) return {};
    FB_ASSIGN(const auto next, tuf::decode_root(*file));
    FB_TRY(check_step("root", root_.version, next.body.version));
    FB_TRY(check_expires("root", next.body.expires, now_));
    new_root_ = next.body;
    note("root", next.signed_bytes,
         {demand("root", root_.keys, root_.roles.at("root"), next),
          demand("root as it will be", new_root_.keys, new_root_.roles.at("root"), next)});
    return {};
  }

  Status examine_targets() {
    FB_ASSIGN(const std::string file, in_force(tuf::kTargets));
    FB_ASSIGN(const auto before, tuf::decode_targets(file));
    const auto now_signing = [&](const tuf::Root& root, const auto& document) {
      return demand("targets", root.keys, root.roles.at("targets"), document);
    };
    FB_TRY(check_authentic(now_signing(root_, before), "the file of targets in force"));
    targets_ = new_targets_ = before.body;
    const std::string* text = proposed(tuf::kTargets);
    if (text == nullptr) return check_kept("targets", now_signing(new_root_, before));
    FB_ASSIGN(const auto next, tuf::decode_targets(*text));
    FB_TRY(check_step("targets", before.body.version, next.body.version));
    FB_TRY(check_expires("targets", next.body.expires, now_));
    new_targets_ = next.body;
    note("targets", next.signed_bytes, {now_signing(new_root_, next)});
    return {};
  }

  Status examine_delegated(const std::string& role) {
    if (!request_.current.contains(role) && proposed(role) == nullptr) return {};
    FB_ASSIGN(const std::string file, in_force(role));
    FB_ASSIGN(const auto before, tuf::decode_targets(file, role));
    const auto now_signing = [&](const tuf::Targets& targets, const auto& document) {
      const auto* delegation = targets.delegations.find(role);
      const tuf::RoleKeys keys = delegation == nullptr ? tuf::RoleKeys{} : *delegation;
      return demand(role, targets.delegations.keys, keys, document);
    };
    FB_TRY(check_authentic(now_signing(targets_, before), "the file of " + role + " in force"));
    const std::string* text = proposed(role);
    if (text == nullptr) return check_kept(role, now_signing(new_targets_, before));
    FB_ASSIGN(const auto next, tuf::decode_targets(*text, role));
    FB_TRY(check_step(role, before.body.version, next.body.version));
    FB_TRY(check_expires(role, next.body.expires, now_));
    note(role, next.signed_bytes, {now_signing(new_targets_, next)});
    return {};
  }

  // A role whose keys change has to be signed anew in the same request, or nobody could read it.
  static Status check_kept(const std::string& role, const Demand& demand) {
    if (demand.met()) return {};
    return Error{ErrorCode::conflict,
                 "with the keys that are proposed, the file of " + role +
                     " that is in force would not count; it has to be signed anew with them"};
  }

  Result<std::string> in_force(std::string_view role) {
    const auto it = request_.current.find(role);
    if (it != request_.current.end()) return it->second;
    return Error{ErrorCode::malformed,
                 "this request lacks the file of " + std::string(role) + " that is in force"};
  }

  void note(const std::string& role, const std::string& signed_bytes, std::vector<Demand> demands) {
    out_.roles.push_back({role, std::move(demands)});
    signed_parts_.emplace_back(role, signed_bytes);
  }

  const Request& request_;
  Instant now_;
  tuf::Root root_, new_root_;
  tuf::Targets targets_, new_targets_;
  Examined out_;
  std::vector<std::pair<std::string, std::string>> signed_parts_;
};

Result<std::string> signed_part(const std::string& file) {
  FB_ASSIGN(const json::Value whole, json::parse(file, {.bytes = tuf::max_bytes(tuf::kTargets)}));
  const auto found = whole.find("signed");
  if (found == whole.end() || !json::has_canonical_form(*found))
    return Error{ErrorCode::malformed, "a proposed file has no signed part"};
  return json::canonical(*found);
}

// `file` with the signatures of `other` by keys that have not signed it yet.
Result<std::string> with_signatures(const std::string& file, const std::string& other) {
  const json::Bounds bounds{.bytes = tuf::max_bytes(tuf::kTargets)};
  FB_ASSIGN(json::Value whole, json::parse(file, bounds));
  FB_ASSIGN(const json::Value more, json::parse(other, bounds));
  json::Value& ours = whole["signatures"];
  for (const json::Value& each : list_of(more, "signatures")) {
    const bool there = std::any_of(ours.begin(), ours.end(), [&](const json::Value& one) {
      return text_of(one, "keyid") == text_of(each, "keyid");
    });
    if (!there) ours.push_back(each);
  }
  return json::compact(whole);
}

std::set<crypto::KeyId> valid_for(const ProposedRole& role) {
  std::set<crypto::KeyId> out;
  for (const Demand& demand : role.demands)
    out.insert(demand.signed_by.begin(), demand.signed_by.end());
  return out;
}

}  // namespace

const std::vector<std::string>& request_roles() {
  static const std::vector<std::string> kRoles{"root", "targets", "core", "content", "flags"};
  return kRoles;
}

std::string encode(const Request& request) {
  json::Value roots = json::Value::array();
  for (const std::string& root : request.roots) roots.push_back(root);
  const auto of = [](const RoleTexts& map) {
    return texts(std::map<std::string, std::string>(map.begin(), map.end()));
  };
  return json::pretty({{"format", kFormat},
                       {"roots", std::move(roots)},
                       {"current", of(request.current)},
                       {"proposed", of(request.proposed)},
                       {"contents", texts(request.contents)},
                       {"names", texts(request.names)}});
}

Result<Request> decode_request(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes, {.bytes = kRequestBytes}));
  json::Reader in(value, "request");
  in.literal("format", kFormat);
  Request request;
  request.roots = in.strings("roots", limits::kRootRotations, limits::kRootBytes);
  read_texts(in, "current", request.current);
  read_texts(in, "proposed", request.proposed);
  read_texts(in, "contents", request.contents);
  read_texts(in, "names", request.names);
  check_roles(in, "current", request.current);
  check_roles(in, "proposed", request.proposed);
  FB_TRY(in.done());
  return request;
}

bool Examined::complete() const {
  return std::all_of(roles.begin(), roles.end(), [](const ProposedRole& each) {
    return std::all_of(each.demands.begin(), each.demands.end(),
                       [](const Demand& demand) { return demand.met(); });
  });
}

std::vector<std::string> Examined::roles_of(const crypto::KeyId& key) const {
  std::vector<std::string> out;
  for (const ProposedRole& each : roles) {
    const bool asked = std::any_of(each.demands.begin(), each.demands.end(),
                                   [&](const Demand& d) { return d.authorized.contains(key); });
    if (asked) out.push_back(each.role);
  }
  return out;
}

Result<Examined> examine(const Request& request, std::string_view own_root, Instant now) {
  return Examination(request, now).run(own_root);
}

Result<Request> only_valid(Request request, const Examined& examined) {
  for (const ProposedRole& role : examined.roles) {
    std::string& file = request.proposed.find(role.role)->second;
    FB_ASSIGN(json::Value whole, json::parse(file, {.bytes = tuf::max_bytes(tuf::kTargets)}));
    const auto valid = valid_for(role);
    json::Value kept = json::Value::array();
    for (const json::Value& each : whole["signatures"]) {
      if (valid.contains(text_of(each, "keyid"))) kept.push_back(each);
    }
    whole["signatures"] = std::move(kept);
    file = json::compact(whole);
  }
  return request;
}

Result<Request> merge(Request one, const Request& other) {
  for (auto& [role, file] : one.proposed) {
    const auto theirs = other.proposed.find(role);
    if (theirs == other.proposed.end() || other.proposed.size() != one.proposed.size())
      return Error{ErrorCode::conflict, "the two files propose changes of different roles"};
    FB_ASSIGN(const std::string ours, signed_part(file));
    FB_ASSIGN(const std::string same, signed_part(theirs->second));
    if (ours != same)
      return Error{ErrorCode::conflict, "the two files propose different versions of " + role};
    FB_ASSIGN(file, with_signatures(file, theirs->second));
  }
  return one;
}

Result<Request> add_signatures(Request request, const Examined& examined,
                               const crypto::Signer& signer) {
  const auto roles = examined.roles_of(signer.key().id());
  if (roles.empty()) {
    return Error{ErrorCode::forbidden, "key " + signer.key().id() +
                                           " is not asked for here: no role of this request "
                                           "names it, as it is or as it will be"};
  }
  for (const std::string& role : roles) {
    std::string& file = request.proposed.find(role)->second;
    FB_ASSIGN(file, tuf::add_signature(file, signer));
  }
  return request;
}

}  // namespace fb::publisher

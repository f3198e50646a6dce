#include "publisher/publication.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "publisher/draft.h"
#include "publisher/fields.h"
#include "publisher/ground.h"
#include "publisher/home.h"
#include "publisher/request_words.h"
#include "release/manifest.h"
#include "tuf/names.h"

namespace fb::publisher {
namespace {

Result<Examined> examined_here(Desk& desk, const Request& request) {
  FB_ASSIGN(const std::string own_root, read_text(desk.home, std::string(kPinnedRoot)));
  return examine(request, own_root, desk.clock.wall());
}

// Keys that lie here and are asked for, opened one by one: each may need a passphrase.
Result<Request> signed_by_keys_here(Desk& desk, Request request, const Examined& examined) {
  FB_ASSIGN(const auto files, desk.home.list("keys"));
  for (const std::string& name : files) {
    if (!name.ends_with(".pem")) continue;
    const std::string path = "keys/" + name;
    FB_ASSIGN(const std::string half, read_text(desk.home, public_half(path)));
    FB_ASSIGN(const json::Value document, json::parse(half).in(public_half(path)));
    FB_ASSIGN(const auto key, crypto::decode_key(document).in(public_half(path)));
    if (examined.roles_of(key.id()).empty()) continue;
    FB_ASSIGN(const std::string pem, read_text(desk.home, path));
    FB_ASSIGN(const auto signer, desk.keys.open(pem, path));
    FB_ASSIGN(request, add_signatures(std::move(request), examined, *signer));
  }
  return request;
}

Result<Request> brought_together(Desk& desk, const std::vector<std::string>& copies) {
  std::optional<Request> whole;
  for (const std::string& bytes : copies) {
    FB_ASSIGN(Request copy, decode_request(bytes));
    FB_ASSIGN(const Examined examined, examined_here(desk, copy));
    FB_ASSIGN(copy, only_valid(std::move(copy), examined));
    if (!whole) {
      whole = std::move(copy);
    } else {
      FB_ASSIGN(*whole, merge(std::move(*whole), copy));
    }
  }
  if (whole) return std::move(*whole);
  return Error{ErrorCode::bad_usage, "name at least one file to import"};
}

struct NewTarget {
  std::string path;
  std::string digest;
};

enum class New : std::uint8_t { bytes, words };  // words: `custom`, over the same bytes

// What a proposed file says of targets and the one in force does not.
Result<std::vector<NewTarget>> new_targets(const Request& request, const std::string& role,
                                           New wanted) {
  FB_ASSIGN(const auto before, tuf::decode_targets(request.current.at(role), role));
  FB_ASSIGN(const auto after, tuf::decode_targets(request.proposed.at(role), role));
  std::vector<NewTarget> out;
  for (const auto& [path, file] : after.body.targets) {
    const auto known = before.body.targets.find(path);
    const bool there = known != before.body.targets.end();
    const bool same =
        there && known->second.length == file.length && known->second.hashes == file.hashes;
    const bool is_new = wanted == New::bytes ? !same : same && known->second.custom != file.custom;
    if (!is_new) continue;
    FB_ASSIGN(const Digest digest, file.sha256());
    out.push_back({path, digest.hex()});
  }
  return out;
}

// The role whose published releases gain marks by this request, and nothing else happens; "" when
// it is another request.
Result<std::string> role_of_marks(const Request& request) {
  if (request.proposed.size() != 1) return std::string();
  const std::string role = request.proposed.begin()->first;
  if (role == tuf::kRoot || role == tuf::kTargets) return std::string();
  FB_ASSIGN(const auto bytes, new_targets(request, role, New::bytes));
  FB_ASSIGN(const auto words, new_targets(request, role, New::words));
  return bytes.empty() && !words.empty() ? role : std::string();
}

// The draft that a release request was made from; "" when the request is none.
Result<std::string> draft_of(const Request& request) {
  if (request.proposed.size() != 1) return std::string();
  const std::string role = request.proposed.begin()->first;
  if (role == tuf::kRoot || role == tuf::kTargets) return std::string();
  FB_ASSIGN(const auto added, new_targets(request, role, New::bytes));
  for (const NewTarget& target : added) {
    const auto bytes = request.contents.find(target.digest);
    if (!target.path.ends_with(".manifest.json") || bytes == request.contents.end()) continue;
    FB_ASSIGN(const auto manifest, release::decode_manifest(bytes->second));
    return manifest.component.text() + "-" + manifest.version;
  }
  return std::string();
}

Result<Outcome> give_to_draft(Desk& desk, const Request& request, const std::string& name) {
  FB_ASSIGN(const Draft draft, load_draft(desk.home, name));
  const auto& [role, file] = *request.proposed.begin();
  FB_TRY(desk.home.write_atomic(draft_path(draft.name, role + ".json"), file));
  return Outcome{Answer::yes,
                 "signed " + draft.name + " with every signature that " + role +
                     " needs\nnext: firebreak release submit " + draft.name + "\n",
                 {{"draft", draft.name}, {"role", role}, {"complete", true}}};
}

// New trust files go up first and are kept with our copy.
Status upload_contents(Desk& desk, const Request& request) {
  for (const auto& [role, file] : request.proposed) {
    if (role == tuf::kRoot) continue;
    FB_ASSIGN(const auto added, new_targets(request, role, New::bytes));
    for (const NewTarget& target : added) {
      const auto bytes = request.contents.find(target.digest);
      if (bytes == request.contents.end())
        return Error{ErrorCode::not_found, "the request does not bring " + target.path};
      FB_TRY(desk.server.put_blob(crypto::sha256(bytes->second), bytes->second).in(target.path));
      FB_TRY(desk.home.write_atomic(
          "repository/targets/" + tuf::hashed_name(target.path, target.digest), bytes->second));
    }
  }
  return {};
}

Status keep_published(Desk& desk, const Request& request) {
  for (const auto& [role, file] : request.proposed) {
    if (role != tuf::kRoot) {
      FB_TRY(keep_metadata(desk.home, role, file));
      continue;
    }
    FB_ASSIGN(const auto root, tuf::decode_root(file));
    FB_TRY(desk.home.write_atomic(
        "repository/metadata/" + tuf::metadata_path(role, root.body.version), file));
  }
  return {};
}

Result<Outcome> publish(Desk& desk, const Request& request) {
  FB_TRY(upload_contents(desk, request));
  json::Value files = json::Value::object();
  for (const auto& [role, file] : request.proposed) files[role] = file;
  FB_ASSIGN(json::Value answer, desk.server.post("/api/v1/metadata", {{"files", files}}));
  FB_TRY(keep_published(desk, request));
  std::string text = "published:";
  for (const auto& [role, file] : request.proposed) text += " " + role;
  answer["complete"] = true;
  return Outcome{Answer::yes, text + "; devices follow with their next check-in\n",
                 std::move(answer)};
}

// The server takes marks where it takes releases: it is the same role that speaks of them.
Result<Outcome> publish_marks(Desk& desk, const Request& request, const std::string& role) {
  const std::string& file = request.proposed.at(role);
  FB_ASSIGN(const json::Value answer,
            desk.server.post("/api/v1/releases", {{"role", role}, {"metadata", file}}));
  FB_TRY(keep_metadata(desk.home, role, file));
  FB_ASSIGN(const auto marked, new_targets(request, role, New::words));
  std::string text;
  for (const NewTarget& each : marked) text += "marked as released: " + each.path + "\n";
  return Outcome{Answer::yes,
                 text + "next, for air-gapped sites: firebreak bundle export\n",
                 {{"complete", true}, {"releases", list_of(answer, "releases")}}};
}

Result<Outcome> put_into_force(Desk& desk, const Request& request) {
  FB_ASSIGN(const std::string role, role_of_marks(request));
  if (!role.empty()) return publish_marks(desk, request, role);
  FB_ASSIGN(const std::string draft, draft_of(request));
  return draft.empty() ? publish(desk, request) : give_to_draft(desk, request, draft);
}

}  // namespace

Result<Outcome> explain_request(Desk& desk, const Request& request, const std::string& file) {
  FB_ASSIGN(const Examined examined, examined_here(desk, request));
  FB_ASSIGN(Outcome outcome, describe_request(request, examined));
  outcome.text +=
      "\nwritten: " + file + "\nnext, on each holder's machine: firebreak request sign " + file +
      " --root root.json --key KEY.pem\nthen here: firebreak request import " + file + "\n";
  outcome.document["file"] = file;
  return outcome;
}

Result<SignedRequest> sign_request(const Request& request, const Holder& holder,
                                   const crypto::Signer& signer) {
  FB_ASSIGN(const Examined before, examine(request, holder.own_root, holder.now));
  FB_ASSIGN(Request with, add_signatures(request, before, signer));
  FB_ASSIGN(const Examined after, examine(with, holder.own_root, holder.now));
  FB_ASSIGN(Outcome outcome, describe_request(with, after));
  outcome.text = "signed as key " + signer.key().id() + "\n";
  outcome.text += after.complete() ? "every signature is there: firebreak request import\n"
                                   : "signatures of others are still missing\n";
  return SignedRequest{std::move(with), std::move(outcome)};
}

Result<Outcome> sign_here(Desk& desk, Request request) {
  FB_ASSIGN(const Examined examined, examined_here(desk, request));
  FB_ASSIGN(request, signed_by_keys_here(desk, std::move(request), examined));
  return import_requests(desk, {encode(request)});
}

Result<Outcome> import_requests(Desk& desk, const std::vector<std::string>& copies) {
  FB_ASSIGN(const Request request, brought_together(desk, copies));
  FB_ASSIGN(const Examined examined, examined_here(desk, request));
  FB_ASSIGN(Outcome words, describe_request(request, examined));
  if (!examined.complete()) {
    words.answer = Answer::no;
    words.text += "signatures are missing: nothing was published\n";
    return words;
  }
  FB_ASSIGN(Outcome outcome, put_into_force(desk, request));
  outcome.text = words.text + outcome.text;
  return outcome;
}

}  // namespace fb::publisher

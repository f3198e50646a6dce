#include "server/releases.h"

#include <algorithm>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"

namespace fb::server {
namespace {

constexpr const char* kReleaseSpace = "release";
constexpr const char* kActSpace = "act";
constexpr const char* kEvidenceSpace = "evidence";

std::string encode_entry(const ReleaseEntry& entry) {
  return json::compact({{"manifest", entry.manifest_bytes}, {"log_index", entry.log_index}});
}

Result<ReleaseEntry> decode_entry(std::string_view bytes) {
  FB_ASSIGN(const json::Value value,
            json::parse(bytes, {limits::kManagementBodyBytes, limits::kJsonDepth}));
  json::Reader in(value, "stored release");
  ReleaseEntry entry;
  entry.manifest_bytes = in.string("manifest", limits::kJsonBytes);
  entry.log_index = static_cast<std::uint64_t>(in.integer("log_index", 0, std::int64_t{1} << 53U));
  FB_TRY(in.done());
  FB_ASSIGN(entry.manifest, release::decode_manifest(entry.manifest_bytes));
  return entry;
}

// A mark is not taken back: whoever has carried it away would never hear of that. A revocation is.
bool gains_mark(const std::string& path, const tuf::TargetFile& before,
                const tuf::TargetFile& after) {
  const auto was = release::find_mark(before.custom);
  const auto is = release::find_mark(after.custom);
  const bool gained = was.ok() && !*was && is.ok() && *is;
  return gained && path.ends_with(".manifest.json") && before.length == after.length &&
         before.hashes == after.hashes;
}

}  // namespace

Status Releases::load(port::Store& store, const statement::People& people) {
  FB_TRY(store.scan(kReleaseSpace, "",
                    [&](const std::string& key, const std::string& value) -> Status {
                      FB_ASSIGN(const Digest digest, Digest::parse(key));
                      FB_ASSIGN(auto entry, decode_entry(value));
                      entries_.emplace(digest, std::move(entry));
                      return {};
                    }));
  FB_TRY(load_acts(store, people));
  return load_evidence(store, people);
}

Status Releases::load_acts(port::Store& store, const statement::People& people) {
  return store.scan(kActSpace, "", [&](const std::string& key, const std::string& value) -> Status {
    FB_ASSIGN(const auto envelope, statement::parse_envelope(value));
    // Verified when it was accepted; expiry is judged again wherever an act is used.
    auto act = statement::verify_act(envelope, people, Instant{0});
    if (!act.ok() && act.error().code == ErrorCode::bad_signature)
      return {};  // of somebody who may no longer decide
    if (!act.ok()) return act.error().in("stored act " + key);
    const auto it = entries_.find(act->act.release);
    if (it != entries_.end()) it->second.acts.push_back(std::move(act).value());
    return {};
  });
}

Status Releases::load_evidence(port::Store& store, const statement::People& people) {
  const auto each = [&](const std::string& key, const std::string& value) -> Status {
    FB_ASSIGN(const Digest release, Digest::from_hex(key.substr(0, key.find('/'))));
    FB_ASSIGN(const auto envelope, statement::parse_envelope(value));
    auto evidence = statement::verify_evidence(envelope, people);
    if (!evidence.ok() && evidence.error().code == ErrorCode::bad_signature)
      return {};  // of somebody who may no longer vouch for anything
    if (!evidence.ok()) return evidence.error().in("stored evidence " + key);
    const auto it = entries_.find(release);
    if (it != entries_.end()) it->second.evidence.push_back(std::move(evidence).value());
    return {};
  };
  return store.scan(kEvidenceSpace, "", each);
}

Result<std::vector<Digest>> Releases::submit(const Submission& submission, const BlobSource& blobs,
                                             const Ground& ground, Transaction& tx, Instant now) {
  if (submission.role != "core" && submission.role != "content" && submission.role != "flags") {
    return Error{ErrorCode::malformed,
                 "role '" + submission.role + "': core, content or flags is expected"};
  }
  FB_ASSIGN(auto publication, repository_.compose({{submission.role, submission.metadata}}, now));
  FB_ASSIGN(const auto after, tuf::decode_targets(submission.metadata, submission.role));
  FB_ASSIGN(auto changes, take_new_targets(submission.role, after.body, blobs));
  if (changes.found.empty() && changes.marked.empty()) {
    return Error{ErrorCode::malformed,
                 "this metadata adds no release: no new <version>.manifest.json, and no mark"};
  }
  std::vector<Digest> digests;
  for (const auto& [digest, entry] : changes.found) digests.push_back(digest);
  for (const auto& [digest, mark] : changes.marked) {
    FB_TRY(check_mark(digest, ground, now));
    digests.push_back(digest);
  }
  enter(std::move(changes), tx, now);
  repository_.adopt(std::move(publication), tx);
  return digests;
}

// There is one road: where no server gives permits the gates have to be open before the mark is.
Status Releases::check_mark(const Digest& digest, const Ground& ground, Instant now) const {
  const ReleaseEntry* entry = find(digest);
  if (entry == nullptr) {
    return Error{ErrorCode::conflict, digest.brief() +
                                          " is marked as released before it was submitted: submit "
                                          "it, have it approved, then mark it"};
  }
  const auto results = gates(digest, ground.devices, ground.people, now);
  if (gate::all_open(results)) return {};
  return Error{ErrorCode::conflict,
               entry->manifest.component.text() + " " + entry->manifest.version +
                   " cannot be marked as released: " + gate::closed_reasons(results)};
}

void Releases::enter(Changes changes, Transaction& tx, Instant now) {
  for (auto& [digest, entry] : changes.found) {
    entry.log_index = tx.log(now, "release",
                             {{"release", digest.text()},
                              {"component", entry.manifest.component.text()},
                              {"version", entry.manifest.version},
                              {"class", word(entry.manifest.cls)},
                              {"author", entry.manifest.author.text()}});
    tx.put(kReleaseSpace, digest.text(), encode_entry(entry));
    entries_[digest] = std::move(entry);
  }
  for (const auto& [digest, mark] : changes.marked)
    tx.log(now, "released", {{"release", digest.text()}, {"since", to_rfc3339(mark.since)}});
}

Result<Releases::Changes> Releases::take_new_targets(const std::string& role,
                                                     const tuf::Targets& after,
                                                     const BlobSource& blobs) {
  Changes changes;
  for (const auto& [path, file] : after.targets) {
    FB_ASSIGN(const Change change, check_place(role, path, file));
    if (change == Change::none) continue;
    FB_ASSIGN(const Digest digest, file.sha256());
    FB_ASSIGN(const auto mark, release::find_mark(file.custom).in(path));
    if (mark) changes.marked.emplace(digest, *mark);
    if (change == Change::marked) continue;
    auto bytes = blobs(digest);
    if (!bytes.ok()) return bytes.error().in(path);
    FB_TRY(tuf::check_content(*bytes, file.length, file.hashes).in(path));
    FB_TRY(repository_.write_target(path, *bytes));
    if (!path.ends_with(".manifest.json")) continue;
    FB_ASSIGN(auto manifest, release::decode_manifest(*bytes));
    FB_TRY(check_manifest(manifest, path, after));
    if (entries_.contains(digest)) continue;  // was withdrawn, and is back
    FB_TRY(check_new_version(manifest));
    FB_TRY(bans_.check(digest, manifest));
    changes.found.emplace_back(
        digest, ReleaseEntry{std::move(manifest), std::move(bytes).value(), 0, {}, {}});
  }
  return changes;
}

// A role may only name what is delegated to it: clients ignore anything else, so nobody would ever
// notice it standing there.
Result<Releases::Change> Releases::check_place(const std::string& role, const std::string& path,
                                               const tuf::TargetFile& file) const {
  const auto& trusted = repository_.trusted();
  if (!trusted.targets()->body.delegations.covers(role, path)) {
    return Error{ErrorCode::forbidden, "the role " + role + " may not sign " + path};
  }
  // Not what is published: an earlier submission of the same transaction is not yet.
  FB_ASSIGN(const auto before, repository_.newest_targets(role));
  const auto it = before.targets.find(path);
  if (it == before.targets.end()) return Change::added;
  if (it->second == file) return Change::none;
  if (gains_mark(path, it->second, file)) return Change::marked;
  return Error{ErrorCode::already_exists,
               path +
                   " is published with other content; a version never changes, but that its "
                   "manifest gains the released mark, once"};
}

// Also when the role's metadata had dropped it meanwhile: devices may run it still.
Status Releases::check_new_version(const release::Manifest& manifest) const {
  for (const auto& [digest, entry] : entries_) {
    if (entry.manifest.component != manifest.component ||
        entry.manifest.version != manifest.version)
      continue;
    return Error{ErrorCode::already_exists, manifest.component.text() + " " + manifest.version +
                                                " is " + digest.text() +
                                                "; a version never changes"};
  }
  return {};
}

Status Releases::check_manifest(const release::Manifest& manifest, const std::string& path,
                                const tuf::Targets& after) {
  if (release::manifest_path(manifest) != path) {
    return Error{ErrorCode::mismatch,
                 path + " holds the manifest of " + release::manifest_path(manifest)};
  }
  for (const auto& artifact : manifest.artifacts) {
    const auto target = after.targets.find(release::target_path(manifest, artifact.name));
    if (target == after.targets.end())
      return Error{ErrorCode::not_found, path + " names " + artifact.name + ", which is no target"};
    FB_ASSIGN(const Digest digest, target->second.sha256());
    if (digest != artifact.digest ||
        target->second.length != static_cast<std::int64_t>(artifact.size)) {
      return Error{ErrorCode::mismatch,
                   path + " and the signed targets disagree about " + artifact.name};
    }
  }
  return {};
}

Status Releases::add_act(const statement::SignedAct& act, Transaction& tx, Instant now) {
  const auto it = entries_.find(act.act.release);
  if (it == entries_.end())
    return Error{ErrorCode::not_found,
                 "no release " + act.act.release.text() + " was submitted here"};
  const auto same = [&](const statement::SignedAct& each) {
    return each.act.nonce == act.act.nonce && each.act.person == act.act.person;
  };
  if (std::any_of(it->second.acts.begin(), it->second.acts.end(), same)) {
    return Error{ErrorCode::already_exists,
                 "this " + std::string(word(act.act.kind)) + " is recorded already"};
  }
  tx.put(kActSpace, act.act.release.hex() + "/" + act.act.person.text() + "/" + act.act.nonce,
         json::compact(statement::encode(act.envelope)));
  json::Value said{{"release", act.act.release.text()},
                   {"person", act.act.person.text()},
                   {"gate", act.act.gate},
                   {"reason", act.act.reason},
                   {"envelope", statement::encode(act.envelope)}};
  if (act.act.rollout) said["rollout"] = act.act.rollout->number();
  if (act.act.kind == statement::ActKind::accept) said["budget"] = act.act.budget;
  tx.log(now, std::string(word(act.act.kind)), std::move(said));
  it->second.acts.push_back(act);
  return {};
}

Result<Releases::Added> Releases::add_evidence(const Digest& release,
                                               const statement::SignedEvidence& evidence,
                                               Transaction& tx, Instant now) {
  const auto it = entries_.find(release);
  if (it == entries_.end())
    return Error{ErrorCode::not_found, "no release " + release.text() + " was submitted here"};
  std::vector<statement::SignedEvidence>& known = it->second.evidence;
  const statement::Subject& subject = evidence.evidence.subject;
  if (!statement::names(it->second.manifest, subject)) {
    return Error{ErrorCode::mismatch,
                 "the release has no artifact '" + subject.name + "' of " + subject.digest.text()};
  }
  const auto same = [&](const statement::SignedEvidence& each) {
    return each.person == evidence.person && each.envelope.payload == evidence.envelope.payload;
  };
  if (std::any_of(known.begin(), known.end(), same)) return Added::before;
  if (known.size() >= limits::kEvidencePerRelease) {
    return Error{ErrorCode::too_many, "the release has " + std::to_string(known.size()) +
                                          " pieces of evidence, and no more are kept"};
  }
  tx.put(kEvidenceSpace,
         release.hex() + "/" + evidence.person.text() + "/" +
             crypto::sha256(evidence.envelope.payload).hex(),
         json::compact(statement::encode(evidence.envelope)));
  tx.log(now, "evidence",
         {{"release", release.text()},
          {"person", evidence.person.text()},
          {"artifact", subject.name},
          {"predicate_type", statement::predicate_type(evidence.evidence.finding)},
          {"envelope", statement::encode(evidence.envelope)}});
  known.push_back(evidence);
  return Added::now;
}

void Releases::forget_words_but_of(const statement::People& people, Instant now) {
  const auto unsaid = [](const auto& again) {
    return !again.ok() && again.error().code == ErrorCode::bad_signature;
  };
  for (auto& [digest, entry] : entries_) {
    std::erase_if(entry.acts, [&](const statement::SignedAct& act) {
      return unsaid(statement::verify_act(act.envelope, people, now));
    });
    std::erase_if(entry.evidence, [&](const statement::SignedEvidence& evidence) {
      return unsaid(statement::verify_evidence(evidence.envelope, people));
    });
  }
}

const ReleaseEntry* Releases::find(const Digest& digest) const {
  const auto it = entries_.find(digest);
  return it == entries_.end() ? nullptr : &it->second;
}

gate::Fleet Releases::readers(const release::Manifest& manifest, const Devices& devices,
                              Instant now) const {
  gate::Fleet fleet;
  if (!manifest.reader) return fleet;
  for (const auto& build : devices.inventory(now).builds) {
    if (build.component != *manifest.reader) continue;
    const ReleaseEntry* core = find(build.manifest);
    if (core != nullptr && core->manifest.contract)
      fleet.readers.push_back({*core->manifest.contract, build.devices});
    else
      fleet.unknown_devices += build.devices;
  }
  return fleet;
}

bool Releases::knows_reader(const release::Manifest& manifest, const Devices& devices,
                            DeviceIndex device) const {
  if (!manifest.reader) return true;
  const auto* core = devices.component(device, *manifest.reader);
  if (core == nullptr || !core->active) return true;  // no such core: the device itself decides
  const ReleaseEntry* known = find(*core->active);
  return known != nullptr && known->manifest.contract.has_value();
}

std::vector<gate::GateResult> Releases::gates(const Digest& digest, const Devices& devices,
                                              const statement::People& people, Instant now,
                                              statement::Lane lane) const {
  const ReleaseEntry& entry = entries_.at(digest);
  return gate::evaluate({entry.manifest, digest, readers(entry.manifest, devices, now), entry.acts,
                         people, now, lane});
}

}  // namespace fb::server

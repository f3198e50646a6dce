// A publisher in memory that is also the server, and a device that refreshes from it: an attack is
// three lines.
//
// For tests of this module and of the shells around it; it has keys that everybody knows. next()
// publishes the next version of roles as an honest repository would; put() publishes whatever the
// test has made of the values; files can be changed byte by byte. Roles have one key with threshold
// 1 unless the test says otherwise.
#pragma once

#include <array>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/sha256.h"
#include "crypto/signer_test.h"
#include "tuf/names.h"
#include "tuf/refresh.h"
#include "tuf/repository.h"

namespace fb::tuf {

using crypto::TestSigner;

// The name of the error, or "accepted": what attack tests compare.
template <class T>
std::string refusal(const Result<T>& result) {
  return result.ok() ? "accepted" : std::string(name(result.error().code));
}

inline constexpr Instant kTestNow{1'900'000'000'000};  // 2030-03-17
inline TrustedNow at(Instant t) { return {t, t}; }

class RepositorySimulator {
 public:
  using Names = std::initializer_list<std::string_view>;

  // Version 1 of everything: root, timestamp, snapshot, targets, and core, content, flags and
  // rollouts below it.
  RepositorySimulator() {
    Keyrings rings;
    for (const char* role :
         {"root", "timestamp", "snapshot", "targets", "core", "content", "flags", "rollouts"}) {
      signers[role] = {make_signer(role)};
      rings[role] = {{signers[role].front()->key()}, 1};
    }
    root = *compose_root(rings, {1, expires()});
    targets["targets"] = *compose_targets(rings, {1, expires()});
    for (const char* role : {"core", "content", "flags", "rollouts"})
      targets[role] = {1, expires(), {}, {}};
    timestamp.expires = snapshot.expires = expires();
    put({"root", "core", "content", "flags", "rollouts", "targets"});
    follow("snapshot");
    put({"snapshot"});
    follow("timestamp");
    put({"timestamp"});
  }

  // What the publisher is going to sign next; change at will, then next() or put().
  Root root;
  Timestamp timestamp;
  Snapshot snapshot;
  std::map<std::string, Targets> targets;  // top-level and delegated, by role
  std::map<std::string, std::vector<const TestSigner*>> signers;
  bool with_hashes = true;  // whether timestamp and snapshot give lengths and hashes

  // What is served, by path.
  std::map<std::string, std::string> files;

  static Instant expires() { return kTestNow + days(100); }

  const TestSigner* make_signer(const std::string& name) {
    return &all_signers_.emplace_back(name);
  }

  // One version up, references brought up to date, signed and served; in this order.
  void next(Names roles) {
    for (const std::string_view role : roles) {
      ++version(role);
      follow(role);
      put({role});
    }
  }
  // Signed and served as the values stand.
  void put(Names roles) {
    for (const std::string_view role : roles) {
      const std::string file = *sign_file(encoded(role), signing(role));
      newest_[std::string(role)] = file;
      const bool prefixed = root.consistent_snapshot || role == kRoot;
      files[metadata_path(role, prefixed && role != kTimestamp ? std::optional(version(role))
                                                               : std::nullopt)] = file;
    }
  }
  // The whole of it, as after a change of targets.
  void next_all() { next({"targets", "snapshot", "timestamp"}); }

  void set_keys(std::string_view role, const std::vector<const TestSigner*>& keys,
                std::int64_t threshold) {
    RoleKeys& entry = role_entry(role);
    entry = {.keyids = {}, .threshold = threshold};
    crypto::KeyMap& map = is_top_level(role) ? root.keys : targets["targets"].delegations.keys;
    for (const TestSigner* signer : keys) {
      entry.keyids.insert(signer->key().id());
      map.emplace(signer->key().id(), signer->key());
    }
    signers[std::string(role)] = keys;
  }
  void rotate(std::string_view role) {
    set_keys(role, {make_signer(std::string(role) + " rotated")}, 1);
  }

  RoleKeys& role_entry(std::string_view role) {
    if (is_top_level(role)) return root.roles.find(role)->second;
    for (DelegatedRole& delegated : targets["targets"].delegations.roles) {
      if (delegated.name == role) return delegated.signers;
    }
    FB_CHECK(false);
  }
  // A role below `delegator` with a key of its own, version 1, not yet published.
  DelegatedRole& delegate(const std::string& delegator, const std::string& role,
                          std::vector<std::string> paths) {
    const TestSigner* signer = make_signer(delegator + " to " + role);
    Delegations& parent = targets[delegator].delegations;
    signers[role].push_back(signer);
    parent.keys.emplace(signer->key().id(), signer->key());
    targets.try_emplace(role, Targets{1, expires(), {}, {}});
    parent.roles.push_back({role, {{signer->key().id()}, 1}, false, std::move(paths), {}});
    return parent.roles.back();
  }

  [[nodiscard]] const std::string& newest(std::string_view role) const {
    return newest_.find(role)->second;
  }
  std::int64_t& version(std::string_view role) {
    if (role == kRoot) return root.version;
    if (role == kTimestamp) return timestamp.version;
    if (role == kSnapshot) return snapshot.version;
    return targets.at(std::string(role)).version;
  }

 private:
  MetaFile meta_of(std::string_view role) {
    MetaFile meta{version(role), {}, {}};
    if (!with_hashes) return meta;
    const std::string& file = newest(role);
    return {meta.version,
            static_cast<std::int64_t>(file.size()),
            {{"sha256", crypto::sha256(file).hex()}}};
  }
  void follow(std::string_view role) {
    if (role == kTimestamp) timestamp.snapshot = meta_of(kSnapshot);
    if (role != kSnapshot) return;
    for (const auto& [name, body] : targets) {
      if (newest_.count(name) != 0) snapshot.meta[name] = meta_of(name);
    }
  }
  json::Value encoded(std::string_view role) {
    if (role == kRoot) return encode(root);
    if (role == kTimestamp) return encode(timestamp);
    if (role == kSnapshot) return encode(snapshot);
    return encode(targets.at(std::string(role)));
  }
  Signers signing(std::string_view role) {
    const auto& of_role = signers[std::string(role)];
    return {of_role.begin(), of_role.end()};
  }

  std::deque<TestSigner> all_signers_;  // stable addresses
  std::map<std::string, std::string, std::less<>> newest_;
};

class SimulatedDevice {
 public:
  explicit SimulatedDevice(const RepositorySimulator& repository)
      : pinned(repository.newest(kRoot)) {}

  std::string pinned;
  StoredMetadata stored;
  std::vector<std::string> wanted{"core", "content", "flags", "rollouts"};
  std::vector<std::string> requests;      // paths, of the last refresh
  std::map<std::string, Error> failures;  // delegated roles, of the last refresh
  std::optional<TrustedSet> trusted;      // of the last refresh, as far as it came

  // The first error that ends it.
  Status refresh(const RepositorySimulator& repository, TrustedNow now = at(kTestNow)) {
    requests.clear();
    FB_ASSIGN(auto run, Refresh::begin({pinned, stored, wanted, now}));
    const Status outcome = drive(run, repository);
    failures = run.failures();
    trusted = run.trusted();
    return outcome;
  }

  // Refreshes, then looks for a target and loads the roles it takes.
  Result<Search> find(const RepositorySimulator& repository, std::string_view target) {
    requests.clear();
    FB_ASSIGN(auto run, Refresh::begin({pinned, stored, {}, at(kTestNow)}));
    FB_TRY(drive(run, repository));
    while (true) {
      FB_ASSIGN(auto search, run.trusted().find_target(target));
      const auto* need = std::get_if<NeedRole>(&search);
      if (need == nullptr) return search;
      FB_TRY(run.want(need->role, need->delegator));
      FB_TRY(drive(run, repository));
      if (!run.failures().empty()) return run.failures().begin()->second;
    }
  }

  // 0 when nothing is stored for the role.
  [[nodiscard]] std::int64_t stored_version(std::string_view role) const {
    const auto found = stored.find(role);
    if (found == stored.end()) return 0;
    return json::parse(found->second)->at("signed").at("version").get<std::int64_t>();
  }

 private:
  Status drive(Refresh& run, const RepositorySimulator& repository) {
    while (const auto need = run.next()) {
      requests.push_back(need->path);
      const auto file = repository.files.find(need->path);
      const bool found = file != repository.files.end();
      const Status fed = found ? run.feed(file->second) : run.not_found();
      for (auto& [role, bytes] : run.take_accepted()) stored[role] = std::move(bytes);
      if (!fed.ok() && !run.complete()) return fed;
    }
    return {};
  }
};

// A repository at version 2 of everything and a device that has seen it.
struct SeenRepository {
  RepositorySimulator repository;
  SimulatedDevice device{repository};

  SeenRepository() {
    repository.next({"core", "content", "flags", "rollouts", kTargets, kSnapshot, kTimestamp});
    FB_CHECK(device.refresh(repository).ok());
  }
};

inline bool found_in(const Result<Search>& search, std::string_view role) {
  const auto* found = search.ok() ? std::get_if<FoundTarget>(&*search) : nullptr;
  return found != nullptr && found->role == role;
}
inline bool absent(const Result<Search>& search) {
  return search.ok() && std::holds_alternative<NoSuchTarget>(*search);
}

}  // namespace fb::tuf

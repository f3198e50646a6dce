#include "publisher/layout.h"

#include <array>
#include <map>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/sha256.h"
#include "publisher/home.h"
#include "publisher/server_configuration.h"
#include "statement/log_trust.h"
#include "tuf/names.h"
#include "tuf/repository.h"

namespace fb::publisher {
namespace {

using statement::Role;

struct OfflineRole {
  std::string_view name;
  int keys;
  std::int64_t threshold;
};
constexpr std::array<OfflineRole, 5> kOfflineRoles{
    {{"root", 3, 2}, {"targets", 2, 2}, {"core", 2, 2}, {"content", 2, 2}, {"flags", 2, 2}}};

struct Seat {
  const char* person;
  Role role;
};
constexpr std::array<Seat, 5> kSeats{{{"author", Role::author},
                                      {"reviewer", Role::reviewer},
                                      {"operator", Role::operations},
                                      {"security", Role::security},
                                      {"customer", Role::customer}}};

using OwnedSigners =
    std::map<std::string, std::vector<std::unique_ptr<crypto::Signer>>, std::less<>>;

// Gathers the files while it makes keys: one owner for everything that compose_layout builds up.
class Composer {
 public:
  Composer(const LayoutOrder& order, KeyStore& keys, port::Entropy& entropy)
      : order_(order), keys_(keys), entropy_(entropy) {}

  Result<std::vector<LayoutFile>> run() {
    FB_TRY(make_offline_keys());
    FB_TRY(make_online_keys());
    FB_TRY(seat_people());
    FB_TRY(make_repository());
    FB_TRY(make_tenants());
    add(kServerToken, token());
    FB_ASSIGN(std::string server, server_configuration(order_, tenants_));
    add(kServerConfiguration, std::move(server));
    FB_ASSIGN(std::string own, own_configuration(order_));
    add(kConfiguration, std::move(own));
    return std::move(files_);
  }

 private:
  [[nodiscard]] Protection offline() const {
    return order_.profile == Profile::lab ? Protection::plain : Protection::passphrase;
  }
  std::string token() { return to_hex(entropy_.bytes(32)); }

  void add(std::string_view path, std::string bytes) {
    files_.push_back({std::string(path), std::move(bytes)});
  }
  // Repository files go to the publisher's copy and to the one the server publishes from.
  void add_published(const std::string& path, const std::string& bytes) {
    add("repository/" + path, bytes);
    add("server/repository/" + path, bytes);
  }

  Result<NewKey> make_key(const std::string& pem_path, Protection protection) {
    FB_ASSIGN(NewKey made, keys_.generate(protection));
    add(pem_path, made.pem);
    add(public_half(pem_path), json::pretty(made.key.document));
    return made;
  }

  Status make_offline_keys() {
    for (const auto& [role, count, threshold] : kOfflineRoles) {
      tuf::Keyring ring{{}, threshold};
      for (int number = 1; number <= count; ++number) {
        FB_ASSIGN(const NewKey made, make_key(role_key_path(role, number), offline()));
        FB_ASSIGN(auto signer, keys_.open(made.pem, role_key_name(role, number)));
        signers_[std::string(role)].push_back(std::move(signer));
        ring.keys.push_back(made.key);
      }
      rings_.emplace(role, std::move(ring));
    }
    return {};
  }

  Status make_online_keys() {
    for (const std::string role : {"rollouts", "snapshot", "timestamp"}) {
      FB_ASSIGN(const NewKey made, make_key("server/keys/" + role + ".pem", Protection::plain));
      rings_.emplace(role, tuf::Keyring{{made.key}, 1});
    }
    FB_ASSIGN(const NewKey log, make_key("server/keys/log.pem", Protection::plain));
    log_ = {statement::default_origin(log.key), {{log.key.id(), log.key}}, {}};
    return {};
  }

  Status seat_people() {
    if (order_.people) {
      people_ = *order_.people;
      return {};
    }
    for (const auto& [name, role] : kSeats) {
      FB_ASSIGN(PersonId id, PersonId::parse(name));
      FB_ASSIGN(const NewKey made, make_key(person_path(id), offline()));
      people_.people.push_back({std::move(id), {role}, {{made.key.id(), made.key}}});
    }
    return {};
  }

  Result<std::string> sign(std::string_view role, const json::Value& body) {
    tuf::Signers signers;
    const auto& owned = signers_.find(role)->second;
    const auto needed = static_cast<std::size_t>(rings_.find(role)->second.threshold);
    for (std::size_t i = 0; i < needed; ++i) signers.push_back(owned[i].get());
    return tuf::sign_file(body, signers);
  }

  [[nodiscard]] tuf::Edition first(Millis lifetime) const { return {1, order_.now + lifetime}; }

  Status make_repository() {
    const tuf::Lifetimes lifetimes;
    FB_ASSIGN(const tuf::Root root, tuf::compose_root(rings_, first(lifetimes.root)));
    FB_ASSIGN(std::string root_file, sign("root", tuf::encode(root)));
    add_published("metadata/1.root.json", root_file);
    add(kPinnedRoot, std::move(root_file));

    FB_ASSIGN(tuf::Targets targets, tuf::compose_targets(rings_, first(lifetimes.targets)));
    add_trust(targets, statement::kPeoplePath, statement::encode(people_));
    add_trust(targets, statement::kLimitsPath, statement::encode(speed_limits(order_.profile)));
    add_trust(targets, statement::kLogTrustPath, statement::encode(log_));
    FB_ASSIGN(const std::string targets_file, sign("targets", tuf::encode(targets)));
    add_published("metadata/1.targets.json", targets_file);

    for (const std::string_view role : {"core", "content", "flags"}) {
      FB_ASSIGN(const Millis lifetime, lifetimes.of(role));
      const tuf::Targets empty{1, order_.now + lifetime, {}, {}};
      FB_ASSIGN(const std::string file, sign(role, tuf::encode(empty)));
      add_published("metadata/" + tuf::metadata_path(role, 1), file);
    }
    return {};
  }

  void add_trust(tuf::Targets& targets, std::string_view path, const std::string& bytes) {
    targets.targets[std::string(path)] = tuf::describe(bytes);
    add_published("targets/" + tuf::hashed_name(path, crypto::sha256(bytes).hex()), bytes);
  }

  Status make_tenants() {
    for (const TenantId& tenant : order_.tenants) {
      FB_ASSIGN(const NewKey policy, make_key(tenant_path(tenant, "policy.pem"), offline()));
      const std::string enrolment = token();
      add(tenant_path(tenant, "enrolment.token"), enrolment);
      tenants_.push_back({tenant, crypto::sha256(enrolment), policy.key});
    }
    return {};
  }

  const LayoutOrder& order_;
  KeyStore& keys_;
  port::Entropy& entropy_;
  std::vector<LayoutFile> files_;
  OwnedSigners signers_;
  tuf::Keyrings rings_;
  statement::LogTrust log_;
  statement::People people_;
  std::vector<TenantSeat> tenants_;
};

std::vector<statement::SpeedStep> production_steps(release::Kind kind, release::Class cls) {
  using release::Class;
  constexpr std::int64_t kAll = 1'000'000;
  // Security and emergency releases are awaited; for features and fixes an hour more costs nobody
  // anything.
  const bool urgent = cls == Class::security || cls == Class::emergency;
  if (kind == release::Kind::core) {
    if (urgent)
      return {{hours(0), 10'000}, {minutes(30), 100'000}, {hours(2), 500'000}, {hours(4), kAll}};
    return {{hours(0), 10'000}, {hours(1), 100'000}, {hours(4), 500'000}, {hours(8), kAll}};
  }
  if (urgent)
    return {{hours(0), 20'000}, {minutes(5), 200'000}, {minutes(20), 500'000}, {minutes(40), kAll}};
  return {{hours(0), 10'000}, {minutes(15), 100'000}, {hours(1), 500'000}, {hours(2), kAll}};
}

std::string made_text(const LayoutOrder& order, const std::string& path) {
  std::string text =
      "made " + path +
      ": keys, people, tenants, a signed repository and the server's configuration\n";
  if (order.profile == Profile::lab) {
    text +=
        "\n  LAB PROFILE, for trying things out: seconds instead of hours, no speed limit, and the "
        "private keys of\n"
        "  all five sample people lie unencrypted in " +
        path + "/people. Never point it at machines that matter.\n";
  } else if (!order.people) {
    text += "\n  Hand each file in " + path + "/people to its person and remove it here. Move " +
            path +
            "/keys/root-* and targets-*\n  to offline media: nothing needs them from day to day.\n";
  }
  return text;
}

std::string next_steps(const std::string& path) {
  return "\nnext:\n"
         "  cd " +
         path +
         "\n"
         "  firebreakd --config " +
         std::string(kServerConfiguration) +
         " &\n"
         "  firebreak release create --help\n";
}

}  // namespace

std::string_view word(Profile profile) {
  switch (profile) {
    case Profile::lab: return "lab";
    case Profile::standard: return "standard";
  }
  FB_CHECK(false);
}

Result<std::vector<LayoutFile>> compose_layout(const LayoutOrder& order, KeyStore& keys,
                                               port::Entropy& entropy) {
  if (order.tenants.empty())
    return Error{ErrorCode::bad_usage, "at least one tenant is needed: --tenants acme"};
  return Composer(order, keys, entropy).run();
}

Status check_free(port::Files& home) {
  if (home.size(std::string(kConfiguration)).ok() || home.size(std::string(kPinnedRoot)).ok()) {
    return Error{ErrorCode::already_exists,
                 home.absolute("") +
                     " is a home already; its keys are never overwritten. Choose another folder"};
  }
  return {};
}

Status write_layout(port::Files& home, const std::vector<LayoutFile>& files) {
  FB_TRY(check_free(home));
  for (const LayoutFile& file : files) FB_TRY(home.write_atomic(file.path, file.bytes));
  return {};
}

Outcome describe_layout(const LayoutOrder& order, const std::string& shown_path) {
  json::Value tenants = json::Value::array();
  for (const TenantId& tenant : order.tenants) tenants.push_back(tenant.text());
  return {Answer::yes,
          made_text(order, shown_path) + next_steps(shown_path),
          {{"home", shown_path},
           {"profile", word(order.profile)},
           {"listen", order.listen},
           {"tenants", tenants}}};
}

statement::SpeedLimits speed_limits(Profile profile) {
  statement::SpeedLimits limits;
  for (const auto& [kind_word, kind] : release::kind_words()) {
    for (const auto& [class_word, cls] : release::class_words()) {
      auto steps = profile == Profile::lab
                       ? std::vector<statement::SpeedStep>{{hours(0), 1'000'000}}
                       : production_steps(kind, cls);
      limits.rules.push_back({kind, cls, std::move(steps)});
    }
  }
  return limits;
}

}  // namespace fb::publisher

// Courier: everything this device says to its server, and what it believes of the answers.
//
// Enrols, checks in, keeps the TUF metadata current, loads the signed documents that decisions rest
// on, and asks for permits. Blocking; used by one background job at a time and by nothing else. It
// hands out values only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/config.h"
#include "agent/log_watch.h"
#include "agent/metadata.h"
#include "agent/mirrors.h"
#include "bundle/index.h"
#include "install/bans.h"
#include "policy/customer.h"
#include "policy/key_rotation.h"
#include "port/byte_source.h"
#include "port/clock.h"
#include "port/files.h"
#include "port/http_client.h"
#include "port/log.h"
#include "statement/people.h"
#include "statement/plan.h"
#include "statement/speed.h"
#include "wire/device_api.h"

namespace fb::agent {

// What main read from the files that the configuration names.
struct Pinned {
  std::string root;
  std::optional<crypto::PublicKey> policy_key;
  std::string enrolment_token;
  std::string os = "linux";
  std::string arch;
};

// A verified plan with what it means here.
struct Order {
  statement::Plan plan;
  bool ask = false;
  std::vector<RolloutId> resumed;            // the halts of it that two people lifted
  std::vector<statement::SignedAct> acts;    // of people this device knows
  std::shared_ptr<port::HttpClient> bundle;  // where its files are; null: the server and mirrors
};

// What people said of a release that a bundle brought, verified; over a restart as well.
struct CarriedActs {
  Digest release;
  std::vector<statement::SignedAct> acts;
};

// What the device knows of the world: signed, verified, and kept when the server is gone.
struct Knowledge {
  std::optional<DeviceId> device;
  std::shared_ptr<const tuf::TrustedSet> trusted;  // null: nothing yet
  Instant authenticated;                           // it is not earlier than this
  install::Bans bans;                              // all that were ever seen
  std::string missing;  // a list of bans that is signed and could not be had; empty: none
  std::optional<statement::SpeedLimits> limits;
  statement::People people;
  std::optional<policy::Policy> policy;
  std::map<ComponentId, CarriedActs> carried;
};

struct News {
  wire::CheckInReply reply;
  Knowledge knowledge;
  std::vector<Order> orders;
  std::vector<std::pair<wire::Offer, Error>> refused_offers;
  std::vector<std::string> troubles;  // what could not be verified or fetched, one sentence each
};

// What a bundle brought. A plan without a rollout stands for the released mark of its release.
struct CarriedRefusal {
  bundle::Carried carried;
  std::string rule;
  std::string sentence;
};
struct BundleNews {
  Knowledge knowledge;
  std::vector<Order> orders;
  std::vector<CarriedRefusal> refused;
  std::vector<std::string> troubles;
  std::optional<Error> error;  // the bundle could not be used; what it says is older, or not signed
};

struct Granted {
  Millis valid;
  std::string by;  // for people
};
struct NoPermit {  // an answer, but not a permit for us
  std::string rule;
  std::string sentence;
};
using PermitOutcome = std::variant<Granted, wire::Denial, NoPermit>;

// A release that a bundle brought, and the log was proved to hold.
struct ProvedRelease {
  Digest release;
  std::string manifest_path;
  std::vector<statement::Envelope> acts;
};

class Courier {
 public:
  struct Doors {
    port::Files& files;
    const port::Clock& clock;
    port::Entropy& entropy;
    port::HttpClient& http;
    port::Log& log;
  };
  Courier(Config config, Pinned pinned, Doors doors);

  // What the disk knows, verified again. Errors: malformed, io_failed (the identity file); the
  // rest is loaded all the same, and every word to the server fails with that error.
  Status load();
  [[nodiscard]] Knowledge knowledge() const;

  // Enrols first where that has not happened. Errors: those of the network, forbidden, conflict.
  Result<News> check_in(wire::CheckIn report);
  // Errors: those of the network: ask again with the same nonce.
  // The log size that the ask names is filled in here.
  // Without a rollout it is the released mark that is asked, and not the server.
  Result<PermitOutcome> ask(wire::PermitAsk ask, release::Kind kind);

  // Follows the metadata that a bundle brings and takes what it offers for the components here:
  // releases that their owning role has marked, in a log that goes on from what was seen. In
  // air-gapped mode only.
  BundleNews take_bundle(std::shared_ptr<const port::ByteSource> source);

  // After a check-in that reached nobody: whether a mirror had metadata to follow. What is blocked
  // and revoked reaches a device so while its server is away; nothing starts by it.
  bool hear_mirrors();

 private:
  Status enrol();
  Result<port::HttpResponse> post(const std::string& path, std::string body, bool authorized);
  Status store_identity() const;
  void follow_metadata(const wire::CheckInReply& reply, News& news);
  // The full workflow at the server and then, while `enough` is not true, at each metadata mirror.
  // Errors: the server's, when nobody had enough.
  Status refresh_metadata(const std::function<bool()>& enough);
  bool refresh_at_mirrors(const std::function<bool()>& enough);
  // Where documents are fetched from; null: from the disk alone.
  struct Origin {
    port::HttpClient& http;
    std::vector<std::string> bases;
    std::vector<std::string>& troubles;
  };
  void load_documents(Origin* origin);
  template <class T, class Decode>
  void load_document(const char* path, std::string_view role, T& into, Decode decode,
                     Origin* origin);
  Result<std::string> get(const std::string& path);
  void follow_policy_keys(std::int64_t offered, News& news);
  Status take_policy_keys(std::string_view bytes);
  Status take_rotations(const std::vector<statement::Envelope>& rotations);
  Status take_policy(std::string_view bytes);
  [[nodiscard]] bool has_policy(const statement::Envelope& envelope) const;
  void take_tenants_word(const bundle::Index& index, std::vector<std::string>& troubles);
  void follow_policy(std::int64_t offered, News& news);
  Result<policy::Policy> open_policy(std::string_view bytes,
                                     const statement::Signers& signers) const;
  void load_policy();
  void take_offers(News& news);
  Result<Order> take_offer(const wire::Offer& offer);
  Result<std::string> document(const std::string& path, std::string_view role, Origin* origin);
  // Those that count by the people whom this device knows; the others are logged where they are
  // new.
  enum class Heard : std::uint8_t { now, before };
  [[nodiscard]] std::vector<statement::SignedAct> verified(
      const std::vector<statement::Envelope>& acts, Heard heard) const;
  [[nodiscard]] std::vector<RolloutId> lifted(const Order& order) const;
  Status be_fresh(statement::Purpose purpose, release::Kind kind);
  Status load_identity();
  [[nodiscard]] std::optional<DeviceId> own_id() const;
  Status open_bundle(std::shared_ptr<const port::ByteSource> source, BundleNews& news);
  Status follow_bundle(port::HttpClient& bundle, BundleNews& news);
  // Why a carried release is not taken; none: it is. Errors: those of the disk.
  Result<std::optional<NoPermit>> find_refusal(const bundle::Index& index,
                                               const bundle::Carried& carried);
  [[nodiscard]] std::optional<NoPermit> find_refusal(const std::string& manifest_path,
                                                     const Digest& release,
                                                     release::Kind kind) const;
  [[nodiscard]] Result<PermitOutcome> ask_mark(const wire::PermitAsk& ask,
                                               release::Kind kind) const;
  Status learn_time(const bundle::Carried& carried);
  Status name_itself();
  void load_carried();
  Status remember_carried(const bundle::Carried& carried);
  void remember_bans();
  [[nodiscard]] std::string missing_lists() const;

  Config config_;
  Pinned pinned_;
  Doors doors_;
  Mirrors mirrors_;  // as the prompt lane knows them
  Mirrors metadata_mirrors_;
  Uptime next_hearing_;  // of mirrors, while the server is away
  MetadataStore metadata_;
  LogWatch log_watch_;
  Status identity_;  // whether the identity file can be used
  std::string secret_;
  std::optional<DeviceId> device_;
  std::map<std::string, Digest> loaded_;     // documents below, as they were decoded
  std::vector<statement::Blocked> blocked_;  // as signed now, for this tenant
  statement::Revocations revocations_;       // as signed now
  install::Bans seen_;  // every ban ever seen, as on the disk; only a lift clears one
  install::Bans bans_;  // those that count: what there was no room for included
  std::optional<statement::SpeedLimits> limits_;
  statement::People people_;
  std::optional<statement::LogTrust> log_trust_;
  std::optional<policy::KeyChain> policy_keys_;  // none: no key is pinned
  std::optional<policy::Policy> policy_;
  std::map<ComponentId, ProvedRelease> carried_;  // what bundles brought last, as on the disk
};

}  // namespace fb::agent

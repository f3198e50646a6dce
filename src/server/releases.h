// The releases that were submitted, and what people said about them. On the decider's thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gate/gate.h"
#include "release/manifest.h"
#include "release/mark.h"
#include "server/bans.h"
#include "server/devices.h"
#include "server/repository.h"
#include "server/transaction.h"
#include "statement/evidence.h"
#include "statement/people.h"

namespace fb::server {

struct ReleaseEntry {
  release::Manifest manifest;
  std::string manifest_bytes;
  std::uint64_t log_index = 0;  // of its entry in the event log: what a permit proves
  std::vector<statement::SignedAct> acts;
  std::vector<statement::SignedEvidence> evidence;
};

class Releases {
 public:
  Releases(Repository& repository, const Bans& bans) : repository_(repository), bans_(bans) {}

  Status load(port::Store& store, const statement::People& people);

  // Takes signed role metadata: every new target must lie in `blobs` (by digest, hex), every new
  // manifest must decode, own its path and be neither revoked nor below its component's floor; a
  // target that is published may gain the released mark once its gates are open, and changes in
  // nothing else. On success the publication is adopted with `tx`; the digests of the releases that
  // are new or newly marked. Errors: those of tuf, malformed, mismatch, not_found (a blob),
  // already_exists, conflict (revoked, below the floor, marked while a gate is closed).
  struct Submission {
    std::string role;
    std::string metadata;
  };
  using BlobSource = std::function<Result<std::string>(const Digest&)>;
  // What gates are asked over.
  struct Ground {
    const Devices& devices;
    const statement::People& people;
  };
  Result<std::vector<Digest>> submit(const Submission& submission, const BlobSource& blobs,
                                     const Ground& ground, Transaction& tx, Instant now);

  // Adds an approval or a waiver. Errors: not_found (release), already_exists (nonce).
  Status add_act(const statement::SignedAct& act, Transaction& tx, Instant now);

  // Adds evidence about one of the release's artifacts; what a person has said of it already is
  // not said twice. Errors: not_found (release), mismatch (no artifact of it), too_many.
  enum class Added : std::uint8_t { now, before };
  Result<Added> add_evidence(const Digest& release, const statement::SignedEvidence& evidence,
                             Transaction& tx, Instant now);

  // The word of people who may no longer decide does not count any more.
  void forget_words_but_of(const statement::People& people, Instant now);

  [[nodiscard]] const ReleaseEntry* find(const Digest& digest) const;
  [[nodiscard]] const std::map<Digest, ReleaseEntry>& all() const { return entries_; }

  // Whether the core that would read this content on the device is one whose contract is known.
  [[nodiscard]] bool knows_reader(const release::Manifest& manifest, const Devices& devices,
                                  DeviceIndex device) const;
  // The gates as they stand, over the core builds that the devices run.
  [[nodiscard]] std::vector<gate::GateResult> gates(
      const Digest& digest, const Devices& devices, const statement::People& people, Instant now,
      statement::Lane lane = statement::Lane::standard) const;

 private:
  Status load_acts(port::Store& store, const statement::People& people);
  Status load_evidence(port::Store& store, const statement::People& people);
  [[nodiscard]] gate::Fleet readers(const release::Manifest& manifest, const Devices& devices,
                                    Instant now) const;
  using Found = std::vector<std::pair<Digest, ReleaseEntry>>;
  struct Changes {
    Found found;
    std::map<Digest, release::ReleasedMark> marked;
  };
  Result<Changes> take_new_targets(const std::string& role, const tuf::Targets& after,
                                   const BlobSource& blobs);
  enum class Change : std::uint8_t { none, marked, added };
  [[nodiscard]] Result<Change> check_place(const std::string& role, const std::string& path,
                                           const tuf::TargetFile& file) const;
  [[nodiscard]] Status check_mark(const Digest& digest, const Ground& ground, Instant now) const;
  void enter(Changes changes, Transaction& tx, Instant now);
  Status check_new_version(const release::Manifest& manifest) const;
  static Status check_manifest(const release::Manifest& manifest, const std::string& path,
                               const tuf::Targets& after);

  Repository& repository_;
  const Bans& bans_;
  std::map<Digest, ReleaseEntry> entries_;
};

}  // namespace fb::server

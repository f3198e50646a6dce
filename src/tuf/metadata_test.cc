#include "tuf/metadata.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/limits.h"
#include "crypto/sha256.h"
#include "tuf/repository_sim_test.h"

namespace fb::tuf {
namespace {

using json::Value;

// A root, snapshot or targets file of the simulator, changed by `edit`, with signatures that no
// longer matter here.
std::string edited(std::string_view role, const std::function<void(Value&)>& edit) {
  const RepositorySimulator repository;
  Value file = *json::parse(repository.newest(role));
  edit(file);
  return file.dump();
}

Status decode_any(std::string_view role, std::string_view bytes) {
  const auto outcome = [](const auto& result) {
    return result.ok() ? Status() : Status(result.error());
  };
  if (role == kRoot) return outcome(decode_root(bytes));
  if (role == kTimestamp) return outcome(decode_timestamp(bytes));
  if (role == kSnapshot) return outcome(decode_snapshot(bytes));
  return outcome(decode_targets(bytes));
}

struct Flaw {
  const char* name;
  std::string_view role;
  std::function<void(Value&)> edit;
  ErrorCode code;
  const char* says;
};

std::vector<Flaw> flaws_of_root() {
  constexpr auto kMalformed = ErrorCode::malformed;
  return {
      {"type", kRoot, [](Value& f) { f["signed"]["_type"] = "targets"; }, kMalformed, "root._type"},
      {"spec 2", kRoot, [](Value& f) { f["signed"]["spec_version"] = "2.0.0"; },
       ErrorCode::unsupported, "2.0.0"},
      {"spec 10", kRoot, [](Value& f) { f["signed"]["spec_version"] = "10.0"; },
       ErrorCode::unsupported, "10.0"},
      {"version 0", kRoot, [](Value& f) { f["signed"]["version"] = 0; }, kMalformed,
       "root.version"},
      {"version too far", kRoot, [](Value& f) { f["signed"]["version"] = kMaxInteger + 1; },
       kMalformed, "version"},
      {"version as text", kRoot, [](Value& f) { f["signed"]["version"] = "1"; }, kMalformed,
       "root.version"},
      {"expiry", kRoot, [](Value& f) { f["signed"]["expires"] = "tomorrow"; }, kMalformed,
       "root.expires"},
      {"no role", kRoot, [](Value& f) { f["signed"]["roles"].erase("snapshot"); }, kMalformed,
       "roles.snapshot"},
      {"threshold 0", kRoot, [](Value& f) { f["signed"]["roles"]["root"]["threshold"] = 0; },
       kMalformed, "threshold"},
      {"keyid twice", kRoot,
       [](Value& f) {
         Value& ids = f["signed"]["roles"]["root"]["keyids"];
         ids.push_back(ids[0]);
       },
       kMalformed, "stands twice"},
      {"signature twice", kRoot, [](Value& f) { f["signatures"].push_back(f["signatures"][0]); },
       kMalformed, "twice"},
      {"many signatures", kRoot,
       [](Value& f) {
         for (int i = 0; i < 64; ++i)
           f["signatures"].push_back({{"keyid", std::to_string(i)}, {"sig", ""}});
       },
       ErrorCode::too_large, "65 signatures"},
      {"fraction", kRoot,
       [](Value& f) {
         f["signed"]["x"] = {1, {{"y", 1.5}}};
       },
       kMalformed, "canonical"},
      {"no signed", kRoot, [](Value& f) { f.erase("signed"); }, kMalformed, "root.signed"},
      {"no signatures", kRoot, [](Value& f) { f.erase("signatures"); }, kMalformed,
       "root.signatures"},
      {"signed is text", kRoot, [](Value& f) { f["signed"] = "text"; }, kMalformed, "an object"},
  };
}

std::vector<Flaw> flaws_below_root() {
  constexpr auto kMalformed = ErrorCode::malformed;
  return {
      {"no snapshot", kTimestamp, [](Value& f) { f["signed"]["meta"] = Value::object(); },
       kMalformed, "snapshot.json"},
      {"role without .json", kSnapshot,
       [](Value& f) {
         f["signed"]["meta"]["x"] = {{"version", 1}};
       },
       kMalformed, "<role>.json"},
      {"negative length", kSnapshot,
       [](Value& f) { f["signed"]["meta"]["core.json"]["length"] = -1; }, kMalformed, "length"},
      {"empty hashes", kSnapshot,
       [](Value& f) { f["signed"]["meta"]["core.json"]["hashes"] = Value::object(); }, kMalformed,
       "at least one hash"},
      {"short sha256", kSnapshot,
       [](Value& f) { f["signed"]["meta"]["core.json"]["hashes"]["sha256"] = "00"; }, kMalformed,
       "64 lower-case"},
      {"target without hashes", kTargets,
       [](Value& f) {
         f["signed"]["targets"]["a"] = {{"length", 1}};
       },
       kMalformed, "hashes"},
      {"top-level delegated", kTargets,
       [](Value& f) { f["signed"]["delegations"]["roles"][0]["name"] = "snapshot"; }, kMalformed,
       "top-level role"},
      {"role twice", kTargets,
       [](Value& f) { f["signed"]["delegations"]["roles"][0]["name"] = "flags"; }, kMalformed,
       "delegated twice"},
      {"empty role name", kTargets,
       [](Value& f) { f["signed"]["delegations"]["roles"][0]["name"] = ""; }, kMalformed,
       "is empty"},
      {"paths and prefixes", kTargets,
       [](Value& f) {
         f["signed"]["delegations"]["roles"][0]["path_hash_prefixes"] = Value::array();
       },
       kMalformed, "either paths"},
      {"no paths", kTargets,
       [](Value& f) { f["signed"]["delegations"]["roles"][0].erase("paths"); }, kMalformed,
       "either paths"},
      {"roles and hash bins", kTargets,
       [](Value& f) { f["signed"]["delegations"]["succinct_roles"] = Value::object(); }, kMalformed,
       "either roles or succinct_roles"},
      {"neither roles nor hash bins", kTargets,
       [](Value& f) { f["signed"]["delegations"].erase("roles"); }, kMalformed,
       "either roles or succinct_roles"},
  };
}

TEST(Metadata, CutsFractionsOfASecondOffTheExpiryAndRefusesOtherThingsThere) {
  const auto with = [](const std::string& text) {
    return edited(kRoot, [&](Value& f) { f["signed"]["expires"] = text; });
  };
  const auto plain = decode_root(with("2031-01-01T00:00:00Z"));
  const auto exact = decode_root(with("2031-01-01T00:00:00.999Z"));
  ASSERT_TRUE(plain.ok() && exact.ok());
  EXPECT_EQ(exact->body.expires, plain->body.expires);
  for (const char* text : {"2031-01-01T00:00:00.Z", "2031-01-01T00:00:00.5", "2031-01-01.5Z", ".",
                           "2031-01-01T00:00:00.1.2Z", "2031-01-01T00:00:00.1+01:00"})
    EXPECT_FALSE(decode_root(with(text)).ok()) << text;
}

TEST(Metadata, RefusesEachFlawWithItsOwnSentence) {
  std::vector<Flaw> flaws = flaws_of_root();
  for (const Flaw& flaw : flaws_below_root()) flaws.push_back(flaw);
  for (const Flaw& flaw : flaws) {
    const Status status = decode_any(flaw.role, edited(flaw.role, flaw.edit));
    ASSERT_FALSE(status.ok()) << flaw.name;
    EXPECT_EQ(status.error().code, flaw.code) << flaw.name << ": " << status.error().detail;
    EXPECT_NE(status.error().detail.find(flaw.says), std::string::npos)
        << flaw.name << ": " << status.error().detail;
  }
}

TEST(Metadata, RefusesBytesBeyondTheLimitOfTheRole) {
  const std::string padding(limits::kTimestampBytes, ' ');
  EXPECT_EQ(decode_timestamp(padding + "{}").error().code, ErrorCode::too_large);
}

TEST(Metadata, KeepsBytesAndSignsUnknownFields) {
  const std::string bytes = edited(kRoot,
                                   [](Value& f) {
                                     f["signed"]["x-note"] = {{"a", 1}};
                                   }) +
                            "\n ";
  const auto root = decode_root(bytes);
  ASSERT_TRUE(root.ok()) << root.error().detail;
  EXPECT_EQ(root->bytes, bytes);
  EXPECT_NE(root->signed_bytes.find(R"("x-note":{"a":1})"), std::string::npos);
}

TEST(Metadata, ToleratesKeysItCannotReadAndSignaturesThatAreNoHex) {
  const auto root = decode_root(edited(kRoot, [](Value& f) {
    f["signed"]["keys"]["new"] = {
        {"keytype", "lattice"}, {"scheme", "x"}, {"keyval", {{"seed", "y"}}}};
    f["signatures"].push_back({{"keyid", "new"}, {"sig", "no hex"}});
  }));
  ASSERT_TRUE(root.ok()) << root.error().detail;
  EXPECT_FALSE(root->body.keys.contains("new"));
  EXPECT_EQ(root->signatures.size(), 2U);
}

TEST(Metadata, DecodesWhatItEncodes) {
  RepositorySimulator repository;
  repository.targets["targets"].targets["trust/people.json"] = describe("people", {{"n", 1}});
  repository.delegate("targets", "bins", {}).path_hash_prefixes = {"0a", "ff"};
  repository.next_all();
  const auto root = decode_root(repository.newest(kRoot));
  const auto timestamp = decode_timestamp(repository.newest(kTimestamp));
  const auto snapshot = decode_snapshot(repository.newest(kSnapshot));
  const auto targets = decode_targets(repository.newest(kTargets));
  EXPECT_EQ(json::canonical(encode(root->body)), root->signed_bytes);
  EXPECT_EQ(json::canonical(encode(timestamp->body)), timestamp->signed_bytes);
  EXPECT_EQ(json::canonical(encode(snapshot->body)), snapshot->signed_bytes);
  EXPECT_EQ(json::canonical(encode(targets->body)), targets->signed_bytes);
  EXPECT_EQ(targets->body.targets.at("trust/people.json").custom.at("n"), 1);
}

TEST(Metadata, ADelegationByHashPrefixCoversByTheHashOfThePath) {
  const std::string hash = crypto::sha256("content/a.b/1.bin").hex();
  DelegatedRole role;
  role.path_hash_prefixes = {hash.substr(0, 3)};
  EXPECT_TRUE(role.covers("content/a.b/1.bin"));
  EXPECT_FALSE(role.covers("content/a.b/2.bin"));
}

TEST(Metadata, ContentIsHeldAgainstLengthAndHash) {
  const Hashes right{{"sha256", crypto::sha256("abc").hex()}};
  EXPECT_TRUE(check_content("abc", 3, right).ok());
  EXPECT_TRUE(check_content("abc", {}, {}).ok());
  EXPECT_EQ(check_content("abc", 4, right).error().code, ErrorCode::mismatch);
  EXPECT_EQ(check_content("abd", 3, right).error().code, ErrorCode::mismatch);
  EXPECT_EQ(check_content("abc", 3, {{"blake9", "00"}}).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace fb::tuf

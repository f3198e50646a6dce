#include "pack/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "audit/log_sim_test.h"
#include "release/manifest.h"
#include "statement/evidence.h"
#include "statement/people.h"
#include "tuf/repository_sim_test.h"

namespace fb::pack {
namespace {

using testing::HasSubstr;

// One release on its way: submitted, approved, started as rollout 7, halted; with other entries
// before, between and after.
struct Story {
  Story() {
    manifest.component = *ComponentId::parse("sensor.channel");
    manifest.version = "290";
    manifest.author = *PersonId::parse("ann");
    manifest.created = tuf::kTestNow;
    manifest.artifacts = {{"channel.bin", 5, crypto::sha256("rules"), false}};
    manifest.notes = {"what", "why", "risk", "undo"};
    manifest.reader = *ComponentId::parse("sensor.engine");
    manifest.needs = release::Needs{{{"ipc", {1}}}, 0};
    release = crypto::sha256(encode(manifest));
    put_target("content", release::manifest_path(manifest), encode(manifest));
    put_target("targets", std::string(statement::kPeoplePath), encode(people()));
    put_target("targets", std::string(statement::kLogTrustPath), encode(log.trust()));
    repository.next({"content", "targets", "snapshot", "timestamp"});
    happen();
  }

  void put_target(const std::string& role, const std::string& path, const std::string& bytes) {
    repository.targets[role].targets[path] = tuf::describe(bytes);
    files[path] = bytes;
  }
  [[nodiscard]] statement::People people() const {
    return {
        {{*PersonId::parse("rita"), {statement::Role::reviewer}, {{rita.key().id(), rita.key()}}},
         {*PersonId::parse("otto"),
          {statement::Role::operations},
          {{otto.key().id(), otto.key()}}}}};
  }
  json::Value act(statement::ActKind kind, const std::string& who) const {
    statement::Act made;
    made.kind = kind;
    made.person = *PersonId::parse(who);
    made.release = release;
    if (kind == statement::ActKind::halt) made.rollout = *RolloutId::parse(7);
    made.reason = "looked at it";
    made.issued = tuf::kTestNow;
    made.expires = tuf::kTestNow + hours(1);
    made.nonce = std::string(32, 'c');
    return statement::encode(
        *statement::seal(statement::kPersonType, encode(made), who == "rita" ? rita : otto));
  }
  // The log's entry of what rita vouches for about an artifact.
  std::uint64_t note_evidence(const statement::Subject& subject, const std::string& person) {
    const statement::OpenPgpSignature finding{
        "-----BEGIN PGP SIGNATURE-----\n\nxx\n-----END PGP SIGNATURE-----\n", std::string(40, 'A'),
        "gpgv"};
    const auto envelope = *statement::seal(statement::kInTotoType,
                                           encode(statement::Evidence{subject, finding}), rita);
    return note("evidence", {{"release", release.text()},
                             {"person", person},
                             {"artifact", subject.name},
                             {"predicate_type", predicate_type(finding)},
                             {"envelope", statement::encode(envelope)}});
  }
  std::uint64_t note(const std::string& kind, const json::Value& data) {
    return log.append(kind, data, tuf::kTestNow + minutes(1));
  }
  void happen() {
    const std::string id = release.text();
    note("server-started", {{"devices", 3}});
    note("release", {{"release", id},
                     {"component", "sensor.channel"},
                     {"version", "290"},
                     {"class", "feature"},
                     {"author", "ann"}});
    note("enrolled", {{"device", "d"}});
    note("approve", {{"release", id},
                     {"person", "rita"},
                     {"reason", "looked at it"},
                     {"envelope", act(statement::ActKind::approve, "rita")}});
    note("start", {{"release", id},
                   {"rollout", 7},
                   {"person", "otto"},
                   {"reason", "looked at it"},
                   {"envelope", act(statement::ActKind::start, "otto")}});
    note("plan", {{"release", id}, {"rollout", 7}, {"path", "rollouts/7.json"}});
    note("dispatch", {{"release", id}, {"rollout", 7}, {"device", "d"}});
    note("dispatch",
         {{"release", crypto::sha256("other").text()}, {"rollout", 8}, {"device", "d"}});
    note("verdict", {{"rollout", 7}, {"sentence", "RUN"}});
    note("halt", {{"rollout", 7},
                  {"person", "otto"},
                  {"reason", "looked at it"},
                  {"envelope", act(statement::ActKind::halt, "otto")}});
    note("halted", {{"rollout", 7}, {"release", id}, {"sentence", "HALTED"}});
    note("report", {{"device", "d"}, {"rollout", 9}});
  }

  [[nodiscard]] Pack pack(Devices devices = Devices::left_out) const {
    Pack made{release, log.checkpoint(), {}, files.at(release::manifest_path(manifest)), {}, {},
              {}};
    Picker picker(release, devices);
    for (std::uint64_t i = 0; i < log.size(); ++i) {
      if (picker.wants(*audit::decode_entry(log.entries[i])))
        made.entries.push_back({i, log.entries[i], log.inclusion(i)});
    }
    for (const char* role : {"timestamp", "snapshot", "targets", "content"})
      made.metadata[role] = repository.newest(role);
    for (const auto path : {statement::kPeoplePath, statement::kLogTrustPath})
      made.targets[std::string(path)] = files.at(std::string(path));
    return made;
  }
  [[nodiscard]] std::string root() const { return repository.newest("root"); }

  tuf::RepositorySimulator repository;
  crypto::TestSigner rita{"rita"}, otto{"otto"};
  audit::LogSimulator log;
  release::Manifest manifest;
  Digest release;
  std::map<std::string, std::string> files;
};

std::string faults_of(const Pack& pack, const std::string& root) {
  std::string out;
  for (const auto& each : verify(pack, root).faults) out += each.sentence + "\n";
  return out;
}

TEST(PackVerify, PassesWhatHoldsAndTellsItsStory) {
  const Story story;
  const Pack pack = story.pack();
  EXPECT_EQ(faults_of(pack, story.root()), "");
  EXPECT_EQ(pack.entries.size(), 7U) << "no devices, no other release";
  EXPECT_EQ(story.pack(Devices::named).entries.size(), 8U);
  const auto told = verify(pack, story.root()).story;
  EXPECT_THAT(told, testing::Contains(HasSubstr("approve by rita: looked at it")));
  EXPECT_THAT(told, testing::Contains(HasSubstr("halted: HALTED")));
}

TEST(PackVerify, CarriesEvidenceAndTellsWhoVouchesForIt) {
  Story story;
  story.note_evidence({"channel.bin", crypto::sha256("rules")}, "rita");
  const Pack pack = story.pack();
  EXPECT_EQ(faults_of(pack, story.root()), "");
  EXPECT_THAT(
      verify(pack, story.root()).story,
      testing::Contains(HasSubstr("evidence by rita: urn:firebreak:evidence:openpgp-signature:1")));
}

TEST(PackVerify, ReadsWhatItWrote) {
  const Story story;
  const std::string bytes = encode(story.pack());
  const auto again = decode_pack(bytes);
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), bytes);
  EXPECT_FALSE(decode_pack(bytes + " ").ok());
}

// Every seventh byte of the whole file, one at a time. A byte of an entry or of its proof is
// reported with that entry, unless the file is no pack any more.
TEST(PackVerify, FindsAnyEditedByteAndNamesTheEntryAtFault) {
  const Story story;
  const Pack pack = story.pack();
  const std::string bytes = encode(pack);
  const std::size_t entries = bytes.find("\"entries\"");
  const std::size_t manifest = bytes.find("\n  \"manifest\"");
  int named = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    std::string edited = bytes;
    edited[at] ^= 1;
    const auto decoded = decode_pack(edited);
    if (!decoded.ok()) continue;
    const auto faults = verify(*decoded, story.root()).faults;
    ASSERT_FALSE(faults.empty()) << at << ": " << bytes.substr(at > 20 ? at - 20 : 0, 40);
    if (at < entries || at > manifest) continue;
    EXPECT_TRUE(faults.front().entry.has_value()) << faults.front().sentence;
    ++named;
  }
  EXPECT_GT(named, 300);
}

// An entry that the log never had, or another content of one that it has, proof or no proof.
TEST(PackVerify, NamesWhatIsWrong) {
  struct Row {
    const char* what;
    std::function<void(Story&, Pack&)> change;
    const char* fault;
  };
  const Row rows[] = {
      {"a proof of another entry",
       [](Story&, Pack& p) { p.entries[2].inclusion = p.entries[3].inclusion; },
       "entry 4: it is not in the log as it stands here"},
      {"the publication left out", [](Story&, Pack& p) { p.entries.erase(p.entries.begin()); },
       "published the release is not here exactly once"},
      {"an entry twice",
       [](Story&, Pack& p) { p.entries.insert(p.entries.begin() + 1, p.entries[1]); },
       "entry 3: it stands here twice or out of order"},
      {"another release's entry",
       [](Story& s, Pack& p) {
         p.entries.push_back({11, s.log.entries[11], s.log.inclusion(11)});
       },
       "entry 11: it is not about this release"},
      {"a checkpoint by another key",
       [](Story& s, Pack& p) {
         audit::LogSimulator thief = s.log;
         thief.signer = crypto::TestSigner("thief");
         p.checkpoint = thief.checkpoint();
       },
       "not signed by the log"},
      {"another manifest",
       [](Story&, Pack& p) { p.manifest.replace(p.manifest.find("why"), 3, "who"); },
       "the manifest"},
      {"people whom nobody signed",
       [](Story& s, Pack& p) {
         p.targets["trust/people.json"] = encode(statement::People{{s.people().people[0]}});
       },
       "trust/people.json"},
      {"no people", [](Story&, Pack& p) { p.targets.erase("trust/people.json"); },
       "the pack has no trust/people.json"},
      {"no snapshot", [](Story&, Pack& p) { p.metadata.erase("snapshot"); },
       "the pack has no metadata of snapshot"},
      {"an approval in another's name",
       [](Story& s, Pack& p) {
         const auto index =
             s.note("approve", {{"release", s.release.text()},
                                {"person", "otto"},
                                {"reason", "looked at it"},
                                {"envelope", s.act(statement::ActKind::approve, "rita")}});
         EXPECT_EQ(index, 12U);
         p = s.pack();
       },
       "entry 12: rita signed something else"},
      {"an order that nobody signed",
       [](Story& s, Pack& p) {
         auto envelope = s.act(statement::ActKind::halt, "otto");
         envelope["signatures"][0]["sig"] = "AAAA";
         s.note("halt", {{"rollout", 7}, {"person", "otto"}, {"envelope", envelope}});
         p = s.pack();
       },
       "entry 12: signed by nobody in trust/people.json"},
  };
  for (const Row& row : rows) {
    Story story;
    Pack pack = story.pack();
    row.change(story, pack);
    EXPECT_THAT(faults_of(pack, story.root()), HasSubstr(row.fault)) << row.what;
  }
}

TEST(PackVerify, HoldsEvidenceAgainstItsEntryAndTheManifest) {
  struct Row {
    const char* what;
    statement::Subject subject;
    const char* person;
    const char* fault;
  };
  const Digest rules = crypto::sha256("rules"), others = crypto::sha256("other rules");
  const Row rows[] = {
      {"in another's name", {"channel.bin", rules}, "otto", "rita signed something else"},
      {"other bytes", {"channel.bin", others}, "rita", "it is about no artifact of this release"},
      {"another artifact", {"x.bin", rules}, "rita", "it is about no artifact of this release"},
  };
  for (const Row& row : rows) {
    Story story;
    story.note_evidence(row.subject, row.person);
    EXPECT_THAT(faults_of(story.pack(), story.root()), HasSubstr(row.fault)) << row.what;
  }
  Story story;
  story.note("evidence", {{"release", story.release.text()},
                          {"person", "rita"},
                          {"envelope", story.act(statement::ActKind::approve, "rita")}});
  EXPECT_THAT(faults_of(story.pack(), story.root()),
              HasSubstr("entry 12: a statement of type application/vnd.firebreak.person+json"));
}

TEST(PackVerify, BelievesTheReadersRootAndNoOther) {
  Story story;
  tuf::RepositorySimulator other;
  other.rotate("timestamp");
  other.put({"root"});
  EXPECT_NE(faults_of(story.pack(), other.newest("root")), "") << "a stranger's root";
  EXPECT_NE(faults_of(story.pack(), "{}"), "");

  const std::string old_root = story.root();
  story.repository.rotate("timestamp");
  ++story.repository.root.version;
  story.repository.put({"root"});
  story.repository.next({"timestamp"});
  Pack later = story.pack();
  EXPECT_NE(faults_of(later, old_root), "") << "it does not know the new timestamp key";
  later.roots = {story.root()};
  EXPECT_EQ(faults_of(later, old_root), "");
  EXPECT_EQ(faults_of(later, story.root()), "") << "a reader whose root is as new";
}

}  // namespace
}  // namespace fb::pack

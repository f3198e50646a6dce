#include "gate/gate.h"

#include <gtest/gtest.h>

namespace fb::gate {
namespace {

using release::Class;
using release::Kind;
using statement::Act;
using statement::ActKind;
using statement::Role;

constexpr Instant kNow{1'721'362'140'000};
const Digest kRelease = *Digest::from_hex(std::string(64, 'a'));
const ComponentId kChannel = *ComponentId::parse("sensor.channel");

PersonId id(const std::string& text) { return *PersonId::parse(text); }

statement::People everybody() {
  return {{{id("ann"), {Role::author, Role::reviewer}, {}},
           {id("rita"), {Role::reviewer}, {}},
           {id("ruth"), {Role::reviewer}, {}},
           {id("otto"), {Role::operations}, {}},
           {id("sue"), {Role::security}, {}},
           {id("both"), {Role::reviewer, Role::security}, {}},
           {id("carl"), {Role::customer}, {}},
           {id("adam"), {Role::author}, {}},
           {id("nemo"), {}, {}}}};
}

release::Manifest content() {
  release::Manifest manifest;
  manifest.component = kChannel;
  manifest.version = "291";
  manifest.author = id("ann");
  manifest.artifacts = {{"channel.bin", 40'960, {}, false}};
  manifest.notes = {"what", "why", "risk", "undo"};
  manifest.reader = *ComponentId::parse("sensor.engine");
  manifest.needs = release::Needs{{{"ipc", {1, 21}}}, 0};
  return manifest;
}

Reader engine(std::size_t fields, std::uint64_t devices, const std::string& build = "7.11") {
  return {{build, kChannel, {{"ipc", std::vector<std::string>(fields, "string")}}, 0, 0}, devices};
}

Act act(ActKind kind, const std::string& who) {
  Act act;
  act.kind = kind;
  act.person = id(who);
  act.release = kRelease;
  act.reason = "because";
  act.expires = kNow + hours(4);
  if (kind == ActKind::waive) act.gate = "contract";
  return act;
}

// A release, what is known of the fleet, and what people said.
struct Case {
  release::Manifest manifest = content();
  Fleet fleet{{engine(21, 60)}, 0};
  std::vector<statement::SignedAct> acts{};
  statement::People people = everybody();

  void say(Act said) { acts.push_back({std::move(said), {}}); }
  void say(ActKind kind, const std::string& who) { say(act(kind, who)); }
  [[nodiscard]] Question question() const {
    return {manifest, kRelease, fleet, acts, people, kNow};
  }
  [[nodiscard]] GateResult gate(std::string_view name) const {
    for (const GateResult& each : evaluate(question())) {
      if (each.gate == name) return each;
    }
    return {};
  }
};

using Reasons = std::vector<std::string>;

TEST(Gates, StandInTheirOrder) {
  const auto results = evaluate(Case().question());
  ASSERT_EQ(results.size(), kGates.size());
  for (std::size_t i = 0; i < kGates.size(); ++i) EXPECT_EQ(results[i].gate, kGates[i]);
  EXPECT_EQ(evaluate_content(Case().question()).size(), 3U);
}

TEST(Gates, AreAllOpenForAGoodApprovedRelease) {
  Case good;
  EXPECT_FALSE(all_open(evaluate(good.question())));
  good.say(ActKind::approve, "rita");
  const auto results = evaluate(good.question());
  EXPECT_TRUE(all_open(results));
  for (const GateResult& each : results) EXPECT_EQ(each.reasons, Reasons{}) << each.gate;
}

TEST(NotesGate, ClosesForEachBlankNote) {
  for (const char* blank : {"", " ", "\n\t \r"}) {
    for (int i = 0; i < 4; ++i) {
      Case bad;
      auto& notes = bad.manifest.notes;
      std::string* const texts[] = {&notes.what, &notes.why, &notes.risk, &notes.undo};
      const char* const names[] = {"what", "why", "risk", "undo"};
      *texts[i] = blank;
      const GateResult result = bad.gate("notes");
      EXPECT_EQ(result.verdict, Verdict::closed);
      ASSERT_EQ(result.reasons.size(), 1U);
      EXPECT_NE(result.reasons[0].find(std::string("'") + names[i] + "' is blank"),
                std::string::npos);
    }
  }
}

TEST(SizeGate, ClosesForAnEmptyArtifact) {
  Case bad;
  bad.manifest.artifacts.push_back({"empty.bin", 0, {}, false});
  EXPECT_EQ(bad.gate("size").verdict, Verdict::closed);
  EXPECT_EQ(bad.gate("size").reasons, Reasons{"artifact empty.bin is empty"});
}

TEST(ContractGate, CountsTheDevicesOfEachBuildThatCannotReadIt) {
  Case bad;
  bad.fleet = {{engine(20, 8'500'000), engine(21, 3, "7.12"), engine(19, 1, "7.10")}, 0};
  const GateResult result = bad.gate("contract");
  EXPECT_EQ(result.verdict, Verdict::closed);
  EXPECT_EQ(result.reasons,
            (Reasons{"reads field 21 of ipc; engine 7.11 supplies 20; 8500000 devices",
                     "reads field 21 of ipc; engine 7.10 supplies 19; 1 device"}));
}

TEST(ContractGate, IsNeverOpenForLackOfData) {
  Case unknown;
  unknown.fleet = {{}, 7};
  EXPECT_EQ(unknown.gate("contract").reasons,
            Reasons{"7 devices run an engine whose contract nobody signed"});

  Case silent;
  silent.manifest.needs.reset();
  EXPECT_EQ(silent.gate("contract").verdict, Verdict::closed);
  EXPECT_NE(silent.gate("contract").reasons.at(0).find("add `needs`"), std::string::npos);

  Case readerless;
  readerless.manifest.reader.reset();
  EXPECT_EQ(readerless.gate("contract").verdict, Verdict::closed);
  EXPECT_NE(readerless.gate("contract").reasons.at(0).find("names no reader"), std::string::npos);
}

TEST(ContractGate, LeavesOutDevicesWithAnUnknownCoreWhereOthersAreKnown) {
  Case mixed;
  mixed.fleet = {{engine(21, 100, "7.12")}, 1};
  EXPECT_EQ(mixed.gate("contract").verdict, Verdict::open);
  mixed.fleet = {{engine(20, 100)}, 1};
  EXPECT_EQ(mixed.gate("contract").reasons,
            Reasons{"reads field 21 of ipc; engine 7.11 supplies 20; 100 devices"});
}

TEST(ContractGate, AsksNothingOfCore) {
  Case core;
  core.manifest.kind = Kind::core;
  core.manifest.needs.reset();
  core.manifest.reader.reset();
  core.fleet.unknown_devices = 7;
  EXPECT_EQ(core.gate("contract").verdict, Verdict::open);
}

TEST(ContractGate, GivesTheDeviceTheSameWords) {
  Case bad;
  bad.fleet = {{engine(20, 1)}, 0};
  EXPECT_EQ(contract_gate(bad.question()).reasons, bad.gate("contract").reasons);
}

TEST(ApprovalGate, CountsPeopleWhoMayApprove) {
  struct Row {
    const char* who;
    bool counts;
  };
  for (const auto& [who, counts] :
       {Row{"rita", true}, Row{"otto", true}, Row{"sue", true}, Row{"ann", false},
        Row{"adam", false}, Row{"carl", false}, Row{"nemo", false}, Row{"stranger", false}}) {
    Case asked;
    asked.say(ActKind::approve, who);
    EXPECT_EQ(asked.gate("approval").verdict == Verdict::open, counts) << who;
  }
}

TEST(ApprovalGate, CountsOnlyApprovalsOfThisReleaseThatStillHold) {
  Act other = act(ActKind::approve, "rita");
  other.release = Digest{};
  Act expired = act(ActKind::approve, "rita");
  expired.expires = kNow - milliseconds(1);
  for (const Act& useless : {other, expired, act(ActKind::start, "rita")}) {
    Case asked;
    asked.say(useless);
    EXPECT_EQ(asked.gate("approval").verdict, Verdict::closed);
  }
  Act last_moment = act(ActKind::approve, "rita");
  last_moment.expires = kNow;
  Case asked;
  asked.say(last_moment);
  EXPECT_EQ(asked.gate("approval").verdict, Verdict::open);
}

TEST(ApprovalGate, AsksTwoPeopleInTheEmergencyLane) {
  Case asked;
  asked.say(ActKind::approve, "rita");
  Question question = asked.question();
  question.lane = statement::Lane::emergency;
  EXPECT_EQ(evaluate(question).back().verdict, Verdict::closed);
  question.lane = statement::Lane::fast;
  EXPECT_EQ(evaluate(question).back().verdict, Verdict::open);
}

TEST(ApprovalGate, AsksTwoPeopleForEmergenciesAndOneWayReleases) {
  for (const bool emergency : {true, false}) {
    Case asked;
    if (emergency)
      asked.manifest.cls = Class::emergency;
    else
      asked.manifest.one_way = true;
    EXPECT_EQ(approvals_needed(asked.manifest), 2);
    asked.say(ActKind::approve, "rita");
    asked.say(ActKind::approve, "rita");
    const GateResult once = asked.gate("approval");
    EXPECT_EQ(once.verdict, Verdict::closed);
    EXPECT_EQ(once.reasons.at(0).substr(0, 17), "1 of 2 approvals;");
    asked.say(ActKind::approve, "ruth");
    EXPECT_EQ(asked.gate("approval").verdict, Verdict::open);
  }
  for (const Class cls : {Class::feature, Class::fix, Class::security}) {
    release::Manifest manifest = content();
    manifest.cls = cls;
    EXPECT_EQ(approvals_needed(manifest), 1);
  }
}

Verdict contract_with(const std::vector<Act>& said) {
  Case bad;
  bad.fleet = {{engine(20, 60)}, 0};
  for (const Act& each : said) bad.say(each);
  return bad.gate("contract").verdict;
}

TEST(Waivers, TakeTwoPeopleOfDifferentRoles) {
  struct Row {
    std::vector<std::string> who;
    Verdict verdict;
  };
  const Row rows[] = {{{}, Verdict::closed},
                      {{"rita"}, Verdict::closed},
                      {{"both"}, Verdict::closed},
                      {{"both", "both"}, Verdict::closed},
                      {{"rita", "rita"}, Verdict::closed},
                      {{"rita", "ruth"}, Verdict::closed},
                      {{"rita", "stranger"}, Verdict::closed},
                      {{"both", "nemo"}, Verdict::closed},
                      {{"nemo", "both"}, Verdict::closed},
                      {{"rita", "otto"}, Verdict::waived},
                      {{"both", "rita"}, Verdict::waived},
                      {{"rita", "ruth", "sue"}, Verdict::waived}};
  for (const Row& row : rows) {
    std::vector<Act> said;
    std::string names;
    for (const std::string& who : row.who) {
      said.push_back(act(ActKind::waive, who));
      names += who + " ";
    }
    EXPECT_EQ(contract_with(said), row.verdict) << names;
  }
}

TEST(Waivers, CountOnlyWhenTheyFitAndGiveAReason) {
  const Act fitting = act(ActKind::waive, "otto");
  Act expired = fitting, other_release = fitting, other_gate = fitting, mute = fitting;
  expired.expires = kNow - milliseconds(1);
  other_release.release = Digest{};
  other_gate.gate = "size";
  mute.reason = "";
  const Act rita = act(ActKind::waive, "rita");
  EXPECT_EQ(contract_with({rita, fitting}), Verdict::waived);
  for (const Act& unfit :
       {expired, other_release, other_gate, mute, act(ActKind::approve, "otto")}) {
    EXPECT_EQ(contract_with({rita, unfit}), Verdict::closed);
  }
}

TEST(Waivers, KeepTheReasonsAndOpenTheWay) {
  Case bad;
  bad.fleet = {{engine(20, 60)}, 0};
  bad.say(ActKind::approve, "rita");
  bad.say(ActKind::waive, "rita");
  bad.say(ActKind::waive, "otto");
  EXPECT_EQ(bad.gate("contract").reasons,
            Reasons{"reads field 21 of ipc; engine 7.11 supplies 20; 60 devices"});
  EXPECT_TRUE(all_open(evaluate(bad.question())));
}

TEST(Gates, TellTheirVerdictAsJson) {
  EXPECT_EQ(json::compact(encode({{"size", Verdict::waived, {"artifact x is empty"}}})),
            R"([{"gate":"size","reasons":["artifact x is empty"],"verdict":"waived"}])");
}

}  // namespace
}  // namespace fb::gate

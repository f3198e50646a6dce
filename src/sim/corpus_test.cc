#include "sim/corpus.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace fb::sim {
namespace {

std::vector<PastIncident> own_corpus() {
  std::ifstream file(FB_SOURCE_DIR "/data/incidents.json");
  std::stringstream text;
  text << file.rdbuf();
  auto corpus = decode_incidents(text.str());
  EXPECT_TRUE(corpus.ok()) << corpus.error().detail;
  return corpus.ok() ? *corpus : std::vector<PastIncident>{};
}

PastIncident incident(const std::string& id) {
  for (const PastIncident& each : own_corpus()) {
    if (each.id == id) return each;
  }
  ADD_FAILURE() << "no incident " << id;
  return {};
}

Order policy() { return {plain_scenario(8'500'000, 50, rollout::Lane::fast), "hbp", 5, 1}; }

Replay replayed(const std::string& id, const Order& order) {
  auto seen = replay(incident(id), order);
  EXPECT_TRUE(seen.ok());
  return seen.ok() ? *seen : Replay{};
}

TEST(Corpus, TheProductsOwnFileHasTwentyEightIncidentsWithSources) {
  const auto corpus = own_corpus();
  ASSERT_EQ(corpus.size(), 28U);
  for (const PastIncident& each : corpus) {
    EXPECT_FALSE(each.source.empty()) << each.id;
    EXPECT_FALSE(each.assumption.empty()) << each.id;
  }
}

TEST(Corpus, July2024IsStoppedAtTheContractGateAndHarmsTenIfSomebodyWaivesIt) {
  const Replay seen = replayed("I01", policy());
  EXPECT_EQ(seen.stopped_by, "contract gate");
  EXPECT_EQ(seen.hit, 0);
  EXPECT_EQ(seen.minutes, 0);
  EXPECT_EQ(seen.past_the_gate, 10);
}

TEST(Corpus, WithoutTheGateThePolicyRestsOnTheEvidence) {
  Order order = policy();
  order.scenario.gates.contract = false;
  const Replay seen = replayed("I01", order);
  EXPECT_EQ(seen.stopped_by, "evidence of harm");
  EXPECT_EQ(seen.hit, 10);
}

TEST(Corpus, AnotherRuleStopsByACheckOfItsOwnAndHasNoGate) {
  Order order = policy();
  order.rule = "argo";
  const Replay seen = replayed("I01", order);
  EXPECT_TRUE(seen.caught);
  EXPECT_EQ(seen.stopped_by, "a check of argo");
  EXPECT_EQ(seen.hit, seen.past_the_gate);
}

TEST(Corpus, WhatWasHaltedInFewRunsHasNoMinuteOfItsHalt) {
  PastIncident rare = incident("I03");
  rare.cohort_ppm = 3000;  // thirty devices: halted in some runs, and not in most
  const auto seen = replay(rare, {plain_scenario(10'000, 1, rollout::Lane::fast), "hbp", 10, 1});
  ASSERT_TRUE(seen.ok());
  EXPECT_FALSE(seen->caught);
  EXPECT_EQ(seen->minutes, -1);
}

TEST(Corpus, WhatNothingSeesIsSaidToBeNotCaught) {
  struct Row {
    const char* id;
    const char* why;
  };
  for (const Row& row : {Row{"I10", "look healthy"}, Row{"I24", "one moment"},
                         Row{"I20", "no release"}, Row{"I25", "look healthy"}}) {
    const Replay seen = replayed(row.id, policy());
    EXPECT_FALSE(seen.caught) << row.id;
    EXPECT_NE(seen.stopped_by.find(row.why), std::string::npos) << seen.stopped_by;
    EXPECT_GT(seen.hit, 1'000'000) << row.id;
  }
}

TEST(Corpus, ASmallCohortIsCaughtBeforeItIsLost) {
  const Replay seen = replayed("I03", policy());  // one device in 200
  EXPECT_TRUE(seen.caught);
  EXPECT_LE(seen.hit, 200);
}

TEST(Corpus, TheScoreOfALooserPolicyIsWorse) {
  std::vector<Replay> strict, loose;
  Order open = policy();
  open.scenario.gates.contract = false;
  for (const char* id : {"I01", "I15", "I10"}) {
    strict.push_back(replayed(id, policy()));
    loose.push_back(replayed(id, open));
  }
  EXPECT_LT(score(strict).hit, score(loose).hit);
  EXPECT_EQ(score(strict).not_caught, 1);
}

TEST(Corpus, AFileWithoutIncidentsIsRefused) {
  const auto none = decode_incidents(R"({"format": "firebreak.incidents/1", "incidents": []})");
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().detail.find("at least one"), std::string::npos) << none.error().detail;
}

TEST(Corpus, AFileWithAMisspeltKeyIsRefused) {
  const auto bad =
      decode_incidents(R"({"format": "firebreak.incidents/1", "incidents": [{"idd": "I01"}]})");
  EXPECT_FALSE(bad.ok());
}

}  // namespace
}  // namespace fb::sim

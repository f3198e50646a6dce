#include "release/contract.h"

#include <gtest/gtest.h>

namespace fb::release {
namespace {

const ComponentId kChannel = *ComponentId::parse("sensor.channel");

// Engine 7.11 supplies 20 fields of ipc and 2 of file, and takes a mebibyte.
Contract engine() {
  return {"7.11",
          kChannel,
          {{"ipc", std::vector<std::string>(20, "string")}, {"file", {"string", "integer"}}},
          1'048'576,
          4096};
}

using Sentences = std::vector<std::string>;

TEST(Unmet, IsEmptyWhenEveryFieldIsSupplied) {
  EXPECT_EQ(unmet({{{"ipc", {1, 19, 20}}, {"file", {1, 2}}}, 1'048'576}, engine()), Sentences{});
  EXPECT_EQ(unmet({}, engine()), Sentences{});
}

TEST(Unmet, NamesField21OfTwenty) {
  EXPECT_EQ(unmet({{{"ipc", {1, 21}}}, 0}, engine()),
            Sentences{"reads field 21 of ipc; engine 7.11 supplies 20"});
}

TEST(Unmet, NamesAnInputThatIsNotSuppliedAtAll) {
  EXPECT_EQ(unmet({{{"registry", {1}}}, 0}, engine()),
            Sentences{"reads input registry; engine 7.11 does not supply it"});
}

TEST(Unmet, NamesBytesOverTheLimit) {
  EXPECT_EQ(unmet({{}, 1'048'577}, engine()),
            Sentences{"takes 1048577 bytes; engine 7.11 accepts at most 1048576"});
}

TEST(Unmet, KnowsNoLimitWhenTheBuildSetsNone) {
  Contract unlimited = engine();
  unlimited.max_bytes = 0;
  EXPECT_EQ(unmet({{}, 1'000'000'000}, unlimited), Sentences{});
}

TEST(Unmet, TellsEverythingAtOnceInOrder) {
  const Sentences sentences = unmet({{{"file", {3}}, {"ipc", {21, 22}}, {"dns", {}}}, 0}, engine());
  EXPECT_EQ(sentences, (Sentences{"reads field 3 of file; engine 7.11 supplies 2",
                                  "reads field 21 of ipc; engine 7.11 supplies 20",
                                  "reads field 22 of ipc; engine 7.11 supplies 20",
                                  "reads input dns; engine 7.11 does not supply it"}));
}

std::string contract_problem(const json::Value& value) {
  const auto contract = decode_contract(value);
  return contract.ok() ? "" : contract.error().detail;
}

TEST(Contracts, SurviveTheRoundTrip) {
  const auto again = decode_contract(encode(engine()));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(encode(*again), encode(engine()));
}

TEST(Contracts, CountTheirOwnFields) {
  json::Value value = encode(engine());
  value["inputs"][1]["fields"] = 3;
  EXPECT_EQ(contract_problem(value), "contract.inputs[1].fields: must be the number of types");
}

TEST(Contracts, RefuseAnUnknownFieldInsideAnInput) {
  json::Value value = encode(engine());
  value["inputs"][0]["typs"] = 1;
  EXPECT_EQ(contract_problem(value),
            "contract.inputs[0].typs: unknown field; did you mean 'types'?");
}

std::string needs_problem(const std::vector<std::int64_t>& reads) {
  const auto needs =
      decode_needs({{"inputs", {{{"name", "ipc"}, {"reads", reads}}}}, {"max_bytes", 1}});
  return needs.ok() ? "" : needs.error().detail;
}

TEST(NeededFields, AscendAndStandOnce) {
  EXPECT_EQ(needs_problem({}), "");
  EXPECT_EQ(needs_problem({1, 2, 21}), "");
  for (const auto& reads : {std::vector<std::int64_t>{2, 1}, {1, 1}, {1, 3, 2}}) {
    EXPECT_EQ(needs_problem(reads), "needs.inputs[0].reads: must be ascending, each field once");
  }
}

TEST(NeededFields, CountFromOne) {
  for (const std::int64_t field : {-1, 0, 1025}) EXPECT_NE(needs_problem({field}), "") << field;
  EXPECT_EQ(needs_problem({1024}), "");
}

}  // namespace
}  // namespace fb::release

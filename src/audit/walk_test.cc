#include "audit/walk.h"

#include <gtest/gtest.h>

#include <functional>

#include "audit/log_sim_test.h"

namespace fb::audit {
namespace {

struct Copy {
  std::vector<std::string> entries;
  Hashes hashes;
};

Copy copy_of(const LogSimulator& log) { return {log.entries, log.hashes()}; }

// "" for an intact log, else "<first entry that may be wrong>: <sentence>".
std::string fault_of(const Copy& copy, const Tip& tip, const std::optional<Tip>& seen = {}) {
  Walk walk(tip, seen);
  if (!walk.take(copy.entries, copy.hashes)) walk.finish();
  const auto& fault = walk.finish();
  return fault ? std::to_string(fault->entry) + ": " + fault->sentence : "";
}

TEST(Walk, PassesAWholeLog) {
  for (const std::uint64_t size : {0U, 1U, 255U, 256U, 600U}) {
    const LogSimulator log = log_of(size);
    EXPECT_EQ(fault_of(copy_of(log), log.tip(), log.tip(size / 2)), "");
  }
}

TEST(Walk, NamesTheFirstEntryThatIsWrong) {
  struct Row {
    const char* what;
    std::function<void(Copy&)> change;
    const char* fault;
  };
  const Row rows[] = {
      {"edited", [](Copy& c) { c.entries[2].back() = ' '; }, "2: entry 2 is not what was logged"},
      {"edited by a blank", [](Copy& c) { c.entries[0] += ' '; },
       "0: entry 0 is not what was logged"},
      {"its hash edited", [](Copy& c) { c.hashes[3].bytes[0] ^= 1; },
       "3: entry 3 is not what was logged"},
      {"edited with its hash",
       [](Copy& c) {
         c.entries[2].replace(c.entries[2].find("\"number\":2"), 10, "\"number\":7");
         c.hashes[2] = leaf_hash(c.entries[2]);
       },
       "0: entries and hashes agree with each other and do not lead to the signed root"},
      {"not JSON",
       [](Copy& c) {
         c.entries[4] = "oops";
         c.hashes[4] = leaf_hash("oops");
       },
       "4: entry 4: "},
      {"removed",
       [](Copy& c) {
         c.entries.erase(c.entries.begin() + 2);
         c.hashes.erase(c.hashes.begin() + 2);
       },
       "2: entry 2 says it is entry 3"},
      {"removed, not its hash", [](Copy& c) { c.entries.erase(c.entries.begin() + 2); },
       "2: entry 2 is not what was logged"},
      {"reordered",
       [](Copy& c) {
         std::swap(c.entries[2], c.entries[3]);
         std::swap(c.hashes[2], c.hashes[3]);
       },
       "2: entry 2 says it is entry 3"},
      {"cut",
       [](Copy& c) {
         c.entries.pop_back();
         c.hashes.pop_back();
       },
       "5: the checkpoint was signed over 6 entries, and entry 5 is missing"},
      {"the last without its hash", [](Copy& c) { c.hashes.pop_back(); },
       "5: entry 5 has no hash in the log"},
      {"appended",
       [](Copy& c) {
         c.entries.push_back(encode(Entry{6, {}, "report", json::Value::object()}));
         c.hashes.push_back(leaf_hash(c.entries.back()));
       },
       "6: entry 6 is beyond the signed checkpoint"},
  };
  const LogSimulator log = log_of(6);
  for (const Row& row : rows) {
    Copy copy = copy_of(log);
    row.change(copy);
    EXPECT_EQ(fault_of(copy, log.tip()).substr(0, std::string(row.fault).size()), row.fault)
        << row.what;
  }
}

TEST(Walk, NoticesThatALogWasCutOrRewrittenSinceItWasSeen) {
  const LogSimulator before = log_of(6);
  const LogSimulator shorter = log_of(4);
  EXPECT_EQ(fault_of(copy_of(shorter), shorter.tip(), before.tip()),
            "4: entry 4 was removed; 6 were verified here before");
  const LogSimulator other = log_of(9, "forged");
  EXPECT_EQ(fault_of(copy_of(other), other.tip(), before.tip()),
            "5: entry 5 or one before it was rewritten since it was last verified here");
}

TEST(Walk, NamesATileAboveThatIsNotMadeOfThoseBelow) {
  const LogSimulator log = log_of(600);
  Walk walk(log.tip());
  ASSERT_FALSE(walk.take(log.entries, log.hashes()));
  const auto names = walk.upper_tiles();
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(path_of(names[0]), "tile/1/000.p/2");
  std::string tile = log.files().at("tile/1/000.p/2");
  EXPECT_FALSE(walk.compare(names[0].id, tile));
  tile[40] ^= 1;
  ASSERT_TRUE(walk.compare(names[0].id, tile));
  EXPECT_EQ(walk.finish()->sentence, "tile/1/000 is not made of the tiles below it");
}

}  // namespace
}  // namespace fb::audit

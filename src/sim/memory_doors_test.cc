#include <gtest/gtest.h>

#include "sim/manual_clock.h"
#include "sim/memory_files.h"
#include "sim/memory_store.h"

namespace fb::sim {
namespace {

port::Batch batch_of(const std::string& key, const std::string& value) {
  return {.writes = {{"space", key, value}}, .log = {}};
}

TEST(MemoryStore, KeepsRecordsInKeyOrderAndTheLogWithoutGaps) {
  MemoryStore store;
  ASSERT_TRUE(store
                  .commit({.writes = {{"s", "b", "2"}, {"s", "a", "1"}, {"t", "a", "3"}},
                           .log = {{0, "first"}}})
                  .ok());
  std::string seen;
  ASSERT_TRUE(store
                  .scan("s", "",
                        [&](const std::string& key, const std::string& value) {
                          seen += key + value;
                          return Status();
                        })
                  .ok());
  EXPECT_EQ(seen, "a1b2");
  EXPECT_EQ(*store.log_size(), 1U);
  EXPECT_EQ(store.commit({.writes = {}, .log = {{2, "gap"}}}).error().code, ErrorCode::conflict);
}

TEST(MemoryStore, FaultsStrikeTheNthCommitAndStandUntilMended) {
  const struct {
    DoorFault fault;
    ErrorCode code;
    bool there, works_on;
  } kCases[] = {
      {DoorFault::not_applied, ErrorCode::io_failed, false, false},
      {DoorFault::applied, ErrorCode::io_failed, true, false},
      {DoorFault::no_space, ErrorCode::no_space, false, true},
  };
  for (const auto& each : kCases) {
    MemoryStore store;
    store.fail_commit(2, each.fault);
    EXPECT_TRUE(store.commit(batch_of("first", "1")).ok());
    EXPECT_TRUE(store.fault_pending());
    const Status struck = store.commit(batch_of("second", "2"));
    ASSERT_FALSE(struck.ok());
    EXPECT_FALSE(store.fault_pending());
    EXPECT_EQ(struck.error().code, each.code);
    EXPECT_EQ(store.get("space", "second")->has_value(), each.there);
    EXPECT_EQ(store.commit(batch_of("third", "3")).ok(), each.works_on);
    store.mend();
    EXPECT_TRUE(store.commit(batch_of("fourth", "4")).ok());
  }
}

TEST(MemoryFiles, KeepsFilesLinksAndDirectories) {
  MemoryFiles files;
  ASSERT_TRUE(files.write_atomic("slots/one/engine", "binary").ok());
  ASSERT_TRUE(files.make_executable("slots/one/engine").ok());
  ASSERT_TRUE(files.point("current/sensor", "../slots/one").ok());
  EXPECT_EQ(*files.pointed("current/sensor"), "../slots/one");
  EXPECT_EQ(*files.read("current/sensor/engine", 100), "binary");
  EXPECT_TRUE(files.executable("slots/one/engine"));
  EXPECT_EQ(*files.list(""), (std::vector<std::string>{"current", "slots"}));
  EXPECT_EQ(*files.list("current/sensor"), std::vector<std::string>{"engine"});
  ASSERT_TRUE(files.rename("slots/one", "slots/two").ok());
  EXPECT_EQ(files.read("current/sensor/engine", 100).error().code, ErrorCode::not_found);
  EXPECT_EQ(*files.read("slots/two/engine", 100), "binary");
  ASSERT_TRUE(files.remove("slots").ok());
  EXPECT_TRUE(files.list("slots")->empty());
}

TEST(MemoryFiles, ReadsNothingAboveTheLimit) {
  MemoryFiles files;
  ASSERT_TRUE(files.write_atomic("a", "12345").ok());
  EXPECT_EQ(files.read("a", 4).error().code, ErrorCode::too_large);
  EXPECT_TRUE(files.read("a", 5).ok());
}

TEST(MemoryFiles, EveryChangingCallCanFailInBothFlavours) {
  const auto run = [](MemoryFiles& files) -> Status {
    FB_TRY(files.write_atomic("a", "1"));
    FB_ASSIGN(const auto writer, files.append_to("b"));
    FB_TRY(writer->append("2"));
    FB_TRY(writer->keep());
    FB_TRY(files.make_executable("b"));
    FB_TRY(files.point("c", "b"));
    FB_TRY(files.rename("a", "d"));
    return files.remove("b");
  };
  constexpr std::uint64_t kChanges = 8;
  for (const DoorFault fault : {DoorFault::not_applied, DoorFault::applied}) {
    for (std::uint64_t nth = 1; nth <= kChanges + 1; ++nth) {
      MemoryFiles files;
      files.fail_change(nth, fault);
      EXPECT_EQ(run(files).ok(), nth > kChanges) << nth;
      EXPECT_EQ(files.fault_pending(), nth > kChanges) << nth;
      // "a" is written by the first call and renamed away by the seventh.
      const std::uint64_t happened = fault == DoorFault::applied ? nth : nth - 1;
      EXPECT_EQ(files.everything().contains("a"), happened >= 1 && happened < 7) << nth;
    }
  }
}

TEST(ManualClock, StandsStillUntilTold) {
  ManualClock clock;
  EXPECT_EQ(to_rfc3339(clock.wall()), "2024-07-19T04:00:00Z");
  const Instant before = clock.wall();
  const std::string boot = clock.boot_id();
  clock.advance(seconds(5));
  EXPECT_EQ(clock.wall() - before, seconds(5));
  clock.reboot();
  EXPECT_EQ(clock.uptime(), Uptime{0});
  EXPECT_NE(clock.boot_id(), boot);
}

TEST(SeededEntropy, TheSeedDeterminesTheBytes) {
  EXPECT_EQ(SeededEntropy(1).bytes(33), SeededEntropy(1).bytes(33));
  EXPECT_NE(SeededEntropy(1).bytes(16), SeededEntropy(2).bytes(16));
  SeededEntropy entropy(1);
  EXPECT_NE(entropy.bytes(16), entropy.bytes(16));
}

}  // namespace
}  // namespace fb::sim

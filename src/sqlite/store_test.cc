#include "sqlite/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>

namespace fb::sqlite {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/firebreak-store-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void open() {
    store_.reset();
    auto opened = open_store(path(), {.patience = milliseconds(20)});
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    store_ = std::move(opened).value();
  }
  [[nodiscard]] std::string path() const { return directory_ + "/state.db"; }

  static port::Batch records(const std::map<std::string, std::string>& wanted) {
    port::Batch batch;
    for (const auto& [key, value] : wanted) batch.writes.push_back({"device", key, value});
    return batch;
  }
  std::map<std::string, std::string> all(const std::string& from = "") {
    std::map<std::string, std::string> found;
    const Status status = store_->scan("device", from, [&](const auto& key, const auto& value) {
      found[key] = value;
      return Status();
    });
    EXPECT_TRUE(status.ok());
    return found;
  }

  // Another program with its hands on the file.
  void outside(const std::string& sql) {
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(other, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(other);
    sqlite3_close(other);
  }

  std::string directory_;
  std::unique_ptr<port::Store> store_;
};

TEST_F(StoreTest, RecordsAndLogAreThereAfterReopening) {
  port::Batch batch = records({{"a", "1"}, {"b", std::string("\0\xff", 2)}});
  batch.log = {{0, "first"}, {1, ""}};
  ASSERT_TRUE(store_->commit(batch).ok());
  open();
  EXPECT_EQ(all(),
            (std::map<std::string, std::string>{{"a", "1"}, {"b", std::string("\0\xff", 2)}}));
  EXPECT_EQ(*store_->log_size(), 2U);
  std::vector<std::string> entries;
  ASSERT_TRUE(store_
                  ->scan_log(1,
                             [&](std::uint64_t index, const std::string& entry) {
                               EXPECT_EQ(index, 1U);
                               entries.push_back(entry);
                               return Status();
                             })
                  .ok());
  EXPECT_EQ(entries, std::vector<std::string>{""});
}

TEST_F(StoreTest, ALaterWriteToTheSameKeyWins) {
  port::Batch batch;
  batch.writes = {{"device", "a", "1"}, {"device", "a", std::nullopt}, {"device", "a", "3"}};
  ASSERT_TRUE(store_->commit(batch).ok());
  EXPECT_EQ(*store_->get("device", "a"), "3");
}

TEST_F(StoreTest, ARemovedRecordIsGone) {
  ASSERT_TRUE(store_->commit(records({{"a", "1"}})).ok());
  ASSERT_TRUE(store_->commit({.writes = {{"device", "a", std::nullopt}}, .log = {}}).ok());
  EXPECT_EQ(*store_->get("device", "a"), std::nullopt);
}

TEST_F(StoreTest, AnEmptyValueIsAValue) {
  ASSERT_TRUE(store_->commit(records({{"a", ""}})).ok());
  EXPECT_EQ(*store_->get("device", "a"), "");
}

TEST_F(StoreTest, SpacesDoNotMix) {
  ASSERT_TRUE(store_->commit({.writes = {{"one", "a", "1"}, {"two", "a", "2"}}, .log = {}}).ok());
  EXPECT_EQ(*store_->get("one", "a"), "1");
  EXPECT_EQ(*store_->get("two", "a"), "2");
  EXPECT_TRUE(all().empty());
}

TEST_F(StoreTest, AScanGoesInByteOrderFromTheGivenKey) {
  ASSERT_TRUE(store_->commit(records({{"a", ""}, {"b", ""}, {"\xff", ""}, {"B", ""}})).ok());
  std::vector<std::string> keys;
  ASSERT_TRUE(store_
                  ->scan("device", "a",
                         [&](const std::string& key, const std::string&) {
                           keys.push_back(key);
                           return Status();
                         })
                  .ok());
  EXPECT_EQ(keys, (std::vector<std::string>{"a", "b", "\xff"}));
}

TEST_F(StoreTest, AScanStopsAtTheFirstErrorOfItsVisitor) {
  ASSERT_TRUE(store_->commit(records({{"a", ""}, {"b", ""}})).ok());
  int visits = 0;
  const Status status = store_->scan("device", "", [&](const std::string&, const std::string&) {
    ++visits;
    return Status(Error{ErrorCode::conflict, "enough"});
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().detail, "enough");
  EXPECT_EQ(visits, 1);
}

TEST_F(StoreTest, AVisitorMayReadAndCommitDuringAScanAndTheScanDoesNotSeeIt) {
  ASSERT_TRUE(store_->commit(records({{"a", "1"}, {"b", "1"}})).ok());
  int visits = 0;
  const Status status =
      store_->scan("device", "", [&](const std::string& key, const std::string&) -> Status {
        ++visits;
        FB_TRY(store_->commit(records({{"c", "new"}})));
        EXPECT_EQ(*store_->get("device", key), "1");
        EXPECT_EQ(*store_->get("device", "c"), "new");
        return Status();
      });
  ASSERT_TRUE(status.ok()) << status.error().detail;
  EXPECT_EQ(visits, 2);
}

TEST_F(StoreTest, AGapOrRepetitionInTheLogIsRefusedAndNothingOfTheBatchStays) {
  for (const std::uint64_t wrong : {1U, 7U}) {
    port::Batch batch = records({{"a", "1"}});
    batch.log = {{wrong, "entry"}};
    const Status status = store_->commit(batch);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::conflict);
    EXPECT_TRUE(all().empty());
  }
  EXPECT_TRUE(store_->commit({.writes = {}, .log = {{0, "entry"}}}).ok());
  EXPECT_FALSE(store_->commit({.writes = {}, .log = {{0, "again"}}}).ok());
}

TEST_F(StoreTest, AfterAnInputOutputErrorEveryCommitIsRefusedUntilReopened) {
  // A limit on the size of files makes write() fail as a broken disk does.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{64U << 10U, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status failed = store_->commit(records({{"b", std::string(1U << 20U, 'x')}}));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(failed.ok());
  ASSERT_EQ(failed.error().code, ErrorCode::io_failed) << failed.error().detail;
  const Status next = store_->commit(records({{"a", "1"}}));
  ASSERT_FALSE(next.ok());
  EXPECT_EQ(next.error().code, ErrorCode::io_failed);
  open();
  EXPECT_TRUE(all().empty());
  EXPECT_TRUE(store_->commit(records({{"a", "1"}})).ok());
}

TEST_F(StoreTest, ADatabaseHeldByAnotherProcessIsUnavailableAndThenFine) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const Status status = store_->commit(records({{"a", "1"}}));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::unavailable) << status.error().detail;
  sqlite3_close(other);
  EXPECT_TRUE(store_->commit(records({{"a", "1"}})).ok());
}

TEST_F(StoreTest, RefusesADatabaseOfANewerVersion) {
  store_.reset();
  outside("PRAGMA user_version=2");
  const auto opened = open_store(path());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::unsupported) << opened.error().detail;
}

TEST_F(StoreTest, RefusesSomebodyElsesDatabaseAndLeavesItAlone) {
  store_.reset();
  std::filesystem::remove(path());
  outside("CREATE TABLE theirs(x)");
  const auto opened = open_store(path());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::malformed) << opened.error().detail;
}

TEST_F(StoreTest, OnlyTheOwnerCanReadItsFiles) {
  ASSERT_TRUE(store_->commit(records({{"a", "1"}})).ok());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat about {};
    ASSERT_EQ(::stat((path() + suffix).c_str(), &about), 0) << suffix;
    EXPECT_EQ(about.st_mode & 0777U, 0600U) << suffix;
  }
}

TEST_F(StoreTest, ADirectoryThatIsMissingIsNamed) {
  const auto opened = open_store(directory_ + "/nowhere/state.db");
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().detail.find("/nowhere/state.db"), std::string::npos);
}

TEST_F(StoreTest, TheWriteAheadLogDoesNotGrowForEver) {
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(store_->commit(records({{"a", std::string(1U << 20U, 'x')}})).ok());
  EXPECT_LT(std::filesystem::file_size(path() + "-wal"), 24U << 20U);
}

}  // namespace
}  // namespace fb::sqlite

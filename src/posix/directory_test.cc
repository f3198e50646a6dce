#include "posix/directory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "posix/descriptor.h"
#include "posix/raw_file.h"
#include "posix/system_clock.h"
#include "posix/test_directory.h"

namespace fb::posix {
namespace {

namespace fs = std::filesystem;

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    auto opened = open_directory(root_ / "tree");
    EXPECT_TRUE(opened.ok()) << opened.error().detail;
    files_ = std::move(opened).value();
  }
  [[nodiscard]] std::string outside(const std::string& path) const {
    return root_ / ("tree/" + path);
  }
  [[nodiscard]] mode_t mode(const std::string& path) const {
    struct stat about {};
    EXPECT_EQ(::lstat(outside(path).c_str(), &about), 0);
    return about.st_mode & 07777U;
  }

  TestDirectory root_;
  std::unique_ptr<port::Files> files_;
};

TEST_F(DirectoryTest, WhatIsWrittenIsReadAndSized) {
  const std::string bytes("one\0two", 7);
  ASSERT_TRUE(files_->write_atomic("state/sensor.channel", bytes).ok());
  EXPECT_EQ(*files_->read("state/sensor.channel", 7), bytes);
  EXPECT_EQ(*files_->size("state/sensor.channel"), 7U);
  ASSERT_TRUE(files_->write_atomic("state/sensor.channel", "shorter").ok());
  EXPECT_EQ(*files_->read("state/sensor.channel", 100), "shorter");
}

TEST_F(DirectoryTest, OnlyTheOwnerMayLookIn) {
  ASSERT_TRUE(files_->write_atomic("a/b", "x").ok());
  EXPECT_EQ(mode(""), 0700U);
  EXPECT_EQ(mode("a"), 0700U);
  EXPECT_EQ(mode("a/b"), 0600U);
  ASSERT_TRUE(files_->make_executable("a/b").ok());
  EXPECT_EQ(mode("a/b"), 0755U);
}

TEST_F(DirectoryTest, ReadsNothingAboveTheLimit) {
  ASSERT_TRUE(files_->write_atomic("a", "12345").ok());
  EXPECT_EQ(files_->read("a", 4).error().code, ErrorCode::too_large);
}

TEST_F(DirectoryTest, WhatIsNotThereIsNotFoundAndNamed) {
  const auto read = files_->read("no/such", 10);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::not_found);
  EXPECT_NE(read.error().detail.find("no/such"), std::string::npos);
  EXPECT_EQ(files_->pointed("no").error().code, ErrorCode::not_found);
  EXPECT_TRUE(files_->list("no")->empty());
  EXPECT_TRUE(files_->remove("no/such").ok());
}

TEST_F(DirectoryTest, AnAtomicWriteLeavesNothingButTheFile) {
  ASSERT_TRUE(files_->write_atomic("a", "1").ok());
  ASSERT_TRUE(files_->point("b", "a").ok());
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(outside(""))) ++entries;
  EXPECT_EQ(entries, 2U);
}

TEST_F(DirectoryTest, AFailedWriteKeepsTheOldFileAndLeavesNoTemporary) {
  ASSERT_TRUE(files_->write_atomic("a", "old").ok());
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{4096, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status written = files_->write_atomic("a", std::string(10'000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, ErrorCode::io_failed);
  EXPECT_EQ(*files_->read("a", 10), "old");
  EXPECT_FALSE(fs::exists(outside(".a.tmp")));
}

TEST_F(DirectoryTest, AnInterruptedWriteIsNotListedAndTheNextOneReplacesIt) {
  ASSERT_TRUE(write_file_atomic(outside(".a.tmp"), "half").ok());
  EXPECT_TRUE(files_->list("")->empty());
  ASSERT_TRUE(files_->write_atomic("a", "whole").ok());
  EXPECT_EQ(*files_->read("a", 10), "whole");
}

TEST_F(DirectoryTest, AppendingContinuesWhatIsThere) {
  for (const char* piece : {"one", "two"}) {
    auto writer = files_->append_to("downloads/artifact");
    ASSERT_TRUE(writer.ok()) << writer.error().detail;
    ASSERT_TRUE((*writer)->append(piece).ok());
    ASSERT_TRUE((*writer)->keep().ok());
  }
  EXPECT_EQ(*files_->read("downloads/artifact", 10), "onetwo");
}

TEST_F(DirectoryTest, ADroppedWriterLeavesThePartialFile) {
  { ASSERT_TRUE((*files_->append_to("a"))->append("half").ok()); }
  EXPECT_EQ(*files_->read("a", 10), "half");
}

TEST_F(DirectoryTest, PiecesAreTheWholeFile) {
  const std::string bytes(200'000, 'x');
  ASSERT_TRUE(files_->write_atomic("a", bytes).ok());
  std::string got;
  ASSERT_TRUE(files_
                  ->read_pieces("a",
                                [&](std::string_view piece) {
                                  got.append(piece);
                                  return Status();
                                })
                  .ok());
  EXPECT_EQ(got, bytes);
}

TEST_F(DirectoryTest, TheSwitchIsReplacedAtomicallyAndFollowed) {
  ASSERT_TRUE(files_->write_atomic("slots/1/engine", "first").ok());
  ASSERT_TRUE(files_->write_atomic("slots/2/engine", "second").ok());
  ASSERT_TRUE(files_->point("current/sensor", "../slots/1").ok());
  EXPECT_EQ(*files_->read("current/sensor/engine", 10), "first");
  ASSERT_TRUE(files_->point("current/sensor", "../slots/2").ok());
  EXPECT_EQ(*files_->pointed("current/sensor"), "../slots/2");
  EXPECT_EQ(*files_->read("current/sensor/engine", 10), "second");
  EXPECT_EQ(*files_->list("current"), std::vector<std::string>{"sensor"});
}

TEST_F(DirectoryTest, ALinkThatLeadsOutIsNotRead) {
  ASSERT_TRUE(write_file_atomic(root_ / "secret", "x").ok());
  ASSERT_TRUE(files_->point("a", "../secret").ok());
  ASSERT_TRUE(files_->point("b", "/etc/hostname").ok());
  EXPECT_EQ(files_->read("a", 10).error().code, ErrorCode::io_failed);
  EXPECT_EQ(files_->read("b", 10).error().code, ErrorCode::io_failed);
}

TEST_F(DirectoryTest, WritingNeverFollowsALink) {
  ASSERT_TRUE(write_file_atomic(root_ / "victim", "untouched").ok());
  fs::create_directory(root_ / "elsewhere");
  ASSERT_TRUE(files_->point("link", "../victim").ok());
  ASSERT_TRUE(files_->point("directory", "../elsewhere").ok());
  EXPECT_FALSE(files_->append_to("link").ok());
  EXPECT_FALSE(files_->make_executable("link").ok());
  EXPECT_FALSE(files_->write_atomic("directory/file", "x").ok());
  ASSERT_TRUE(files_->write_atomic("link", "replaces the link itself").ok());
  EXPECT_EQ(*read_file(root_ / "victim", 100), "untouched");
}

TEST_F(DirectoryTest, RemovingATreeLeavesWhatItsLinksPointAt) {
  ASSERT_TRUE(files_->write_atomic("slots/1/deep/er/file", "x").ok());
  ASSERT_TRUE(files_->write_atomic("kept/file", "x").ok());
  ASSERT_TRUE(files_->point("slots/1/link", "../../kept").ok());
  ASSERT_TRUE(files_->remove("slots").ok());
  EXPECT_EQ(*files_->list(""), std::vector<std::string>{"kept"});
  EXPECT_EQ(*files_->list("kept"), std::vector<std::string>{"file"});
}

TEST_F(DirectoryTest, RenamesDirectoriesIntoMissingParents) {
  ASSERT_TRUE(files_->write_atomic("staging/x/file", "x").ok());
  ASSERT_TRUE(files_->rename("staging/x", "slots/sensor/1").ok());
  EXPECT_EQ(*files_->read("slots/sensor/1/file", 10), "x");
  EXPECT_TRUE(files_->list("staging")->empty());
}

TEST_F(DirectoryTest, APipeInTheTreeIsRefusedAndDoesNotBlock) {
  ASSERT_EQ(::mkfifo(outside("pipe").c_str(), 0600), 0);
  EXPECT_EQ(files_->read("pipe", 10).error().code, ErrorCode::io_failed);
}

TEST_F(DirectoryTest, AbsoluteNamesTheRealPath) {
  EXPECT_EQ(files_->absolute("a/b"), fs::canonical(outside("")).string() + "/a/b");
}

TEST(DirectoryDeathTest, PathsThatLeaveTheTreeAreABug) {
  const TestDirectory root;
  const auto files = open_directory(root.path());
  for (const char* path : {"../x", "/etc/passwd", "a//b", "a/./b", "a/", ""})
    EXPECT_DEATH({ [[maybe_unused]] auto got = (*files)->write_atomic(path, "x"); }, "") << path;
}

TEST(DirectoryLock, ASecondOwnerIsToldThePidOfTheFirst) {
  const TestDirectory root;
  auto first = open_directory(root.path(), Lock::exclusive);
  ASSERT_TRUE(first.ok()) << first.error().detail;
  const auto second = open_directory(root.path(), Lock::exclusive);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_NE(second.error().detail.find("process " + std::to_string(::getpid())), std::string::npos)
      << second.error().detail;
  EXPECT_TRUE((*first)->list("")->empty()) << "the lock is not part of the tree";
  first->reset();
  EXPECT_TRUE(open_directory(root.path(), Lock::exclusive).ok());
}

TEST(DirectoryLock, EndsWithItsProcess) {
  const TestDirectory root;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = open_directory(root.path(), Lock::exclusive);
    ::_exit(held.ok() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(open_directory(root.path(), Lock::exclusive).ok());
}

TEST(OpenDirectory, AFileInTheWayIsNamed) {
  const TestDirectory root;
  ASSERT_TRUE(write_file_atomic(root / "file", "x").ok());
  const auto opened = open_directory(root / "file/tree");
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().detail.find("/file"), std::string::npos) << opened.error().detail;
}

TEST(RawFile, ReplacesAtomicallyWithTheModeAskedFor) {
  const TestDirectory root;
  ASSERT_TRUE(write_file_atomic(root / "key", "one", 0600).ok());
  ASSERT_TRUE(write_file_atomic(root / "key", "two", 0600).ok());
  EXPECT_EQ(*read_file(root / "key", 10), "two");
  struct stat about {};
  ASSERT_EQ(::stat((root / "key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(root.path()), fs::directory_iterator()), 1);
}

TEST(RawFile, ReadsDevicesNoFurtherThanTheLimit) {
  EXPECT_EQ(read_file("/dev/zero", 1000).error().code, ErrorCode::too_large);
}

TEST(SystemError, AFullDiskAndMissingRightsSayWhatToDo) {
  const Error full = system_error(ENOSPC, "write", "/srv/x");
  EXPECT_EQ(full.code, ErrorCode::no_space);
  EXPECT_NE(full.detail.find("free some space"), std::string::npos);
  const Error denied = system_error(EACCES, "open", "/srv/x");
  EXPECT_EQ(denied.code, ErrorCode::io_failed);
  EXPECT_NE(denied.detail.find("owner"), std::string::npos);
  EXPECT_NE(denied.detail.find("/srv/x"), std::string::npos);
}

TEST(SystemClock, ReadsBothClocksAndTheBootId) {
  const SystemClock clock;
  EXPECT_GT(to_rfc3339(clock.wall()), "2024-01-01T00:00:00Z");
  EXPECT_GT(clock.uptime(), Uptime{0});
  EXPECT_EQ(clock.boot_id().size(), 36U);
  EXPECT_EQ(SystemClock("another boot").boot_id(), "another boot");
}

TEST(SystemEntropy, BytesAreAsManyAsAskedAndNotTheSame) {
  SystemEntropy entropy;
  EXPECT_EQ(entropy.bytes(1000).size(), 1000U);
  EXPECT_NE(entropy.bytes(16), entropy.bytes(16));
}

}  // namespace
}  // namespace fb::posix

#include "posix/byte_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "posix/raw_file.h"
#include "posix/test_directory.h"

namespace fb::posix {
namespace {

TEST(ByteFile, ReadsWhatStandsAtAPlace) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/x";
  ASSERT_TRUE(write_file_atomic(path, "0123456789").ok());
  const auto file = open_bytes(path);
  ASSERT_TRUE(file.ok()) << file.error().detail;
  EXPECT_EQ((*file)->size(), 10U);
  EXPECT_EQ(*(*file)->read(3, 4), "3456");
  EXPECT_EQ((*file)->read(8, 4).error().code, ErrorCode::io_failed);
  ASSERT_EQ(::truncate(path.c_str(), 5), 0);
  EXPECT_EQ((*file)->read(3, 4).error().code, ErrorCode::io_failed) << "cut while it was open";
}

TEST(ByteFile, IsARegularFile) {
  const TestDirectory directory;
  EXPECT_EQ(open_bytes(directory.path()).error().code, ErrorCode::bad_usage);
  EXPECT_EQ(open_bytes("/dev/zero").error().code, ErrorCode::bad_usage);
  EXPECT_EQ(open_bytes(directory.path() + "/none").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace fb::posix

#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace fb {
namespace {

const Error kLost{ErrorCode::not_found, "no such file"};

Result<int> half(int number) {
  if (number % 2 == 0) return number / 2;
  return Error{ErrorCode::malformed, std::to_string(number) + " is odd"};
}

Result<int> quarter(int number) {
  FB_ASSIGN(const int once, half(number));
  FB_ASSIGN(const int twice, half(once));
  return twice;
}

Status even(int number) {
  FB_TRY(half(number).ok() ? Status{} : Status{half(number).error()});
  return {};
}

TEST(Results, HoldAValueOrAnError) {
  EXPECT_EQ(*half(8), 4);
  ASSERT_FALSE(half(7).ok());
  EXPECT_EQ(half(7).error().detail, "7 is odd");
}

TEST(Results, HandTheFirstErrorToTheCaller) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().detail, "3 is odd");
  EXPECT_TRUE(even(2).ok());
  EXPECT_EQ(even(3).error().detail, "3 is odd");
}

TEST(Results, CarryValuesThatOnlyMove) {
  Result<std::unique_ptr<int>> held(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = std::move(held).value();
  EXPECT_EQ(*taken, 7);
}

TEST(Results, TellWhereItHappenedAndKeepTheCode) {
  const Result<int> told = Result<int>(kLost).in("root.json").in("refresh");
  EXPECT_EQ(told.error().code, ErrorCode::not_found);
  EXPECT_EQ(told.error().detail, "refresh: root.json: no such file");
  EXPECT_EQ(Status(kLost).in("here").error().detail, "here: no such file");
  EXPECT_TRUE(Status().in("here").ok());
  EXPECT_EQ(*Result<int>(1).in("here"), 1);
}

TEST(ResultsDeathTest, AreNeverReadAsWhatTheyAreNot) {
  EXPECT_DEATH(static_cast<void>(Result<int>(kLost).value()), "ok\\(\\)");
  EXPECT_DEATH(static_cast<void>(Result<int>(1).error()), "ok\\(\\)");
  EXPECT_DEATH(static_cast<void>(Status().error()), "has_value");
}

TEST(Errors, AreRetriedOnlyWhenNobodyHasToChangeTheRequest) {
  for (const ErrorCode code : {ErrorCode::unreachable, ErrorCode::timed_out, ErrorCode::unavailable,
                               ErrorCode::too_many, ErrorCode::clock_doubtful}) {
    EXPECT_TRUE(retryable(code)) << name(code);
  }
  for (const ErrorCode code :
       {ErrorCode::malformed, ErrorCode::bad_signature, ErrorCode::expired, ErrorCode::rolled_back,
        ErrorCode::forbidden, ErrorCode::bad_usage}) {
    EXPECT_FALSE(retryable(code)) << name(code);
  }
}

}  // namespace
}  // namespace fb

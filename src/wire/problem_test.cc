#include "wire/problem.h"

#include <gtest/gtest.h>

#include <set>

#include "json/json.h"

namespace fb::wire {
namespace {

struct Row {
  ErrorCode code;
  int status;
};

const Row kRows[] = {
    {ErrorCode::malformed, 400},   {ErrorCode::too_large, 413},
    {ErrorCode::unsupported, 422}, {ErrorCode::bad_signature, 422},
    {ErrorCode::expired, 422},     {ErrorCode::clock_doubtful, 422},
    {ErrorCode::rolled_back, 409}, {ErrorCode::mismatch, 422},
    {ErrorCode::not_found, 404},   {ErrorCode::already_exists, 409},
    {ErrorCode::conflict, 409},    {ErrorCode::unauthenticated, 401},
    {ErrorCode::forbidden, 403},   {ErrorCode::too_many, 429},
    {ErrorCode::bad_usage, 400},   {ErrorCode::io_failed, 500},
    {ErrorCode::no_space, 507},    {ErrorCode::unreachable, 502},
    {ErrorCode::timed_out, 504},   {ErrorCode::unavailable, 503},
};

TEST(Problems, CarryEveryCodeThereAndBack) {
  std::set<std::string_view> names;
  for (const auto& [code, status] : kRows) {
    const Problem sent = problem(Error{code, "what was wrong"});
    EXPECT_EQ(sent.status, status) << name(code);
    EXPECT_EQ(sent.type, "urn:firebreak:problem:" + std::string(name(code)));
    EXPECT_FALSE(sent.title.empty());
    const Error received = to_error(sent.status, encode(sent));
    EXPECT_EQ(received.code, code) << name(code);
    EXPECT_EQ(received.detail, "what was wrong");
    names.insert(name(code));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorCode::unavailable) + 1);
}

TEST(Problems, WithoutAnErrorSpeakByTheirStatus) {
  const Problem sent = problem(405, "only GET");
  EXPECT_EQ(sent.type, "about:blank");
  EXPECT_EQ(sent.title, "Method not allowed");
  EXPECT_EQ(to_error(405, encode(sent)).code, ErrorCode::malformed);
  EXPECT_EQ(to_error(503, encode(problem(503, "later"))).code, ErrorCode::unavailable);
  EXPECT_EQ(to_error(503, encode(problem(503, "later"))).detail, "later");
}

TEST(Problems, ThatAreNoneBecomeErrorsByTheirStatus) {
  for (const char* body : {"", "<html>", "[]", "null", "{}", R"({"type":1,"detail":"x"})",
                           R"({"type":"about:blank"})"}) {
    EXPECT_EQ(to_error(502, body).code, ErrorCode::unavailable) << body;
    EXPECT_EQ(to_error(400, body).code, ErrorCode::malformed) << body;
    EXPECT_EQ(to_error(401, body).code, ErrorCode::unauthenticated) << body;
    EXPECT_EQ(to_error(404, body).code, ErrorCode::not_found) << body;
    EXPECT_EQ(to_error(404, body).detail, "the server answered 404") << body;
  }
}

TEST(Problems, FromOthersMayCarryMoreFields) {
  const Error received =
      to_error(409, R"({"type":"urn:firebreak:problem:conflict","detail":"x","instance":"/1"})");
  EXPECT_EQ(received.code, ErrorCode::conflict);
}

// Details quote what strangers sent, cut short: maybe inside a character.
TEST(Problems, AreJsonWhateverTheyQuote) {
  for (const char* detail : {"cut\xc3", "\xff\xfe", "\"quoted\"", "\n\x01"}) {
    EXPECT_TRUE(json::parse(encode(problem(Error{ErrorCode::malformed, detail}))).ok()) << detail;
  }
}

}  // namespace
}  // namespace fb::wire

#include <gtest/gtest.h>

#include "http/range.h"
#include "http/request_parser.h"
#include "http/response_head.h"
#include "http/response_parser.h"
#include "http/target.h"
#include "http/url.h"

namespace fb::http {
namespace {

TEST(Target, DecodesPathAndQuery) {
  const auto target =
      parse_target("/tuf/metadata/1%2Eroot.json?a=b%20c+d&a=second&empty&=x#fragment");
  ASSERT_TRUE(target.ok()) << target.error().detail;
  EXPECT_EQ(target->path, "/tuf/metadata/1.root.json");
  EXPECT_EQ(target->query,
            (std::map<std::string, std::string>{{"a", "b c d"}, {"empty", ""}, {"", "x"}}));
}

TEST(Target, AcceptsTheAbsoluteFormAndATrailingSlash) {
  EXPECT_EQ(parse_target("http://host:80/a/b?c=d")->path, "/a/b");
  EXPECT_EQ(parse_target("http://host")->path, "/");
  EXPECT_EQ(parse_target("/console/")->path, "/console/");
}

TEST(Target, RefusesWhatAHandlerShouldNeverSee) {
  for (const char* text :
       {"", "*", "a", "//a", "/a//b", "/../etc", "/a/..", "/a/%2e%2e/b", "/a%2f..%2fb", "/.",
        "/a/./b", "/%", "/%4", "/%zz", "/%00", "/a%0d%0a", "/a?b=%", "/a%7f"}) {
    EXPECT_FALSE(parse_target(text).ok()) << text;
  }
}

TEST(Range, JudgesEachFormByTheSize) {
  using Kind = RangeAnswer::Kind;
  const struct {
    const char* header;
    std::uint64_t size;
    Kind kind;
    std::uint64_t first, length;
  } kCases[] = {
      {"", 10, Kind::whole, 0, 10},
      {"bytes=0-0", 10, Kind::part, 0, 1},
      {"bytes=0-9", 10, Kind::part, 0, 10},
      {"bytes=2-5", 10, Kind::part, 2, 4},
      {"bytes=2-", 10, Kind::part, 2, 8},
      {"bytes=2-99", 10, Kind::part, 2, 8},
      {"bytes=9-9", 10, Kind::part, 9, 1},
      {"bytes=10-", 10, Kind::unsatisfiable, 0, 0},
      {"bytes=10-12", 10, Kind::unsatisfiable, 0, 0},
      {"bytes=-3", 10, Kind::part, 7, 3},
      {"bytes=-30", 10, Kind::part, 0, 10},
      {"bytes=-0", 10, Kind::unsatisfiable, 0, 0},
      {"bytes=0-", 0, Kind::unsatisfiable, 0, 0},
      {"bytes=-1", 0, Kind::unsatisfiable, 0, 0},
      {"bytes=5-2", 10, Kind::whole, 0, 10},
      {"bytes=1-2,4-5", 10, Kind::whole, 0, 10},
      {"bytes=a-b", 10, Kind::whole, 0, 10},
      {"bytes=", 10, Kind::whole, 0, 10},
      {"lines=1-2", 10, Kind::whole, 0, 10},
      {"bytes=99999999999999999999-", 10, Kind::whole, 0, 10},
  };
  for (const auto& each : kCases) {
    const RangeAnswer answer = judge_range(each.header, each.size);
    EXPECT_EQ(answer.kind, each.kind) << each.header;
    EXPECT_EQ(answer.first, each.first) << each.header;
    EXPECT_EQ(answer.length, each.length) << each.header;
  }
}

TEST(Etag, IsNamedWeaklyInListsAndByTheStar) {
  EXPECT_TRUE(names_etag("\"a\"", "\"a\""));
  EXPECT_TRUE(names_etag("\"b\", W/\"a\"", "\"a\""));
  EXPECT_TRUE(names_etag("*", "\"a\""));
  EXPECT_FALSE(names_etag("\"b\"", "\"a\""));
  EXPECT_FALSE(names_etag("", "\"a\""));
  EXPECT_FALSE(names_etag("*", ""));
}

TEST(ResponseHead, LeavesOutHeadersThatWouldBreakTheLines) {
  const port::ServerResponse response{
      .status = 200,
      .headers = {{"x-a", "1\r\nset-cookie: b"}, {"x-c", "2"}, {"date", "no"}},
      .body = {},
      .file = {}};
  EXPECT_EQ(
      response_head(response, 3, After::close, "D"),
      "HTTP/1.1 200 OK\r\ndate: D\r\nx-c: 2\r\ncontent-length: 3\r\nconnection: close\r\n\r\n");
}

TEST(ResponseHead, DatesAreThoseOfTheStandard) {
  EXPECT_EQ(http_date(1'721'362'140), "Fri, 19 Jul 2024 04:09:00 GMT");
}

TEST(Url, IsTakenApart) {
  const auto url = parse_url("http://example.org:8080/a?b#c");
  ASSERT_TRUE(url.ok()) << url.error().detail;
  EXPECT_EQ(url->host, "example.org");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->target, "/a?b");
  EXPECT_EQ(url->authority, "example.org:8080");
  EXPECT_EQ(parse_url("http://[::1]:81")->host, "::1");
  EXPECT_EQ(parse_url("http://[::1]:81")->port, 81);
  EXPECT_EQ(parse_url("http://a?x")->target, "/?x");
  EXPECT_EQ(parse_url("http://a")->port, 80);
}

TEST(Url, OtherTextsAreRefusedWithTheirReason) {
  EXPECT_EQ(parse_url("https://a/").error().code, ErrorCode::unsupported);
  for (const char* text :
       {"", "a", "ftp://a/", "http://", "http://:80/", "http://a:0/", "http://a:65536/",
        "http://a:x/", "http://user@a/", "http://[::1/", "http://a/ b", "http://a/\r\nx"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code, ErrorCode::bad_usage) << text;
  }
}

// Feeds `text` in pieces of `size`, accepting bodies of up to 10 bytes. 0: taken; else the status
// of the refusal; -1: it waits for more.
int parse(std::string text, std::size_t size, port::ServerRequest* into = nullptr) {
  RequestParser parser(1024);
  std::string pending;
  while (!text.empty()) {
    pending += text.substr(0, size);
    text.erase(0, size);
    while (true) {
      pending.erase(0, parser.feed(pending));
      if (parser.state() != RequestParser::State::headed) break;
      parser.accept_body(10);
    }
  }
  if (parser.state() == RequestParser::State::refused) return parser.status();
  if (parser.state() != RequestParser::State::complete) return -1;
  if (into != nullptr) *into = parser.take();
  return 0;
}

TEST(RequestParser, RefusesWhatIsMalformedWhereverThePiecesEnd) {
  const std::string host = " HTTP/1.1\r\nHost: h\r\n";
  const struct {
    std::string text;
    int status;
  } kCases[] = {
      {"GET /" + host + "\r\n", 0},
      {"GET / HTTP/1.0\r\n\r\n", 0},
      {"POST /" + host + "Content-Length: 3\r\n\r\nabc", 0},
      {"POST /" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0},
      {"POST /" + host + "Content-Length: 3\r\n\r\nab", -1},
      {"GET /" + host, -1},
      {"GET / HTTP/1.1\r\n\r\n", 400},            // no host
      {"GET /" + host + "Host: g\r\n\r\n", 400},  // two hosts
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 400},
      {"GET /../x" + host + "\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"\x16\x03\x01\x02garbage\r\n\r\n", 400},  // TLS
      {"GET /" + host + "bad header\r\n\r\n", 400},
      {"GET /" + host + "Content-Length: -1\r\n\r\n", 400},
      {"POST /" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400},
      {"POST /" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400},
      {"POST /" + host + "Transfer-Encoding: gzip\r\n\r\nabc", 400},
      {"POST /" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"POST /" + host + "Content-Length: 11\r\n\r\n", 413},
      {"POST /" + host + "Transfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n", 413},
      {"GET /" + host + "X: " + std::string(2000, 'x') + "\r\n\r\n", 431},
      {"GET /" + std::string(2000, 'x') + host + "\r\n", 431},
  };
  for (const auto& each : kCases)
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}})
      EXPECT_EQ(parse(each.text, size), each.status) << each.text.substr(0, 100) << " in " << size;
}

TEST(RequestParser, GivesTheRequestWithNamesInLowerCase) {
  port::ServerRequest request;
  ASSERT_EQ(parse("POST /a/b?c=d HTTP/1.1\r\nHost: h\r\nX-Thing: 1\r\nX-THING: 2\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
                  5, &request),
            0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_EQ(request.query.at("c"), "d");
  EXPECT_EQ(request.headers.at("x-thing"), "1, 2");
  EXPECT_EQ(request.body, "abcde");
}

TEST(ResponseParser, SkipsInterimResponsesAndTakesEveryFraming) {
  const struct {
    const char* text;
    bool ends;
    const char* body;
  } kCases[] = {
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab", false, "ab"},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", false,
       "ab"},
      {"HTTP/1.1 200 OK\r\n\r\nab", true, "ab"},
      {"HTTP/1.1 204 No Content\r\n\r\n", false, ""},
      {"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", false, ""},
  };
  for (const auto& each : kCases) {
    ResponseParser parser(Answers::other, 100, {});
    std::string pending;
    for (const char c : std::string(each.text)) {
      pending += c;
      const auto eaten = parser.feed(pending);
      ASSERT_TRUE(eaten.ok()) << each.text << ": " << eaten.error().detail;
      pending.erase(0, *eaten);
    }
    EXPECT_EQ(each.ends, !parser.complete());
    EXPECT_TRUE(!each.ends || parser.end().ok());
    EXPECT_TRUE(parser.complete()) << each.text;
    EXPECT_EQ(parser.take().body, each.body) << each.text;
  }
}

TEST(ResponseParser, AResponseThatIsCutIsAnError) {
  ResponseParser parser(Answers::other, 100, {});
  ASSERT_TRUE(parser.feed("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc").ok());
  EXPECT_FALSE(parser.complete());
  EXPECT_EQ(parser.end().error().code, ErrorCode::unreachable);
}

}  // namespace
}  // namespace fb::http

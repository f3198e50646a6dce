#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "http/client.h"
#include "http/file_descriptor.h"
#include "http/server.h"

namespace fb::http {
namespace {

// Answers what its paths say.
class Echo final : public port::HttpHandler {
 public:
  [[nodiscard]] std::size_t body_limit(std::string_view, std::string_view path) const override {
    return path == "/big" ? 1U << 20U : 100;
  }
  void handle(port::ServerRequest request, port::Reply reply) override {
    {
      const std::lock_guard lock(mutex_);
      threads_.insert(std::this_thread::get_id());
      ++requests_;
    }
    if (request.path == "/later" || request.path == "/never") {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(reply));
      arrived_.notify_all();
      return;
    }
    reply(respond(request));
  }
  [[nodiscard]] port::ServerResponse refusal(int status, std::string_view detail) const override {
    return {.status = status,
            .headers = {{"content-type", "text/plain"}},
            .body = "refused: " + std::string(detail),
            .file = {}};
  }

  // The first reply that is waiting, once there is one.
  port::Reply take_waiting() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !waiting_.empty(); });
    port::Reply reply = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    return reply;
  }
  std::size_t threads() {
    const std::lock_guard lock(mutex_);
    return threads_.size();
  }
  int requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::string file;

 private:
  port::ServerResponse respond(const port::ServerRequest& request) const {
    port::ServerResponse response;
    if (request.path == "/file" || request.path == "/missing") {
      response.file = request.path == "/file" ? file : "/no/such/file";
      response.headers = {{"ETag", "\"v1\""}, {"Cache-Control", "max-age=60"}};
    } else if (request.path == "/many") {
      response.body = std::string(4U << 20U, 'm');
    } else {
      response.body = request.method + " " + request.path + " " + request.body;
    }
    return response;
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<port::Reply> waiting_;
  std::set<std::thread::id> threads_;
  int requests_ = 0;
};

class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest() {
    std::string name = "/tmp/firebreak-http-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    handler_.file = directory_ + "/file";
    std::ofstream(handler_.file) << "0123456789";
  }
  ~ExchangeTest() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }
  void start(ServerOptions options = {}) {
    auto started = Server::start(options, handler_);
    ASSERT_TRUE(started.ok()) << started.error().detail;
    server_ = std::move(started).value();
  }
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  Result<port::HttpResponse> get(const std::string& whole_url) {
    port::HttpRequest request;
    request.url = whole_url;
    return client_.send(request);
  }
  Result<port::HttpResponse> ask(const std::string& method, const std::string& path,
                                 std::map<std::string, std::string> headers = {},
                                 const std::string& body = "") {
    port::HttpRequest request;
    request.method = method;
    request.url = url(path);
    request.headers = std::move(headers);
    request.body = body;
    request.max_body = 8U << 20U;
    return client_.send(request);
  }

  std::string directory_;
  Echo handler_;
  std::unique_ptr<Server> server_;
  Client client_;
};

// A client without manners.
class Raw {
 public:
  explicit Raw(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void say(const std::string& text) {
    EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  void say_no_more() { ::shutdown(socket_.get(), SHUT_WR); }
  // Until the other side closes, `enough` has come, or three seconds have passed without a byte.
  std::string hear(const std::string& enough = "no text holds this") {
    std::string heard;
    pollfd waiting{socket_.get(), POLLIN, 0};
    while (heard.find(enough) == std::string::npos && ::poll(&waiting, 1, 3000) > 0) {
      char piece[65536];
      const ssize_t got = ::recv(socket_.get(), piece, sizeof piece, 0);
      if (got <= 0) break;
      heard.append(piece, static_cast<std::size_t>(got));
    }
    return heard;
  }

 private:
  FileDescriptor socket_;
};

std::string status_of(const std::string& response) { return response.substr(9, 3); }

const std::string kGet = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(ExchangeTest, ARequestIsAnswered) {
  start();
  const auto response = ask("POST", "/v1/check-in", {{"Content-Type", "application/json"}}, "{}");
  ASSERT_TRUE(response.ok()) << response.error().detail;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "POST /v1/check-in {}");
  EXPECT_EQ(response->headers.at("content-length"), "20");
  EXPECT_TRUE(response->headers.contains("date"));
}

TEST_F(ExchangeTest, HeadTellsTheLengthWithoutTheBody) {
  start();
  const auto response = ask("HEAD", "/x");
  ASSERT_TRUE(response.ok()) << response.error().detail;
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(response->headers.at("content-length"), "8");
  EXPECT_EQ(ask("HEAD", "/file")->headers.at("content-length"), "10");
  EXPECT_EQ(ask("GET", "/file")->body, "0123456789") << "the connection is still in step";
}

TEST_F(ExchangeTest, FilesAreServedWholeInPartAndNotAtAll) {
  start();
  const struct {
    std::map<std::string, std::string> headers;
    int status;
    std::string body, content_range;
  } kCases[] = {
      {{}, 200, "0123456789", ""},
      {{{"Range", "bytes=2-4"}}, 206, "234", "bytes 2-4/10"},
      {{{"Range", "bytes=-2"}}, 206, "89", "bytes 8-9/10"},
      {{{"Range", "bytes=10-"}}, 416, "", "bytes */10"},
      {{{"Range", "bytes=2-4"}, {"If-Range", "\"v1\""}}, 206, "234", "bytes 2-4/10"},
      {{{"Range", "bytes=2-4"}, {"If-Range", "\"v0\""}}, 200, "0123456789", ""},
      {{{"If-None-Match", "\"v1\""}}, 304, "", ""},
      {{{"If-None-Match", "\"v0\""}}, 200, "0123456789", ""},
  };
  for (const auto& each : kCases) {
    const auto response = ask("GET", "/file", each.headers);
    ASSERT_TRUE(response.ok()) << response.error().detail;
    EXPECT_EQ(response->status, each.status);
    EXPECT_EQ(response->body, each.body);
    EXPECT_EQ(response->headers.at("etag"), "\"v1\"");
    const auto range = response->headers.find("content-range");
    EXPECT_EQ(range == response->headers.end() ? "" : range->second, each.content_range);
  }
  EXPECT_EQ(ask("GET", "/missing")->status, 404);
}

TEST_F(ExchangeTest, ALargeFileArrivesWhole) {
  start();
  std::string bytes;
  for (int i = 0; bytes.size() < (3U << 20U); ++i) bytes += std::to_string(i);
  std::ofstream(handler_.file) << bytes;
  const auto response = ask("GET", "/file");
  ASSERT_TRUE(response.ok()) << response.error().detail;
  EXPECT_TRUE(response->body == bytes);
}

TEST_F(ExchangeTest, RequestsSentTogetherAreAnsweredInOrder) {
  start();
  Raw raw(server_->port());
  raw.say(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string heard = raw.hear();
  EXPECT_LT(heard.find("GET /1"), heard.find("GET /2"));
  EXPECT_LT(heard.find("GET /2"), heard.find("GET /3"));
  EXPECT_NE(heard.find("GET /3"), std::string::npos);
}

TEST_F(ExchangeTest, AReplyMayComeFromAnotherThread) {
  start();
  std::thread other([this] {
    handler_.take_waiting()({.status = 202, .headers = {}, .body = "late", .file = {}});
  });
  const auto response = ask("GET", "/later");
  other.join();
  ASSERT_TRUE(response.ok()) << response.error().detail;
  EXPECT_EQ(response->status, 202);
  EXPECT_EQ(ask("GET", "/x")->status, 200);
}

TEST_F(ExchangeTest, AReplyForAClientThatHasGoneOrAServerThatHasStoppedDoesNothing) {
  start();
  {
    Raw raw(server_->port());
    raw.say("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    handler_.take_waiting();  // dropped without an answer
  }
  Raw raw(server_->port());
  raw.say("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  const port::Reply reply = handler_.take_waiting();
  server_.reset();
  reply({});
  reply({});
}

TEST_F(ExchangeTest, MalformedRequestsAreRefusedInTheShapeOfTheHandler) {
  start();
  for (const auto& [text, status] : std::map<std::string, std::string>{
           {"nonsense\r\n\r\n", "400"},
           {"GET /../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
           {"GET /a%2f..%2f..%2fetc HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\n\r\n", "400"},
           {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", "431"},
           {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'),
            "413"},
       }) {
    Raw raw(server_->port());
    raw.say(text);
    raw.say_no_more();
    const std::string heard = raw.hear();
    EXPECT_EQ(status_of(heard), status) << text.substr(0, 60);
    EXPECT_NE(heard.find("refused: "), std::string::npos);
    EXPECT_NE(heard.find("connection: close"), std::string::npos);
  }
  EXPECT_EQ(handler_.requests(), 0);
}

TEST_F(ExchangeTest, ATooLargeBodyIsRefusedBeforeItIsRead) {
  start();
  Raw raw(server_->port());
  raw.say(
      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(raw.hear("refused")), "413");
}

TEST_F(ExchangeTest, AnExpectationToContinueIsMet) {
  start();
  Raw raw(server_->port());
  raw.say("POST /big HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(raw.hear("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  raw.say("abc");
  EXPECT_EQ(status_of(raw.hear("abc")), "200");
}

TEST_F(ExchangeTest, SlowRequestsTimeOutAndIdleConnectionsEndSilently) {
  start({.idle = milliseconds(60), .header = milliseconds(60), .body = milliseconds(60)});
  Raw slow_head(server_->port());
  slow_head.say("GET / HTTP/1.1\r\nHost:");
  Raw slow_body(server_->port());
  slow_body.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  Raw idle(server_->port());
  idle.say(kGet);
  Raw silent(server_->port());
  EXPECT_EQ(status_of(slow_head.hear()), "408");
  EXPECT_EQ(status_of(slow_body.hear()), "408");
  EXPECT_TRUE(idle.hear().ends_with("GET /x "));
  EXPECT_EQ(silent.hear(), "");
}

TEST_F(ExchangeTest, DribblingBytesDoesNotPutOffTheDeadline) {
  start({.header = milliseconds(80)});
  Raw raw(server_->port());
  std::thread dribble([&] {
    for (const char c : std::string("GET / HTTP/1.1\r\nHost: ")) {
      raw.say(std::string(1, c));
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  EXPECT_EQ(status_of(raw.hear("refused")), "408");
  dribble.join();
}

TEST_F(ExchangeTest, AnAnswerThatDoesNotComeIsUnavailable) {
  start({.answer = milliseconds(50)});
  EXPECT_EQ(ask("GET", "/never")->status, 503);
  handler_.take_waiting()({});
  EXPECT_EQ(ask("GET", "/x")->status, 200);
}

TEST_F(ExchangeTest, AClientThatTakesNothingIsDropped) {
  start({.write = milliseconds(60)});
  Raw raw(server_->port());
  raw.say("GET /many HTTP/1.1\r\nHost: h\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  EXPECT_LT(raw.hear().size(), 4U << 20U);
}

TEST_F(ExchangeTest, MoreConnectionsThanAllowedAreTurnedAwayAndRoomIsMadeAgain) {
  start({.connections = 1});
  {
    Raw first(server_->port());
    first.say(kGet);
    ASSERT_EQ(status_of(first.hear("GET /x")), "200");
    Raw second(server_->port());
    EXPECT_EQ(status_of(second.hear()), "503");
  }
  for (int i = 0; i < 100; ++i) {
    Raw third(server_->port());
    third.say("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    if (status_of(third.hear()) == "200") return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  FAIL() << "the first connection still counts";
}

TEST_F(ExchangeTest, EveryThreadTakesItsShareOfConnections) {
  start({.threads = 2});
  for (int i = 0; i < 64; ++i) {
    Raw raw(server_->port());
    raw.say(kGet);
    ASSERT_EQ(status_of(raw.hear("GET /x")), "200");
  }
  EXPECT_EQ(handler_.threads(), 2U);
}

TEST_F(ExchangeTest, ATakenPortIsNamed) {
  start();
  const auto second = Server::start({.port = server_->port()}, handler_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_NE(second.error().detail.find(std::to_string(server_->port())), std::string::npos);
}

TEST_F(ExchangeTest, AnAddressThatIsNoneIsBadUsage) {
  EXPECT_EQ(Server::start({.host = "nonsense"}, handler_).error().code, ErrorCode::bad_usage);
  EXPECT_EQ(Server::start({.host = "192.0.2.1"}, handler_).error().code, ErrorCode::bad_usage);
}

TEST_F(ExchangeTest, StoppingFinishesWhatIsInFlight) {
  start({.threads =
             1});  // so that the idle connection's end tells that the other one's loop knows, too
  Raw idle(server_->port());
  idle.say(kGet);
  idle.hear("GET /x");
  Raw raw(server_->port());
  raw.say("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  const port::Reply reply = handler_.take_waiting();
  std::thread stopping([this] { server_->stop(seconds(3)); });
  EXPECT_EQ(idle.hear(), "") << "an idle connection is closed at once";
  reply({.status = 200, .headers = {}, .body = "finished", .file = {}});
  const std::string heard = raw.hear("finished");
  EXPECT_NE(heard.find("connection: close"), std::string::npos);
  EXPECT_TRUE(heard.ends_with("finished"));
  raw.say_no_more();
  stopping.join();
}

TEST_F(ExchangeTest, StoppingDoesNotWaitLongerThanTheGrace) {
  start();
  Raw raw(server_->port());
  raw.say("GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
  const port::Reply reply = handler_.take_waiting();
  server_->stop(milliseconds(30));
  EXPECT_EQ(raw.hear(), "");
}

TEST_F(ExchangeTest, TheClientKeepsItsConnection) {
  start({.threads = 1, .connections = 1});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("GET", "/x")->status, 200);
}

TEST_F(ExchangeTest, AConnectionClosedWhileIdleIsReplacedWithoutANotice) {
  start({.idle = milliseconds(20)});
  EXPECT_EQ(ask("POST", "/x")->status, 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(80));
  EXPECT_EQ(ask("POST", "/x")->status, 200);
  EXPECT_EQ(handler_.requests(), 2);
}

TEST_F(ExchangeTest, ARestartedServerIsFoundAgain) {
  start();
  EXPECT_EQ(ask("POST", "/x")->status, 200);
  const std::uint16_t port = server_->port();
  server_.reset();
  EXPECT_EQ(get("http://127.0.0.1:" + std::to_string(port) + "/").error().code,
            ErrorCode::unreachable);
  start({.port = port});
  EXPECT_EQ(ask("POST", "/x")->status, 200);
}

TEST_F(ExchangeTest, ABodyAboveTheLimitIsTooLarge) {
  start();
  port::HttpRequest request;
  request.url = url("/file");
  request.max_body = 9;
  EXPECT_EQ(client_.send(request).error().code, ErrorCode::too_large);
  request.max_body = 10;
  EXPECT_TRUE(client_.send(request).ok());
}

TEST_F(ExchangeTest, TheSinkTakesGoodBodiesOnlyAndMayGiveUp) {
  start();
  std::string taken;
  port::HttpRequest request;
  request.url = url("/file");
  request.sink = [&](std::string_view piece) -> Status {
    taken.append(piece);
    return {};
  };
  const auto good = client_.send(request);
  EXPECT_EQ(taken, "0123456789");
  EXPECT_EQ(good->body, "");
  request.url = url("/missing");
  const auto missing = client_.send(request);
  EXPECT_EQ(taken, "0123456789");
  EXPECT_NE(missing->body, "");
  request.url = url("/file");
  request.sink = [](std::string_view) -> Status { return Error{ErrorCode::no_space, "full"}; };
  EXPECT_EQ(client_.send(request).error().code, ErrorCode::no_space);
}

TEST_F(ExchangeTest, TheTimeoutIsForTheWholeExchange) {
  start();
  port::HttpRequest request;
  request.url = url("/never");
  request.timeout = milliseconds(50);
  const auto response = client_.send(request);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::timed_out) << response.error().detail;
}

TEST_F(ExchangeTest, HttpsIsRefusedWithAClearSentence) {
  const auto response = get("https://127.0.0.1/");
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::unsupported);
  EXPECT_NE(response.error().detail.find("https"), std::string::npos);
}

}  // namespace
}  // namespace fb::http

#include "posix/main_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "posix/background.h"
#include "posix/file_client.h"
#include "posix/local_address.h"
#include "posix/local_socket.h"
#include "posix/raw_file.h"
#include "posix/test_directory.h"

namespace fb::posix {
namespace {

TEST(MainLoop, PostedTasksRunInOrderAlsoFromAnotherThread) {
  MainLoop loop;
  std::string order;
  std::thread other([&] {
    loop.post([&] { order += "a"; });
    loop.post([&] { order += "b"; });
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  other.join();
  EXPECT_EQ(order, "ab");
}

TEST(MainLoop, TimersRunByDueTimeAndNotWhenCancelled) {
  MainLoop loop;
  std::string order;
  loop.run_after(milliseconds(20), [&] {
    order += "late";
    loop.stop();
  });
  loop.run_after(milliseconds(5), [&] { order += "early "; });
  const auto cancelled = loop.run_after(milliseconds(10), [&] { order += "never "; });
  loop.cancel(cancelled);
  loop.run();
  EXPECT_EQ(order, "early late");
}

TEST(MainLoop, ATimerMayCancelAnotherThatIsDueAtTheSameTime) {
  MainLoop loop;
  std::string order;
  MainLoop::TimerId second = 0;
  loop.run_after(Millis{0}, [&] {
    order += "first";
    loop.cancel(second);
  });
  second = loop.run_after(Millis{0}, [&] { order += "second"; });
  loop.run_after(milliseconds(20), [&] { loop.stop(); });
  ::usleep(5000);
  loop.run();
  EXPECT_EQ(order, "first");
}

TEST(MainLoop, AStopSignalRunsTheTaskOnTheLoop) {
  MainLoop loop;
  bool asked = false;
  loop.on_stop_signal([&] {
    asked = true;
    loop.stop();
  });
  ::kill(::getpid(), SIGTERM);
  loop.run();
  EXPECT_TRUE(asked);
}

TEST(Background, JobsRunInOrderElsewhereAndFinishOnTheLoop) {
  MainLoop loop;
  Background background(loop);
  std::vector<int> results;
  const auto here = std::this_thread::get_id();
  for (int i = 1; i <= 3; ++i) {
    background.start([i, here] { return std::this_thread::get_id() == here ? -1 : i * i; },
                     [&](int square) {
                       EXPECT_EQ(std::this_thread::get_id(), here);
                       results.push_back(square);
                       if (results.size() == 3) loop.stop();
                     });
  }
  loop.run();
  EXPECT_EQ(results, (std::vector<int>{1, 4, 9}));
  EXPECT_EQ(background.pending(), 0U);
}

TEST(Background, CompletionsOfADroppedOneNeverRun) {
  MainLoop loop;
  bool delivered = false;
  {
    Background background(loop);
    background.start([] { return 1; }, [&](int) { delivered = true; });
    while (background.pending() > 0) ::usleep(500);
  }
  loop.run_after(milliseconds(5), [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(delivered);
}

// A loop in its own thread that answers lines.
class Answering {
 public:
  explicit Answering(const std::string& path, const LocalSocketLimits& limits = {}) {
    auto served = serve_local(
        loop_, path,
        [](const std::string& line) {
          return line == "big" ? std::string(1U << 20U, 'x') : "<" + line + ">";
        },
        limits);
    EXPECT_TRUE(served.ok()) << served.error().detail;
    server_ = std::move(served).value();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Answering() {
    loop_.stop();
    thread_.join();
  }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

 private:
  MainLoop loop_;
  std::unique_ptr<LocalServer> server_;
  std::thread thread_;
};

Descriptor connect_to(const std::string& path) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = LocalAddress::of(path);
  EXPECT_EQ(::connect(socket.get(), address->get(), address->size()), 0);
  return socket;
}

bool hung_up(const Descriptor& socket) {
  char byte = 0;
  return ::recv(socket.get(), &byte, 1, 0) <= 0;
}

TEST(LocalSocket, AnswersLinesOneAfterTheOther) {
  const TestDirectory directory;
  const Answering server(directory / "sock");
  EXPECT_EQ(*ask_local(directory / "sock", "hello", seconds(2)), "<hello>");
  const Descriptor socket = connect_to(directory / "sock");
  ASSERT_EQ(::send(socket.get(), "a\nb\nc", 5, 0), 5);
  std::string got;
  while (got.size() < 8) {
    char piece[16];
    const ssize_t length = ::recv(socket.get(), piece, sizeof piece, 0);
    ASSERT_GT(length, 0);
    got.append(piece, static_cast<std::size_t>(length));
  }
  EXPECT_EQ(got, "<a>\n<b>\n");
}

TEST(LocalSocket, OnlyTheModeAskedForMayConnect) {
  const TestDirectory directory;
  const Answering server(directory / "sock", {.mode = 0660});
  struct stat about {};
  ASSERT_EQ(::stat((directory / "sock").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0660U);
}

TEST(LocalSocket, AClientThatTakesNothingDoesNotHoldUpOthers) {
  const TestDirectory directory;
  const Answering server(directory / "sock");
  const Descriptor slow = connect_to(directory / "sock");
  ASSERT_EQ(::send(slow.get(), "big\nbig\n", 8, 0), 8);
  EXPECT_EQ(*ask_local(directory / "sock", "hello", seconds(2)), "<hello>");
  EXPECT_EQ(ask_local(directory / "sock", "big", seconds(2))->size(), 1U << 20U);
}

TEST(LocalSocket, SilentClientsAndEndlessLinesAreDropped) {
  const TestDirectory directory;
  const Answering server(directory / "sock", {.line_bytes = 100, .idle = milliseconds(30)});
  EXPECT_TRUE(hung_up(connect_to(directory / "sock")));
  EXPECT_EQ(ask_local(directory / "sock", std::string(5000, 'x'), seconds(2)).error().code,
            ErrorCode::unreachable);
}

TEST(LocalSocket, MoreClientsThanAllowedWaitTheirTurn) {
  const TestDirectory directory;
  const Answering server(directory / "sock", {.clients = 1, .idle = milliseconds(50)});
  const Descriptor first = connect_to(directory / "sock");
  EXPECT_EQ(*ask_local(directory / "sock", "second", seconds(2)), "<second>");
}

TEST(LocalSocket, ASocketThatNobodyServesIsReplacedAndOneThatIsServedIsAConflict) {
  const TestDirectory directory;
  {
    const Descriptor dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = LocalAddress::of(directory / "sock");
    ASSERT_EQ(::bind(dead.get(), address->get(), address->size()), 0);
  }
  const Answering server(directory / "sock");
  MainLoop loop;
  const auto second =
      serve_local(loop, directory / "sock", [](const std::string& line) { return line; });
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST(LocalSocket, NobodyThereIsUnreachableAndSilenceTimesOut) {
  const TestDirectory directory;
  EXPECT_EQ(ask_local(directory / "sock", "hello", seconds(1)).error().code,
            ErrorCode::unreachable);
  MainLoop loop;  // listens, but never runs
  const auto served =
      serve_local(loop, directory / "mute", [](const std::string& line) { return line; });
  EXPECT_EQ(ask_local(directory / "mute", "hello", milliseconds(30)).error().code,
            ErrorCode::timed_out);
}

TEST(LocalSocket, APathTooLongForTheKernelIsBadUsage) {
  EXPECT_EQ(ask_local("/tmp/" + std::string(200, 'x'), "hello", seconds(1)).error().code,
            ErrorCode::bad_usage);
}

class FileClientTest : public testing::Test {
 protected:
  FileClientTest() {
    EXPECT_TRUE(write_file_atomic(directory_ / "1.root.json", "0123456789").ok());
  }
  Result<port::HttpResponse> get(const std::string& name,
                                 std::map<std::string, std::string> headers = {}) {
    port::HttpRequest request;
    request.url = "file://" + (directory_ / name);
    request.headers = std::move(headers);
    request.max_body = 10;
    return client_.send(request);
  }
  TestDirectory directory_;
  FileClient client_;
};

TEST_F(FileClientTest, ReadsFilesAndAnswers404WhereThereIsNone) {
  EXPECT_EQ(get("1.root.json")->status, 200);
  EXPECT_EQ(get("1.root.json")->body, "0123456789");
  EXPECT_EQ(get("%31.root.json")->body, "0123456789");
  EXPECT_EQ(get("2.root.json")->status, 404);
  EXPECT_EQ(get("")->status, 404) << "a directory";
}

TEST_F(FileClientTest, ResumesWhereARangeBegins) {
  EXPECT_EQ(get("1.root.json", {{"range", "bytes=4-"}})->status, 206);
  EXPECT_EQ(get("1.root.json", {{"range", "bytes=4-"}})->body, "456789");
  EXPECT_EQ(get("1.root.json", {{"range", "bytes=10-"}})->status, 416);
}

TEST_F(FileClientTest, TooLargeAndOtherSchemesAreErrors) {
  ASSERT_TRUE(write_file_atomic(directory_ / "big", "0123456789a").ok());
  EXPECT_EQ(get("big").error().code, ErrorCode::too_large);
  port::HttpRequest request;
  request.url = "http://127.0.0.1/";
  EXPECT_EQ(client_.send(request).error().code, ErrorCode::malformed);
}

}  // namespace
}  // namespace fb::posix

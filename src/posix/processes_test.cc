#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "posix/main_loop.h"
#include "posix/raw_file.h"
#include "posix/sandbox.h"
#include "posix/supervisor.h"
#include "posix/system_clock.h"
#include "posix/test_directory.h"

namespace fb::posix {
namespace {

port::Command shell(const std::string& script) { return {{"sh", "-c", script}, {}}; }

// A killed orphan may stay a zombie for as long as the machine's first process pleases.
bool alive(pid_t process) {
  const auto text = read_file("/proc/" + std::to_string(process) + "/stat", 4096);
  return text.ok() && text->find(") Z ") == std::string::npos;
}

pid_t pid_in(const std::string& text) { return static_cast<pid_t>(std::stol(text)); }

bool wait_until_gone(pid_t process) {
  for (int i = 0; i < 200 && alive(process); ++i) ::usleep(2000);
  return !alive(process);
}

class SandboxTest : public testing::Test {
 protected:
  port::RunResult run(const port::Command& command, const port::RunLimits& limits = {}) {
    auto result = sandbox_.run(command, limits);
    EXPECT_TRUE(result.ok()) << result.error().detail;
    return result.ok() ? *result : port::RunResult();
  }
  ProcessSandbox sandbox_;
};

TEST_F(SandboxTest, TellsCodeAndOutput) {
  const auto result = run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(result.exit.code, 3);
  EXPECT_EQ(result.exit.in_words(), "exit code 3");
  EXPECT_EQ(result.output, "out\nerr\n");
  EXPECT_FALSE(result.timed_out);
}

TEST_F(SandboxTest, TellsTheSignal) {
  const auto result = run(shell("kill -SEGV $$"));
  EXPECT_EQ(result.exit.signal, SIGSEGV);
  EXPECT_EQ(result.exit.in_words(), "signal 11 (SIGSEGV)");
}

TEST_F(SandboxTest, KeepsTheFirstFourKibibytesAndLetsTheProgramWriteOn) {
  const auto result = run(shell("head -c 300000 /dev/zero | tr '\\0' x; exit 7"));
  EXPECT_EQ(result.output, std::string(4096, 'x'));
  EXPECT_EQ(result.exit.code, 7);
}

TEST_F(SandboxTest, AProgramThatHangsIsKilledWithItsChildren) {
  const auto result =
      run(shell("sleep 100 & echo $!; wait"), {.wall = milliseconds(100), .cpu = seconds(1)});
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.exit.signal, SIGKILL);
  EXPECT_TRUE(wait_until_gone(pid_in(result.output)));
}

TEST_F(SandboxTest, ChildrenLeftBehindAreKilledAndNotWaitedFor) {
  const auto result = run(shell("sleep 100 & echo $!"), {.wall = seconds(5), .cpu = seconds(1)});
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.exit.code, 0);
  EXPECT_TRUE(wait_until_gone(pid_in(result.output)));
}

TEST_F(SandboxTest, MemoryAboveTheLimitIsRefused) {
  const port::RunLimits limits{.wall = seconds(5), .cpu = seconds(5), .memory_bytes = 64ULL << 20U};
  // dd takes its whole block at once.
  EXPECT_NE(
      run({{"dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"}, {}}, limits).exit.code, 0);
}

TEST_F(SandboxTest, HasNoNewPrivilegesAndLeavesNoCore) {
  const auto result = run(shell("grep NoNewPrivs /proc/self/status; ulimit -c"));
  EXPECT_NE(result.output.find("NoNewPrivs:\t1\n0\n"), std::string::npos) << result.output;
}

TEST_F(SandboxTest, SeesNeitherOurEnvironmentNorOurDescriptors) {
  ::setenv("FB_SECRET", "token", 1);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);  // not close-on-exec, as a library might leave one
  const auto result =
      run({{"sh", "-c", "env; ls /proc/self/fd | tr '\\n' ' '"}, {{"ADDED", "yes"}}});
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_EQ(result.output.find("FB_SECRET"), std::string::npos);
  EXPECT_NE(result.output.find("ADDED=yes"), std::string::npos);
  EXPECT_NE(result.output.find("0 1 2 3 "), std::string::npos) << "3 is the listing's own";
  EXPECT_EQ(result.output.find("0 1 2 3 4"), std::string::npos) << result.output;
}

TEST_F(SandboxTest, StdinIsEmpty) { EXPECT_EQ(run({{"cat"}, {}}).output, ""); }

TEST_F(SandboxTest, AProgramThatCannotStartIsAnErrorThatNamesIt) {
  for (const char* name : {"no-such-program", "/no/such/program"}) {
    const auto result = sandbox_.run({{name}, {}}, {});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::not_found);
    EXPECT_NE(result.error().detail.find(name), std::string::npos) << result.error().detail;
  }
  EXPECT_EQ(sandbox_.run({}, {}).error().code, ErrorCode::bad_usage);
}

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest()
      : supervisor_(loop_, logs_.path(),
                    [this](const std::string& workload, const port::Exit& exit) {
                      ended_ += workload + ": " + exit.in_words();
                      loop_.stop();
                    }) {}
  std::string log() {
    const auto text = read_file(logs_ / "engine.log", 10'000);
    return text.ok() ? *text : "";
  }
  // Until the program has written a line, or two seconds have passed.
  std::string wait_for_log() {
    for (int i = 0; i < 1000 && log().find('\n') == std::string::npos; ++i) ::usleep(2000);
    return log();
  }

  TestDirectory logs_;
  MainLoop loop_;
  std::string ended_;
  ProcessSupervisor supervisor_;
};

TEST_F(SupervisorTest, AnExitIsReportedOnTheLoop) {
  ASSERT_TRUE(supervisor_.start("engine", shell("echo hello; exit 4")).ok());
  EXPECT_TRUE(supervisor_.running("engine"));
  loop_.run();
  EXPECT_EQ(ended_, "engine: exit code 4");
  EXPECT_FALSE(supervisor_.running("engine"));
  EXPECT_EQ(log(), "hello\n");
}

TEST_F(SupervisorTest, WhatAWorkloadLeavesBehindDiesWithIt) {
  ASSERT_TRUE(supervisor_.start("engine", shell("sleep 100 & echo $!")).ok());
  loop_.run();
  EXPECT_TRUE(wait_until_gone(pid_in(log())));
}

TEST_F(SupervisorTest, StoppingIsQuietAndComplete) {
  ASSERT_TRUE(supervisor_.start("engine", shell("sleep 100 & echo $!; wait")).ok());
  const pid_t inner = pid_in(wait_for_log());
  ASSERT_TRUE(supervisor_.stop("engine", seconds(1)).ok());
  EXPECT_FALSE(supervisor_.running("engine"));
  EXPECT_TRUE(wait_until_gone(inner));
  loop_.run_after(milliseconds(5), [this] { loop_.stop(); });
  loop_.run();
  EXPECT_EQ(ended_, "");
}

TEST_F(SupervisorTest, OneThatIgnoresSigtermIsKilledAfterTheGrace) {
  ASSERT_TRUE(
      supervisor_.start("engine", shell("trap '' TERM; echo $$; while :; do sleep 1; done")).ok());
  const pid_t process = pid_in(wait_for_log());
  const SystemClock clock;
  const Uptime before = clock.uptime();
  ASSERT_TRUE(supervisor_.stop("engine", milliseconds(50)).ok());
  EXPECT_GE(clock.uptime() - before, milliseconds(49));
  EXPECT_TRUE(wait_until_gone(process));
}

TEST_F(SupervisorTest, SignalsBlockedInTheAgentReachTheWorkload) {
  loop_.on_stop_signal([] {});
  ASSERT_TRUE(supervisor_
                  .start("engine", shell("trap 'echo asked; exit 0' TERM; echo ready;"
                                         "while :; do sleep 0.01; done"))
                  .ok());
  wait_for_log();
  ASSERT_TRUE(supervisor_.stop("engine", seconds(2)).ok());
  EXPECT_NE(log().find("asked"), std::string::npos) << log();
}

TEST_F(SupervisorTest, StartingTwiceIsAConflictAndStoppingTwiceIsFine) {
  ASSERT_TRUE(supervisor_.start("engine", shell("sleep 100")).ok());
  EXPECT_EQ(supervisor_.start("engine", shell("sleep 100")).error().code, ErrorCode::conflict);
  EXPECT_TRUE(supervisor_.stop("engine", seconds(1)).ok());
  EXPECT_TRUE(supervisor_.stop("engine", seconds(1)).ok());
}

TEST_F(SupervisorTest, AWorkloadDoesNotOutliveTheAgent) {
  const pid_t agent = ::fork();
  if (agent == 0) {
    MainLoop loop;
    ProcessSupervisor supervisor(loop, logs_.path(), [](const std::string&, const port::Exit&) {});
    const Status started = supervisor.start("engine", shell("echo $$; exec sleep 100"));
    if (started.ok()) wait_for_log();
    ::kill(::getpid(), SIGKILL);
  }
  ASSERT_EQ(::waitpid(agent, nullptr, 0), agent);
  EXPECT_TRUE(wait_until_gone(pid_in(log())));
}

TEST(ProcessSupervisor, DroppingItKillsWhatRuns) {
  const TestDirectory logs;
  MainLoop loop;
  {
    ProcessSupervisor supervisor(loop, "", [](const std::string&, const port::Exit&) {});
    ASSERT_TRUE(
        supervisor.start("engine", shell("echo $$ > " + (logs / "pid") + "; exec sleep 100")).ok());
    while (!std::filesystem::exists(logs / "pid") || std::filesystem::is_empty(logs / "pid"))
      ::usleep(1000);
  }
  EXPECT_FALSE(alive(pid_in(*read_file(logs / "pid", 20))));
}

}  // namespace
}  // namespace fb::posix

// The programs as a supervisor meets them: command line, status file, signals, deaths.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "channel.h"
#include "event.h"
#include "test_channels.h"

namespace sensor {
namespace {

using Json = nlohmann::json;
constexpr std::chrono::seconds kPatience{20};  // a bound for a loaded machine, not an expectation

struct Build {
  const char* name;
  const char* program;
};
constexpr Build k711{"7.11", SENSOR_7_11};
constexpr Build k712{"7.12", SENSOR_7_12};

// How a process ended, as a shell tells it: the exit code, or 128 and the signal.
int shell_code(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

// Makes crashes crash also where a sanitizer would rather report them.
void let_signals_kill() { setenv("ASAN_OPTIONS", "handle_segv=0", 1); }

class Child {
 public:
  Child(const std::vector<std::string>& words, const std::string& output) : pid_(fork()) {
    if (pid_ != 0) return;
    let_signals_kill();
    const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  ~Child() {
    if (ended_) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal) const { kill(pid_, signal); }
  bool running() {
    if (!ended_) ended_ = waitpid(pid_, &wait_status_, WNOHANG) == pid_;
    return !ended_;
  }
  // -1 when it outlives our patience.
  int wait() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (running() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return ended_ ? shell_code(wait_status_) : -1;
  }

 private:
  pid_t pid_;
  bool ended_ = false;
  int wait_status_ = 0;
};

class Programs : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "sensorXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  int execute(const std::vector<std::string>& words) {
    const int code = Child(words, path("output")).wait();
    output_ = read_text(path("output"));
    return code;
  }

  std::string compile(const std::string& rules_path, const std::string& name) {
    EXPECT_EQ(execute({SENSOR_COMPILE, rules_path, path(name), "--needs", path(name + ".needs")}),
              0)
        << output_;
    return path(name);
  }
  std::string channel(int number) {
    return compile(SENSOR_SOURCE_DIR "/channel/" + std::to_string(number) + ".rules",
                   std::to_string(number));
  }
  std::string channel_from(const std::string& text) {
    write_text("some.rules", text);
    return compile(path("some.rules"), "some");
  }

  void write_text(const std::string& name, const std::string& text) {
    std::ofstream out(path(name), std::ios::binary);
    out << text;
  }

  std::vector<std::string> engine(const Build& build, const std::string& channel_path) const {
    return {build.program, "--channel", channel_path, "--status", path("status")};
  }

  // The first status for which `wanted` holds; null when there is none in time.
  template <class Wanted>
  Json status_when(Wanted wanted) const {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (std::filesystem::exists(path("status"))) {
        Json status = Json::parse(read_text(path("status")));  // never half a file
        if (wanted(status)) return status;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return nullptr;
  }

  std::string folder_;
  std::string output_;
};

bool detects(const Json& status) { return status["events"] > 100 && status["detections"] > 0; }

TEST_F(Programs, BothBuildsRunChannel290AndDetect) {
  const auto good = channel(290);
  for (const Build& build : {k711, k712}) {
    Child child(engine(build, good), path("engine.out"));
    const Json status =
        status_when([&](const Json& s) { return s["pid"] == child.pid() && detects(s); });
    ASSERT_TRUE(status.is_object()) << build.name;
    EXPECT_EQ(status["build"], build.name);
    EXPECT_EQ(status["channel_version"], 290);
    EXPECT_EQ(status.size(), 7U);
    child.send(SIGTERM);
    EXPECT_EQ(child.wait(), 0);
  }
}

TEST_F(Programs, Build711LoadsChannel291) {
  EXPECT_EQ(execute({k711.program, "--channel", channel(291), "--check"}), 0);
  EXPECT_EQ(output_, "channel 291 loads: 4 rules\n");
}

TEST_F(Programs, Build711DiesOfChannel291OnTheFirstMatchingEvent) {
  const auto bad = channel(291);
  for (const char* seed : {"1", "2", "3", "4", "5"}) {
    auto words = engine(k711, bad);
    words.insert(words.end(), {"--seed", seed, "--rate", "2000"});
    EXPECT_EQ(execute(words), 128 + SIGSEGV) << "seed " << seed;
    EXPECT_EQ(Json::parse(read_text(path("status")))["channel_version"],
              291);  // it was up and said so
  }
}

std::string ipc_line(const std::string& pipe, const std::string& last) {
  std::string line = "ipc\tcreate\t" + pipe;
  const auto schema = schema_of(EventKind::kIpc);
  for (std::size_t i = 2; i + 1 < schema.size(); ++i)
    line += schema[i].type == FieldType::kInteger ? "\t1" : "\tx";
  return line + "\t" + last + "\n";
}

TEST_F(Programs, Build711SurvivesChannel291UntilAnEventMatches) {
  const auto bad = channel(291);
  write_text("harmless", ipc_line(R"(\\.\pipe\other)", "POST /"));
  EXPECT_EQ(execute({k711.program, "--channel", bad, "--events", path("harmless")}), 0);
  EXPECT_THAT(output_, testing::HasSubstr("1 events, 0 detections"));
  write_text("matching", ipc_line(R"(\\.\pipe\beacon_1)", "POST /"));
  EXPECT_EQ(execute({k711.program, "--channel", bad, "--events", path("matching")}), 128 + SIGSEGV);
}

TEST_F(Programs, Build712SurvivesChannel291AndDetectsWithIt) {
  const auto bad = channel(291);
  Child child(engine(k712, bad), path("engine.out"));
  EXPECT_TRUE(status_when([](const Json& s) { return s["events"] > 300; }).is_object());
  child.send(SIGTERM);
  EXPECT_EQ(child.wait(), 0);
  write_text("matching", ipc_line(R"(\\.\pipe\beacon_1)", "POST /"));
  EXPECT_EQ(execute({k712.program, "--channel", bad, "--events", path("matching")}), 0);
  EXPECT_THAT(output_, testing::HasSubstr("event 1: beacon_pipe"));
}

TEST_F(Programs, Build711RunsChannel292) {
  write_text("matching", ipc_line(R"(\\.\pipe\beacon_1)", "POST /"));
  EXPECT_EQ(execute({k711.program, "--channel", channel(292), "--events", path("matching")}), 0);
  EXPECT_THAT(output_, testing::HasSubstr("event 1: beacon_pipe"));
}

TEST_F(Programs, ACrashTakesTheHostAlongAndACleanEndDoesNot) {
  Child host({"/bin/sleep", "60"}, path("host.out"));
  auto words = engine(k711, channel(290));
  words.insert(words.end(), {"--host-crash", std::to_string(host.pid())});
  {
    Child child(words, path("engine.out"));
    ASSERT_TRUE(status_when([&](const Json& s) { return s["pid"] == child.pid(); }).is_object());
    child.send(SIGTERM);
    EXPECT_EQ(child.wait(), 0);
  }
  EXPECT_TRUE(host.running());
  words[2] = channel(291);
  EXPECT_EQ(execute(words), 128 + SIGSEGV);
  EXPECT_EQ(host.wait(), 128 + SIGKILL);
}

TEST_F(Programs, HangupReadsTheChannelFileAgainAndKeepsTheOldRulesWhenItIsBad) {
  const auto live = path("live");
  std::filesystem::copy_file(channel(290), live);
  Child child(engine(k712, live), path("engine.out"));
  ASSERT_TRUE(status_when([](const Json& s) { return s["channel_version"] == 290; }).is_object());
  std::filesystem::rename(channel(292), live);
  child.send(SIGHUP);
  EXPECT_TRUE(status_when([](const Json& s) { return s["channel_version"] == 292; }).is_object());
  write_text("live", "garbage");
  child.send(SIGHUP);
  const Json before = status_when([](const Json&) { return true; });
  const Json after =
      status_when([&](const Json& s) { return s["events"] > before["events"].get<int>() + 100; });
  ASSERT_TRUE(after.is_object());
  EXPECT_EQ(after["channel_version"], 292);
  EXPECT_THAT(read_text(path("engine.out")),
              testing::HasSubstr("not a channel file; the old rules stay"));
}

TEST_F(Programs, TheNeedsOf291NameField21AndThoseOf290DoNot) {
  const auto needs = [this](int number) {
    const auto file = channel(number);
    Json json = Json::parse(read_text(file + ".needs"));
    EXPECT_EQ(json["max_bytes"], std::filesystem::file_size(file));
    return json["inputs"];
  };
  const Json others = {{{"name", "file"}, {"reads", {2}}},
                       {{"name", "process"}, {"reads", {1, 2}}}};
  const auto with_ipc = [&](const Json& reads) {
    Json all = {{{"name", "ipc"}, {"reads", reads}}};
    all.insert(all.end(), others.begin(), others.end());
    return all;
  };
  EXPECT_EQ(needs(290), with_ipc({1, 2, 19}));
  EXPECT_EQ(needs(291), with_ipc({1, 2, 19, 21}));
  EXPECT_EQ(needs(292), with_ipc({1, 2, 19}));
}

// A channel with one rule over `input` that tests the last of `count` fields with something every
// value passes.
std::string last_field_rule(const Json& input, std::size_t count) {
  const std::string name = input["name"];
  std::string text = "channel 1\ntype " + name + "\n";
  std::string type = "string";
  for (std::size_t i = 0; i < count; ++i) {
    type = i < input["types"].size() ? input["types"][i].get<std::string>() : "string";
    text += " " + type + " f\n";
  }
  const std::string test = type == "integer" ? " range -1 9\n" : " prefix \"\"\n";
  return text + "rule last over " + name + "\n " + std::to_string(count) + test;
}

std::string any_line(const std::string& name) {
  std::string line = name;
  for (const FieldSchema& field : schema_of(kind_named(name).value())) {
    line += field.type == FieldType::kInteger ? "\t1" : "\tx";
  }
  return line + "\n";
}

TEST_F(Programs, ContractsSayWhatTheCodeSupplies) {
  for (const Build& build : {k711, k712}) {
    const auto file = read_text(std::string(SENSOR_SOURCE_DIR "/contract-") + build.name + ".json");
    EXPECT_EQ(execute({build.program, "--contract"}), 0);
    EXPECT_EQ(output_, file);
    const Json contract = Json::parse(file);
    EXPECT_EQ(contract["build"], build.name);
    EXPECT_EQ(contract["limits"],
              (Json{{"max_bytes", kMaxChannelBytes}, {"max_rules", kMaxRules}}));
    for (const Json& input : contract["inputs"]) {
      const std::size_t fields = input["fields"];
      EXPECT_EQ(input["types"].size(), fields);
      write_text("events", any_line(input["name"]));
      const std::vector<std::string> scan{build.program, "--channel", path("some"), "--events",
                                          path("events")};
      channel_from(last_field_rule(input, fields));
      EXPECT_EQ(execute(scan), 0) << input;
      EXPECT_THAT(output_, testing::HasSubstr("1 events, 1 detections")) << input;
      channel_from(last_field_rule(input, fields + 1));
      EXPECT_EQ(execute(scan), build.program == k711.program ? 128 + SIGSEGV : 1) << input;
    }
  }
}

TEST_F(Programs, CheckSaysWhyAChannelFileIsRefused) {
  write_text("garbage", "garbage");
  EXPECT_EQ(execute({k711.program, "--channel", path("garbage"), "--check"}), 1);
  EXPECT_EQ(output_, "sensor-7.11: " + path("garbage") + ": not a channel file\n");
  EXPECT_EQ(execute({k711.program, "--channel", path("missing"), "--check"}), 1);
  EXPECT_EQ(output_, "sensor-7.11: " + path("missing") + ": cannot be read\n");
  EXPECT_EQ(execute({k711.program, "--channel", folder_, "--check"}), 1);
}

TEST_F(Programs, WrongUseIsExitCodeTwo) {
  const std::vector<std::vector<std::string>> uses = {
      {k711.program},
      {k711.program, "--channel"},
      {k711.program, "--channel", "x", "--rate", "0"},
      {k711.program, "--channel", "x", "--seed", "-1"},
      {k711.program, "--channel", "x", "--host-crash", "1"},
      {k711.program, "--channel", "x", "--host-crash", "-1"},
      {k711.program, "--what", "x"},
      {SENSOR_COMPILE, "x"},
      {SENSOR_COMPILE, "x", "y", "--need", "z"},
  };
  for (const auto& use : uses) EXPECT_EQ(execute(use), 2) << testing::PrintToString(use);
}

TEST_F(Programs, TheEngineStaysSmall) {
#ifdef SENSOR_SANITIZED
  GTEST_SKIP() << "the sanitizer's own memory is not the engine's";
#endif
  Child child(engine(k712, channel(292)), path("engine.out"));
  ASSERT_TRUE(status_when(detects).is_object());
  const auto proc = read_text("/proc/" + std::to_string(child.pid()) + "/status");
  const auto at = proc.find("VmHWM:");
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(std::stol(proc.substr(at + 6)), 5 * 1024) << "KiB";
}

}  // namespace
}  // namespace sensor

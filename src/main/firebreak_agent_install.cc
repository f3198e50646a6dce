// firebreak-agent install: hands a bundle to the running agent and tells what became of it.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/limits.h"
#include "main/firebreak_agent.h"
#include "posix/local_socket.h"

namespace fb::agent_main {
namespace {

constexpr Millis kAnswerTime = seconds(5);
constexpr std::chrono::milliseconds kLookPause{200};

Result<json::Value> ask(const agent::Config& config, const json::Value& question) {
  FB_ASSIGN(const std::string reply,
            posix::ask_local(config.socket, json::compact(question), kAnswerTime));
  FB_ASSIGN(json::Value value, json::parse(reply, {4U << 20U, limits::kJsonDepth}));
  if (value.contains("error"))
    return Error{ErrorCode::conflict, value.at("error").get<std::string>()};
  return value;
}

// Until nothing more happens soon, or the time is over.
Result<json::Value> hand_in(const InstallOptions& options) {
  FB_ASSIGN(const auto config, read_config(options.config));
  std::error_code problem;
  const auto path = std::filesystem::canonical(options.bundle, problem);
  if (problem) return Error{ErrorCode::bad_usage, options.bundle + ": " + problem.message()};
  FB_ASSIGN(json::Value seen, ask(config, {{"ask", "install"}, {"bundle", path.string()}}));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.wait_s);
  while (!seen.at("settled").get<bool>() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kLookPause);
    FB_ASSIGN(seen, ask(config, {{"ask", "bundle"}}));
  }
  return seen;
}

std::string text_of(const json::Value& seen) {
  if (seen.contains("refused"))
    return "not taken: " + seen.at("refused").at("sentence").get<std::string>() + "\n";
  std::string text;
  for (const json::Value& each : seen.at("releases")) {
    text += each.at("component").get<std::string>() + " " + each.at("version").get<std::string>() +
            " (" + each.at("state").get<std::string>() +
            "): " + each.at("sentence").get<std::string>() + "\n";
  }
  if (text.empty()) text = "the bundle has nothing for the components of this device\n";
  return seen.at("settled").get<bool>() ? text
                                        : text + "still under way: 'firebreak-agent status'\n";
}

int code_of(const json::Value& seen) {
  if (seen.contains("refused")) {
    const auto& rule = seen.at("refused").at("rule");
    const bool could_not = rule == name(ErrorCode::io_failed) || rule == name(ErrorCode::no_space);
    return could_not ? kCouldNot : kNo;
  }
  const json::Value& releases = seen.at("releases");
  const bool all = std::all_of(releases.begin(), releases.end(),
                               [](const json::Value& each) { return each.at("active") == true; });
  return all && !releases.empty() ? kYes : kNo;
}

}  // namespace

int install(const InstallOptions& options) {
  const auto seen = hand_in(options);
  if (!seen.ok()) return complain(seen.error());
  std::fputs(options.json ? json::pretty(*seen).c_str() : text_of(*seen).c_str(), stdout);
  return code_of(*seen);
}

}  // namespace fb::agent_main

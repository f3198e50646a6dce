#include "demo/stage.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/limits.h"
#include "posix/child.h"
#include "posix/raw_file.h"

namespace fb::demo {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kOutputBytes = 4U << 20U;
constexpr const char* kEngine = "sensor.engine";
constexpr const char* kChannel = "sensor.channel";
constexpr int kPause = 40;  // ms between two looks

// A listening port that is free now: port 0 would be another one after the restart.
Result<std::uint16_t> free_port(port::HttpHandler& handler) {
  FB_ASSIGN(const auto probe, http::Server::start({.threads = 1}, handler));
  const std::uint16_t port = probe->port();
  probe->stop(milliseconds(0));
  return port;
}

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const auto begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1,
                     end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

}  // namespace

Stage::Stage(StageOptions options) : options_(std::move(options)) {}

Stage::~Stage() {
  if (fleet_) fleet_->power_off();
  if (server_ != 0) {
    kill(server_, SIGTERM);
    const auto child = posix::open_child(server_);
    if (!child.ok() || !posix::ended_within(*child, seconds(5))) kill(server_, SIGKILL);
    posix::reap(server_);
  }
}

Status Stage::set_up() {
  FB_TRY(make_home());
  FB_TRY(start_server());
  FB_TRY(publish_first_releases());
  FB_TRY(make_image());
  FB_TRY(start_mirror());
  const std::string mirror = "http://127.0.0.1:" + std::to_string(mirror_server_->port());
  fleet_ =
      std::make_unique<Fleet>(Image{options_.folder + "/image/state", home(), url_, mirror,
                                    options_.programs + "/firebreak-agent"},
                              std::vector<std::string>{"hospital", "airline", "bank", "retail"});
  return fleet_->build(options_.folder + "/machines", options_.machines);
}

Status Stage::make_home() {
  std::error_code code;
  fs::create_directories(options_.folder + "/output", code);
  if (code) return Error{ErrorCode::io_failed, options_.folder + ": " + code.message()};
  mirror_ = std::make_unique<Mirror>(home() + "/server/repository/targets");
  FB_ASSIGN(const auto port, free_port(*mirror_));
  url_ = "http://127.0.0.1:" + std::to_string(port);
  FB_ASSIGN(const auto made,
            run({options_.programs + "/firebreak", "init", home(), "--lab", "--listen",
                 "127.0.0.1:" + std::to_string(port), "--tenants", "hospital,airline,bank,retail"},
                "init"));
  return made.code == 0 ? Status() : Error{ErrorCode::conflict, made.output};
}

Status Stage::start_server() {
  const std::string log_path = options_.folder + "/output/server.log";
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return Error{ErrorCode::io_failed, "cannot write " + log_path};
  const std::string config = home() + "/server/firebreakd.toml";
  const auto started =
      posix::start_child({{options_.programs + "/firebreakd", "--config", config}, {}},
                         {.output = log, .limits = {}, .no_new_privileges = true});
  close(log);
  if (!started.ok()) return started.error();
  server_ = *started;
  FB_ASSIGN(std::string token, posix::read_file(home() + "/server/api.token", 4096));
  while (!token.empty() && token.back() == '\n') token.pop_back();
  client_ = std::make_unique<publisher::ServerClient>(http_, publisher::ServerAddress{url_, token});
  return wait(seconds(10), "the server",
              [&]() -> Result<bool> { return client_->get("/api/v1/status").ok(); });
}

void Stage::kill_server() {
  kill(server_, SIGKILL);
  posix::reap(server_);
  server_ = 0;
}

Status Stage::start_mirror() {
  FB_ASSIGN(mirror_server_, http::Server::start({.threads = 1}, *mirror_));
  return {};
}

Status Stage::publish_first_releases() {
  std::error_code code;
  fs::create_directories(options_.folder + "/build", code);
  fs::copy_file(options_.programs + "/sensor-7.11", options_.folder + "/build/sensor", code);
  if (code)
    return Error{ErrorCode::io_failed, options_.programs + "/sensor-7.11: " + code.message()};
  const std::string& from = options_.examples;
  FB_ASSIGN(const auto created, must({"release",      "create",
                                      "--component",  kEngine,
                                      "--kind",       "core",
                                      "--version",    "7.11",
                                      "--artifact",   options_.folder + "/build/sensor",
                                      "--contract",   from + "/contract-7.11.json",
                                      "--definition", from + "/definition.json",
                                      "--what",       "The detection engine.",
                                      "--why",        "First version.",
                                      "--risk",       "None known.",
                                      "--undo",       "There is nothing before it."}));
  FB_ASSIGN(const auto signed_it, must({"release", "sign", "sensor.engine-7.11"}));
  FB_ASSIGN(const auto submitted, must({"release", "submit", "sensor.engine-7.11"}));
  FB_TRY(create(
      {"289", "290", "feature", "The rules that machines are delivered with.", "Delivery."}));
  return submit("289");
}

Status Stage::create(const Draft& draft) {
  const std::string folder = options_.folder + "/build/" + draft.version;
  std::error_code code;
  fs::create_directories(folder, code);
  FB_ASSIGN(const auto compiled, run({options_.programs + "/sensor-compile",
                                      options_.examples + "/channel/" + draft.rules + ".rules",
                                      folder + "/channel.bin", "--needs", folder + "/needs.json"},
                                     "compile"));
  if (compiled.code != 0) return Error{ErrorCode::conflict, compiled.output};
  return must({"release",        "create",
               "--component",    kChannel,
               "--kind",         "content",
               "--version",      draft.version,
               "--class",        draft.cls,
               "--reader",       kEngine,
               "--artifact",     folder + "/channel.bin",
               "--needs",        folder + "/needs.json",
               "--what",         draft.what,
               "--why",          draft.why,
               "--risk",         "Low.",
               "--undo",         "Devices go back to what they had.",
               "--probation-ms", "2000",
               "--restarts",     "0"})
                 .ok()
             ? Status()
             : Error{ErrorCode::conflict, "release create of " + draft.version + " failed"};
}

Status Stage::submit(const std::string& version) {
  FB_ASSIGN(const auto signed_it, must({"release", "sign", "sensor.channel-" + version}));
  FB_ASSIGN(const auto submitted, firebreak({"release", "submit", "sensor.channel-" + version}));
  if (submitted.code <= 1) return {};  // 1: submitted, and a gate is closed
  return Error{ErrorCode::conflict,
               "release submit of " + version + ": " + last_line(submitted.output)};
}

// One machine is provisioned by its local root, from the signed repository; the others are copies
// of it, as fleets are.
Status Stage::make_image() {
  Machine machine;
  machine.tenant = "hospital";
  machine.folder = options_.folder + "/image";
  std::error_code code;
  fs::create_directories(machine.folder, code);
  FB_TRY(posix::write_file_atomic(machine.config(),
                                  agent_configuration({"", home(), url_, "", ""}, machine), 0600));
  for (const auto& [component, version] : {std::pair{kEngine, "7.11"}, {kChannel, "289"}}) {
    FB_ASSIGN(const auto done, agent(machine, "provision",
                                     {"--repository", home() + "/server/repository", "--component",
                                      component, "--version", version}));
    if (done.code != 0) return Error{ErrorCode::conflict, done.output};
  }
  fs::remove(machine.folder + "/state/lock", code);
  return {};
}

Result<Ran> Stage::firebreak(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {options_.programs + "/firebreak", "--home", home()});
  return run(std::move(arguments), "firebreak");
}

Result<std::string> Stage::must(std::vector<std::string> arguments) {
  const std::string what = arguments[0] + " " + (arguments.size() > 1 ? arguments[1] : "");
  FB_ASSIGN(auto ran, firebreak(std::move(arguments)));
  if (ran.code == 0) return std::move(ran.output);
  return Error{ErrorCode::conflict, "firebreak " + what + " ended with " +
                                        std::to_string(ran.code) + ": " + last_line(ran.output)};
}

Result<Ran> Stage::agent(const Machine& machine, const std::string& verb,
                         std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(),
                   {options_.programs + "/firebreak-agent", verb, "--config", machine.config()});
  return run(std::move(arguments), "agent");
}

Result<Ran> Stage::run(std::vector<std::string> argv, const std::string& output_file) {
  const std::string path =
      options_.folder + "/output/" + std::to_string(++runs_) + "-" + output_file + ".log";
  const int output = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (output < 0) return Error{ErrorCode::io_failed, "cannot write " + path};
  const auto started = posix::start_child({std::move(argv), {{"HOME", options_.folder}}},
                                          {.output = output, .limits = {}});
  close(output);
  if (!started.ok()) return started.error();
  FB_ASSIGN(const auto child, posix::open_child(*started));
  const Status ended = wait(seconds(30), path, [&]() -> Result<bool> {
    return posix::ended_within(child, milliseconds(0));
  });
  if (!ended.ok()) kill(*started, SIGKILL);
  const auto exit = posix::reap(*started);
  FB_TRY(ended);
  FB_ASSIGN(auto text, posix::read_file(path, kOutputBytes));
  return Ran{exit.signal == 0 ? exit.code : 128 + exit.signal, std::move(text)};
}

Status Stage::wait(Millis patience, const std::string& what,
                   const std::function<Result<bool>()>& done) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience.ms);
  while (true) {
    if (fleet_) FB_TRY(fleet_->tend());
    FB_ASSIGN(const bool now, done());
    if (now) return {};
    if (std::chrono::steady_clock::now() > until) {
      return Error{ErrorCode::timed_out, "waited " + in_words(patience) + " for " + what};
    }
    usleep(kPause * 1000);
  }
}

Result<json::Value> Stage::get(const std::string& path) { return client_->get(path); }

Result<json::Value> Stage::list(const std::string& path, const std::string& name) {
  return client_->list(path, name);
}

}  // namespace fb::demo

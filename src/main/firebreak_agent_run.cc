// firebreak-agent run: the adapters, the main loop, and the agent between them.
#include <malloc.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>

#include "agent/agent.h"
#include "http/client.h"
#include "main/firebreak_agent.h"
#include "posix/background.h"
#include "posix/byte_file.h"
#include "posix/directory.h"
#include "posix/local_socket.h"
#include "posix/main_loop.h"
#include "posix/sandbox.h"
#include "posix/supervisor.h"
#include "posix/system_clock.h"

namespace fb::agent_main {
namespace {

class StderrLog final : public port::Log {
 public:
  explicit StderrLog(bool verbose)
      : log_("firebreak-agent", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    log_.set_pattern("%Y-%m-%dT%H:%M:%SZ %l %v", spdlog::pattern_time_type::utc);
    log_.set_level(verbose ? spdlog::level::debug : spdlog::level::info);
  }
  void line(port::LogLevel level, const std::string& text) override {
    log_.log(spdlog_level(level), "{}", text);
  }

 private:
  static spdlog::level::level_enum spdlog_level(port::LogLevel level) {
    switch (level) {
      case port::LogLevel::debug: return spdlog::level::debug;
      case port::LogLevel::note: return spdlog::level::info;
      case port::LogLevel::warning: return spdlog::level::warn;
      case port::LogLevel::trouble: return spdlog::level::err;
    }
    FB_CHECK(false);
  }
  spdlog::logger log_;
};

port::Background lane(posix::Background& background) {
  return [&background](std::function<port::Completion()> job) { background.run(std::move(job)); };
}

// One process: everything the agent stands on, in the order in which it must outlive the next.
class Process {
 public:
  Process(std::unique_ptr<port::Files> files, const RunOptions& options,
          const agent::Config& config)
      : files_(std::move(files)),
        clock_(options.boot_id.empty() ? posix::SystemClock()
                                       : posix::SystemClock(options.boot_id)),
        log_(options.verbose),
        config_(config) {
    loop_.on_stop_signal([this] { loop_.stop(); });
    prompt_.emplace(loop_);
    bulk_.emplace(loop_);
  }

  Status run(agent::Pinned pinned) {
    FB_ASSIGN(agent_, agent::Agent::start(config_, std::move(pinned), doors()));
    FB_ASSIGN(const auto server,
              posix::serve_local(loop_, config_.socket,
                                 [this](const std::string& line) { return agent_->answer(line); }));
    log_.line(port::LogLevel::note,
              "running; socket " + config_.socket + ", state " + config_.state_dir);
    turn();
    loop_.run();
    log_.line(port::LogLevel::note, "stopping");
    return {};
  }

 private:
  agent::Doors doors() {
    return {*files_,        clock_,   entropy_,    prompt_http_,
            bulk_http_,     sandbox_, supervisor_, waking(*prompt_),
            waking(*bulk_), log_,     getpid(),    posix::open_bytes};
  }
  // A completed job makes something due: the loop turns once more.
  port::Background waking(posix::Background& background) {
    return [this, run = lane(background)](std::function<port::Completion()> job) {
      run([this, job = std::move(job)]() -> port::Completion {
        return [this, done = job()] {
          if (done) done();
          turn();
        };
      });
    };
  }
  void turn() {
    loop_.cancel(timer_);
    if (agent_) timer_ = loop_.run_after(agent_->tick(), [this] { turn(); });
  }
  void ended(const std::string& workload, const port::Exit& exit) {
    if (agent_) agent_->workload_ended(workload, exit);
    turn();
  }

  std::unique_ptr<port::Files> files_;
  posix::SystemClock clock_;
  posix::SystemEntropy entropy_;
  StderrLog log_;
  agent::Config config_;
  posix::MainLoop loop_;
  http::Client prompt_http_{"firebreak-agent"}, bulk_http_{"firebreak-agent"};
  posix::ProcessSandbox sandbox_;
  posix::ProcessSupervisor supervisor_{
      loop_, files_->absolute("log"),
      [this](const std::string& name, const port::Exit& exit) { ended(name, exit); }};
  std::unique_ptr<agent::Agent> agent_;
  posix::MainLoop::TimerId timer_ = 0;
  std::optional<posix::Background> prompt_, bulk_;  // joined before what their jobs use goes
};

Status run_until_stopped(const RunOptions& options) {
  FB_ASSIGN(const auto config, read_config(options.config));
  FB_ASSIGN(auto pinned, read_pinned(config));
  FB_ASSIGN(auto files, posix::open_directory(config.state_dir, posix::Lock::exclusive));
  // A full disk is no reason to leave the workloads stopped; the supervisor makes what it needs.
  const Status told = files->write_atomic("log/README", "Output of the workloads.\n");
  if (!told.ok()) std::fprintf(stderr, "firebreak-agent: %s\n", told.error().detail.c_str());
  return Process(std::move(files), options, config).run(std::move(pinned));
}

}  // namespace

int run(const RunOptions& options) {
  // Three threads that seldom work at once: one arena, and memory that goes back when a refresh is
  // over.
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, 64 << 10);
  mallopt(M_MMAP_THRESHOLD, 64 << 10);
  const Status status = run_until_stopped(options);
  return status.ok() ? kYes : complain(status.error());
}

}  // namespace fb::agent_main

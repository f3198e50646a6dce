// firebreakd: the server. Reads one configuration file, opens its doors, and decides until it is
// told to stop.
#include "main/firebreakd.h"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>

namespace {

using namespace fb;

int run(const std::string& path, server::ClockWord clock) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: only we take them
  signal(SIGPIPE, SIG_IGN);

  daemon_main::Daemon daemon;
  Status status = daemon_main::open_doors(daemon, path);
  if (status.ok()) status = daemon_main::start(daemon, clock);
  if (!status.ok()) {
    std::fprintf(stderr, "firebreakd: %s\n", status.error().detail.c_str());
    return status.error().code == ErrorCode::bad_usage ? 2 : 3;
  }
  int received = 0;
  sigwait(&signals, &received);
  daemon.http->stop(seconds(5));
  daemon.webhook->stop();
  daemon.decider->stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Firebreak's server: gates, permits, rollouts, and the repository that devices read.\n\n"
      "Example:\n  firebreak init --lab demo && firebreakd --config demo/server/firebreakd.toml"};
  std::string config;
  app.add_option("--config", config, "the configuration file (firebreak init writes one)")
      ->required();
  bool clock_is_right = false;
  app.add_flag("--clock-is-right", clock_is_right,
               "start although the clock is far ahead of the last log entry: somebody looked");
  app.set_version_flag("--version", "firebreakd " FB_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run(config, clock_is_right ? server::ClockWord::vouched : server::ClockWord::unknown);
}

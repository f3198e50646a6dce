// Opening and starting what firebreakd consists of.
#include "main/firebreakd.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "http/client.h"
#include "keyfile/keyfile.h"
#include "posix/directory.h"
#include "posix/raw_file.h"
#include "sqlite/store.h"

namespace fb::daemon_main {
namespace {

std::string beside(const std::string& config_path, const std::string& path) {
  return (std::filesystem::path(config_path).parent_path() / path).string();
}

Result<std::unique_ptr<crypto::Signer>> load_key(const std::string& config_path,
                                                 const std::string& file, const char* what) {
  if (file.empty())
    return Error{ErrorCode::bad_usage,
                 std::string("keys.") + what + " is missing in " + config_path};
  const std::string path = beside(config_path, file);
  FB_ASSIGN(const std::string pem, posix::read_file(path, 64U << 10U));
  auto signer = keyfile::load_signer(pem, "");
  if (!signer.ok()) return signer.error().in(path);
  return signer;
}

// A role's keys: the one of today, and those that are to come.
Result<server::RoleSigners> load_keys(const std::string& config_path,
                                      const std::vector<std::string>& files, const char* what) {
  server::RoleSigners out;
  for (const std::string& file : files) {
    FB_ASSIGN(auto signer, load_key(config_path, file, what));
    out.add(std::move(signer));
  }
  if (!files.empty()) return out;
  return Error{ErrorCode::bad_usage, std::string("keys.") + what + " is missing in " + config_path};
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

Status open_doors(Daemon& daemon, const std::string& path) {
  FB_ASSIGN(const std::string text, posix::read_file(path, 1U << 20U));
  auto config = server::parse_config(text);
  if (!config.ok()) return config.error().in(path);
  daemon.config = std::move(config).value();
  const auto& keys = daemon.config.keys;
  FB_ASSIGN(daemon.signers.rollouts, load_keys(path, keys.rollouts, "rollouts"));
  FB_ASSIGN(daemon.signers.snapshot, load_keys(path, keys.snapshot, "snapshot"));
  FB_ASSIGN(daemon.signers.timestamp, load_keys(path, keys.timestamp, "timestamp"));
  FB_ASSIGN(daemon.signers.log, load_key(path, keys.log, "log"));
  FB_ASSIGN(daemon.api_token, posix::read_file(beside(path, daemon.config.api_token_file), 4096));
  daemon.api_token = trimmed(daemon.api_token);
  if (daemon.api_token.size() < 32)
    return Error{ErrorCode::bad_usage,
                 "the API token has fewer than 32 characters; `firebreak init` makes a good one"};

  const std::string state = beside(path, daemon.config.state_dir);
  FB_ASSIGN(daemon.state, posix::open_directory(state, posix::Lock::exclusive));
  FB_ASSIGN(daemon.blobs, posix::open_directory(state + "/blobs"));
  FB_ASSIGN(daemon.repository, posix::open_directory(beside(path, daemon.config.repository)));
  FB_ASSIGN(daemon.store, sqlite::open_store(state + "/firebreak.db"));
  return {};
}

Status start(Daemon& daemon, server::ClockWord clock) {
  daemon.webhook = std::make_unique<server::Webhook>(daemon.config.webhook,
                                                     std::make_unique<http::Client>("firebreakd"));
  const server::Doors doors{*daemon.store, *daemon.repository, *daemon.blobs, daemon.clock,
                            daemon.entropy};
  FB_ASSIGN(const auto parameters, daemon.config.common_parameters());
  server::DeciderOptions options;
  options.tick = parameters.tick;
  options.clock = clock;
  options.notify = [&daemon](const server::Notice& notice) {
    const std::string whose =
        notice.rollout.number() == 0
            ? notice.component
            : "rollout " + notice.rollout.text() + " of " + notice.component + " " + notice.version;
    std::fprintf(stderr, "%s: %s: %s\n", notice.event.c_str(), whose.c_str(),
                 notice.reason.c_str());
    daemon.webhook->tell(notice);
  };
  options.on_fatal = [](const Error& error) {
    std::fprintf(stderr,
                 "firebreakd: nothing can be made durable any more (%s); ending so that a new "
                 "start reads what is there\n",
                 error.detail.c_str());
    _exit(3);
  };
  FB_ASSIGN(daemon.decider,
            server::Decider::start(daemon.config, doors, daemon.signers, std::move(options)));
  daemon.webhook->start([&daemon](std::uint64_t number) { daemon.decider->delivered(number); });
  server::ManagementRoutes::Parts management{daemon.config, *daemon.decider, *daemon.blobs,
                                             *daemon.store, daemon.signers,  daemon.api_token};
  daemon.router =
      std::make_unique<server::Router>(*daemon.decider, std::move(management), *daemon.repository);
  FB_ASSIGN(daemon.http, http::Server::start({.host = daemon.config.host,
                                              .port = daemon.config.port,
                                              .threads = daemon.config.threads},
                                             *daemon.router));
  const std::string url =
      "http://" + daemon.config.host + ":" + std::to_string(daemon.http->port());
  FB_TRY(daemon.state->write_atomic("url", url + "\n"));
  std::fprintf(stderr, "firebreakd: %s, profile %s\n", url.c_str(),
               daemon.config.profile == rollout::Profile::lab
                   ? "lab (second-long times and sample keys: not for production)"
                   : "standard");
  return {};
}

}  // namespace fb::daemon_main

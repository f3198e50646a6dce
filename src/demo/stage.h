// The stage: a publisher's home, a server, a mirror and a fleet in one temporary folder, driven
// through the very programs that people use.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "demo/fleet.h"
#include "demo/mirror.h"
#include "http/client.h"
#include "http/server.h"
#include "json/json.h"
#include "publisher/server_client.h"

namespace fb::demo {

struct StageOptions {
  std::string folder;    // must not exist
  std::string programs;  // where firebreak, firebreakd, firebreak-agent and the sensors are
  std::string examples;  // examples/sensor of the source tree
  int machines = 60;
};

// What a program said.
struct Ran {
  int code = 0;
  std::string output;
};

class Stage {
 public:
  explicit Stage(StageOptions options);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // init --lab, a server on a free port, the first releases, an image, the fleet. Errors: what went
  // wrong, with output.
  Status set_up();

  // Runs `firebreak <arguments>` in the home. Errors: io_failed. Any exit code is a Ran.
  Result<Ran> firebreak(std::vector<std::string> arguments);
  // The same; exit code 0 is expected. Errors: conflict, with what was printed.
  Result<std::string> must(std::vector<std::string> arguments);
  Result<Ran> agent(const Machine& machine, const std::string& verb,
                    std::vector<std::string> arguments);

  struct Draft {
    std::string version, rules, cls = "feature", what, why;
  };
  // release create, sign and submit of channel content. `rules`: "290", "291" or "292".
  Status create(const Draft& draft);
  Status submit(const std::string& version);

  // Waits, tending the fleet, until `done` says so. Errors: timed_out; whatever `done` returns.
  Status wait(Millis patience, const std::string& what, const std::function<Result<bool>()>& done);

  Status start_server();
  void kill_server();  // SIGKILL
  [[nodiscard]] bool server_running() const { return server_ != 0; }

  Result<json::Value> get(const std::string& path);
  Result<json::Value> list(const std::string& path, const std::string& name);

  [[nodiscard]] Fleet& fleet() { return *fleet_; }
  [[nodiscard]] Mirror& mirror() { return *mirror_; }
  [[nodiscard]] const StageOptions& options() const { return options_; }
  [[nodiscard]] std::string home() const { return options_.folder + "/home"; }
  [[nodiscard]] const std::string& server_url() const { return url_; }

 private:
  Result<Ran> run(std::vector<std::string> argv, const std::string& output_file);
  Status make_home();
  Status publish_first_releases();
  Status make_image();
  Status start_mirror();

  StageOptions options_;
  std::string url_;
  pid_t server_ = 0;
  int runs_ = 0;
  http::Client http_{"firebreak-demo"};
  std::unique_ptr<publisher::ServerClient> client_;
  std::unique_ptr<Mirror> mirror_;
  std::unique_ptr<http::Server> mirror_server_;
  std::unique_ptr<Fleet> fleet_;
};

}  // namespace fb::demo

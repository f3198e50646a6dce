// Session: one run of a command in one home, with the real doors behind the desk.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "http/client.h"
#include "main/firebreak_passphrase.h"
#include "port/files.h"
#include "posix/system_clock.h"
#include "publisher/desk.h"

namespace fb::cli {

class Session {
 public:
  // `given`: --home; "" looks for firebreak.toml here and upwards. Errors: bad_usage (no home, a
  // wrong firebreak.toml).
  static Result<std::unique_ptr<Session>> open(const std::string& given);

  [[nodiscard]] publisher::Desk& desk() { return desk_; }

 private:
  Session(std::unique_ptr<port::Files> home, publisher::ServerAddress address)
      : home_(std::move(home)), server_(http_, std::move(address)) {}

  std::unique_ptr<port::Files> home_;
  http::Client http_;
  publisher::ServerClient server_;
  PemKeys keys_;
  posix::SystemClock clock_;
  posix::SystemEntropy entropy_;
  publisher::Desk desk_{*home_, server_, keys_, clock_, entropy_};
};

}  // namespace fb::cli

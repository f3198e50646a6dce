// A publisher's desk for tests: a home in memory, keys that a seed determines, and a server that is
// a table of answers.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/sha256.h"
#include "publisher/desk.h"
#include "publisher/home.h"
#include "publisher/layout.h"
#include "sim/manual_clock.h"
#include "sim/memory_files.h"
#include "tuf/names.h"
#include "tuf/repository_sim_test.h"
#include "wire/problem.h"

namespace fb::publisher {

// A "PEM" is the name that a tuf::TestSigner is made from.
class TestKeys final : public KeyStore {
 public:
  Result<NewKey> generate(Protection protection) override {
    made.push_back(protection);
    const std::string name = "test key " + std::to_string(made.size());
    return NewKey{name, tuf::TestSigner(name).key()};
  }
  Result<std::unique_ptr<crypto::Signer>> open(std::string_view pem, std::string_view) override {
    return std::unique_ptr<crypto::Signer>(std::make_unique<tuf::TestSigner>(std::string(pem)));
  }
  std::vector<Protection> made;
};

class TestServer final : public port::HttpClient {
 public:
  using Answer = std::function<port::HttpResponse(const port::HttpRequest&)>;

  Result<port::HttpResponse> send(const port::HttpRequest& request) override {
    requests.push_back(request);
    if (away) return Error{ErrorCode::unreachable, "connection refused"};
    const std::string path = request.url.substr(std::string("http://server").size());
    if (const auto file = files.find(path); file != files.end()) {
      if (!request.sink) return port::HttpResponse{200, {}, file->second};
      return stream(file->second, request);
    }
    const auto answer = answers.find(request.method + " " + path);
    if (answer != answers.end()) return answer->second(request);
    if (request.method == "PUT") return port::HttpResponse{200, {}, "{}"};
    return port::HttpResponse{
        404, {}, wire::encode(wire::problem({ErrorCode::not_found, path + " is not there"}))};
  }
  void answer(const std::string& what, const json::Value& body) {
    answers[what] = [text = json::compact(body)](const port::HttpRequest&) {
      return port::HttpResponse{200, {}, text};
    };
  }
  void refuse(const std::string& what, const Error& error) {
    answers[what] = [error](const port::HttpRequest&) {
      return port::HttpResponse{
          wire::http_status(error.code), {}, wire::encode(wire::problem(error))};
    };
  }
  [[nodiscard]] const port::HttpRequest* sent(const std::string& method,
                                              const std::string& path) const {
    for (const auto& each : requests) {
      if (each.method == method && each.url == "http://server" + path) return &each;
    }
    return nullptr;
  }

  // As over a socket: in pieces of kPieceBytes, and no further than `breaks_off_after`.
  static constexpr std::size_t kPieceBytes = 16U << 10U;
  Result<port::HttpResponse> stream(const std::string& bytes,
                                    const port::HttpRequest& request) const {
    for (std::size_t at = 0; at < bytes.size(); at += kPieceBytes) {
      if (at >= breaks_off_after) return Error{ErrorCode::unreachable, "connection reset"};
      if (Status taken = request.sink(std::string_view(bytes).substr(at, kPieceBytes)); !taken.ok())
        return taken.error();
    }
    return port::HttpResponse{200, {}, ""};
  }

  bool away = false;
  std::size_t breaks_off_after = std::string::npos;
  std::map<std::string, std::string> files;
  std::map<std::string, Answer> answers;
  std::vector<port::HttpRequest> requests;
};

// A lab home, laid out as init does it, and a server that publishes what lies in its repository.
class TestDesk {
 public:
  TestDesk() {
    const LayoutOrder order{
        Profile::lab, {*TenantId::parse("acme")}, "127.0.0.1:8440", {}, clock.wall()};
    const auto layout = compose_layout(order, keys, entropy);
    FB_CHECK(layout.ok());
    FB_CHECK(write_layout(home, *layout).ok());
    for (const auto& [path, bytes] : *layout) {
      const std::string prefix = "server/repository/";
      if (path.starts_with(prefix)) server.files["/tuf/" + path.substr(prefix.size())] = bytes;
    }
    for (const std::string_view role : {"targets", "core", "content", "flags"}) {
      roles_[std::string(role)] = *newest_metadata(home, role);
    }
    publish();
  }

  // Signs snapshot and timestamp over the roles as they stand, as the server does after each
  // change.
  void publish() {
    ++version_;
    const tuf::Edition edition{version_, clock.wall() + days(1)};
    const std::string snapshot = *tuf::sign_file(
        tuf::encode(*tuf::compose_snapshot(roles_, edition)), {signer("snapshot").get()});
    const std::string timestamp = *tuf::sign_file(
        tuf::encode(*tuf::compose_timestamp(snapshot, edition)), {signer("timestamp").get()});
    for (const auto& [role, bytes] : roles_) {
      server.files["/tuf/metadata/" +
                   tuf::metadata_path(role, tuf::decode_targets(bytes)->body.version)] = bytes;
    }
    server.files["/tuf/metadata/" + tuf::metadata_path("snapshot", version_)] = snapshot;
    server.files["/tuf/metadata/timestamp.json"] = timestamp;
  }
  // What the server does with a submission that it takes.
  void take(const std::string& role, const std::string& metadata) {
    roles_[role] = metadata;
    publish();
  }

  // Takes changes of trust as the server does when they verify, and serves them.
  void serve_metadata() {
    server.answers["POST /api/v1/metadata"] = [this](const port::HttpRequest& request) {
      const json::Value files = json::parse(request.body)->at("files");
      for (const auto& [role, file] : files.items()) {
        const std::string bytes = file.get<std::string>();
        if (role == "root")
          server.files["/tuf/metadata/" +
                       tuf::metadata_path(role, tuf::decode_root(bytes)->body.version)] = bytes;
        else
          roles_[role] = bytes;
      }
      publish();
      return port::HttpResponse{201, {}, R"({"roles":{}})"};
    };
  }

  std::unique_ptr<crypto::Signer> signer(const std::string& online_role) {
    const std::string pem = *home.read("server/keys/" + online_role + ".pem", 4096);
    return *keys.open(pem, online_role);
  }
  Desk desk() { return {home, client_, keys, clock, entropy}; }

  sim::MemoryFiles home;
  sim::ManualClock clock{Instant{1'900'000'000'000}};
  sim::SeededEntropy entropy{7};
  TestKeys keys;
  TestServer server;

 private:
  std::map<std::string, std::string, std::less<>> roles_;
  std::int64_t version_ = 0;
  ServerClient client_{server, {"http://server", "secret"}};
};

}  // namespace fb::publisher

// The endpoints over real HTTP: whatever comes in, an answer of the right shape goes out and the
// server stays.
#include <unistd.h>

#include <filesystem>

#include "audit/walk.h"
#include "base/limits.h"
#include "http/client.h"
#include "http/server.h"
#include "posix/directory.h"
#include "server/lab_test.h"

namespace fb::server {
namespace {

// The lab's router behind a real listener; the published files lie on a real disk, where http/
// sends them from.
struct Web : Lab {
  Web() : Lab({.devices = 3, .tenants = 1, .budget = 3}) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "firebreak-web-XXXXXX").string();
    FB_CHECK(mkdtemp(pattern.data()) != nullptr);
    place = pattern;
    disk = std::move(posix::open_directory(place)).value();
    for (const auto& [path, bytes] : files.everything())
      FB_CHECK(disk->write_atomic(path, bytes).ok());
    FB_CHECK(disk->write_atomic("secret", "not for anybody").ok());
    web = std::make_unique<Router>(
        *decider, ManagementRoutes::Parts{config, *decider, blobs, store, signers, kApiToken},
        *disk);
    server = std::move(http::Server::start({}, *web)).value();
  }
  ~Web() {
    server->stop(seconds(1));
    std::filesystem::remove_all(place);
  }
  port::HttpResponse http(const std::string& method, const std::string& path,
                          const std::string& body = "",
                          std::map<std::string, std::string> headers = {}) {
    port::HttpRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(server->port()) + path;
    request.headers = std::move(headers);
    request.body = body;
    auto response = client.send(request);
    EXPECT_TRUE(response.ok()) << method << " " << path << ": " << response.error().detail;
    return response.ok() ? std::move(response).value() : port::HttpResponse();
  }
  static std::map<std::string, std::string> bearer(const std::string& token) {
    return {{"authorization", "Bearer " + token}};
  }
  void expect_alive() {
    EXPECT_EQ(http("GET", "/healthz").status, 200);
    EXPECT_EQ(http("GET", "/readyz").status, 200);
    EXPECT_EQ(http("GET", "/api/v1/status", "", bearer(kApiToken)).status, 200);
    EXPECT_EQ(
        http("POST", "/v1/check-in", wire::encode(report_of(devices[0])), bearer(devices[0].secret))
            .status,
        200);
  }

  std::string place;
  std::unique_ptr<port::Files> disk;
  std::unique_ptr<Router> web;
  std::unique_ptr<http::Server> server;
  http::Client client;
};

void expect_problem(const port::HttpResponse& response, const std::string& what) {
  EXPECT_GE(response.status, 400) << what << ": " << response.body;
  EXPECT_LT(response.status, 500) << what << ": " << response.body;
  const auto type = response.headers.find("content-type");
  EXPECT_TRUE(type != response.headers.end() && type->second == "application/problem+json") << what;
  const auto problem = json::parse(response.body);
  ASSERT_TRUE(problem.ok() && problem->is_object()) << what << ": " << response.body;
  EXPECT_EQ(problem->value("status", 0), response.status) << what;
  EXPECT_FALSE(problem->value("detail", "").empty()) << what;
}

struct Endpoint {
  const char *method, *path;
};
constexpr std::array kDevice{Endpoint{"POST", "/v1/enroll"}, Endpoint{"POST", "/v1/check-in"},
                             Endpoint{"POST", "/v1/permit"}};
constexpr std::array kWrites{
    Endpoint{"POST", "/api/v1/releases"}, Endpoint{"POST", "/api/v1/acts"},
    Endpoint{"POST", "/api/v1/policies"}, Endpoint{"POST", "/api/v1/policy-keys"},
    Endpoint{"POST", "/api/v1/metadata"}, Endpoint{"POST", "/api/v1/releases/x/evidence"},
    Endpoint{"PUT", "/api/v1/blobs/abc"}};
constexpr std::array kReads{"/v1/policy",
                            "/v1/policy-keys",
                            "/healthz",
                            "/readyz",
                            "/metrics",
                            "/api/v1/status",
                            "/api/v1/releases",
                            "/api/v1/releases/x",
                            "/api/v1/releases/x/evidence",
                            "/api/v1/releases/x/acts",
                            "/api/v1/rollouts",
                            "/api/v1/rollouts/1",
                            "/api/v1/devices",
                            "/api/v1/devices/x",
                            "/api/v1/inventory",
                            "/api/v1/incidents",
                            "/api/v1/incidents/1",
                            "/tuf/metadata/timestamp.json"};

TEST(Endpoints, AnswerMalformedBodiesWithAProblem) {
  Web lab;
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  const std::vector<std::string> bodies{"",
                                        "{",
                                        "null",
                                        "[]",
                                        "{}",
                                        "\xff\xfe",
                                        std::string(3, '\0'),
                                        deep,
                                        R"({"format":"firebreak.check-in/1"})",
                                        R"({"format":"firebreak.check-in/1","format":"x"})",
                                        R"({"payloadType":"x","payload":"!","signatures":[]})",
                                        R"({"role":"content","metadata":"{}"})",
                                        R"({"role":1,"metadata":[]})",
                                        "9999999999999999999999999999"};
  for (const Endpoint& endpoint : kDevice) {
    for (const auto& body : bodies)
      expect_problem(
          lab.http(endpoint.method, endpoint.path, body, Web::bearer(lab.devices[0].secret)),
          endpoint.path);
  }
  for (const Endpoint& endpoint : kWrites) {
    for (const auto& body : bodies)
      expect_problem(lab.http(endpoint.method, endpoint.path, body, Web::bearer(kApiToken)),
                     endpoint.path);
  }
  lab.expect_alive();
}

TEST(Endpoints, RefuseOversizedBodies) {
  Web lab;
  const std::string big(limits::kManagementBodyBytes + 1, ' ');
  for (const Endpoint& endpoint : kDevice) {
    EXPECT_EQ(lab.http(endpoint.method, endpoint.path, big.substr(0, limits::kDeviceBodyBytes + 1))
                  .status,
              413)
        << endpoint.path;
  }
  for (const Endpoint& endpoint : kWrites) {
    if (endpoint.method == std::string("PUT")) continue;  // blobs have a limit of their own
    const auto response = lab.http("POST", endpoint.path, big, Web::bearer(kApiToken));
    EXPECT_EQ(response.status, 413) << endpoint.path;
    expect_problem(response, endpoint.path);
  }
  lab.expect_alive();
}

TEST(Endpoints, RefuseWrongMethods) {
  Web lab;
  for (const char* method : {"DELETE", "PATCH", "PUT", "POST", "OPTIONS"}) {
    for (const char* path : kReads) {
      const bool write = (std::string(method) == "POST") && std::string(path) == "/api/v1/releases";
      if (write) continue;
      expect_problem(lab.http(method, path, "", Web::bearer(kApiToken)),
                     std::string(method) + " " + path);
    }
  }
  for (const Endpoint& endpoint : kDevice) {
    for (const char* method : {"GET", "PUT", "DELETE"})
      EXPECT_EQ(lab.http(method, endpoint.path).status, 405) << endpoint.path;
  }
  for (const char* path :
       {"/", "/v1", "/v1/nothing", "/api", "/api/", "/api/v1", "/api/v2/status", "/api/v1/nothing",
        "/api/v1/status/x", "/api/v1/releases/x/y", "/nothing"}) {
    expect_problem(lab.http("GET", path, "", Web::bearer(kApiToken)), path);
  }
  lab.expect_alive();
}

TEST(Endpoints, WantTheRightToken) {
  Web lab;
  const std::string check_in = wire::encode(lab.report_of(lab.devices[0]));
  const std::string ask = wire::encode(
      wire::PermitAsk{rollout_id(1), lab.engine, Lab::nonce(1), statement::Purpose::start});
  const std::vector<std::map<std::string, std::string>> wrong{
      {},
      Web::bearer(""),
      Web::bearer("guess"),
      Web::bearer(std::string(5000, 'x')),
      {{"authorization", "Basic " + kApiToken}},
      {{"authorization", kApiToken}},
      Web::bearer(kApiToken + " "),
      Web::bearer(kApiToken.substr(1))};
  for (const auto& headers : wrong) {
    EXPECT_EQ(lab.http("POST", "/v1/check-in", check_in, headers).status, 401);
    EXPECT_EQ(lab.http("POST", "/v1/permit", ask, headers).status, 401);
    EXPECT_EQ(lab.http("GET", "/v1/policy", "", headers).status, 401);
    EXPECT_EQ(lab.http("GET", "/v1/policy-keys", "", headers).status, 401);
  }
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    if (i == 6) continue;  // blanks at the end of a header are not part of it
    for (const char* path : {"/api/v1/status", "/log/tile/entries/000.p/1", "/api/v1/nothing",
                             "/api/v1/devices", "/api/v1/incidents", "/api/v1/inventory"}) {
      EXPECT_EQ(lab.http("GET", path, "", wrong[i]).status, 401) << path << " " << i;
    }
    EXPECT_EQ(lab.http("POST", "/api/v1/acts", "{}", wrong[i]).status, 401);
    EXPECT_EQ(lab.http("PUT", "/api/v1/blobs/" + crypto::sha256("x").hex(), "x", wrong[i]).status,
              401);
  }
  EXPECT_EQ(lab.http("GET", "/api/v1/status", "", Web::bearer(lab.devices[0].secret)).status, 401)
      << "a device is no operator";
  EXPECT_EQ(lab.http("POST", "/v1/check-in", check_in, Web::bearer(kApiToken)).status, 401);
  lab.expect_alive();
}

TEST(Endpoints, EnrolNobodyWithoutTheTenantsToken) {
  Web lab;
  wire::Enrolment ask{lab.config.tenants[0].id, "wrong", crypto::sha256("s"),
                      statement::Ring::broad,   "linux", "amd64"};
  const auto wrong = lab.http("POST", "/v1/enroll", wire::encode(ask));
  EXPECT_EQ(wrong.status, 403);
  ask.tenant = *TenantId::parse("nobody");
  EXPECT_EQ(lab.http("POST", "/v1/enroll", wire::encode(ask)).status, 403);
  ask = {lab.config.tenants[0].id,
         "token of tenanta",
         crypto::sha256("s"),
         statement::Ring::broad,
         "linux",
         "amd64"};
  const auto first =
      wire::decode_enrolment_reply(lab.http("POST", "/v1/enroll", wire::encode(ask)).body);
  const auto again =
      wire::decode_enrolment_reply(lab.http("POST", "/v1/enroll", wire::encode(ask)).body);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->device, again->device) << "the same secret is the same device";
}

TEST(StaticFiles, NeverLeadOutOfTheRepository) {
  Web lab;
  for (const char* path : {"/tuf/../secret",
                           "/tuf/metadata/../../secret",
                           "/tuf/metadata/..%2f..%2fsecret",
                           "/tuf/%2e%2e/secret",
                           "/tuf/secret",
                           "/tuf/",
                           "/tuf",
                           "/tuf/metadata",
                           "/tuf/metadata/",
                           "/tuf/targets/",
                           "/tuf/targets",
                           "/tuf/targets/trust",
                           "/tuf/targets/trust/",
                           "/tuf//etc/passwd",
                           "/tuf/metadata//timestamp.json",
                           "/tuf/metadata/%00",
                           "/tuf/metadata/timestamp.json%00",
                           "/tuf/metadata/./timestamp.json",
                           "/tuf/metadata/.",
                           "/tuf/metadata/%2e",
                           "/tuf/metadata/timestamp.json/",
                           "/tuf/metadata/timestamp.json/x",
                           "/tuf/metadata/.tmp",
                           "/tuf/metadata/%ff%fe",
                           "/tuf/metadata/\\..\\secret"}) {
    const auto response = lab.http("GET", path);
    expect_problem(response, path);
    EXPECT_EQ(response.body.find("not for anybody"), std::string::npos) << path;
  }
  const std::string endless = "/tuf/targets/" + std::string(4000, 'a');
  expect_problem(lab.http("GET", endless), "a name too long");
  lab.expect_alive();
}

TEST(StaticFiles, HaveRangesAndETags) {
  Web lab;
  const std::string file =
      "core/sensor.engine/" + crypto::sha256("engine 7.11").hex() + ".7.11.engine";
  const auto whole = lab.http("GET", "/tuf/targets/" + file);
  ASSERT_EQ(whole.status, 200) << whole.body;
  EXPECT_EQ(whole.body, "engine 7.11");
  ASSERT_TRUE(whole.headers.contains("etag"));
  EXPECT_NE(whole.headers.at("cache-control").find("immutable"), std::string::npos);
  const auto part = lab.http("GET", "/tuf/targets/" + file, "", {{"range", "bytes=7-"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "7.11");
  EXPECT_EQ(part.headers.at("content-range"), "bytes 7-10/11");
  EXPECT_EQ(lab.http("GET", "/tuf/targets/" + file, "", {{"range", "bytes=100-"}}).status, 416);
  EXPECT_EQ(
      lab.http("GET", "/tuf/targets/" + file, "", {{"if-none-match", whole.headers.at("etag")}})
          .status,
      304);
  const auto head = lab.http("HEAD", "/tuf/targets/" + file);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "11");
  EXPECT_TRUE(head.body.empty());
  const auto timestamp = lab.http("GET", "/tuf/metadata/timestamp.json");
  EXPECT_EQ(timestamp.status, 200);
  EXPECT_EQ(timestamp.headers.at("cache-control"), "no-cache");
  EXPECT_FALSE(timestamp.headers.contains("etag"));
  EXPECT_EQ(lab.http("GET", "/tuf/metadata/1.root.json").status, 200);
}

TEST(EventLog, IsServedAsTilesUnderACheckpointThatCoversThem) {
  Web lab;
  const auto note = lab.http("GET", "/log/checkpoint");
  ASSERT_EQ(note.status, 200);
  EXPECT_EQ(note.headers.at("cache-control"), "no-cache");
  const auto checkpoint = audit::open_checkpoint(note.body, lab.log_trust());
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().detail;
  const auto width = audit::width_of({0, 0}, checkpoint->tip.size);
  const std::string partial = width == audit::kTileWidth ? "" : ".p/" + std::to_string(width);
  const auto hashes = lab.http("GET", "/log/tile/0/000" + partial);
  EXPECT_EQ(hashes.headers.at("cache-control"), "public, max-age=31536000, immutable");
  const auto entries =
      lab.http("GET", "/log/tile/entries/000" + partial, "", Web::bearer(kApiToken));
  const auto bundle = audit::decode_bundle(entries.body, width);
  ASSERT_TRUE(bundle.ok()) << bundle.error().detail;
  audit::Walk walk(checkpoint->tip);
  walk.take(*bundle, audit::Tile::decode(hashes.body)->hashes());
  EXPECT_FALSE(walk.finish()) << walk.finish()->sentence;
}

TEST(EventLog, AnswersOnlyWhatIsThereAndShowsEntriesToWhoHoldsTheToken) {
  Web lab;
  EXPECT_EQ(lab.http("GET", "/log/tile/entries/000.p/1").status, 401);
  EXPECT_EQ(lab.http("GET", "/log/tile/entries/000.p/1", "", Web::bearer("x")).status, 401);
  EXPECT_EQ(lab.http("GET", "/log/tile/0/000.p/1").status, 200) << "a shorter log's tile";
  const auto narrow = lab.http("GET", "/log/tile/0/000.p/2").body;
  EXPECT_EQ(narrow.size(), 64U);
  for (const char* path : {"/log/", "/log/tile/0/001", "/log/tile/0/000.p/255", "/log/tile/6/000",
                           "/log/tile/0/000.p/0", "/log/tile/entries/x999/000", "/log/secret"}) {
    const auto response = lab.http("GET", path, "", Web::bearer(kApiToken));
    EXPECT_EQ(response.status, 404) << path;
  }
  EXPECT_EQ(lab.http("POST", "/log/checkpoint").status, 405);
  EXPECT_EQ(lab.http("GET", "/api/v1/log", "", Web::bearer(kApiToken)).status, 404);
}

TEST(Management, TakesCursorsBeyondTheEnd) {
  Web lab;
  for (const char* noun : {"releases", "rollouts", "devices"}) {
    for (const char* cursor :
         {"0", "1000000", "18446744073709551615", "18446744073709551000", "-1", "x", ""}) {
      const std::string path = std::string("/api/v1/") + noun + "?cursor=" + cursor;
      EXPECT_EQ(lab.http("GET", path, "", Web::bearer(kApiToken)).status, 200) << path;
    }
  }
  lab.expect_alive();
}

}  // namespace
}  // namespace fb::server

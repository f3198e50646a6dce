// One device and everything around it, in memory: a publisher with keys that everybody knows, a
// server that says what the test tells it to, a disk with faults, processes that do as they are
// told.
//
// Jobs of both lanes run where they are given, so a test is a straight line:
//
//   World world;
//   world.provision();                       // engine 7.11 and channel 290 are last-known-good
//   const Digest release = world.publish_channel("291");
//   world.start_rollout(7, release);
//   world.run_for(minutes(2));
//   EXPECT_EQ(world.phase("sensor.channel"), "healthy");
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/layout.h"
#include "agent/provision.h"
#include "audit/log_sim_test.h"
#include "base/bytes.h"
#include "bundle/bundle_sim_test.h"
#include "sim/manual_clock.h"
#include "sim/memory_files.h"
#include "tuf/repository_sim_test.h"
#include "wire/problem.h"

namespace fb::agent {

inline ComponentId component(const std::string& text) { return *ComponentId::parse(text); }
inline RolloutId rollout_id(std::int64_t number) { return *RolloutId::parse(number); }

inline const ComponentId kEngine = component("sensor.engine");
inline const ComponentId kChannel = component("sensor.channel");

class SilentLog final : public port::Log {
 public:
  void line(port::LogLevel level, const std::string& text) override {
    if (getenv("FB_TEST_LOG") != nullptr) {
      std::fprintf(stderr, "[%d] %s\n", static_cast<int>(level), text.c_str());
    }
    lines.push_back(text);
  }
  std::vector<std::string> lines;
};

// Starts and stops nothing but a note of it.
class FakeSupervisor final : public port::Supervisor {
 public:
  Status start(const std::string& workload, const port::Command& command) override {
    if (!refuse_start.empty()) return Error{ErrorCode::io_failed, refuse_start};
    FB_CHECK(!commands.contains(workload));
    commands[workload] = command;
    ++starts;
    return {};
  }
  Status stop(const std::string& workload, Millis) override {
    commands.erase(workload);
    return {};
  }
  [[nodiscard]] bool running(const std::string& workload) const override {
    return commands.contains(workload);
  }

  std::map<std::string, port::Command> commands;
  int starts = 0;
  std::string refuse_start;
};

// Runs trial loads and probes by a rule of the test.
class FakeSandbox final : public port::Sandbox {
 public:
  Result<port::RunResult> run(const port::Command& command, const port::RunLimits&) override {
    commands.push_back(command);
    const auto code = exit_codes.find(command.argv.at(0));
    port::RunResult result;
    result.exit.code = code == exit_codes.end() ? 0 : code->second;
    result.output = command.argv.at(0) + " ran";
    return result;
  }
  std::map<std::string, int> exit_codes;  // by program
  std::vector<port::Command> commands;
};

// The server and its web space, as one function from request to response.
class FakeServer final : public port::HttpClient {
 public:
  FakeServer(tuf::RepositorySimulator& repository, const sim::ManualClock& clock)
      : repository_(repository), clock_(clock) {}

  Result<port::HttpResponse> send(const port::HttpRequest& request) override {
    const std::string path = request.url.substr(request.url.find('/', 7));
    const std::string host = request.url.substr(7, request.url.find('/', 7) - 7);
    requests.push_back(request.method + " " + path);
    if (request.sink) artifact_hosts.push_back(host);
    if (down && !still_up.contains(host))
      return Error{ErrorCode::unreachable, "connection refused"};
    if (path == "/v1/enroll") return enrol(request.body);
    if (path == "/v1/check-in") return check_in(request.body);
    if (path == "/v1/permit") return permit(request.body);
    if (path == "/v1/policy") return json_reply(policy);
    if (path == "/v1/policy-keys") return json_reply(policy_keys);
    return file(host, path, request);
  }

  bool down = false;
  std::set<std::string> still_up;  // hosts that answer though the server is down
  DeviceId device = *DeviceId::parse(std::string(32, 'a'));
  std::vector<wire::Offer> offers;
  std::optional<wire::Denial> denial;
  std::string policy;
  std::int64_t policy_version = 0;
  std::string policy_keys;
  std::int64_t policy_key_version = 0;
  Millis next = seconds(10);
  int lose_permit_replies = 0;
  int lose_check_in_replies = 0;
  int lose_enrolment_replies = 0;
  std::function<void(statement::Permit&)> bend_permit;  // an attack on its contents
  const crypto::Signer* permit_signer = nullptr;        // null: the rollouts role
  std::map<std::string, std::string> targets;           // by hashed path
  std::map<std::string, std::string> bad_mirror;        // what the host "mirror" serves instead
  std::map<std::string, std::size_t> slow_hosts;  // host → bytes of an artifact within its time
  std::set<std::string> lying_hosts;              // serve other artifacts than the signed ones
  std::optional<std::string> frozen_timestamp;
  // host → the metadata that it serves instead of the repository's
  std::map<std::string, std::map<std::string, std::string>> metadata_hosts;

  std::vector<std::string> requests;
  std::vector<std::string> artifact_hosts;
  std::vector<std::string> ranges;  // asked for
  std::vector<wire::PermitAsk> asked;
  std::vector<wire::DeviceEvent> events;  // each counted once
  std::vector<std::uint64_t> sequences;
  std::set<Digest> token_hashes;
  std::optional<wire::CheckIn> last;
  audit::LogSimulator log;                   // every release asked for is in it
  std::optional<audit::LogSimulator> other;  // a second history, shown instead

  [[nodiscard]] bool told(wire::EventKind kind) const {
    return std::any_of(events.begin(), events.end(),
                       [&](const auto& event) { return event.kind == kind; });
  }
  [[nodiscard]] std::string detail(wire::EventKind kind) const {
    for (const auto& event : events) {
      if (event.kind == kind) return event.detail;
    }
    return "";
  }

 private:
  static Result<port::HttpResponse> json_reply(std::string body) {
    port::HttpResponse response;
    response.status = body.empty() ? 404 : 200;
    response.body = std::move(body);
    return response;
  }
  Result<port::HttpResponse> enrol(const std::string& body) {
    const auto ask = wire::decode_enrolment(body);
    FB_CHECK(ask.ok());
    token_hashes.insert(ask->token_hash);
    if (lose_enrolment_replies > 0) {
      --lose_enrolment_replies;
      return Error{ErrorCode::timed_out, "no answer"};
    }
    return json_reply(encode(wire::EnrolmentReply{device, clock_.wall()}));
  }
  Result<port::HttpResponse> check_in(const std::string& body) {
    auto report = wire::decode_check_in(body);
    FB_CHECK(report.ok());
    const std::uint64_t before = sequences.empty() ? 0 : sequences.back();
    const std::uint64_t next_one = before + 1;
    if (report->sequence > next_one || (report->sequence != 0 && report->sequence < before)) {
      const Error gap{ErrorCode::conflict, "sequence " + std::to_string(report->sequence) +
                                               " where " + std::to_string(next_one) +
                                               " comes next (or " + std::to_string(before) +
                                               " again)"};
      port::HttpResponse refusal;
      refusal.status = wire::http_status(gap.code);
      refusal.body = encode(wire::problem(gap));
      return refusal;
    }
    if (report->sequence == next_one) {
      sequences.push_back(report->sequence);
      events.insert(events.end(), report->events.begin(), report->events.end());
    }
    last = *report;
    if (lose_check_in_replies > 0) {
      --lose_check_in_replies;
      return Error{ErrorCode::timed_out, "no answer"};
    }
    return json_reply(encode(wire::CheckInReply{
        clock_.wall(), next, repository_.root.version, policy_version, policy_key_version,
        frozen_timestamp.value_or(repository_.newest("timestamp")), offers}));
  }
  Result<port::HttpResponse> permit(const std::string& body) {
    const auto ask = wire::decode_permit_ask(body);
    FB_CHECK(ask.ok());
    asked.push_back(*ask);
    if (lose_permit_replies > 0) {
      --lose_permit_replies;
      return Error{ErrorCode::timed_out, "no answer"};
    }
    if (denial) return json_reply(encode(wire::PermitReply{{}, denial}));
    statement::Permit permit{device,       ask->rollout,  ask->release, ask->nonce,
                             ask->purpose, clock_.wall(), seconds(60),  prove(*ask)};
    if (bend_permit) bend_permit(permit);
    const crypto::Signer* signer =
        permit_signer != nullptr ? permit_signer : repository_.signers["rollouts"].front();
    return json_reply(encode(
        wire::PermitReply{*statement::seal(statement::kPermitType, encode(permit), *signer), {}}));
  }
  // The log goes on meanwhile, as that of a fleet does.
  statement::LogProof prove(const wire::PermitAsk& ask) {
    audit::LogSimulator& shown = other ? *other : log;
    const json::Value release{{"release", ask.release.text()}};
    std::uint64_t index = 0;
    while (index < shown.size() && audit::decode_entry(shown.entries[index])->data != release)
      ++index;
    if (index == shown.size()) shown.append("release", release, clock_.wall());
    shown.append("dispatch", {{"rollout", ask.rollout.number()}}, clock_.wall());
    const bool known = ask.log_size <= shown.size();
    return {index, shown.entries[index], shown.checkpoint(), shown.inclusion(index),
            known ? shown.consistency(ask.log_size) : audit::Hashes{}};
  }
  Result<port::HttpResponse> file(const std::string& host, const std::string& path,
                                  const port::HttpRequest& request) {
    const auto* found = find(host, path);
    if (found == nullptr) return json_reply("");
    port::HttpResponse response;
    response.status = 200;
    std::string body = *found;
    if (request.sink && lying_hosts.contains(host)) body[0] = '?';
    const auto range = request.headers.find("range");
    if (range != request.headers.end()) {
      ranges.push_back(range->second);
      response.status = 206;
      body = body.substr(std::stoul(range->second.substr(6)));
    }
    if (const auto slow = slow_hosts.find(host); slow != slow_hosts.end() && request.sink) {
      if (Status taken = request.sink(body.substr(0, slow->second)); !taken.ok())
        return taken.error();
      return Error{ErrorCode::timed_out, "no end within its time"};
    }
    if (!request.sink)
      response.body = body;
    else if (Status taken = request.sink(body); !taken.ok())
      return taken.error();
    return response;
  }
  [[nodiscard]] const std::string* find(const std::string& host, const std::string& path) const {
    const std::string metadata = "/tuf/metadata/";
    const std::string prefix = "/tuf/targets/";
    if (path == metadata + "timestamp.json" && frozen_timestamp) return &*frozen_timestamp;
    const auto own = metadata_hosts.find(host);
    const auto& map = !path.starts_with(metadata)   ? host == "mirror" ? bad_mirror : targets
                      : own != metadata_hosts.end() ? own->second
                                                    : repository_.files;
    const auto found =
        map.find(path.substr(path.starts_with(metadata) ? metadata.size() : prefix.size()));
    return found == map.end() ? nullptr : &found->second;
  }

  tuf::RepositorySimulator& repository_;
  const sim::ManualClock& clock_;
};

struct ChannelTraits {
  std::vector<std::int64_t> reads{1, 19};  // fields of ipc
  int restarts = 1;
  bool one_way = false;
};

class World {
 public:
  World() {
    statement::SpeedLimits limits;
    for (const auto kind : {release::Kind::core, release::Kind::content}) {
      limits.rules.push_back({kind, release::Class::feature, {{{0}, 1'000'000}}});
    }
    put_target("targets", std::string(statement::kLimitsPath), encode(limits));
    put_target("targets", std::string(statement::kPeoplePath), encode(people()));
    put_target("targets", std::string(statement::kLogTrustPath), encode(server.log.trust()));
    put_target("rollouts", std::string(statement::kBlockedPath),
               statement::encode(std::vector<statement::Blocked>{}));
    release_all();
  }

  // ---- The publisher ----

  void put_target(const std::string& role, const std::string& path, const std::string& bytes) {
    repository.targets[role].targets[path] = tuf::describe(bytes);
    server.targets[tuf::hashed_name(path, crypto::sha256(bytes).hex())] = bytes;
  }
  void release_all() {
    repository.next({"core", "content", "rollouts", "targets", "snapshot", "timestamp"});
  }
  Digest publish(const release::Manifest& manifest, const std::string& role,
                 const std::string& bytes) {
    put_target(role, release::target_path(manifest, manifest.artifacts.front().name), bytes);
    put_target(role, release::manifest_path(manifest), encode(manifest));
    release_all();
    return crypto::sha256(encode(manifest));
  }
  Digest publish_engine(const std::string& version, std::size_t fields = 20) {
    const std::string bytes = "engine " + version;
    release::Manifest manifest =
        base_manifest(kEngine, release::Kind::core, version, bytes, "engine");
    manifest.artifacts.front().executable = true;
    manifest.contract = release::Contract{
        version, kChannel, {{"ipc", std::vector<std::string>(fields, "text")}}, 0, 0};
    manifest.definition =
        release::Definition{"sensor",
                            {"{slot}/engine", "--channel", "{slot:sensor.channel}/channel.bin"},
                            {"probe", "{run}"},
                            {{kChannel, {"taste", "{candidate}/channel.bin"}},
                             {kEngine, {"taste-engine", "{candidate}/engine"}}}};
    return publish(manifest, "core", bytes);
  }
  Digest publish_channel(const std::string& version, const ChannelTraits& traits = {}) {
    const std::string bytes = "channel " + version;
    release::Manifest manifest =
        base_manifest(kChannel, release::Kind::content, version, bytes, "channel.bin");
    manifest.health.restarts = traits.restarts;
    manifest.one_way = traits.one_way;
    manifest.reader = kEngine;
    manifest.needs = release::Needs{{{"ipc", traits.reads}}, 0};
    return publish(manifest, "content", bytes);
  }
  statement::Plan plan(int rollout, const Digest& release, const std::string& version) const {
    statement::Plan made;
    made.rollout = rollout_id(rollout);
    made.component = kChannel;
    made.kind = release::Kind::content;
    made.manifest_path = "content/sensor.channel/" + version + ".manifest.json";
    made.manifest = release;
    made.rings = {statement::Ring::broad};
    made.started = clock.wall();
    return made;
  }
  void publish_plan(const statement::Plan& made) {
    put_target("rollouts", statement::plan_path(made.rollout), encode(made));
    release_all();
  }
  void offer(int rollout, const Digest& release) {
    server.offers = {{rollout_id(rollout), kChannel, release, true}};
  }
  void start_rollout(int rollout, const Digest& release, const std::string& version) {
    publish_plan(plan(rollout, release, version));
    offer(rollout, release);
  }
  void halt(int rollout, const Digest& release) {
    put_target("rollouts", std::string(statement::kBlockedPath),
               statement::encode(std::vector<statement::Blocked>{
                   {release, rollout_id(rollout), clock.wall(), "7 of 10 harmed"}}));
    server.offers.clear();
    release_all();
  }
  void block_all(const std::vector<Digest>& releases, RolloutId rollout) {
    std::vector<statement::Blocked> blocked;
    for (const Digest& release : releases)
      blocked.push_back({release, rollout, clock.wall(), "says who signs"});
    put_target("rollouts", std::string(statement::kBlockedPath), statement::encode(blocked));
    release_all();
  }
  void unlist_blocks() { block_all({}, rollout_id(1)); }
  // trust/revoked.json, signed by the offline keys of top-level targets.
  void revoke(const statement::Revocations& revocations) {
    put_target("targets", std::string(statement::kRevokedPath), encode(revocations));
    release_all();
  }
  statement::Envelope act(const std::string& person, statement::ActKind kind, const Digest& release,
                          int rollout, const std::string& gate = "") const {
    statement::Act made;
    made.kind = kind;
    made.person = *PersonId::parse(person);
    made.release = release;
    if (rollout != 0) made.rollout = rollout_id(rollout);
    made.gate = gate;
    made.reason = "looked at it";
    made.issued = clock.wall();
    made.expires = clock.wall() + days(1);
    made.nonce = std::string(31, '0') + (person == "ann" ? "1" : "2");
    return *statement::seal(statement::kPersonType, encode(made), person == "ann" ? ann_ : bob_);
  }

  // ---- The device ----

  Config config = make_config();
  Pinned pinned() { return {repository.newest("root"), policy_key, "join us", "linux", "x86_64"}; }

  Status start() {
    supervisor.commands.clear();
    auto started = Agent::start(config, pinned(), doors());
    if (!started.ok()) return started.error();
    agent = std::move(*started);
    return {};
  }
  // Engine 7.11 and channel 290 by hand, then the agent.
  void provision() {
    publish_engine("7.11");
    publish_channel("290");
    for (const auto& [id, version] : {std::pair{kEngine, "7.11"}, std::pair{kChannel, "290"}}) {
      const auto put = agent::provision(config, repository.newest("root"),
                                        {id, version, "http://server/tuf"}, {files, clock, server});
      ASSERT_TRUE(put.ok()) << put.error().detail;
    }
    ASSERT_TRUE(start().ok());
  }
  void run_for(Millis span) {
    const Uptime end = clock.uptime() + span;
    while (clock.uptime() < end) {
      const Millis next = agent->tick();
      clock.advance(std::clamp(std::min(next, end - clock.uptime()), milliseconds(1), minutes(1)));
    }
    agent->tick();
  }
  // Until the component is in this phase, at most an hour.
  bool run_until(const std::string& phase_name, const ComponentId& id = kChannel) {
    for (int i = 0; i < 20'000 && phase(id) != phase_name; ++i) {
      const Millis next = agent->tick();
      if (phase(id) == phase_name) break;
      clock.advance(std::clamp(next, milliseconds(1), seconds(10)));
    }
    return phase(id) == phase_name;
  }
  // Channel 291 goes well and is last-known-good; 290 is the slot before.
  Digest update_to_291() {
    const Digest release = publish_channel("291");
    start_rollout(7, release, "291");
    EXPECT_TRUE(run_until("healthy")) << agent->last_trouble();
    server.offers.clear();
    return release;
  }
  void crash() {
    supervisor.commands.erase("sensor");
    agent->workload_ended("sensor", port::Exit{0, 11});
  }
  // The power goes: nothing of the process remains, and the clock of the boot starts again.
  Status power_cut() {
    agent.reset();
    files.mend();
    clock.reboot();
    return start();
  }
  [[nodiscard]] std::string phase(const ComponentId& id = kChannel) const {
    return std::string(install::word(agent->state(id).phase));
  }
  [[nodiscard]] std::string active(const ComponentId& id = kChannel) const {
    return agent->state(id).active ? agent->state(id).active->version : "";
  }
  [[nodiscard]] std::string lkg(const ComponentId& id = kChannel) const {
    return agent->state(id).lkg ? agent->state(id).lkg->version : "";
  }
  [[nodiscard]] bool on_disk(const Digest& release, const ComponentId& id = kChannel) const {
    for (const auto& [path, bytes] : files.everything()) {
      if (path.starts_with(layout::slot(id, release) + "/")) return true;
    }
    return false;
  }
  // The rules of the decisions kept for `explain`, newest last.
  [[nodiscard]] std::string explained(const std::string& rule,
                                      const ComponentId& id = kChannel) const {
    for (const auto& decision : agent->state(id).decisions) {
      if (decision.rule == rule) return decision.sentence;
    }
    return "";
  }

  Doors doors() {
    const port::Background inline_lane = [](const std::function<port::Completion()>& job) {
      if (auto done = job()) done();
    };
    const auto open =
        [this](const std::string& path) -> Result<std::shared_ptr<const port::ByteSource>> {
      if (!sticks.contains(path)) return Error{ErrorCode::not_found, path + " is not there"};
      return bundle::source_of(sticks.at(path));
    };
    return {files,      clock,       entropy,     server, server, sandbox,
            supervisor, inline_lane, inline_lane, log,    4711,   open};
  }

  sim::ManualClock clock{tuf::kTestNow};
  tuf::RepositorySimulator repository;
  FakeServer server{repository, clock};
  sim::MemoryFiles files;
  sim::SeededEntropy entropy{7};
  FakeSupervisor supervisor;
  FakeSandbox sandbox;
  SilentLog log;
  std::map<std::string, std::string> sticks;  // bundles by path
  std::optional<crypto::PublicKey> policy_key;
  std::unique_ptr<Agent> agent;

 private:
  static Config make_config() {
    auto parsed = parse_config(R"(
      server = "http://server"
      tenant = "acme"
      root = "/etc/firebreak/root.json"
      [component."sensor.engine"]
      kind = "core"
      [component."sensor.channel"]
      kind = "content"
      reader = "sensor.engine"
      [workload.sensor]
      arguments = ["--status", "{run}/status.json"]
    )");
    FB_CHECK(parsed.ok());
    return *parsed;
  }
  release::Manifest base_manifest(const ComponentId& id, release::Kind kind,
                                  const std::string& version, const std::string& bytes,
                                  const std::string& file) const {
    release::Manifest manifest;
    manifest.component = id;
    manifest.kind = kind;
    manifest.version = version;
    manifest.author = *PersonId::parse("ann");
    manifest.created = tuf::kTestNow;
    manifest.artifacts = {{file, bytes.size(), crypto::sha256(bytes), false}};
    manifest.notes = {"what", "why", "risk", "undo"};
    manifest.health = {minutes(1), 1, 3};
    return manifest;
  }
  [[nodiscard]] statement::People people() const {
    return {
        {{*PersonId::parse("ann"), {statement::Role::operations}, {{ann_.key().id(), ann_.key()}}},
         {*PersonId::parse("bob"), {statement::Role::security}, {{bob_.key().id(), bob_.key()}}}}};
  }
  tuf::TestSigner ann_{"ann"}, bob_{"bob"};
};

}  // namespace fb::agent

// A whole server in memory, and a fleet around it: the real decider, world and router, fake doors,
// keys that everybody knows.
//
// Requests go in at the router as they come from http/, so a test reads as what a device or a
// person does. The clock stands until told; a tick that has fallen due runs before the next
// request. The store and the disk outlive the server: restart() is a new process on what the old
// one left.
//
//   Lab lab;                                               // 60 devices run engine 7.11 and
//   channel 290 const Digest release = lab.publish_channel("291"); const int rollout =
//   lab.start(release);                // approved by rita, started by otto lab.beat(8); //
//   heartbeats of everybody lab.halt(rollout, release);
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "audit/entry.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "policy/customer.h"
#include "server/router.h"
#include "sim/manual_clock.h"
#include "sim/memory_files.h"
#include "sim/memory_store.h"
#include "statement/speed.h"
#include "tuf/names.h"
#include "tuf/repository_sim_test.h"

namespace fb::server {

inline const ComponentId kEngine = *ComponentId::parse("sensor.engine");
inline const ComponentId kChannel = *ComponentId::parse("sensor.channel");
inline const std::string kApiToken(40, 'T');

inline PersonId person(const std::string& id) { return *PersonId::parse(id); }
inline RolloutId rollout_id(int number) { return *RolloutId::parse(number); }

// Stands still until told, and may be read by the decider's thread meanwhile.
class LabClock final : public port::Clock {
 public:
  [[nodiscard]] Instant wall() const override { return {wall_}; }
  [[nodiscard]] Uptime uptime() const override { return {uptime_}; }
  [[nodiscard]] std::string boot_id() const override { return "boot"; }
  void advance(Millis by) {
    wall_ += by.ms;
    uptime_ += by.ms;
  }

 private:
  std::atomic<std::int64_t> wall_{tuf::kTestNow.ms};
  std::atomic<std::int64_t> uptime_{60'000};
};

// The memory store, and a disk that stays full until somebody makes room.
class LabStore final : public port::Store {
 public:
  Status commit(const port::Batch& batch) override {
    if (full && !batch.empty()) return Error{ErrorCode::no_space, "the disk is full"};
    return memory.commit(batch);
  }
  Result<std::optional<std::string>> get(const std::string& space,
                                         const std::string& key) override {
    return memory.get(space, key);
  }
  Status scan(const std::string& space, const std::string& from, const EachRecord& each) override {
    return memory.scan(space, from, each);
  }
  Result<std::uint64_t> log_size() override { return memory.log_size(); }
  Status scan_log(std::uint64_t from, const EachEntry& each) override {
    return memory.scan_log(from, each);
  }

  sim::MemoryStore memory;
  std::atomic<bool> full{false};
};

// What a device does once it holds a permit.
enum class Fate : std::uint8_t { healthy, crashes, dies };

struct LabDevice {
  std::string secret;
  TenantId tenant;
  DeviceId id;
  std::uint64_t sequence = 0;
  std::optional<Digest> staged;
  std::optional<Digest> active;  // of the channel
  std::optional<Digest> core;    // another engine than the lab's
  bool ready = true;
  bool alive = true;
  Fate fate = Fate::healthy;
  std::vector<wire::DeviceEvent> outbox;
  std::set<int> permitted;  // rollouts
};

struct LabOptions {
  int devices = 60;
  int tenants = 3;
  std::int64_t budget = 20;
  std::vector<statement::Ring> rings = {statement::Ring::broad};  // in turn
  rollout::Profile profile = rollout::Profile::lab;
};

class Lab {
 public:
  explicit Lab(const LabOptions& options = {}) {
    configure(options);
    make_repository();
    open();
    for (int i = 0; i < options.devices; ++i) {
      enrol(i % options.tenants, options.rings[static_cast<std::size_t>(i) % options.rings.size()]);
    }
    engine = publish_engine("7.11");
    settle();
  }
  ~Lab() { close(); }

  // --- the process ---

  Status try_open() {
    const Doors doors{store, files, blobs, clock, entropy};
    DeciderOptions decider_options;
    decider_options.tick = tick;
    decider_options.clock = clock_word;
    decider_options.notify = [this](const Notice& notice) { notices.push_back(notice); };
    decider_options.on_fatal = [this](const Error&) { ++fatal; };
    FB_ASSIGN(decider, Decider::start(config, doors, signers, std::move(decider_options)));
    router = std::make_unique<Router>(
        *decider, ManagementRoutes::Parts{config, *decider, blobs, store, signers, kApiToken},
        files);
    return {};
  }
  void open() {
    const Status opened = try_open();
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
  }
  void close() {
    if (decider) decider->stop();
    router.reset();
    decider.reset();
  }
  void restart() {
    close();
    store.memory.mend();
    files.mend();
    open();
  }

  // --- requests ---

  port::ServerResponse send(const std::string& method, const std::string& path,
                            const std::string& body = "", const std::string& token = kApiToken) {
    if (line) return line(method, path, body, token);
    auto promise = std::make_shared<std::promise<port::ServerResponse>>();
    auto answer = promise->get_future();
    port::ServerRequest request;
    request.method = method;
    request.path = path.substr(0, path.find('?'));
    request.headers["authorization"] = "Bearer " + token;
    request.body = body;
    router->handle(std::move(request), [promise](port::ServerResponse response) {
      promise->set_value(std::move(response));
    });
    if (answer.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
      ADD_FAILURE() << "no answer to " << method << " " << path;
      return {};
    }
    return answer.get();
  }
  json::Value get(const std::string& path) {
    const auto response = send("GET", path);
    EXPECT_EQ(response.status, 200) << path << ": " << response.body;
    const auto value = json::parse(response.body);
    return value.ok() ? *value : json::Value();
  }
  // The error's name in a problem, or "accepted".
  static std::string rule_of(const port::ServerResponse& response) {
    if (response.status < 300) return "accepted";
    const auto value = json::parse(response.body);
    if (!value.ok() || !value->is_object()) return "no problem document: " + response.body;
    const std::string type = value->value("type", "");
    return type.substr(type.rfind(':') + 1);
  }
  static std::string detail_of(const port::ServerResponse& response) {
    const auto value = json::parse(response.body);
    return value.ok() && value->is_object() ? value->value("detail", "") : "";
  }
  // Looks at the world between two commands.
  template <class Look>
  auto look(Look look) {
    using Seen = decltype(look(std::declval<World&>()));
    auto promise = std::make_shared<std::promise<Seen>>();
    auto seen = promise->get_future();
    const Status status = decider->submit(
        {[promise, look](World& world, Transaction&, Instant) { promise->set_value(look(world)); },
         {}});
    FB_CHECK(status.ok());
    return seen.get();
  }
  // Lets a tick that is due happen. The second round comes after the notices of the first are out.
  void settle() {
    round();
    round();
  }
  void round() {
    auto promise = std::make_shared<std::promise<void>>();
    auto done = promise->get_future();
    const auto run = [promise](World&, Transaction& tx, Instant) {
      tx.afterwards([promise] { promise->set_value(); });
    };
    if (decider->submit({run, [promise](const Error&) { promise->set_value(); }}).ok()) done.wait();
  }
  void pass(Millis by) {
    clock.advance(by);
    settle();
  }

  // --- devices ---

  LabDevice& enrol(int tenant, statement::Ring ring = statement::Ring::broad) {
    LabDevice device;
    device.secret = "secret of device " + std::to_string(devices.size());
    device.tenant = config.tenants[static_cast<std::size_t>(tenant)].id;
    const wire::Enrolment ask{device.tenant,
                              "token of " + device.tenant.text(),
                              crypto::sha256(device.secret),
                              ring,
                              "linux",
                              "amd64"};
    const auto response = send("POST", "/v1/enroll", wire::encode(ask), "");
    const auto reply = wire::decode_enrolment_reply(response.body);
    EXPECT_TRUE(reply.ok()) << response.body;
    if (reply.ok()) device.id = reply->device;
    devices.push_back(device);
    return devices.back();
  }
  [[nodiscard]] wire::CheckIn report_of(const LabDevice& device) const {
    wire::CheckIn report;
    report.boot_id = "boot";
    report.uptime = seconds(100);
    report.components.push_back(
        {kEngine, "7.11", device.core.value_or(engine), {}, false, "", "healthy"});
    const bool waits = device.staged.has_value() && !device.ready;
    report.components.push_back({kChannel, "290", device.active, device.staged,
                                 device.staged && device.ready,
                                 waits ? "a rule of the customer" : "", "healthy"});
    return report;
  }
  port::ServerResponse send_check_in(LabDevice& device, const wire::CheckIn& report) {
    return send("POST", "/v1/check-in", wire::encode(report), device.secret);
  }
  // Tells what is in the outbox, and keeps it when there was no answer.
  std::optional<wire::CheckInReply> check_in(LabDevice& device) {
    wire::CheckIn report = report_of(device);
    report.events = device.outbox;
    report.sequence = device.outbox.empty() ? 0 : device.sequence + 1;
    const auto response = send_check_in(device, report);
    if (response.status != 200) return std::nullopt;
    if (report.sequence > 0) ++device.sequence;
    device.outbox.clear();
    auto reply = wire::decode_check_in_reply(response.body);
    EXPECT_TRUE(reply.ok()) << response.body;
    return reply.ok() ? std::optional(std::move(reply).value()) : std::nullopt;
  }
  port::ServerResponse send_ask(const LabDevice& device, const wire::PermitAsk& ask) {
    return send("POST", "/v1/permit", wire::encode(ask), device.secret);
  }
  // "granted", the rule of the denial, or "error <name>".
  std::string ask(const LabDevice& device, int rollout, const Digest& release,
                  const std::string& nonce,
                  statement::Purpose purpose = statement::Purpose::start) {
    const auto response = send_ask(device, {rollout_id(rollout), release, nonce, purpose});
    if (response.status != 200) return "error " + rule_of(response);
    const auto reply = wire::decode_permit_reply(response.body);
    if (!reply.ok()) return "unreadable: " + response.body;
    return reply->permit ? "granted" : reply->denied->rule;
  }
  static std::string nonce(int number) {
    const std::string digits = std::to_string(number);
    return std::string(32 - digits.size(), '0') + digits;
  }
  void tell(LabDevice& device, wire::EventKind kind, const Digest& release, int rollout) {
    device.outbox.push_back({kind, kChannel, release, rollout, "as told", clock.wall()});
  }
  // One heartbeat of everybody alive: check in, ask where a place is held, and meet one's fate;
  // then a second passes.
  void beat(int times = 1) {
    for (int i = 0; i < times; ++i) {
      for (LabDevice& device : devices) {
        if (device.alive) live(device);
      }
      pass(milliseconds(500));
      pass(milliseconds(500));
    }
  }
  void live(LabDevice& device) {
    const auto reply = check_in(device);
    if (!reply) return;
    for (const wire::Offer& offer : reply->offers) {
      if (!offer.ask || device.permitted.contains(offer.rollout.number())) continue;
      if (ask(device, offer.rollout.number(), offer.release, nonce(offer.rollout.number())) !=
          "granted")
        continue;
      device.permitted.insert(offer.rollout.number());
      become(device, offer.release, offer.rollout.number());
    }
  }
  void become(LabDevice& device, const Digest& release, int rollout) {
    using wire::EventKind;
    if (device.fate == Fate::dies) {
      device.alive = false;
      return;
    }
    tell(device, EventKind::activated, release, rollout);
    if (device.fate == Fate::crashes) {
      tell(device, EventKind::crashed, release, rollout);
      return tell(device, EventKind::rolled_back, release, rollout);
    }
    tell(device, EventKind::healthy, release, rollout);
    device.active = release;
  }
  void stage(const Digest& release) {
    for (LabDevice& device : devices) device.staged = release;
  }
  [[nodiscard]] std::set<std::string> permitted(int rollout) const {
    std::set<std::string> out;
    for (const LabDevice& device : devices) {
      if (device.permitted.contains(rollout)) out.insert(device.id.text());
    }
    return out;
  }

  // --- the publisher ---

  static release::Manifest manifest(const ComponentId& component, release::Kind kind,
                                    const std::string& version, const std::string& bytes) {
    release::Manifest m;
    m.component = component;
    m.kind = kind;
    m.version = version;
    m.author = person("ann");
    m.created = tuf::kTestNow;
    m.artifacts = {{kind == release::Kind::core ? "engine" : "channel.bin", bytes.size(),
                    crypto::sha256(bytes), kind == release::Kind::core}};
    m.notes = {"what", "why", "risk", "undo"};
    return m;
  }
  static release::Manifest channel_manifest(const std::string& version,
                                            std::vector<std::int64_t> reads = {1, 20}) {
    release::Manifest m = manifest(kChannel, release::Kind::content, version, "channel " + version);
    m.reader = kEngine;
    m.needs = release::Needs{{{"ipc", std::move(reads)}}, 100};
    return m;
  }
  static release::Manifest engine_manifest(const std::string& version) {
    release::Manifest m = manifest(kEngine, release::Kind::core, version, "engine " + version);
    m.contract =
        release::Contract{version, kChannel, {{"ipc", std::vector<std::string>(20, "text")}}, 0, 0};
    m.definition =
        release::Definition{"sensor", {"{slot}/engine"}, {"{slot}/engine", "--probe"}, {}};
    return m;
  }
  void put_blob(const std::string& bytes) {
    const auto response = send("PUT", "/api/v1/blobs/" + crypto::sha256(bytes).hex(), bytes);
    EXPECT_EQ(response.status, 201) << response.body;
  }
  // The next metadata of `role` with these targets, signed by whoever is named.
  std::string metadata(const std::string& role, const std::map<std::string, std::string>& targets,
                       const std::vector<std::string>& keys, Millis lifetime = days(31)) {
    tuf::TargetChanges changes;
    for (const auto& [path, bytes] : targets) changes.add.emplace(path, tuf::describe(bytes));
    const auto next = tuf::next_targets(roles.at(role), changes, clock.wall() + lifetime);
    FB_CHECK(next.ok());
    std::string file = tuf::unsigned_file(*next);
    for (const std::string& key : keys) file = *tuf::add_signature(file, signer(key));
    return file;
  }
  static std::vector<std::string> keys_of(const std::string& role) {
    return role == "content" ? std::vector<std::string>{"content-a", "content-b"}
                             : std::vector<std::string>{role};
  }
  port::ServerResponse submit(const std::string& role, const std::string& file) {
    auto response =
        send("POST", "/api/v1/releases", json::compact({{"role", role}, {"metadata", file}}));
    if (response.status == 201) roles[role] = file;
    return response;
  }
  Digest publish(const release::Manifest& m, const std::string& bytes) {
    const std::string role = m.kind == release::Kind::core ? "core" : "content";
    const std::string text = release::encode(m);
    put_blob(bytes);
    put_blob(text);
    const auto response =
        submit(role, metadata(role,
                              {{release::target_path(m, m.artifacts.front().name), bytes},
                               {release::manifest_path(m), text}},
                              keys_of(role)));
    EXPECT_EQ(response.status, 201) << response.body;
    return crypto::sha256(text);
  }
  Digest publish_engine(const std::string& version) {
    return publish(engine_manifest(version), "engine " + version);
  }
  Digest publish_channel(const std::string& version, std::vector<std::int64_t> reads = {1, 20}) {
    return publish(channel_manifest(version, std::move(reads)), "channel " + version);
  }

  // --- people ---

  statement::Act act(statement::ActKind kind, const std::string& who, const Digest& release,
                     int rollout = 0) {
    statement::Act out;
    out.kind = kind;
    out.person = person(who);
    out.release = release;
    if (rollout != 0) out.rollout = rollout_id(rollout);
    if (kind == statement::ActKind::waive) out.gate = "contract";
    out.reason = "because the test says so";
    out.issued = clock.wall();
    out.expires = clock.wall() + hours(4);
    out.nonce = nonce(++acts_);
    return out;
  }
  statement::Envelope sign(const statement::Act& act, const std::string& key) {
    return *statement::seal(statement::kPersonType, statement::encode(act), signer(key));
  }
  port::ServerResponse order(const statement::Envelope& envelope) {
    return send("POST", "/api/v1/acts", json::compact(statement::encode(envelope)));
  }
  port::ServerResponse order(const statement::Act& act) {
    return order(sign(act, act.person.text()));
  }
  port::ServerResponse order(statement::ActKind kind, const std::string& who, const Digest& release,
                             int rollout = 0) {
    return order(act(kind, who, release, rollout));
  }
  static int rollout_of(const port::ServerResponse& response) {
    const auto value = json::parse(response.body);
    return value.ok() && value->is_object() ? value->value("rollout", 0) : 0;
  }
  // Approved and started; everybody has it staged.
  int start(const Digest& release) {
    EXPECT_EQ(order(statement::ActKind::approve, "rita", release).status, 201);
    for (LabDevice& device : devices) {
      if (device.alive) {
        EXPECT_TRUE(check_in(device));
      }
    }
    const auto response = order(statement::ActKind::start, "otto", release);
    EXPECT_EQ(response.status, 201) << response.body;
    stage(release);
    return rollout_of(response);
  }
  port::ServerResponse halt(int rollout, const Digest& release, const std::string& who = "rita") {
    auto answer = order(statement::ActKind::halt, who, release, rollout);
    settle();  // the incident record follows the halt in a transaction of its own
    return answer;
  }

  // --- what is there ---

  json::Value rollout(int number) { return get("/api/v1/rollouts/" + std::to_string(number)); }
  std::string state(int number) { return rollout(number).value("state", "?"); }
  std::vector<audit::Entry> log() {
    std::vector<audit::Entry> out;
    const Status read = store.scan_log(0, [&](std::uint64_t, const std::string& bytes) -> Status {
      FB_ASSIGN(auto entry, audit::decode_entry(bytes));
      out.push_back(std::move(entry));
      return {};
    });
    EXPECT_TRUE(read.ok()) << read.error().detail;
    return out;
  }
  std::vector<audit::Entry> log(const std::string& kind) {
    auto all = log();
    std::erase_if(all, [&](const auto& entry) { return entry.kind != kind; });
    return all;
  }
  // Devices that the log says were dispatched, each as often as it says so.
  std::vector<std::string> dispatched_by_log(int rollout) {
    std::vector<std::string> out;
    for (const auto& entry : log("dispatch")) {
      if (entry.data.at("rollout") == rollout)
        out.push_back(entry.data.at("device").get<std::string>());
    }
    return out;
  }
  std::int64_t dispatched(int rollout) {
    return look([rollout](World& world) {
      return world.rollouts->find(rollout_id(rollout))->state().dispatched();
    });
  }
  [[nodiscard]] statement::LogTrust log_trust() {
    return {"lab", {{signer("log").key().id(), signer("log").key()}}, {}};
  }
  // What a device would read, through the whole of TUF.
  Result<std::string> target(const std::string& path) {
    return look(
        [path](World& world) { return world.repository->read_target(path, limits::kJsonBytes); });
  }
  [[nodiscard]] const tuf::TestSigner& signer(const std::string& name) {
    const auto it = signers_.find(name);
    return it != signers_.end() ? it->second : signers_.try_emplace(name, name).first->second;
  }

  LabStore store;
  sim::MemoryFiles files, blobs;
  LabClock clock;
  sim::SeededEntropy entropy{20240719};
  Config config;
  OnlineSigners signers;
  Millis tick = milliseconds(100);
  ClockWord clock_word = ClockWord::unknown;
  std::atomic<int> fatal{0};
  std::vector<Notice> notices;
  std::deque<LabDevice> devices;
  std::map<std::string, std::string> roles;  // as last submitted
  Digest engine;
  std::unique_ptr<Decider> decider;
  std::unique_ptr<Router> router;
  // Where requests go instead of straight to the router: method, path, body, token.
  std::function<port::ServerResponse(const std::string&, const std::string&, const std::string&,
                                     const std::string&)>
      line;

 private:
  void configure(const LabOptions& options) {
    config.profile = options.profile;
    config.every_kind.budget = options.budget;
    for (int i = 0; i < options.tenants; ++i) {
      const std::string name = "tenant" + std::string(1, static_cast<char>('a' + i));
      config.tenants.push_back({*TenantId::parse(name), crypto::sha256("token of " + name),
                                signer("policy of " + name).key()});
    }
    signers.rollouts = std::make_unique<tuf::TestSigner>("rollouts");
    signers.snapshot = std::make_unique<tuf::TestSigner>("snapshot");
    signers.timestamp = std::make_unique<tuf::TestSigner>("timestamp");
    signers.log = std::make_unique<tuf::TestSigner>("log");
  }
  void make_repository() {
    tuf::Keyrings rings;
    for (const char* role :
         {"root", "targets", "snapshot", "timestamp", "core", "flags", "rollouts"})
      rings[role] = {{signer(role).key()}, 1};
    rings["content"] = {
        {signer("content-a").key(), signer("content-b").key(), signer("content-c").key()}, 2};
    const tuf::Edition edition{1, clock.wall() + days(365)};
    put_metadata("root", tuf::encode(*tuf::compose_root(rings, edition)));
    tuf::Targets top = *tuf::compose_targets(rings, edition);
    statement::People people;
    using statement::Role;
    for (const auto& [name, role] : std::map<std::string, Role>{{"ann", Role::author},
                                                                {"rita", Role::reviewer},
                                                                {"otto", Role::operations},
                                                                {"sven", Role::security},
                                                                {"carl", Role::customer}}) {
      people.people.push_back(
          {person(name), {role}, {{signer(name).key().id(), signer(name).key()}}});
    }
    statement::SpeedLimits none;
    for (const auto& [kind_word, kind] : release::kind_words()) {
      for (const auto& [class_word, cls] : release::class_words())
        none.rules.push_back({kind, cls, {{Millis{}, 1'000'000}}});
    }
    for (const auto& [path, bytes] : std::map<std::string, std::string>{
             {std::string(statement::kLimitsPath), statement::encode(none)},
             {std::string(statement::kPeoplePath), statement::encode(people)},
             {std::string(statement::kLogTrustPath), statement::encode(log_trust())}}) {
      top.targets[path] = tuf::describe(bytes);
      FB_CHECK(
          files
              .write_atomic(
                  "targets/" + tuf::TargetPath::parse(path)->hashed(crypto::sha256(bytes)), bytes)
              .ok());
    }
    put_metadata("targets", tuf::encode(top));
    for (const char* role : {"core", "content", "flags"})
      put_metadata(role, tuf::encode(tuf::Targets{1, clock.wall() + days(31), {}, {}}));
  }
  void put_metadata(const std::string& role, const json::Value& signed_part) {
    std::string file = tuf::unsigned_file(signed_part);
    for (const std::string& key : keys_of(role)) file = *tuf::add_signature(file, signer(key));
    FB_CHECK(files.write_atomic("metadata/1." + role + ".json", file).ok());
    roles[role] = file;
  }

  std::map<std::string, tuf::TestSigner> signers_;
  std::atomic<int> acts_{0};
};

}  // namespace fb::server

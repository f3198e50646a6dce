#include "exact/vendor.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "statement/log_trust.h"
#include "statement/speed.h"
#include "tuf/names.h"

namespace fb::exact {
namespace {

using statement::ActKind;
using statement::Role;

// Longer than any simulated rollout.
constexpr Millis kLife = days(90);
// Ends between two heartbeats: how it went is news.
constexpr Millis kProbation = minutes(3);

std::string online_seed(std::string_view role) { return "simulated " + std::string(role); }

PersonId person(const char* id) { return PersonId::parse(id).value(); }

release::Manifest manifest_of(const ComponentId& component, release::Kind kind,
                              const std::string& version, const std::string& bytes) {
  release::Manifest made;
  made.component = component;
  made.kind = kind;
  made.version = version;
  made.author = person("ann");
  made.artifacts = {{kind == release::Kind::core ? "engine" : "channel.bin", bytes.size(),
                     crypto::sha256(bytes), kind == release::Kind::core}};
  made.notes = {"what", "why", "risk", "undo"};
  made.health = {kProbation, 1, 3};
  return made;
}

// The engine supplies twenty inputs, and the channel reads them.
release::Manifest engine_manifest(const std::string& bytes) {
  release::Manifest made = manifest_of(Vendor::engine(), release::Kind::core, "7.11", bytes);
  made.contract = release::Contract{
      "7.11", Vendor::channel(), {{"ipc", std::vector<std::string>(20, "text")}}, 0, 0};
  made.definition =
      release::Definition{"sensor",
                          {"{slot}/engine", "--channel", "{slot:sensor.channel}/channel.bin"},
                          {"{slot}/engine", "--probe"},
                          {{Vendor::channel(), {"{slot}/engine", "--taste", "{candidate}"}}}};
  return made;
}

release::Manifest channel_manifest(const std::string& version, const std::string& bytes) {
  release::Manifest made = manifest_of(Vendor::channel(), release::Kind::content, version, bytes);
  made.reader = Vendor::engine();
  made.needs = release::Needs{{{"ipc", {1, 20}}}, 0};
  return made;
}

// Everybody at once: what is asked of a simulation is what the rollout rule does.
statement::SpeedLimits no_limits() {
  constexpr std::int64_t kAll = 1'000'000;
  statement::SpeedLimits limits;
  for (const auto& [kind_word, kind] : release::kind_words()) {
    for (const auto& [class_word, cls] : release::class_words())
      limits.rules.push_back({kind, cls, {{{}, kAll}}});
  }
  return limits;
}

}  // namespace

Vendor::Vendor() {
  for (const char* role : {"root", "targets", "core", "content", "flags"})
    offline_[role] = std::make_unique<SeededSigner>("simulated " + std::string(role));
  online_.rollouts = std::make_unique<SeededSigner>(online_seed("rollouts"));
  online_.snapshot = std::make_unique<SeededSigner>(online_seed("snapshot"));
  online_.timestamp = std::make_unique<SeededSigner>(online_seed("timestamp"));
  online_.log = std::make_unique<SeededSigner>("simulated log");
}

const ComponentId& Vendor::engine() {
  static const ComponentId kEngine = ComponentId::parse("sensor.engine").value();
  return kEngine;
}
const ComponentId& Vendor::channel() {
  static const ComponentId kChannel = ComponentId::parse("sensor.channel").value();
  return kChannel;
}
const TenantId& Vendor::tenant() {
  static const TenantId kTenant = TenantId::parse("acme").value();
  return kTenant;
}

server::TenantConfig Vendor::tenant_config() const {
  return {tenant(), crypto::sha256(enrolment_token()), policy_.key()};
}

// ---- The ceremony ----

tuf::Keyrings Vendor::rings() const {
  tuf::Keyrings rings;
  for (const auto& [role, signer] : offline_) rings[role] = {{signer->key()}, 1};
  rings["content"] = {{offline_.at("content")->key(), second_.key()}, 2};
  for (const char* role : {"rollouts", "snapshot", "timestamp"})
    rings[role] = {{SeededSigner(online_seed(role)).key()}, 1};
  return rings;
}

std::map<std::string, std::string> Vendor::trust_files() const {
  statement::People people;
  for (const auto& [id, role, signer] :
       {std::tuple("rita", Role::reviewer, &reviewer_), {"otto", Role::operations, &operations_}})
    people.people.push_back({person(id), {role}, {{signer->key().id(), signer->key()}}});
  const auto& log = online_.log->key();
  return {{std::string(statement::kPeoplePath), statement::encode(people)},
          {std::string(statement::kLimitsPath), statement::encode(no_limits())},
          {std::string(statement::kLogTrustPath),
           statement::encode(statement::LogTrust{"simulated", {{log.id(), log}}, {}})}};
}

Status Vendor::found(port::Files& repository, Instant now) {
  const tuf::Edition edition{1, now + kLife};
  FB_ASSIGN(const auto root, tuf::compose_root(rings(), edition));
  FB_TRY(put_metadata(repository, "root", tuf::encode(root)));
  root_ = files_["root"];
  FB_ASSIGN(tuf::Targets top, tuf::compose_targets(rings(), edition));
  for (const auto& [path, bytes] : trust_files()) {
    top.targets[path] = tuf::describe(bytes);
    FB_TRY(repository.write_atomic("targets/" + tuf::hashed_name(path, crypto::sha256(bytes).hex()),
                                   bytes));
  }
  FB_TRY(put_metadata(repository, "targets", tuf::encode(top)));
  for (const char* role : {"core", "content", "flags"})
    FB_TRY(put_metadata(repository, role, tuf::encode(tuf::Targets{1, now + kLife, {}, {}})));
  return {};
}

tuf::Signers Vendor::signers_of(const std::string& role) const {
  tuf::Signers signers{offline_.at(role).get()};
  if (role == "content") signers.push_back(&second_);
  return signers;
}

Status Vendor::put_metadata(port::Files& repository, const std::string& role,
                            const json::Value& body) {
  FB_ASSIGN(files_[role], tuf::sign_file(body, signers_of(role)));
  return repository.write_atomic("metadata/1." + role + ".json", files_[role]);
}

// ---- Releases ----

Result<Image> Vendor::release_image(ServerProcess& server) {
  const std::string engine = "engine 7.11";
  const std::string channel = "channel 290";
  FB_ASSIGN(const Digest first, publish(server, engine_manifest(engine), engine));
  FB_ASSIGN(const Digest second, publish(server, channel_manifest("290", channel), channel));
  return Image{first, second};
}

Result<Digest> Vendor::release_channel(ServerProcess& server, const std::string& version) {
  const std::string bytes = "channel " + version;
  return publish(server, channel_manifest(version, bytes), bytes);
}

Result<Digest> Vendor::publish(ServerProcess& server, const release::Manifest& manifest,
                               const std::string& bytes) {
  const std::string role(release::owning_role(manifest.kind));
  const std::string text = release::encode(manifest);
  tuf::TargetChanges changes;
  for (const std::string& blob : {bytes, text}) {
    FB_TRY(post(server, "/api/v1/blobs/" + crypto::sha256(blob).hex(), blob, "PUT"));
  }
  changes.add.emplace(release::target_path(manifest, manifest.artifacts.front().name),
                      tuf::describe(bytes));
  changes.add.emplace(release::manifest_path(manifest), tuf::describe(text));
  FB_ASSIGN(const auto next,
            tuf::next_targets(files_.at(role), changes, server.clock.wall() + kLife / 3));
  FB_ASSIGN(std::string file, tuf::sign_file(next, signers_of(role)));
  FB_TRY(post(server, "/api/v1/releases", json::compact({{"role", role}, {"metadata", file}})));
  files_[role] = std::move(file);
  return crypto::sha256(text);
}

// ---- People ----

Result<RolloutId> Vendor::start_held(ServerProcess& server, const Digest& release,
                                     statement::Lane lane) {
  statement::Act act;
  act.kind = ActKind::approve;
  act.person = person("rita");
  act.release = release;
  FB_TRY(order(server, act, reviewer_));
  act.kind = ActKind::start;
  act.person = person("otto");
  act.lane = lane;
  FB_ASSIGN(const json::Value started, order(server, act, operations_));
  FB_ASSIGN(const auto rollout, RolloutId::parse(started.value("rollout", 0)));
  act.kind = ActKind::hold;
  act.lane = statement::Lane::standard;
  act.rollout = rollout;
  FB_TRY(order(server, act, operations_));
  return rollout;
}

Status Vendor::go_on(ServerProcess& server, const Digest& release, RolloutId rollout) {
  statement::Act act;
  act.kind = ActKind::go_on;
  act.person = person("otto");
  act.release = release;
  act.rollout = rollout;
  FB_TRY(order(server, act, operations_));
  return {};
}

Result<json::Value> Vendor::order(ServerProcess& server, statement::Act act,
                                  const SeededSigner& person) {
  act.reason = "the scenario says so";
  act.issued = server.clock.wall();
  act.expires = act.issued + days(1);
  act.nonce = crypto::sha256("simulated act " + std::to_string(++acts_)).hex().substr(0, 32);
  FB_ASSIGN(const auto envelope,
            statement::seal(statement::kPersonType, statement::encode(act), person));
  return post(server, "/api/v1/acts", json::compact(statement::encode(envelope)));
}

Result<json::Value> Vendor::post(ServerProcess& server, const std::string& path,
                                 const std::string& body, const std::string& method) {
  port::ServerRequest request;
  request.method = method;
  request.path = path;
  request.headers["authorization"] = "Bearer " + server.api_token;
  request.body = body;
  const auto answer = server.ask(std::move(request));
  if (!answer) return Error{ErrorCode::unreachable, path + ": the simulated server is away"};
  if (answer->status / 100 != 2) {
    return Error{ErrorCode::conflict,
                 path + " answers " + std::to_string(answer->status) + ": " + answer->body};
  }
  if (answer->body.empty()) return json::Value();
  return json::parse(answer->body);
}

}  // namespace fb::exact

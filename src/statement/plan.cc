#include "statement/plan.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "statement/envelope_list.h"

namespace fb::statement {
namespace {

const std::vector<std::pair<std::string_view, PlanState>> kPlanWords{
    {"running", PlanState::running},
    {"halted", PlanState::halted},
    {"completed", PlanState::completed},
    {"superseded", PlanState::superseded}};

template <class E>
std::string_view find_word(const std::vector<std::pair<std::string_view, E>>& words, E meaning) {
  const auto it = std::find_if(words.begin(), words.end(),
                               [&](const auto& pair) { return pair.second == meaning; });
  FB_CHECK(it != words.end());
  return it->first;
}

RolloutId read_rollout(json::Reader& in, std::string_view key) {
  const auto id = RolloutId::parse(in.integer(key, 0, 2'147'483'647));
  if (id.ok()) return *id;
  in.fail(key, id.error().detail);
  return {};
}

std::set<Ring> read_rings(json::Reader& in, std::string_view key) {
  std::set<Ring> rings;
  for (const std::string& text : in.strings(key, 5, 16)) {
    const auto& words = ring_words();
    const auto it = std::find_if(words.begin(), words.end(),
                                 [&](const auto& pair) { return pair.first == text; });
    if (it == words.end())
      in.fail(key, "'" + text + "' is no ring: internal, canary, early, broad, critical");
    else
      rings.insert(it->second);
  }
  return rings;
}

std::vector<Digest> read_hashes(json::Reader& in, std::string_view key,
                                std::size_t most = limits::kProofHashes) {
  std::vector<Digest> hashes;
  for (const std::string& text : in.strings(key, most, 80)) {
    const auto hash = Digest::parse(text);
    if (!hash.ok())
      in.fail(key, hash.error().detail);
    else
      hashes.push_back(*hash);
  }
  return hashes;
}

// Absent where it names nobody: one spelling, and no empty list to be taken for everybody.
std::vector<Digest> read_marks(json::Reader& in, std::string_view key) {
  if (!in.has(key)) return {};
  auto marks = read_hashes(in, key, limits::kHaltedTenants);
  if (marks.empty()) in.fail(key, "must name a tenant, or be left out");
  return marks;
}

LogProof read_log_proof(json::Reader& in) {
  in.literal("kind", "inclusion");
  LogProof proof;
  proof.index = static_cast<std::uint64_t>(in.integer("index", 0, std::int64_t{1} << 53U));
  proof.entry = in.string("entry", limits::kLogEntryBytes);
  proof.checkpoint = in.string("checkpoint", limits::kNoteBytes);
  proof.inclusion = read_hashes(in, "inclusion");
  proof.consistency = read_hashes(in, "consistency");
  return proof;
}

json::Value encode_hashes(const std::vector<Digest>& hashes) {
  json::Value list = json::Value::array();
  for (const Digest& hash : hashes) list.push_back(hash.text());
  return list;
}

json::Value encode(const LogProof& proof) {
  return {{"kind", "inclusion"},
          {"index", proof.index},
          {"entry", proof.entry},
          {"checkpoint", proof.checkpoint},
          {"inclusion", encode_hashes(proof.inclusion)},
          {"consistency", encode_hashes(proof.consistency)}};
}

}  // namespace

const std::vector<std::pair<std::string_view, Ring>>& ring_words() {
  static const std::vector<std::pair<std::string_view, Ring>> kWords{{"internal", Ring::internal},
                                                                     {"canary", Ring::canary},
                                                                     {"early", Ring::early},
                                                                     {"broad", Ring::broad},
                                                                     {"critical", Ring::critical}};
  return kWords;
}

const std::vector<std::pair<std::string_view, Purpose>>& purpose_words() {
  static const std::vector<std::pair<std::string_view, Purpose>> kWords{{"start", Purpose::start},
                                                                        {"renew", Purpose::renew}};
  return kWords;
}

std::string_view word(Ring ring) { return find_word(ring_words(), ring); }
std::string_view word(PlanState state) { return find_word(kPlanWords, state); }
std::string_view word(Purpose purpose) { return find_word(purpose_words(), purpose); }

Digest tenant_mark(const Digest& manifest, const TenantId& tenant) {
  return crypto::sha256("firebreak/halted-tenant/1\n" + manifest.text() + "\n" + tenant.text());
}

std::string plan_path(RolloutId rollout) { return "rollouts/" + rollout.text() + ".json"; }

Result<Plan> decode_plan(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "plan");
  in.literal("format", "firebreak.plan/1");
  Plan plan;
  plan.rollout = read_rollout(in, "rollout");
  plan.component = in.id<ComponentId>("component");
  plan.kind = in.word("kind", release::kind_words());
  plan.cls = in.word("class", release::class_words());
  json::Reader manifest = in.object("manifest");
  plan.manifest_path = manifest.string("path", 512);
  plan.manifest = manifest.digest("digest");
  plan.lane = in.word("lane", lane_words());
  plan.rings = read_rings(in, "rings");
  plan.state = in.word("state", kPlanWords);
  plan.started = in.instant("started");
  plan.acts = read_envelopes(in, "acts", limits::kActsPerPlan);
  plan.halted_tenants = read_marks(in, "halted_tenants");
  FB_TRY(in.done());
  return plan;
}

std::string encode(const Plan& plan) {
  json::Value rings = json::Value::array();
  for (const Ring ring : plan.rings) rings.push_back(word(ring));
  json::Value value{{"format", "firebreak.plan/1"},
                    {"rollout", plan.rollout.number()},
                    {"component", plan.component.text()},
                    {"kind", word(plan.kind)},
                    {"class", word(plan.cls)},
                    {"manifest", {{"path", plan.manifest_path}, {"digest", plan.manifest.text()}}},
                    {"lane", word(plan.lane)},
                    {"rings", std::move(rings)},
                    {"state", word(plan.state)},
                    {"started", to_rfc3339(plan.started)},
                    {"acts", encode_list(plan.acts)}};
  if (!plan.halted_tenants.empty()) value["halted_tenants"] = encode_hashes(plan.halted_tenants);
  return json::pretty(value);
}

Result<std::vector<Blocked>> decode_blocked(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes));
  json::Reader in(value, "blocked");
  in.literal("format", "firebreak.blocked/1");
  std::vector<Blocked> blocked;
  in.objects("digests", 10'000, [&](json::Reader& each) {
    blocked.push_back({each.digest("digest"), read_rollout(each, "rollout"), each.instant("since"),
                       each.string("reason", limits::kTextBytes), read_marks(each, "tenants")});
  });
  FB_TRY(in.done());
  return blocked;
}

std::string encode(const std::vector<Blocked>& blocked) {
  json::Value digests = json::Value::array();
  for (const Blocked& each : blocked) {
    digests.push_back({{"digest", each.manifest.text()},
                       {"rollout", each.rollout.number()},
                       {"since", to_rfc3339(each.since)},
                       {"reason", each.reason}});
    if (!each.tenants.empty()) digests.back()["tenants"] = encode_hashes(each.tenants);
  }
  return json::pretty({{"format", "firebreak.blocked/1"}, {"digests", std::move(digests)}});
}

std::string encode(const Permit& permit) {
  return json::pretty({{"format", "firebreak.permit/1"},
                       {"device", permit.device.text()},
                       {"rollout", permit.rollout.number()},
                       {"release", permit.manifest.text()},
                       {"nonce", permit.nonce},
                       {"purpose", word(permit.purpose)},
                       {"issued", to_rfc3339(permit.issued)},
                       {"valid_ms", permit.valid.ms},
                       {"log", encode(permit.log)}});
}

Result<Permit> decode_permit(std::string_view payload) {
  FB_ASSIGN(const json::Value value, json::parse(payload));
  json::Reader in(value, "permit");
  in.literal("format", "firebreak.permit/1");
  Permit permit;
  permit.device = in.id<DeviceId>("device");
  permit.rollout = read_rollout(in, "rollout");
  permit.manifest = in.digest("release");
  permit.nonce = in.string("nonce", 64);
  permit.purpose = in.word("purpose", purpose_words());
  permit.issued = in.instant("issued");
  permit.valid = in.millis("valid_ms", milliseconds(100), limits::kFreshness);
  json::Reader log = in.object("log");
  permit.log = read_log_proof(log);
  FB_TRY(in.done());
  return permit;
}

}  // namespace fb::statement

// The courier's part in bundles: what a device behind an air gap believes of what is carried to it.
//
// The same store, the same documents and the same log as over the network; the one difference is
// who lets a release start: its owning role's released mark, where a server would give a permit.
#include <algorithm>

#include "agent/courier.h"
#include "agent/layout.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "bundle/archive.h"
#include "bundle/client.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "release/mark.h"
#include "statement/envelope_list.h"

namespace fb::agent {
namespace {

constexpr const char* kFormat = "firebreak.carried/1";

// One release at a time for each component: the newest that the bundle has.
std::vector<bundle::Carried> newest_of(const bundle::Index& index, const Config& config) {
  std::map<ComponentId, bundle::Carried> newest;
  for (const bundle::Carried& each : index.releases) {
    if (!config.components.contains(each.component)) continue;
    const auto known = newest.find(each.component);
    if (known == newest.end())
      newest.emplace(each.component, each);
    else if (release::version_before(known->second.version, each.version))
      known->second = each;
  }
  std::vector<bundle::Carried> out;
  for (auto& [component, each] : newest) out.push_back(std::move(each));
  return out;
}

Order order_for(const bundle::Carried& carried, std::shared_ptr<port::HttpClient> bundle) {
  Order order;
  order.plan.component = carried.component;
  order.plan.kind = carried.kind;
  order.plan.manifest_path = carried.manifest_path();
  order.plan.manifest = carried.release;
  order.plan.acts = carried.acts;
  order.bundle = std::move(bundle);
  return order;
}

}  // namespace

BundleNews Courier::take_bundle(std::shared_ptr<const port::ByteSource> source) {
  BundleNews news;
  if (const Status taken = open_bundle(std::move(source), news); !taken.ok())
    news.error = taken.error();
  news.knowledge = knowledge();
  return news;
}

Status Courier::open_bundle(std::shared_ptr<const port::ByteSource> source, BundleNews& news) {
  if (!config_.air_gapped) {
    return Error{ErrorCode::forbidden,
                 "this device takes releases from its server; local root has not set [air_gapped] "
                 "in agent.toml"};
  }
  FB_TRY(identity_);
  FB_TRY(name_itself());
  FB_ASSIGN(auto opened, bundle::Archive::open(std::move(source)));
  const auto archive = std::make_shared<const bundle::Archive>(std::move(opened));
  const auto client = std::make_shared<bundle::Client>(archive);
  FB_TRY(follow_bundle(*client, news));
  FB_ASSIGN(const std::string bytes, archive->read(bundle::kIndexName, limits::kBundleIndexBytes));
  FB_ASSIGN(const auto index, bundle::decode_index(bytes));
  take_tenants_word(index, news.troubles);
  for (const bundle::Carried& carried : newest_of(index, config_)) {
    FB_ASSIGN(const auto refusal, find_refusal(index, carried));
    if (refusal) {
      news.refused.push_back({carried, refusal->rule, refusal->sentence});
      continue;
    }
    FB_TRY(learn_time(carried));
    FB_TRY(remember_carried(carried));
    Order order = order_for(carried, client);
    order.acts = verified(carried.acts, Heard::now);
    order.resumed = lifted(order);
    news.orders.push_back(std::move(order));
  }
  return {};
}

// A role that has no say here may fail: what was to be had is another set then.
Status Courier::follow_bundle(port::HttpClient& bundle, BundleNews& news) {
  const auto before = metadata_.trusted();
  const std::string base(bundle::kBase);
  const Status followed = metadata_.refresh(bundle, base + "/metadata");
  if (metadata_.trusted() == before) FB_TRY(followed);
  if (!followed.ok()) news.troubles.push_back("metadata: " + followed.error().detail);
  Origin origin{bundle, {base + "/targets"}, news.troubles};
  load_documents(&origin);
  return {};
}

// Before its releases, which are judged by it. Whoever carries it can leave it out, so what is
// refused of it stops no release: by the policy that is here they are judged all the same. No
// bundle brings the first key: local root pins that.
void Courier::take_tenants_word(const bundle::Index& index, std::vector<std::string>& troubles) {
  for (const bundle::TenantsWord& word : index.tenants) {
    if (word.tenant != config_.tenant) continue;
    if (!policy_keys_) {
      return troubles.push_back("the bundle brings a policy of " + word.tenant.text() +
                                ", and local root has pinned no policy_key in agent.toml: it is "
                                "not believed");
    }
    const Status keys = take_rotations(word.rotations);
    const bool known = !word.policy || has_policy(*word.policy);
    const Status policy = known ? Status() : take_policy(json::compact(encode(*word.policy)));
    // Of a rotation from before the key that is pinned here nobody needs to hear.
    if (!keys.ok() && (known || !policy.ok()))
      troubles.push_back("customer key refused: " + keys.error().detail);
    if (!policy.ok()) troubles.push_back("customer policy refused: " + policy.error().detail);
  }
}

// Whether it is the one that counts here: most bundles bring what is known.
bool Courier::has_policy(const statement::Envelope& envelope) const {
  if (!policy_) return false;
  const auto stored = doors_.files.read(layout::kPolicy, limits::kJsonBytes);
  const auto here = stored.ok() ? statement::parse_envelope(*stored)
                                : Result<statement::Envelope>(stored.error());
  return here.ok() && here->payload == envelope.payload;
}

Result<std::optional<NoPermit>> Courier::find_refusal(const bundle::Index& index,
                                                      const bundle::Carried& carried) {
  const release::Kind kind = config_.components.at(carried.component).kind;
  if (carried.kind != kind) {
    return std::optional(NoPermit{"kind", "the bundle says " + std::string(word(carried.kind)) +
                                              "; local configuration says " +
                                              std::string(word(kind))});
  }
  if (auto refusal = find_refusal(carried.manifest_path(), carried.release, kind)) return refusal;
  if (!log_trust_)
    return std::optional(NoPermit{"log", "no signed metadata names the log (trust/log.json)"});
  const std::uint64_t seen = log_watch_.seen(*log_trust_).size;
  auto proof = index.proof_for(carried, seen);
  if (!proof) {
    const auto checkpoint = audit::open_checkpoint(index.checkpoint, *log_trust_);
    if (!checkpoint.ok() || checkpoint->tip.size >= seen) {
      const std::string size = std::to_string(seen);
      return std::optional(
          NoPermit{"log-unproved", "this device has seen the log at " + size +
                                       " entries, and the bundle does not show that its log "
                                       "continues that one: export it with --seen " +
                                       size});
    }
    proof = index.proof_for(carried, 0);  // an older log, which is what is said then
  }
  FB_ASSIGN(auto refusal, log_watch_.admit(*proof, carried.release, *log_trust_));
  if (refusal) return std::optional(NoPermit{refusal->rule, refusal->sentence});
  return std::optional<NoPermit>();
}

// Whether the role that owns its path has marked this release, by metadata that still counts.
std::optional<NoPermit> Courier::find_refusal(const std::string& manifest_path,
                                              const Digest& release, release::Kind kind) const {
  const auto refuse = [](const Error& error) {
    return NoPermit{std::string(name(error.code)), error.detail};
  };
  if (!metadata_.trusted()) return NoPermit{"stale", "no metadata is trusted here now"};
  const Status fresh = check_fresh(*metadata_.trusted(), roles_for(kind), metadata_.now());
  if (!fresh.ok()) return NoPermit{"stale", fresh.error().detail};
  const std::string_view role = release::owning_role(kind);
  const auto file = find_target(*metadata_.trusted(), manifest_path, role);
  if (!file.ok()) return refuse(file.error());
  const auto digest = file->sha256();
  if (!digest.ok()) return refuse(digest.error());
  if (*digest != release) {
    return NoPermit{"mismatch", manifest_path + " is signed as " + digest->brief() +
                                    "; the bundle names " + release.brief()};
  }
  const auto mark = release::find_mark(file->custom);
  if (!mark.ok()) return refuse(mark.error());
  if (*mark) return std::nullopt;
  return NoPermit{"not-released", manifest_path + " is not marked as released by the role " +
                                      std::string(role) + ", and there is no server to ask"};
}

// The mark's date is signed: this device's clock cannot stand before it. There is no server that
// would say what time it is.
Status Courier::learn_time(const bundle::Carried& carried) {
  FB_ASSIGN(const auto file, find_target(*metadata_.trusted(), carried.manifest_path(),
                                         release::owning_role(carried.kind)));
  FB_ASSIGN(const auto mark, release::find_mark(file.custom));
  return mark ? metadata_.note_authenticated(mark->since) : Status();
}

Result<PermitOutcome> Courier::ask_mark(const wire::PermitAsk& ask, release::Kind kind) const {
  if (!config_.air_gapped)
    return PermitOutcome(NoPermit{"air-gapped", "local root has not set [air_gapped]"});
  for (const auto& [component, proved] : carried_) {
    if (proved.release != ask.release) continue;
    if (auto refusal = find_refusal(proved.manifest_path, ask.release, kind))
      return PermitOutcome(std::move(*refusal));
    return PermitOutcome(Granted{limits::kFreshness, "its released mark"});
  }
  return PermitOutcome(NoPermit{"not-carried", "no bundle has brought it with the log's proof"});
}

// ---- Who we are, where no server gives a name ----

// The secret names the device, as it would for a server.
Status Courier::name_itself() {
  if (!secret_.empty()) return {};
  secret_ = to_hex(doors_.entropy.bytes(32));
  const Status stored = store_identity();
  if (!stored.ok()) secret_.clear();
  return stored;
}

std::optional<DeviceId> Courier::own_id() const {
  if (device_ || !config_.air_gapped || secret_.empty()) return device_;
  const Digest hash = crypto::sha256("firebreak/device/1\n" + secret_);
  const auto id = DeviceId::parse(hash.hex().substr(0, 32));
  return id.ok() ? std::optional(*id) : std::nullopt;
}

// ---- What was proved, over a restart ----

Status Courier::remember_carried(const bundle::Carried& carried) {
  carried_[carried.component] = {carried.release, carried.manifest_path(), carried.acts};
  json::Value releases = json::Value::array();
  for (const auto& [component, each] : carried_) {
    releases.push_back({{"component", component.text()},
                        {"release", each.release.text()},
                        {"manifest", each.manifest_path},
                        {"acts", statement::encode_list(each.acts)}});
  }
  return doors_.files.write_atomic(
      layout::kCarried, json::pretty({{"format", kFormat}, {"releases", std::move(releases)}}));
}

// Damage costs a bundle that has to be carried again.
void Courier::load_carried() {
  const auto bytes = doors_.files.read(layout::kCarried, limits::kJsonBytes);
  if (!bytes.ok()) return;
  const auto value = json::parse(*bytes);
  if (!value.ok()) return;
  json::Reader in(*value, "carried");
  in.literal("format", kFormat);
  std::map<ComponentId, ProvedRelease> carried;
  in.objects("releases", limits::kBundleReleases, [&](json::Reader& each) {
    carried[each.id<ComponentId>("component")] = {
        each.digest("release"), each.string("manifest", 1024),
        statement::read_envelopes(each, "acts", limits::kActsPerPlan)};
  });
  if (in.done().ok()) carried_ = std::move(carried);
}

}  // namespace fb::agent

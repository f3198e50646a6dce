#include "bundle/index.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "json/reader.h"
#include "statement/envelope_list.h"

namespace fb::bundle {
namespace {

constexpr std::string_view kFormat = "firebreak.bundle/1";
constexpr std::int64_t kMostEntries = std::int64_t{1} << 53U;

json::Value words_of(const audit::Hashes& hashes) {
  json::Value out = json::Value::array();
  for (const Digest& each : hashes) out.push_back(each.text());
  return out;
}

audit::Hashes read_hashes(json::Reader& in, std::string_view key) {
  audit::Hashes out;
  for (const std::string& text : in.strings(key, limits::kProofHashes, 128)) {
    const auto digest = Digest::parse(text);
    if (digest.ok())
      out.push_back(*digest);
    else
      in.fail(key, digest.error().detail);
  }
  return out;
}

Carried read_carried(json::Reader& in) {
  Carried out;
  out.release = in.digest("release");
  out.component = in.id<ComponentId>("component");
  out.kind = in.word("kind", release::kind_words());
  auto version = release::parse_version(in.string("version", 64));
  if (version.ok())
    out.version = std::move(version).value();
  else
    in.fail("version", version.error().detail);
  out.index = static_cast<std::uint64_t>(in.integer("index", 0, kMostEntries));
  out.entry = in.string("entry", limits::kLogEntryBytes);
  out.inclusion = read_hashes(in, "inclusion");
  out.acts = statement::read_envelopes(in, "acts", limits::kActsPerPlan);
  return out;
}

TenantsWord read_tenants_word(json::Reader& in) {
  TenantsWord out;
  out.tenant = in.id<TenantId>("tenant");
  out.rotations = statement::read_envelopes(in, "rotations", limits::kPolicyKeyRotations);
  auto policy = statement::read_envelopes(in, "policy", 1);
  if (!policy.empty()) out.policy = std::move(policy.front());
  return out;
}

json::Value encode_tenants(const std::vector<TenantsWord>& tenants) {
  json::Value out = json::Value::array();
  for (const TenantsWord& each : tenants) {
    const std::vector<statement::Envelope> policy(each.policy ? 1 : 0,
                                                  each.policy.value_or(statement::Envelope{}));
    out.push_back({{"tenant", each.tenant.text()},
                   {"rotations", statement::encode_list(each.rotations)},
                   {"policy", statement::encode_list(policy)}});
  }
  return out;
}

bool each_once(const std::vector<TenantsWord>& tenants) {
  std::set<TenantId> seen;
  for (const TenantsWord& each : tenants) seen.insert(each.tenant);
  return seen.size() == tenants.size();
}

}  // namespace

std::string Carried::manifest_path() const {
  return std::string(release::word(kind)) + "/" + component.text() + "/" + version +
         ".manifest.json";
}

std::optional<statement::LogProof> Index::proof_for(const Carried& carried,
                                                    std::uint64_t size) const {
  statement::LogProof proof{carried.index, carried.entry, checkpoint, carried.inclusion, {}};
  if (size == 0) return proof;
  for (const Continuation& each : continues) {
    if (each.size != size) continue;
    proof.consistency = each.hashes;
    return proof;
  }
  return std::nullopt;
}

std::string encode(const Index& index) {
  json::Value continues = json::Value::array();
  for (const Continuation& each : index.continues)
    continues.push_back({{"size", each.size}, {"hashes", words_of(each.hashes)}});
  json::Value releases = json::Value::array();
  for (const Carried& each : index.releases) {
    releases.push_back({{"release", each.release.text()},
                        {"component", each.component.text()},
                        {"kind", release::word(each.kind)},
                        {"version", each.version},
                        {"index", each.index},
                        {"entry", each.entry},
                        {"inclusion", words_of(each.inclusion)},
                        {"acts", statement::encode_list(each.acts)}});
  }
  return json::pretty({{"format", kFormat},
                       {"checkpoint", index.checkpoint},
                       {"continues", std::move(continues)},
                       {"releases", std::move(releases)},
                       {"tenants", encode_tenants(index.tenants)}});
}

Result<Index> decode_index(std::string_view bytes) {
  FB_ASSIGN(const json::Value value, json::parse(bytes, {.bytes = limits::kBundleIndexBytes}));
  json::Reader in(value, "bundle");
  in.literal("format", kFormat);
  Index index;
  index.checkpoint = in.string("checkpoint", limits::kNoteBytes);
  in.objects("continues", limits::kBundleContinuations, [&](json::Reader& each) {
    index.continues.push_back({static_cast<std::uint64_t>(each.integer("size", 1, kMostEntries)),
                               read_hashes(each, "hashes")});
  });
  in.objects("releases", limits::kBundleReleases,
             [&](json::Reader& each) { index.releases.push_back(read_carried(each)); });
  in.objects("tenants", limits::kBundleTenants,
             [&](json::Reader& each) { index.tenants.push_back(read_tenants_word(each)); });
  if (!each_once(index.tenants)) in.fail("tenants", "each tenant stands here once");
  FB_TRY(in.done());
  if (encode(index) == bytes) return index;
  return Error{ErrorCode::malformed, "bundle.json is not byte for byte as it is written"};
}

}  // namespace fb::bundle

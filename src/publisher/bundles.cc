#include "publisher/bundles.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "audit/entry.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/reader.h"
#include "policy/customer.h"
#include "policy/key_rotation.h"
#include "publisher/fields.h"
#include "publisher/home.h"
#include "publisher/log_source.h"
#include "publisher/release_view.h"
#include "publisher/trust.h"
#include "statement/envelope_list.h"
#include "tuf/names.h"

namespace fb::publisher {
namespace {

constexpr std::string_view kSizes = "cache/bundle_log_sizes.json";
constexpr std::size_t kSizesKept = 32;  // half of what a bundle holds: the rest is for --seen
constexpr std::string_view kTimestampName = "metadata/timestamp.json";

// Sizes of the log that earlier exports went to; a lost file costs a --seen.
std::vector<std::uint64_t> exported_sizes(port::Files& home) {
  std::vector<std::uint64_t> out;
  const auto text = home.read(std::string(kSizes), limits::kTextBytes);
  const auto value = text.ok() ? json::parse(*text) : Result<json::Value>(text.error());
  if (!value.ok() || !value->is_array()) return out;
  for (const json::Value& each : *value) {
    if (each.is_number_unsigned()) out.push_back(each.get<std::uint64_t>());
  }
  return out;
}

Status keep_size(port::Files& home, std::vector<std::uint64_t> sizes, std::uint64_t size) {
  std::erase(sizes, size);
  sizes.push_back(size);
  if (sizes.size() > kSizesKept) sizes.erase(sizes.begin());
  return home.write_atomic(std::string(kSizes), json::pretty(json::Value(sizes)));
}

struct Said {
  bundle::TenantsWord word;
  std::map<std::int64_t, statement::Envelope> rotations;  // by version
};

// One policy, or one rotation of a policy key. Whether its key signed it, only the tenant's devices
// know.
Status add_said(const std::string& bytes, std::map<TenantId, Said>& by_tenant) {
  FB_ASSIGN(auto envelope, statement::parse_envelope(bytes));
  if (envelope.type == policy::kPolicyKeyType) {
    FB_ASSIGN(const auto rotation, policy::decode_key_rotation(envelope.payload));
    by_tenant[rotation.tenant].rotations[rotation.version] = std::move(envelope);
    return {};
  }
  if (envelope.type != statement::kPolicyType)
    return Error{ErrorCode::bad_usage, "it is a statement of type " + envelope.type};
  FB_ASSIGN(const auto policy, policy::decode_policy(envelope.payload));
  auto& kept = by_tenant[policy.tenant].word.policy;
  if (kept)
    return Error{ErrorCode::bad_usage,
                 "a second policy of " + policy.tenant.text() + "; one counts"};
  kept = std::move(envelope);
  return {};
}

Result<std::vector<bundle::TenantsWord>> tenants_words(const std::vector<std::string>& envelopes) {
  std::map<TenantId, Said> by_tenant;
  for (const std::string& bytes : envelopes) FB_TRY(add_said(bytes, by_tenant).in("--policy"));
  std::vector<bundle::TenantsWord> out;
  for (auto& [tenant, said] : by_tenant) {
    said.word.tenant = tenant;
    for (auto& [version, envelope] : said.rotations)
      said.word.rotations.push_back(std::move(envelope));
    out.push_back(std::move(said.word));
  }
  if (out.size() <= limits::kBundleTenants) return out;
  return Error{ErrorCode::too_many, "one bundle carries policies of at most " +
                                        std::to_string(limits::kBundleTenants) + " tenants"};
}

// Gathers what belongs into a bundle, and writes it in the order of names: metadata file by file,
// targets piece by piece.
class Export {
 public:
  Export(Desk& desk, tuf::TrustedSet trusted, statement::People people, LogSource log)
      : desk_(desk),
        trusted_(std::move(trusted)),
        people_(std::move(people)),
        log_(std::move(log)) {}

  Status run(const ExportOrder& order, const bundle::Writer::Sink& sink) {
    FB_TRY(add_metadata());
    for (const auto& [path, role] : bundle::common_targets(trusted_))
      FB_TRY(add_target(path, role));
    FB_ASSIGN(const auto checkpoint, log_.checkpoint());
    index_.checkpoint = checkpoint.note;
    for (const std::string& words : order.releases) FB_TRY(add_release(words, checkpoint.tip.size));
    const auto sizes = exported_sizes(desk_.home);
    FB_TRY(add_continuations(order.seen, sizes, checkpoint.tip.size));
    FB_ASSIGN(index_.tenants, tenants_words(order.policies));
    FB_TRY(write(sink));
    return keep_size(desk_.home, sizes, checkpoint.tip.size);
  }

 private:
  using Put = std::function<Status(bundle::Writer&)>;

  void add_file(const std::string& name, std::size_t max_bytes) {
    files_[name] = [this, name, max_bytes](bundle::Writer& writer) -> Status {
      FB_ASSIGN(const std::string bytes, desk_.server.static_file(name, max_bytes));
      return writer.add(name, bytes);
    };
  }
  void add_bytes(const std::string& name, const std::string& bytes) {
    files_[name] = [name, bytes](bundle::Writer& writer) { return writer.add(name, bytes); };
  }

  // Roots from the first on: a device may have been installed with any of them.
  Status add_metadata() {
    for (std::int64_t version = 1; version <= trusted_.root().body.version; ++version)
      add_file("metadata/" + tuf::metadata_path(tuf::kRoot, version), limits::kRootBytes);
    add_bytes(std::string(kTimestampName), trusted_.timestamp()->bytes);
    const auto snapshot = trusted_.snapshot();
    add_bytes("metadata/" + tuf::metadata_path(tuf::kSnapshot, snapshot->body.version),
              snapshot->bytes);
    for (const auto& [role, meta] : snapshot->body.meta)
      add_file("metadata/" + tuf::metadata_path(role, meta.version), tuf::max_bytes(role));
    return {};
  }

  Status add_target(const std::string& path, std::string_view role) {
    FB_ASSIGN(const auto file, find_target(trusted_, path, role));
    FB_ASSIGN(const Digest digest, file.sha256());
    const std::string name = "targets/" + tuf::hashed_name(path, digest.hex());
    const auto size = static_cast<std::uint64_t>(file.length);
    files_[name] = [this, name, size, digest](bundle::Writer& writer) {
      return writer.add(name, size, [&](const bundle::Writer::Sink& sink) {
        return stream(name, size, digest, sink);
      });
    };
    return {};
  }

  // Hashed on its way: what is not signed is found out before the file gets its name.
  Status stream(const std::string& name, std::uint64_t size, const Digest& digest,
                const bundle::Writer::Sink& sink) {
    crypto::Sha256 hash;
    FB_TRY(desk_.server.stream_static_file(name, size, [&](std::string_view piece) {
      hash.update(piece);
      return sink(piece);
    }));
    const Digest got = hash.finish();
    if (got == digest) return {};
    return Error{ErrorCode::mismatch, name + ": the server has " + got.brief() + " where " +
                                          digest.brief() + " is signed"};
  }

  Result<std::string> small_target(const std::string& path, std::string_view role) {
    FB_ASSIGN(const auto file, find_target(trusted_, path, role));
    FB_ASSIGN(const Digest digest, file.sha256());
    const std::string name = "targets/" + tuf::hashed_name(path, digest.hex());
    FB_ASSIGN(std::string bytes, desk_.server.static_file(name, limits::kJsonBytes));
    FB_TRY(tuf::check_content(bytes, file.length, file.hashes).in(name));
    return bytes;
  }

  Status add_release(const std::string& words, std::uint64_t log_size) {
    FB_ASSIGN(const auto view, find_release(desk_.server, {words}));
    bundle::Carried carried;
    FB_ASSIGN(carried.release, Digest::parse(text_of(view, "release")));
    FB_ASSIGN(carried.component, ComponentId::parse(text_of(view, "component")));
    carried.version = text_of(view, "version");
    for (const auto& [word, kind] : release::kind_words()) {
      if (word == text_of(view, "kind")) carried.kind = kind;
    }
    const bool named =
        std::any_of(index_.releases.begin(), index_.releases.end(),
                    [&](const bundle::Carried& each) { return each.release == carried.release; });
    if (named) return {};
    FB_TRY(add_files(carried));
    FB_TRY(add_acts(carried));
    FB_TRY(prove(carried, static_cast<std::uint64_t>(count_of(view, "log_entry")), log_size));
    index_.releases.push_back(std::move(carried));
    if (index_.releases.size() <= limits::kBundleReleases) return {};
    return Error{ErrorCode::too_many, "one bundle carries at most " +
                                          std::to_string(limits::kBundleReleases) + " releases"};
  }

  Status add_files(const bundle::Carried& carried) {
    const std::string path = carried.manifest_path();
    const std::string_view role = release::owning_role(carried.kind);
    FB_ASSIGN(const auto file, find_target(trusted_, path, role));
    FB_ASSIGN(const auto mark, release::find_mark(file.custom).in(path));
    if (!mark) {
      return Error{ErrorCode::conflict,
                   carried.component.text() + " " + carried.version +
                       " is not marked as released; nobody behind a gap would start it: firebreak "
                       "release mark-released " +
                       carried.component.text() + " " + carried.version};
    }
    FB_ASSIGN(const Digest digest, file.sha256());
    if (digest != carried.release) {
      return Error{ErrorCode::mismatch,
                   path + " is not signed as the server's " + carried.release.brief()};
    }
    FB_TRY(add_target(path, role));
    FB_ASSIGN(const std::string bytes, small_target(path, role));
    FB_ASSIGN(const auto manifest, release::decode_manifest(bytes));
    for (const auto& artifact : manifest.artifacts)
      FB_TRY(add_target(release::target_path(manifest, artifact.name), role));
    return {};
  }

  // What the people said, as far as it counts by the people that the bundle brings along.
  Status add_acts(bundle::Carried& carried) {
    FB_ASSIGN(const json::Value answer,
              desk_.server.get("/api/v1/releases/" + carried.release.text() + "/acts"));
    json::Reader in(answer, "acts");
    in.literal("release", carried.release.text());
    for (auto& each : statement::read_envelopes(in, "acts", limits::kActsPerPlan)) {
      const auto act = statement::verify_act(each, people_, desk_.clock.wall());
      if (act.ok() && act->act.release == carried.release) carried.acts.push_back(std::move(each));
    }
    return in.done();
  }

  Status prove(bundle::Carried& carried, std::uint64_t index, std::uint64_t size) {
    const std::uint64_t bundle_index = index / audit::kTileWidth;
    const audit::TileId id{0, bundle_index};
    const std::size_t width = audit::width_of(id, size);
    if (index % audit::kTileWidth >= width) {
      return Error{ErrorCode::not_found,
                   "the log's checkpoint does not cover " + carried.release.brief() + " yet"};
    }
    FB_ASSIGN(const auto entries, log_.entries({audit::TileKind::entries, id, width}));
    carried.index = index;
    carried.entry = entries.at(index % audit::kTileWidth);
    FB_ASSIGN(carried.inclusion, audit::prove_inclusion(index, size, log_.nodes(size)));
    return {};
  }

  Status add_continuations(const std::vector<std::uint64_t>& asked,
                           const std::vector<std::uint64_t>& exported, std::uint64_t size) {
    std::set<std::uint64_t> sizes(asked.begin(), asked.end());
    for (const std::uint64_t each : asked) {
      if (each <= size && each > 0) continue;
      return Error{ErrorCode::bad_usage, "--seen " + std::to_string(each) + ": the log has " +
                                             std::to_string(size) + " entries"};
    }
    sizes.insert(exported.begin(), exported.end());
    sizes.insert(size);
    for (const std::uint64_t each : sizes) {
      if (each > size || each == 0) continue;
      FB_ASSIGN(auto hashes, audit::prove_consistency(each, size, log_.nodes(size)));
      index_.continues.push_back({each, std::move(hashes)});
    }
    if (index_.continues.size() <= limits::kBundleContinuations) return {};
    return Error{ErrorCode::too_many, "too many sizes of the log (--seen); a bundle holds " +
                                          std::to_string(limits::kBundleContinuations)};
  }

  Status write(const bundle::Writer::Sink& sink) {
    add_bytes(std::string(bundle::kIndexName), bundle::encode(index_));
    bundle::Writer writer(sink);
    for (const auto& [name, put] : files_) FB_TRY(put(writer).in(name));
    return writer.finish();
  }

  Desk& desk_;
  tuf::TrustedSet trusted_;
  statement::People people_;
  LogSource log_;
  bundle::Index index_;
  std::map<std::string, Put> files_;  // by the name of the member
};

// Until when a device takes it that allows the usual time for carrying.
Instant carried_until(const tuf::TrustedSet& trusted) {
  return std::min(trusted.timestamp()->body.expires, trusted.snapshot()->body.expires) +
         limits::kCarry;
}

std::int64_t timestamp_version(const Result<std::string>& bytes) {
  if (!bytes.ok()) return 0;
  const auto document = tuf::decode_timestamp(*bytes);
  return document.ok() ? document->body.version : 0;
}

// What was written is read again, and judged as on a machine that has our root.
Result<Outcome> write_checked(Desk& desk, const ExportOrder& order, const BundlePlace& place,
                              const std::string& name) {
  FB_ASSIGN(const auto file, place.folder.append_to(name));
  FB_TRY(export_bundle(desk, order, [&](std::string_view bytes) { return file->append(bytes); }));
  FB_TRY(file->keep());
  FB_ASSIGN(auto source, place.open(place.folder.absolute(name)));
  FB_ASSIGN(const auto archive, bundle::Archive::open(std::move(source)));
  FB_ASSIGN(const std::string root, read_text(desk.home, std::string(kPinnedRoot)));
  const Instant now = desk.clock.wall();
  return describe_bundle(archive, {root, {now, now, {}}});
}

}  // namespace

Status export_bundle(Desk& desk, const ExportOrder& order, const bundle::Writer::Sink& sink) {
  if (order.releases.empty())
    return Error{ErrorCode::bad_usage, "name at least one --release to carry"};
  FB_ASSIGN(auto trusted, refresh_trust(desk));
  FB_ASSIGN(const std::string bytes, trusted_file(desk, trusted, statement::kLogTrustPath));
  FB_ASSIGN(auto log, statement::decode_log_trust(bytes));
  FB_ASSIGN(const std::string known, trusted_file(desk, trusted, statement::kPeoplePath));
  FB_ASSIGN(auto people, statement::decode_people(known));
  return Export(desk, std::move(trusted), std::move(people), LogSource(desk.server, std::move(log)))
      .run(order, sink);
}

// "  approve by rita until 2026-12-01T00:00:00Z" for each.
std::string acts_text(const std::vector<statement::SignedAct>& acts) {
  std::string text;
  for (const auto& each : acts) {
    text += "  " + std::string(word(each.act.kind)) + " by " + each.act.person.text() + " until " +
            to_rfc3339(each.act.expires) + "\n";
  }
  return text;
}

json::Value acts_document(const std::vector<statement::SignedAct>& acts) {
  json::Value out = json::Value::array();
  for (const auto& each : acts) {
    out.push_back({{"act", word(each.act.kind)},
                   {"person", each.act.person.text()},
                   {"expires", to_rfc3339(each.act.expires)}});
  }
  return out;
}

Result<Outcome> describe_bundle(const bundle::Archive& archive, const bundle::Judge& judge) {
  FB_ASSIGN(const auto contents, bundle::examine(archive, judge));
  const std::string until = to_rfc3339(carried_until(contents.trusted));
  std::string text;
  json::Value releases = json::Value::array();
  for (const auto& [carried, manifest, mark, acts] : contents.releases) {
    std::uint64_t bytes = 0;
    for (const auto& artifact : manifest.artifacts) bytes += artifact.size;
    text += carried.component.text() + " " + carried.version + ", " +
            std::string(word(manifest.cls)) + ", released since " + to_rfc3339(mark.since) + ", " +
            std::to_string(bytes) + " bytes\n  " + carried.release.text() + "\n" + acts_text(acts);
    releases.push_back({{"component", carried.component.text()},
                        {"version", carried.version},
                        {"release", carried.release.text()},
                        {"released", to_rfc3339(mark.since)},
                        {"bytes", bytes},
                        {"acts", acts_document(acts)}});
  }
  json::Value tenants = json::Value::array();
  for (const auto& word : contents.tenants) {
    text += "for devices of " + word.tenant.text() + ": " +
            (word.policy ? "a policy, " : "no policy, ") + std::to_string(word.rotations.size()) +
            " rotations of its key; only they can verify it\n";
    tenants.push_back({{"tenant", word.tenant.text()},
                       {"policy", word.policy.has_value()},
                       {"rotations", word.rotations.size()}});
  }
  text += "log of " + std::to_string(contents.log.size) + " entries, timestamp version " +
          std::to_string(contents.trusted.timestamp()->body.version) + "; devices take it until " +
          until + " (carry_days = " + std::to_string(limits::kCarry.ms / days(1).ms) + ")\n";
  return Outcome{Answer::yes,
                 text,
                 {{"releases", std::move(releases)},
                  {"tenants", std::move(tenants)},
                  {"files", archive.members().size()},
                  {"log_size", contents.log.size},
                  {"timestamp_version", contents.trusted.timestamp()->body.version},
                  {"until", until}}};
}

Result<Outcome> export_bundle_file(Desk& desk, const ExportOrder& order, const BundlePlace& place) {
  const std::string partial = place.name + ".partial";
  FB_TRY(place.folder.remove(partial));
  auto outcome = write_checked(desk, order, place, partial);
  const Status named = outcome.ok() ? place.folder.rename(partial, place.name) : outcome.error();
  if (named.ok()) return outcome;
  FB_TRY(place.folder.remove(partial));
  return named.error();
}

Result<Outcome> unpack_bundle(const bundle::Archive& archive, const bundle::Judge& judge,
                              port::Files& mirror) {
  FB_ASSIGN(const auto contents, bundle::examine(archive, judge));
  const std::string timestamp(kTimestampName);
  const std::int64_t there = timestamp_version(mirror.read(timestamp, limits::kTimestampBytes));
  const std::int64_t here = contents.trusted.timestamp()->body.version;
  if (here < there) {
    return Error{ErrorCode::rolled_back, "timestamp version " + std::to_string(here) +
                                             " where the mirror has version " +
                                             std::to_string(there) + " already"};
  }
  // Descending: targets, then metadata but for the timestamp, which goes last.
  std::vector<std::string> names(contents.members.rbegin(), contents.members.rend());
  std::erase(names, timestamp);
  std::erase(names, std::string(bundle::kIndexName));
  names.push_back(timestamp);
  for (const std::string& name : names) {
    FB_TRY(mirror.remove(name + ".partial"));
    FB_ASSIGN(auto file, mirror.append_to(name + ".partial"));
    FB_TRY(
        archive.read_pieces(name, 0, [&](std::string_view piece) { return file->append(piece); }));
    FB_TRY(file->keep());
    FB_TRY(mirror.rename(name + ".partial", name));
  }
  FB_ASSIGN(Outcome outcome, describe_bundle(archive, judge));
  outcome.text += std::to_string(names.size()) + " files laid out in " + mirror.absolute("") + "\n";
  return outcome;
}

}  // namespace fb::publisher

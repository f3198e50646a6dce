#include "agent/metadata.h"

#include <algorithm>

#include "agent/layout.h"
#include "base/limits.h"
#include "json/reader.h"
#include "tuf/names.h"

namespace fb::agent {
namespace {

constexpr Millis kFarAhead = hours(24);

const std::vector<std::string> kWanted{"core", "content", "flags", "rollouts"};

std::string stored_path(std::string_view role) {
  return "tuf/" + tuf::encode_role_file_name(role) + ".json";
}

Instant stored_bound(port::Files& files) {
  const auto bytes = files.read(layout::kTimeBound, 4096);
  if (!bytes.ok()) return {};
  const auto value = json::parse(*bytes);
  if (!value.ok()) return {};  // a lower bound may be lost: expiry then rests on the clock alone
  json::Reader in(*value, "time");
  const Instant bound = in.instant("authenticated");
  return in.done().ok() ? bound : Instant{};
}

// A refresh that broke off, or a role whose file went bad, leaves some of what is published
// unloaded.
bool whole(const tuf::TrustedSet& trusted) {
  return std::all_of(kWanted.begin(), kWanted.end(), [&](const std::string& role) {
    const bool published = trusted.targets()->body.delegations.find(role) != nullptr &&
                           trusted.snapshot()->body.meta.contains(role);
    return !published || trusted.targets(role) != nullptr;
  });
}

Result<std::optional<std::string>> fetch(port::HttpClient& http, const std::string& url,
                                         std::size_t max_bytes) {
  port::HttpRequest request;
  request.url = url;
  request.max_body = max_bytes;
  FB_ASSIGN(const auto response, http.send(request).in(url));
  if (response.status == 200) return std::optional(response.body);
  if (response.status == 404) return std::optional<std::string>();
  return Error{ErrorCode::unavailable, url + " answers " + std::to_string(response.status)};
}

}  // namespace

MetadataStore::MetadataStore(port::Files& files, const port::Clock& clock, std::string pinned_root,
                             Millis carry)
    : files_(files),
      clock_(clock),
      pinned_root_(std::move(pinned_root)),
      carry_(carry),
      bound_(stored_bound(files)) {}

tuf::RefreshStart MetadataStore::start() const {
  tuf::StoredMetadata stored;
  std::vector<std::string> roles(tuf::kTopLevelRoles.begin(), tuf::kTopLevelRoles.end());
  roles.insert(roles.end(), kWanted.begin(), kWanted.end());
  for (const std::string& role : roles) {
    auto bytes = files_.read(stored_path(role), tuf::max_bytes(role));
    if (bytes.ok()) stored[role] = std::move(bytes).value();
  }
  return {pinned_root_, std::move(stored), kWanted, now()};
}

Status MetadataStore::load() {
  FB_ASSIGN(auto trusted, tuf::trust_stored(start()));
  trusted_ = std::make_shared<const tuf::TrustedSet>(std::move(trusted));
  return {};
}

Status MetadataStore::refresh(port::HttpClient& http, const std::string& metadata_base) {
  FB_ASSIGN(auto run, tuf::Refresh::begin(start()));
  while (const auto need = run.next()) {
    FB_ASSIGN(const auto reply, fetch(http, metadata_base + "/" + need->path, need->max_bytes));
    const Status fed = reply ? run.feed(*reply) : run.not_found();
    FB_TRY(store(run.take_accepted()));
    if (!fed.ok() && !run.complete()) return fed.error().in(need->path);
  }
  FB_TRY(store(run.take_accepted()));
  trusted_ = std::make_shared<const tuf::TrustedSet>(run.trusted());
  last_full_ = clock_.uptime();
  for (const auto& [role, error] : run.failures()) return error.in("role " + role);
  return {};
}

Result<bool> MetadataStore::feed_timestamp(const tuf::TimestampReply& reply) {
  if (!trusted_ || !whole(*trusted_)) return true;
  const bool same =
      trusted_->timestamp()->bytes == reply.timestamp && reply.newest_root <= root_version();
  if (same && trusted_->check_all_fresh(now()).ok()) return false;
  tuf::TrustedSet next = *trusted_;
  const auto verdict = tuf::feed_timestamp_from_reply(next, reply, now());
  if (verdict.action == tuf::ReplyAction::store_timestamp) {
    FB_TRY(store({{std::string(tuf::kTimestamp), std::string(reply.timestamp)}}));
    trusted_ = std::make_shared<const tuf::TrustedSet>(std::move(next));
  }
  return verdict.action == tuf::ReplyAction::full_refresh;
}

Status MetadataStore::store(const std::vector<tuf::AcceptedFile>& files) {
  for (const auto& file : files) FB_TRY(files_.write_atomic(stored_path(file.role), file.bytes));
  return {};
}

Status MetadataStore::note_authenticated(Instant time) {
  if (time <= bound_) return {};
  Instant known = std::max(bound_, clock_.wall());
  if (trusted_ && trusted_->timestamp())
    known = std::max(known, trusted_->timestamp()->body.expires);
  if (time > known + kFarAhead) return {};
  bound_ = time;
  return files_.write_atomic(layout::kTimeBound,
                             json::pretty({{"authenticated", to_rfc3339(time)}}));
}

std::int64_t MetadataStore::root_version() const {
  return trusted_ ? trusted_->root().body.version : 0;
}

std::vector<std::string> roles_for(release::Kind kind) {
  std::vector<std::string> roles{"rollouts", std::string(release::owning_role(kind))};
  const bool is_read = kind == release::Kind::content || kind == release::Kind::config;
  if (is_read) roles.emplace_back(release::owning_role(release::Kind::core));
  return roles;
}

Status check_fresh(const tuf::TrustedSet& trusted, const std::vector<std::string>& roles,
                   tuf::TrustedNow now) {
  FB_TRY(trusted.check_root_fresh(now));
  if (!trusted.timestamp() || !trusted.snapshot() || trusted.targets() == nullptr)
    return Error{ErrorCode::conflict, "not all metadata is loaded"};
  FB_TRY(
      tuf::check_expiry(trusted.timestamp()->body.expires, now.of(tuf::kTimestamp), "timestamp"));
  FB_TRY(tuf::check_expiry(trusted.snapshot()->body.expires, now.of(tuf::kSnapshot), "snapshot"));
  FB_TRY(tuf::check_expiry(trusted.targets()->body.expires, now, "targets"));
  for (const std::string& role : roles) {
    if (const auto* loaded = trusted.targets(role)) {
      FB_TRY(tuf::check_expiry(loaded->body.expires, now.of(role), role));
    } else if (trusted.targets()->body.delegations.find(role) != nullptr &&
               trusted.snapshot()->body.meta.contains(role)) {
      return Error{ErrorCode::unavailable, "the role " + role + " is not trusted here"};
    }
  }
  return {};
}

}  // namespace fb::agent

#include "main/tuf_updater.h"

#include <algorithm>

#include "base/limits.h"
#include "tuf/names.h"

namespace fb::tuf_main {
namespace {

constexpr std::string_view kSuffix = ".json";

std::string file_of(std::string_view role) {
  return tuf::encode_role_file_name(role) + std::string(kSuffix);
}

// Every metadata file of the directory under its role's name. File names are encoded role names,
// and only those that encode to themselves again are read: ours all are.
Result<tuf::StoredMetadata> read_stored(port::Files& files) {
  tuf::StoredMetadata stored;
  FB_ASSIGN(const auto names, files.list(""));
  for (const std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    FB_ASSIGN(const auto role,
              tuf::decode_role_file_name(name.substr(0, name.size() - kSuffix.size())));
    if (auto bytes = files.read(name, tuf::max_bytes(role)); bytes.ok())
      stored[role] = std::move(bytes).value();
  }
  return stored;
}

// "a/b c" → "a/b%20c".
std::string url_path(const std::string& target) {
  std::string out;
  for (std::size_t from = 0; from <= target.size();) {
    const std::size_t to = std::min(target.find('/', from), target.size());
    out += (from > 0 ? "/" : "") + tuf::encode_role_file_name(target.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

}  // namespace

Status init(port::Files& metadata, const std::string& root) {
  FB_TRY(tuf::TrustedSet::from_root(root));
  return metadata.write_atomic(file_of(tuf::kRoot), root);
}

Result<Updater> Updater::open(Where where, Instant now) {
  FB_ASSIGN(auto stored, read_stored(where.metadata));
  const auto root = stored.find(tuf::kRoot);
  if (root == stored.end())
    return Error{ErrorCode::not_found, "no root.json in the metadata directory: init comes first"};
  std::string pinned = root->second;
  FB_ASSIGN(auto run, tuf::Refresh::begin({.pinned_root = std::move(pinned),
                                           .stored = std::move(stored),
                                           .wanted = {},
                                           .now = {now, now}}));
  return Updater(std::move(where), std::move(run));
}

Status Updater::refresh() {
  while (const auto need = run_.next()) {
    const Status fed = feed(*need);
    FB_TRY(store());
    FB_TRY(fed);
  }
  return store();
}

Status Updater::feed(const tuf::Need& need) {
  port::HttpRequest request;
  request.url = where_.metadata_url + "/" + need.path;
  request.max_body = need.max_bytes;
  FB_ASSIGN(const auto response, where_.http.send(request).in(request.url));
  if (response.status == 200) return run_.feed(response.body).in(need.path);
  if (response.status == 404 || response.status == 403) return run_.not_found();
  return Error{ErrorCode::unavailable, request.url + " answers " + std::to_string(response.status)};
}

Status Updater::store() {
  for (const auto& file : run_.take_accepted())
    FB_TRY(where_.metadata.write_atomic(file_of(file.role), file.bytes));
  return {};
}

Result<tuf::TargetFile> Updater::find(const std::string& target) {
  while (true) {
    FB_ASSIGN(auto search, run_.trusted().find_target(target));
    if (auto* found = std::get_if<tuf::FoundTarget>(&search)) return std::move(found->file);
    const auto* needed = std::get_if<tuf::NeedRole>(&search);
    if (needed == nullptr) return Error{ErrorCode::not_found, "no signed metadata lists " + target};
    FB_TRY(run_.want(needed->role, needed->delegator));
    FB_TRY(refresh());
  }
}

Status Updater::download(const std::string& target, const Destination& to) {
  FB_ASSIGN(const auto file, find(target));
  const std::string name = tuf::encode_role_file_name(target);
  const auto matches = [&](const std::string& bytes) {
    return tuf::check_content(bytes, file.length, file.hashes).in(target);
  };
  const auto cached = to.files.read(name, limits::kDownloadBytes);
  if (cached.ok() && matches(*cached).ok()) return {};
  FB_ASSIGN(const std::string bytes, fetch(target, file, to.base_url));
  FB_TRY(matches(bytes));
  return to.files.write_atomic(name, bytes);
}

Result<std::string> Updater::fetch(const std::string& target, const tuf::TargetFile& file,
                                   const std::string& base_url) {
  if (file.length > static_cast<std::int64_t>(limits::kDownloadBytes))
    return Error{ErrorCode::too_large, target + " has " + std::to_string(file.length) + " bytes"};
  std::string path = target;
  if (run_.trusted().root().body.consistent_snapshot) {
    FB_ASSIGN(const std::string hash, file.name_hash());
    path = tuf::hashed_name(target, hash);
  }
  port::HttpRequest request;
  request.url = base_url + "/" + url_path(path);
  request.max_body = static_cast<std::size_t>(file.length);
  FB_ASSIGN(auto response, where_.http.send(request).in(request.url));
  if (response.status == 200) return std::move(response.body);
  return Error{ErrorCode::unavailable, request.url + " answers " + std::to_string(response.status)};
}

}  // namespace fb::tuf_main

#include "publisher/ground.h"

#include "base/limits.h"
#include "publisher/home.h"
#include "publisher/trust.h"
#include "tuf/names.h"

namespace fb::publisher {
namespace {

std::string root_path(std::int64_t version) {
  return "repository/metadata/" + tuf::metadata_path(tuf::kRoot, version);
}

// A root that another publisher's machine made; kept, so that the chain is whole without a network.
Result<bool> fetch_root(Desk& desk, std::int64_t version) {
  const auto bytes = desk.server.static_file("metadata/" + tuf::metadata_path(tuf::kRoot, version),
                                             limits::kRootBytes);
  if (!bytes.ok() && (offline(bytes.error()) || bytes.error().code == ErrorCode::not_found))
    return false;
  if (!bytes.ok()) return bytes.error();
  FB_TRY(desk.home.write_atomic(root_path(version), *bytes));
  return true;
}

Status read_roots(Desk& desk, std::vector<std::string>& roots) {
  for (std::int64_t version = 1; version <= limits::kRootRotations; ++version) {
    if (!desk.home.size(root_path(version)).ok()) {
      FB_ASSIGN(const bool fetched, fetch_root(desk, version));
      if (!fetched) break;
    }
    FB_ASSIGN(std::string bytes, desk.home.read(root_path(version), limits::kRootBytes));
    roots.push_back(std::move(bytes));
  }
  if (!roots.empty()) return {};
  return Error{ErrorCode::not_found, desk.home.absolute(root_path(1)) + " is missing"};
}

// What a refresh could not load, for want of a server or because it has run out, is taken from our
// own copy: it has to be signed anew all the same.
bool falls_back(const Error& error) {
  return offline(error) || error.code == ErrorCode::expired ||
         error.code == ErrorCode::clock_doubtful;
}

Status gather(port::Files& home, const std::string& folder,
              std::map<std::string, std::string>& names) {
  FB_ASSIGN(const auto list, home.list(folder));
  for (const std::string& name : list) {
    if (!name.ends_with(".pub.json")) continue;
    FB_ASSIGN(const std::string text, read_text(home, folder + "/" + name));
    FB_ASSIGN(const json::Value value, json::parse(text));
    const auto key = crypto::decode_key(value);
    if (key.ok()) names.emplace(key->id(), name.substr(0, name.size() - 9));
  }
  return {};
}

}  // namespace

Result<Request> ground(Desk& desk) {
  Request request;
  const auto trusted = refresh_trust(desk);
  if (!trusted.ok() && !falls_back(trusted.error())) return trusted.error();
  FB_TRY(read_roots(desk, request.roots));
  for (const std::string& role : request_roles()) {
    if (role == tuf::kRoot) continue;
    const auto* published = trusted.ok() ? trusted->targets(role) : nullptr;
    if (published != nullptr) {
      request.current[role] = published->bytes;
    } else {
      FB_ASSIGN(request.current[role], newest_metadata(desk.home, role));
    }
  }
  request.names = key_names(desk.home);
  return request;
}

std::map<std::string, std::string> key_names(port::Files& home) {
  std::map<std::string, std::string> names;
  // A file that cannot be read gives its key no name; the id is shown then.
  for (const char* folder : {"keys", "server/keys", "people"})
    static_cast<void>(gather(home, folder, names).ok());
  return names;
}

}  // namespace fb::publisher

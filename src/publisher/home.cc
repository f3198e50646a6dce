#include "publisher/home.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "tuf/names.h"

namespace fb::publisher {
namespace {

// The version in "<n>.<role>.json"; 0 when the name is another.
std::int64_t version_in(std::string_view name, std::string_view role) {
  const std::string ending = "." + tuf::encode_role_file_name(role) + ".json";
  if (!name.ends_with(ending)) return 0;
  const std::string_view digits = name.substr(0, name.size() - ending.size());
  std::int64_t version = 0;
  const auto [end, problem] = std::from_chars(digits.begin(), digits.end(), version);
  return problem == std::errc() && end == digits.end() ? version : 0;
}

}  // namespace

std::string role_key_name(std::string_view role, int number) {
  return std::string(role) + "-" + std::to_string(number);
}

std::string role_key_path(std::string_view role, int number) {
  return "keys/" + role_key_name(role, number) + ".pem";
}

std::string person_path(const PersonId& person) { return "people/" + person.text() + ".pem"; }

std::string tenant_path(const TenantId& tenant, std::string_view file) {
  return "tenants/" + tenant.text() + "/" + std::string(file);
}

std::string public_half(std::string_view pem_path) {
  return std::string(pem_path.substr(0, pem_path.rfind(".pem"))) + ".pub.json";
}

std::string cached_metadata_path(std::string_view role) {
  return "cache/tuf/" + tuf::encode_role_file_name(role) + ".json";
}

std::string cached_manifest_path(const Digest& digest) {
  return "cache/manifests/" + digest.hex() + ".json";
}

Result<std::string> read_text(port::Files& home, const std::string& path) {
  auto bytes = home.read(path, limits::kManagementBodyBytes);
  if (bytes.ok()) return bytes;
  return Error{bytes.error().code, home.absolute(path) + ": " + bytes.error().detail};
}

Result<std::string> newest_metadata(port::Files& home, std::string_view role) {
  FB_ASSIGN(const auto names, home.list("repository/metadata"));
  std::int64_t newest = 0;
  for (const std::string& name : names) newest = std::max(newest, version_in(name, role));
  if (newest == 0) {
    return Error{ErrorCode::not_found, home.absolute("repository/metadata") +
                                           " has no metadata of the role " + std::string(role)};
  }
  return home.read("repository/metadata/" + tuf::metadata_path(role, newest), tuf::max_bytes(role));
}

Status keep_metadata(port::Files& home, std::string_view role, std::string_view bytes) {
  FB_ASSIGN(const auto document, tuf::decode_targets(bytes, role));
  return home.write_atomic("repository/metadata/" + tuf::metadata_path(role, document.body.version),
                           bytes);
}

}  // namespace fb::publisher

// The publisher's home: the names in its folder, one place for all of them.
//
// firebreak.toml        where the server is and which file holds the token for it; makes the folder
// a home keys/                 role keys, <role>-<n>.pem and .pub.json people/ <person>.pem and
// .pub.json tenants/<tenant>/     policy.pem, policy.pub.json, enrolment.token,
// policy-<version>.json repository/           the publisher's copy of metadata/<n>.<role>.json and
// targets/trust/* root.json             the pinned root server/               all that the server
// needs, with its online keys drafts/<c>-<v>/       releases being made cache/                what
// was last verified from the server: tuf/, inventory.json, manifests/, log.checkpoint
#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "port/files.h"
#include "tuf/repository.h"

namespace fb::publisher {

inline constexpr std::string_view kConfiguration = "firebreak.toml";
inline constexpr std::string_view kPinnedRoot = "root.json";
inline constexpr std::string_view kServerConfiguration = "server/firebreakd.toml";
inline constexpr std::string_view kServerUrl = "server/state/url";
inline constexpr std::string_view kServerToken = "server/api.token";
inline constexpr std::string_view kCachedInventory = "cache/inventory.json";
inline constexpr std::string_view kSyncedAt = "cache/synced_at";
inline constexpr std::string_view kLogCheckpoint = "cache/log.checkpoint";

std::string role_key_name(std::string_view role, int number);  // "core-1"
std::string role_key_path(std::string_view role, int number);
std::string person_path(const PersonId& person);
std::string tenant_path(const TenantId& tenant, std::string_view file);
std::string public_half(std::string_view pem_path);  // "x.pem" → "x.pub.json"
std::string cached_metadata_path(std::string_view role);
std::string cached_manifest_path(const Digest& digest);

// A key file of ours, opened by name: errors name the path and who could have made it.
Result<std::string> read_text(port::Files& home, const std::string& path);

// The publisher's copy of the newest metadata of `role`. Errors: not_found.
Result<std::string> newest_metadata(port::Files& home, std::string_view role);
Status keep_metadata(port::Files& home, std::string_view role, std::string_view bytes);

}  // namespace fb::publisher

// What `firebreak init` makes: keys, people, trust, a signed repository and the server's
// configuration, as files.
//
// compose_layout() decides everything and touches nothing; write_layout() writes, firebreak.toml
// last, so that a folder with that file is a complete home. No quorum is ever lowered: the lab
// differs in times, speed limits and in where the people's keys lie, and says so.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "port/clock.h"
#include "port/files.h"
#include "publisher/key_store.h"
#include "publisher/outcome.h"
#include "statement/people.h"
#include "statement/speed.h"

namespace fb::publisher {

enum class Profile : std::uint8_t { lab, standard };
std::string_view word(Profile profile);

struct LayoutOrder {
  Profile profile = Profile::lab;
  std::vector<TenantId> tenants;
  std::string listen = "127.0.0.1:8440";  // host:port; port 0: any that is free
  // Who may decide, with public keys they made themselves. None: five seats, whose keys are made
  // here.
  std::optional<statement::People> people;
  Instant now;
};

struct LayoutFile {
  std::string path;
  std::string bytes;
};

// Errors: bad_usage (listen, no tenant), and those of the doors.
Result<std::vector<LayoutFile>> compose_layout(const LayoutOrder& order, KeyStore& keys,
                                               port::Entropy& entropy);

// Errors: already_exists (there is a home; its keys are never overwritten).
Status check_free(port::Files& home);
// Errors: as check_free; io_failed, no_space.
Status write_layout(port::Files& home, const std::vector<LayoutFile>& files);

// What was made and what to do next. `shown_path`: the folder as the person typed it.
Outcome describe_layout(const LayoutOrder& order, const std::string& shown_path);

// How large a part of the fleet may have a release, by time. lab: everybody at once.
statement::SpeedLimits speed_limits(Profile profile);

}  // namespace fb::publisher

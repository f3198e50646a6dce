// The file in which a running engine says that it is alive and working. A probe reads it and asks
// whether `events` grows under one pid. Always whole: it is written aside and renamed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>

namespace sensor {

struct Status {
  pid_t pid = 0;
  std::string build;
  std::uint32_t channel_version = 0;
  std::uint64_t events = 0;
  std::uint64_t detections = 0;
  std::int64_t load_ms = 0;  // the last load of the channel file
  std::time_t started = 0;   // written as RFC 3339, UTC
};

std::string to_json(const Status& status);

// False when the file could not be replaced; the old one then stands. Not synced: it means nothing
// after a restart.
bool write_status(const std::string& path, const Status& status);

// Why an engine that reports to `path` is not healthy: no file, not written for `kStatusStale`, or
// no event scanned yet. Empty: it is alive and working.
std::string ill(const std::string& path);

// An engine reports five times a second; a machine may be busy, but not for this long.
inline constexpr std::time_t kStatusStale = 3;

}  // namespace sensor

// port::Store in one SQLite file: WAL, synchronous=FULL, one transaction per batch.
//
// commit() has a connection of its own (calls are serialised); reads take connections from a pool,
// see the last commit that returned before they began, and never wait for a commit. Any thread may
// call anything. After a commit that ended io_failed every later commit is refused the same way:
// what is on the disk is unknown until the process starts again.
#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "port/store.h"

namespace fb::sqlite {

struct StoreOptions {
  Millis patience =
      seconds(2);  // for another process (a backup, a curious sqlite3 shell) to let go of the file
};

// Creates the file (mode 0600) where there is none. The schema version stands in user_version.
// Errors: unsupported (written by a newer Firebreak), malformed (not our database, or damaged),
// unavailable (another process holds it), no_space, io_failed.
Result<std::unique_ptr<port::Store>> open_store(const std::string& path,
                                                const StoreOptions& options = {});

}  // namespace fb::sqlite

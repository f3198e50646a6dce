#include "sqlite/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <vector>

#include "base/check.h"
#include "sqlite/connection.h"

namespace fb::sqlite {
namespace {

constexpr std::int64_t kSchema = 1;
constexpr std::int64_t kApplication = 0x46425354;  // "FBST": tells our files from other databases

// Checkpoints every 16 MiB of log: rarer ones make restarts slow, more frequent ones make commits
// wait.
constexpr int kCheckpointPages = 4096;
constexpr const char* kWriterSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;";
constexpr const char* kReaderSettings = "PRAGMA query_only=ON; PRAGMA cache_size=-4096;";

constexpr const char* kCreate =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE record(space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY(space, key)) WITHOUT ROWID;"
    "CREATE TABLE log(idx INTEGER PRIMARY KEY, entry BLOB NOT NULL);"
    "PRAGMA application_id=1178751828; PRAGMA user_version=1;"
    "COMMIT";
static_assert(kApplication == 1'178'751'828 && kSchema == 1);

Result<std::int64_t> number_of(Connection& connection, const char* text) {
  FB_ASSIGN(const auto query, connection.query(text));
  FB_ASSIGN(const bool row, query->step());
  return row ? query->number(0) : 0;
}

class SqliteStore final : public port::Store {
 public:
  SqliteStore(std::string path, const StoreOptions& options, std::unique_ptr<Connection> writer,
              std::uint64_t log_size)
      : path_(std::move(path)),
        options_(options),
        writer_(std::move(writer)),
        next_log_(log_size) {}

  Status commit(const port::Batch& batch) override {
    if (batch.empty()) return {};
    const std::lock_guard lock(writing_);
    if (broken_) {
      return Error{
          ErrorCode::io_failed,
          "database " + path_ + ": an earlier commit failed, so what it holds is unknown; restart"};
    }
    FB_TRY(check_log(batch));
    FB_TRY(writer_->execute("BEGIN IMMEDIATE"));
    Status done = write(batch);
    if (done.ok()) done = writer_->execute("COMMIT");
    if (done.ok()) {
      next_log_ += batch.log.size();
      checkpoint_when_long();
    } else {
      give_up(done.error());
    }
    return done;
  }

  Result<std::optional<std::string>> get(const std::string& space,
                                         const std::string& key) override {
    FB_ASSIGN(const Reader reader, take_reader());
    FB_ASSIGN(const auto query,
              reader->query("SELECT value FROM record WHERE space=?1 AND key=?2"));
    query->bind_text(1, space);
    query->bind_blob(2, key);
    FB_ASSIGN(const bool found, query->step());
    return found ? std::optional(query->bytes(0)) : std::nullopt;
  }

  Status scan(const std::string& space, const std::string& from, const EachRecord& each) override {
    FB_ASSIGN(const Reader reader, take_reader());
    FB_ASSIGN(
        const auto query,
        reader->query("SELECT key, value FROM record WHERE space=?1 AND key>=?2 ORDER BY key"));
    query->bind_text(1, space);
    query->bind_blob(2, from);
    while (true) {
      FB_ASSIGN(const bool row, query->step());
      if (!row) return {};
      FB_TRY(each(query->bytes(0), query->bytes(1)));
    }
  }

  Result<std::uint64_t> log_size() override {
    FB_ASSIGN(const Reader reader, take_reader());
    return read_log_size(*reader);
  }

  Status scan_log(std::uint64_t from, const EachEntry& each) override {
    FB_ASSIGN(const Reader reader, take_reader());
    FB_ASSIGN(const auto query,
              reader->query("SELECT idx, entry FROM log WHERE idx>=?1 ORDER BY idx"));
    query->bind_number(1, static_cast<std::int64_t>(from));
    while (true) {
      FB_ASSIGN(const bool row, query->step());
      if (!row) return {};
      FB_TRY(each(static_cast<std::uint64_t>(query->number(0)), query->bytes(1)));
    }
  }

  static Result<std::uint64_t> read_log_size(Connection& connection) {
    FB_ASSIGN(const std::int64_t size,
              number_of(connection, "SELECT coalesce(max(idx)+1,0) FROM log"));
    return static_cast<std::uint64_t>(size);
  }

 private:
  // A connection on loan; goes back to the pool after its queries (declared later, dropped sooner).
  struct GiveBack {
    SqliteStore* store = nullptr;
    void operator()(Connection* connection) const {
      const std::lock_guard lock(store->pooling_);
      store->readers_.emplace_back(connection);
    }
  };
  using Reader = std::unique_ptr<Connection, GiveBack>;

  Result<Reader> take_reader() {
    {
      const std::lock_guard lock(pooling_);
      if (!readers_.empty()) {
        Reader reader(readers_.back().release(), GiveBack{this});
        readers_.pop_back();
        return reader;
      }
    }
    FB_ASSIGN(auto opened, Connection::open(path_, options_.patience));
    FB_TRY(opened->execute(kReaderSettings));
    return Reader(opened.release(), GiveBack{this});
  }

  [[nodiscard]] Status check_log(const port::Batch& batch) const {
    std::uint64_t next = next_log_;
    for (const port::LogAppend& append : batch.log) {
      if (append.index != next) {
        return Error{ErrorCode::conflict, "log entry " + std::to_string(append.index) + " where " +
                                              std::to_string(next) + " is next"};
      }
      ++next;
    }
    return {};
  }

  Status write(const port::Batch& batch) {
    for (const port::RecordWrite& record : batch.writes) FB_TRY(write_record(record));
    for (const port::LogAppend& append : batch.log) {
      FB_ASSIGN(const auto query, writer_->query("INSERT INTO log(idx, entry) VALUES(?1, ?2)"));
      query->bind_number(1, static_cast<std::int64_t>(append.index));
      query->bind_blob(2, append.entry);
      FB_TRY(query->run());
    }
    return {};
  }

  Status write_record(const port::RecordWrite& record) {
    FB_ASSIGN(
        const auto query,
        writer_->query(record.value ? "INSERT INTO record(space, key, value) VALUES(?1, ?2, ?3)"
                                      " ON CONFLICT(space, key) DO UPDATE SET value=excluded.value"
                                    : "DELETE FROM record WHERE space=?1 AND key=?2"));
    query->bind_text(1, record.space);
    query->bind_blob(2, record.key);
    if (record.value) query->bind_blob(3, *record.value);
    return query->run();
  }

  // Nothing of a batch stays unless the error is io_failed; then only a new start can tell
  // (port/store.h).
  void give_up(const Error& error) {
    // After a full disk or an I/O error SQLite may have rolled back already.
    const bool undone = !writer_->in_transaction() || writer_->execute("ROLLBACK").ok();
    if (!undone || error.code == ErrorCode::io_failed || error.code == ErrorCode::malformed)
      broken_ = true;
  }

  // The batch is durable in the log already. A checkpoint whose fsync failed must not be tried
  // again by a later one, which would believe that the pages have arrived.
  void checkpoint_when_long() {
    if (writer_->log_pages() < kCheckpointPages) return;
    const Status moved = writer_->checkpoint();
    if (!moved.ok() && moved.error().code != ErrorCode::unavailable) broken_ = true;
  }

  const std::string path_;
  const StoreOptions options_;
  std::mutex writing_;  // guards the three below
  std::unique_ptr<Connection> writer_;
  std::uint64_t next_log_;
  bool broken_ = false;
  std::mutex pooling_;  // guards readers_
  std::vector<std::unique_ptr<Connection>> readers_;
};

// SQLite would create it readable for everybody. Its -wal and -shm take over the mode.
Status create_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file >= 0) {
    ::close(file);
    return {};
  }
  const char* reason = strerrordesc_np(errno);
  return Error{errno == ENOSPC ? ErrorCode::no_space : ErrorCode::io_failed,
               "cannot open database " + path + ": " + (reason == nullptr ? "unknown" : reason)};
}

Status check_schema(Connection& connection, const std::string& path) {
  FB_ASSIGN(const std::int64_t application, number_of(connection, "PRAGMA application_id"));
  FB_ASSIGN(const std::int64_t schema, number_of(connection, "PRAGMA user_version"));
  FB_ASSIGN(const std::int64_t tables, number_of(connection, "SELECT count(*) FROM sqlite_schema"));
  if (application == 0 && schema == 0 && tables == 0) return connection.execute(kCreate);
  if (application != kApplication) {
    return Error{ErrorCode::malformed, "database " + path + " was not made by Firebreak"};
  }
  if (schema > kSchema) {
    return Error{ErrorCode::unsupported,
                 "database " + path + " has schema " + std::to_string(schema) +
                     ", this program knows " + std::to_string(kSchema) +
                     "; run the newer Firebreak that wrote it, or restore a backup from before"};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<port::Store>> open_store(const std::string& path,
                                                const StoreOptions& options) {
  FB_TRY(create_file(path));
  FB_ASSIGN(auto writer, Connection::open(path, options.patience));
  FB_TRY(writer->execute(kWriterSettings));
  writer->count_log_pages();
  FB_TRY(check_schema(*writer, path));
  FB_ASSIGN(const std::uint64_t log_size, SqliteStore::read_log_size(*writer));
  return std::unique_ptr<port::Store>(
      std::make_unique<SqliteStore>(path, options, std::move(writer), log_size));
}

}  // namespace fb::sqlite

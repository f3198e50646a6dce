#include "sqlite/connection.h"

#include "base/check.h"

namespace fb::sqlite {
namespace {

ErrorCode code_of(int primary_code) {
  if (primary_code == SQLITE_BUSY || primary_code == SQLITE_LOCKED) return ErrorCode::unavailable;
  if (primary_code == SQLITE_FULL) return ErrorCode::no_space;
  if (primary_code == SQLITE_NOTADB || primary_code == SQLITE_CORRUPT) return ErrorCode::malformed;
  return ErrorCode::io_failed;
}

std::string_view remedy(int primary_code) {
  if (primary_code == SQLITE_BUSY || primary_code == SQLITE_LOCKED)
    return "; another process holds it: wait, or stop that one";
  if (primary_code == SQLITE_FULL) return "; free some space on the disk that holds it";
  if (primary_code == SQLITE_CANTOPEN || primary_code == SQLITE_READONLY ||
      primary_code == SQLITE_PERM)
    return "; run this as the user who owns it, or change its owner or mode";
  if (primary_code == SQLITE_NOTADB || primary_code == SQLITE_CORRUPT)
    return "; restore it from a backup";
  return "";
}

}  // namespace

Query::~Query() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::bind_text(int parameter, std::string_view text) {
  FB_CHECK(sqlite3_bind_text(statement_, parameter, text.data(), static_cast<int>(text.size()),
                             SQLITE_STATIC) == SQLITE_OK);
}

void Query::bind_blob(int parameter, std::string_view bytes) {
  // A null pointer would be NULL, and "" is a value.
  const char* data = bytes.empty() ? "" : bytes.data();
  FB_CHECK(sqlite3_bind_blob(statement_, parameter, data, static_cast<int>(bytes.size()),
                             SQLITE_STATIC) == SQLITE_OK);
}

void Query::bind_number(int parameter, std::int64_t number) {
  FB_CHECK(sqlite3_bind_int64(statement_, parameter, number) == SQLITE_OK);
}

Result<bool> Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_.failure();
}

Status Query::run() {
  FB_ASSIGN(const bool row, step());
  FB_CHECK(!row);
  return {};
}

std::string Query::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return size == 0 ? std::string() : std::string(static_cast<const char*>(data), size);
}

std::int64_t Query::number(int column) const { return sqlite3_column_int64(statement_, column); }

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Millis patience) {
  std::unique_ptr<Connection> connection(new Connection(path));
  sqlite3* handle = nullptr;
  // NOMUTEX: a connection is used by one thread at a time.
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  connection->handle_.reset(handle);
  if (code != SQLITE_OK) return connection->failure();
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(patience.ms));
  return connection;
}

Result<std::unique_ptr<Query>> Connection::query(const char* text) {
  auto& statement = statements_[text];
  if (statement == nullptr) {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v3(handle_.get(), text, -1, SQLITE_PREPARE_PERSISTENT, &prepared,
                           nullptr) != SQLITE_OK)
      return failure();
    statement.reset(prepared);
  }
  return std::make_unique<Query>(*this, statement.get());
}

Status Connection::execute(const char* text) {
  if (sqlite3_exec(handle_.get(), text, nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

void Connection::count_log_pages() {
  // Replaces SQLite's own hook, which is its automatic checkpoint.
  sqlite3_wal_hook(
      handle_.get(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

Status Connection::checkpoint() {
  if (sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                nullptr) != SQLITE_OK)
    return failure();
  return {};
}

Error Connection::failure() const {
  const int primary_code = sqlite3_errcode(handle_.get()) & 0xFF;
  std::string detail = "database " + path_ + ": " + sqlite3_errmsg(handle_.get());
  return {code_of(primary_code), detail.append(remedy(primary_code))};
}

}  // namespace fb::sqlite

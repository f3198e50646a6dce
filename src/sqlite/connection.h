// One SQLite connection and its prepared statements. Used by one thread at a time.
#pragma once

#include <sqlite3.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace fb::sqlite {

class Connection;

// A prepared statement in use: bound, stepped, and set back when dropped. What is bound must
// outlive the steps.
class Query {
 public:
  Query(Connection& connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Parameters from 1 on.
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);
  void bind_number(int parameter, std::int64_t number);
  // True: a row is there. Errors: as Connection::failure.
  Result<bool> step();
  // For statements without rows.
  Status run();
  // Columns from 0 on.
  [[nodiscard]] std::string bytes(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;

 private:
  Connection& connection_;
  sqlite3_stmt* statement_;
};

class Connection {
 public:
  // Errors: unavailable, io_failed, no_space, malformed.
  static Result<std::unique_ptr<Connection>> open(const std::string& path, Millis patience);

  // Prepared once for each text, which must be a literal.
  Result<std::unique_ptr<Query>> query(const char* text);
  // Anything without rows and parameters.
  Status execute(const char* text);

  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

  // Takes over from SQLite, which would checkpoint by itself and swallow what goes wrong.
  void count_log_pages();
  // In the write-ahead log after the last commit of this connection.
  [[nodiscard]] int log_pages() const { return log_pages_; }
  // Moves what no reader needs any more from the log into the database. Errors: unavailable (a
  // reader is in the way of some of it: next time), io_failed, no_space.
  Status checkpoint();

  // SQLite's last complaint as an Error, naming the file.
  [[nodiscard]] Error failure() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Connection(std::string path) : path_(std::move(path)) {}

  std::string path_;
  int log_pages_ = 0;
  std::unique_ptr<sqlite3, Close> handle_;
  std::map<std::string_view, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

}  // namespace fb::sqlite

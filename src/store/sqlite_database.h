// One SQLite connection and its statements, with errors as Result: Code::disk_full when there is no
// room, Code::store otherwise, the file and SQLite's own words in the detail. A connection and its
// statements belong to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pawl::store {

// Another process (pawl queue beside a running relay) holds the write lock for moments only.
inline constexpr int kBusyMilliseconds = 10'000;

struct DatabaseOptions {
  std::string path;
  std::string vfs = {};  // empty: the system's; tests name one that injects faults
  bool create = true;
};

class Database;

// A prepared statement. Bind by position from 1; step() says whether there is a row. reset() is
// done by the next bind round through Use.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  Statement& bind(int place, std::int64_t value);
  Statement& bind_null(int place);
  // The bytes must live until the next reset(): they are not copied.
  Statement& bind_blob(int place, std::string_view bytes);
  Statement& bind_text(int place, std::string_view text);

  Result<bool> step();  // true: a row stands in the columns
  Result<> run();       // steps to the end, and resets
  void reset();

  std::int64_t integer(int column) const;
  bool is_null(int column) const;
  std::string_view blob(int column) const;  // until the next step() or reset()

 private:
  friend class Database;
  Statement(sqlite3_stmt* statement, Database* database)
      : statement_(statement), database_(database) {}
  sqlite3_stmt* statement_ = nullptr;
  Database* database_ = nullptr;
};

class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<Statement> prepare(std::string_view sql);
  Result<> execute(const char* sql);              // one or more statements, rows are ignored
  Result<std::int64_t> integer(const char* sql);  // the first column of the first row, 0 if none
  bool in_transaction() const;                    // SQLite rolls back on some errors by itself
  std::int64_t changes() const;                   // rows the last statement touched
  const std::string& path() const { return path_; }
  sqlite3* raw() { return connection_; }

  std::unexpected<Error> failure(int code, std::string_view doing) const;

 private:
  Database(sqlite3* connection, std::string path)
      : connection_(connection), path_(std::move(path)) {}
  sqlite3* connection_;
  std::string path_;
};

// A transaction that is rolled back unless commit() succeeded.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);  // for writing: takes the lock at once
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;
};

}  // namespace pawl::store

#include "store/sqlite_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pawl::store {

namespace {

// The file is made by us and not by SQLite: queued mail is nobody else's to read, and SQLite gives
// its -wal and -shm files the mode of the database. A file that is there is not opened: closing it
// would drop the POSIX locks that another connection of this process holds on it.
Result<> create_private(const std::string& path) {
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    int error = errno;
    if (error == EEXIST) return {};
    Code code = error == ENOSPC || error == EDQUOT ? Code::disk_full : Code::store;
    return fail(code, fmt::format("cannot open {}: {}", path, std::strerror(error)));
  }
  ::close(file);
  return {};
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)), database_(other.database_) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(database_, other.database_);
  return *this;
}
Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::bind(int place, std::int64_t value) {
  sqlite3_bind_int64(statement_, place, value);
  return *this;
}
Statement& Statement::bind_null(int place) {
  sqlite3_bind_null(statement_, place);
  return *this;
}
Statement& Statement::bind_blob(int place, std::string_view bytes) {
  // A null pointer would bind NULL, not an empty blob.
  sqlite3_bind_blob64(statement_, place, bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}
Statement& Statement::bind_text(int place, std::string_view text) {
  sqlite3_bind_text64(statement_, place, text.empty() ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Result<bool> Statement::step() {
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto failed = database_->failure(code, sqlite3_sql(statement_));
  reset();
  return failed;
}

Result<> Statement::run() {
  for (;;) {
    TRY(bool row, step());
    if (!row) break;
  }
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
std::string_view Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return {static_cast<const char*>(data), size};
}

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
  if (options.create && options.vfs.empty()) TRY_VOID(create_private(options.path));
  sqlite3* connection = nullptr;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (options.create) flags |= SQLITE_OPEN_CREATE;
  int code = sqlite3_open_v2(options.path.c_str(), &connection, flags,
                             options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Database> database(new Database(connection, options.path));
  if (code != SQLITE_OK) return database->failure(code, "opening it");
  sqlite3_busy_timeout(connection, kBusyMilliseconds);
  return database;
}

Database::~Database() {
  sqlite3_close_v2(connection_);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failure(code, sql);
  return Statement(statement, this);
}

Result<> Database::execute(const char* sql) {
  int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code, sql);
  return {};
}

Result<std::int64_t> Database::integer(const char* sql) {
  TRY(Statement statement, prepare(sql));
  TRY(bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(connection_) == 0;
}
std::int64_t Database::changes() const {
  return sqlite3_changes64(connection_);
}

std::unexpected<Error> Database::failure(int code, std::string_view doing) const {
  int system = connection_ == nullptr ? 0 : sqlite3_system_errno(connection_);
  bool full = (code & 0xff) == SQLITE_FULL ||
              ((code & 0xff) == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT));
  std::string detail = fmt::format(
      "{}: {} (SQLite error {})", path_,
      connection_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection_), code);
  if (system != 0) detail += fmt::format(", {}", std::strerror(system));
  if (!full) detail += fmt::format(", at: {}", doing.substr(0, 120));
  return fail(full ? Code::disk_full : Code::store, std::move(detail));
}

Result<Transaction> Transaction::begin(Database& database) {
  TRY_VOID(database.execute("BEGIN IMMEDIATE"));
  return Transaction(&database);
}

Transaction::~Transaction() {
  if (database_ == nullptr || !database_->in_transaction()) return;
  // A rollback that fails leaves nothing to do: SQLite has rolled back already, or the connection
  // will when it is closed; nothing was claimed durable either way.
  (void)database_->execute("ROLLBACK").has_value();
}

Result<> Transaction::commit() {
  TRY_VOID(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace pawl::store

// Errors are values: a code from the one table (error_codes.def), and a sentence in `detail` for
// the person who can fix it. Result<T> is what every function that can fail returns; it may not be
// discarded. Exceptions are left for what cannot go on (out of memory, a broken invariant).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace pawl {

enum class Code : std::uint8_t {
#define PAWL_CODE(name, text, retry, status, report, exit) name,
#include "base/error_codes.def"
#undef PAWL_CODE
};

enum class Retry : std::uint8_t { temporary, permanent, policy, usage, internal };

struct CodeRow {
  std::string_view name;  // as spelled in the table, stable: logs and JSON carry it
  std::string_view text;  // one clause without a full stop
  Retry retry;
  std::string_view enhanced_status;  // RFC 3463, "4.7.5"
  std::string_view report_type;      // RFC 8460 section 4.3 result type, empty if none
  int exit_status;                   // sysexits.h
};

const CodeRow& row(Code code);

struct Error {
  Error(Code c, std::string d) : code(c), detail(std::move(d)) {}
  Code code;
  std::string detail;  // what was seen, where; empty if the table's text says it all

  // "the certificate is for another name: mx1.example.org has mail.example.net"
  std::string sentence() const;
};

template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  const Error& error() const& { return std::expected<T, Error>::error(); }
  Error&& error() && { return std::move(*this).std::template expected<T, Error>::error(); }
};

inline std::unexpected<Error> fail(Code code, std::string detail = {}) {
  return std::unexpected<Error>(Error(code, std::move(detail)));
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

}  // namespace pawl

// TRY(auto x, f()) declares x from a Result or returns its error; TRY_VOID(f()) for Result<>.
// CO_TRY, CO_TRY_VOID do the same in a coroutine (write the co_await inside).
#define PAWL_CONCAT_(a, b) a##b
#define PAWL_CONCAT(a, b) PAWL_CONCAT_(a, b)
#define PAWL_TRY_(declaration, expression, temporary, leave)        \
  auto temporary = (expression);                                    \
  if (!temporary) leave ::pawl::fail(std::move(temporary).error()); \
  declaration = *std::move(temporary)
#define PAWL_TRY_VOID_(expression, temporary, leave) \
  if (auto temporary = (expression); !temporary) leave ::pawl::fail(std::move(temporary).error())
#define TRY(declaration, expression) \
  PAWL_TRY_(declaration, expression, PAWL_CONCAT(try_, __COUNTER__), return)
#define TRY_VOID(expression) PAWL_TRY_VOID_(expression, PAWL_CONCAT(try_, __COUNTER__), return)
#define CO_TRY(declaration, expression) \
  PAWL_TRY_(declaration, expression, PAWL_CONCAT(try_, __COUNTER__), co_return)
#define CO_TRY_VOID(expression) \
  PAWL_TRY_VOID_(expression, PAWL_CONCAT(try_, __COUNTER__), co_return)

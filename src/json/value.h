// JSON values, for every --json output and for what others send us as JSON. Members keep the order
// in which they were added: people read them. Numbers are whole (nothing of ours is a fraction);
// strings are written as valid UTF-8 whatever bytes they hold. rfc8259#1.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace pawl::json {

struct Member;
class Value;
using Array = std::vector<Value>;
using Object = std::vector<Member>;

class Value {
 public:
  // Defined below, where Member is complete.
  Value();  // null
  Value(bool value);
  Value(std::integral auto value);
  Value(const char* text);
  Value(std::string_view text);
  Value(std::string text);
  Value(Array array);
  Value(Object object);
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();
  static Value array(const std::vector<std::string>& texts);

  // Null if it is something else.
  const bool* if_bool() const { return std::get_if<bool>(&value_); }
  const std::int64_t* if_integer() const { return std::get_if<std::int64_t>(&value_); }
  const std::string* if_string() const { return std::get_if<std::string>(&value_); }
  const Array* if_array() const { return std::get_if<Array>(&value_); }
  const Object* if_object() const { return std::get_if<Object>(&value_); }
  const Value* find(std::string_view name) const;  // a member; null if none, or if no object

  bool operator==(const Value&) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::string, Array, Object> value_;
};

struct Member {
  std::string name;
  Value value;
  bool operator==(const Member&) const = default;
};

inline Value::Value() = default;
inline Value::Value(bool value) : value_(value) {}
inline Value::Value(std::integral auto value) : value_(static_cast<std::int64_t>(value)) {}
inline Value::Value(const char* text) : value_(std::string(text)) {}
inline Value::Value(std::string_view text) : value_(std::string(text)) {}
inline Value::Value(std::string text) : value_(std::move(text)) {}
inline Value::Value(Array array) : value_(std::move(array)) {}
inline Value::Value(Object object) : value_(std::move(object)) {}
inline Value::Value(const Value&) = default;
inline Value::Value(Value&&) noexcept = default;
inline Value& Value::operator=(const Value&) = default;
inline Value& Value::operator=(Value&&) noexcept = default;
inline Value::~Value() = default;

// Indented by two spaces a level, with a line end at the end: for a person and a file.
std::string write(const Value& value);
// Without spaces and line ends: one record per line.
std::string write_line(const Value& value);

// Errors: Code::syntax with the place. Depth is limited to 32; a number that is not whole, or too
// large, is an error; of members with one name the last counts.
Result<Value> parse(std::string_view text);

}  // namespace pawl::json

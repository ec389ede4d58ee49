#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>

#include "json/value.h"

namespace pawl::json {

namespace {

Result<Value> convert(const boost::json::value& from) {
  switch (from.kind()) {
    case boost::json::kind::null:
      return Value();
    case boost::json::kind::bool_:
      return Value(from.get_bool());
    case boost::json::kind::int64:
      return Value(from.get_int64());
    case boost::json::kind::string:
      return Value(std::string(from.get_string()));
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return fail(Code::syntax, "JSON: a number is not whole or is too large");
    case boost::json::kind::array: {
      Array array;
      for (const auto& item : from.get_array()) {
        TRY(Value value, convert(item));
        array.push_back(std::move(value));
      }
      return Value(std::move(array));
    }
    case boost::json::kind::object: {
      Object object;
      for (const auto& member : from.get_object()) {
        TRY(Value value, convert(member.value()));
        object.push_back({std::string(member.key()), std::move(value)});
      }
      return Value(std::move(object));
    }
  }
  return fail(Code::internal, "JSON: a kind that is not known");
}

}  // namespace

Result<Value> parse(std::string_view text) {
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = 32;
  boost::json::stream_parser parser({}, options);
  std::size_t read = parser.write_some(text.data(), text.size(), error);
  if (!error && read < text.size()) error = boost::json::error::extra_data;
  if (!error) parser.finish(error);
  if (error) {
    return fail(Code::syntax, "JSON, at byte " + std::to_string(read) + ": " + error.message());
  }
  return convert(parser.release());
}

}  // namespace pawl::json

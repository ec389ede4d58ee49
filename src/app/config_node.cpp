// The one unit that includes toml++ (1.3 s to compile).
#include "app/config_node.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace pawl::app {

namespace {

Place place_of(const toml::source_region& source) {
  return {static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

ConfigNode convert(const toml::node& node);

void convert_table(const toml::table& table, ConfigNode& out) {
  out.kind = ConfigNode::Kind::table;
  for (const auto& [key, value] : table) {
    out.members.push_back({std::string(key.str()), place_of(key.source()), convert(value)});
  }
  // toml++ sorts by key; complaints and origins follow the file.
  std::ranges::sort(out.members, [](const ConfigMember& a, const ConfigMember& b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
}

template <class T>
std::string written(const T& value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
}

ConfigNode convert(const toml::node& node) {
  ConfigNode out;
  out.place = place_of(node.source());
  if (const toml::table* table = node.as_table()) {
    convert_table(*table, out);
  } else if (const toml::array* array = node.as_array()) {
    out.kind = ConfigNode::Kind::list;
    for (const toml::node& item : *array) out.items.push_back(convert(item));
  } else if (const auto* text = node.as_string()) {
    out.kind = ConfigNode::Kind::text;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = ConfigNode::Kind::integer;
    out.integer = integer->get();
    out.text = fmt::format("{}", out.integer);
  } else if (const auto* boolean = node.as_boolean()) {
    out.kind = ConfigNode::Kind::boolean;
    out.integer = boolean->get() ? 1 : 0;
    out.text = boolean->get() ? "true" : "false";
  } else if (const auto* real = node.as_floating_point()) {
    out.kind = ConfigNode::Kind::real;
    out.text = written(real->get());
  } else {
    out.kind = ConfigNode::Kind::date;
    if (const auto* date_time = node.as_date_time()) out.text = written(date_time->get());
    if (const auto* date = node.as_date()) out.text = written(date->get());
    if (const auto* time = node.as_time()) out.text = written(time->get());
  }
  return out;
}

}  // namespace

std::string_view name(ConfigNode::Kind kind) {
  constexpr std::array<std::string_view, 7> kNames = {
      "a text", "a number", "a fraction", "true or false", "a date", "a list", "a table"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string ConfigProblem::sentence(std::string_view file) const {
  std::string text = fmt::format("{}:{}:{}: ", file, place.line, place.column);
  if (!key.empty()) text += key + ": ";
  text += "found " + found;
  if (!allowed.empty()) text += "; allowed: " + allowed;
  if (!meant.empty()) text += fmt::format("; did you mean \"{}\"?", meant);
  return text;
}

std::expected<ConfigNode, ConfigProblem> parse_toml(std::string_view text) {
  try {
    ConfigNode root;
    convert_table(toml::parse(text), root);
    return root;
  } catch (const toml::parse_error& error) {
    ConfigProblem problem;
    problem.place = place_of(error.source());
    problem.found = fmt::format("what is not TOML ({})", error.description());
    problem.allowed = "key = value, [section] and [[section]] lines, see `pawl config doc`";
    return std::unexpected(std::move(problem));
  }
}

}  // namespace pawl::app

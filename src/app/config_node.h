// A TOML document as a plain tree with places, so that toml++ stays in one unit and every complaint
// can name line and column. Dates are kept as their text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pawl::app {

struct Place {
  int line = 0;  // from 1
  int column = 0;
};

struct ConfigMember;

struct ConfigNode {
  enum class Kind : unsigned char { text, integer, real, boolean, date, list, table };
  Kind kind = Kind::table;
  Place place;
  std::string text;               // text, date; for the others as it was written, for complaints
  std::int64_t integer = 0;       // integer; boolean as 0 or 1
  std::vector<ConfigNode> items;  // list
  std::vector<ConfigMember> members;  // table
};

struct ConfigMember {
  std::string key;
  Place place;  // of the key
  ConfigNode value;
};

std::string_view name(ConfigNode::Kind kind);  // "a text", "a number"

// What is wrong at one place of a configuration file.
struct ConfigProblem {
  Place place;
  std::string key;      // "listen.tls"
  std::string found;    // what stands there
  std::string allowed;  // what may stand there
  std::string meant;    // the nearest that may, empty if none is near
  // "pawl.toml:3:7: listen.tls: found "ssl"; allowed: ...; did you mean "..."?"
  std::string sentence(std::string_view file) const;
};

// Errors of grammar are one problem; `file` only names it.
std::expected<ConfigNode, ConfigProblem> parse_toml(std::string_view text);

}  // namespace pawl::app

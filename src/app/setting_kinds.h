// How each kind of value is written in the configuration: what is allowed, read, show.
// read() returns what was wrong with the text, for ConfigProblem::found; the place and the rest of
// the complaint are the table's.
#pragma once

#include <fmt/format.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config_node.h"
#include "app/settings.h"

namespace pawl::app {

// Nothing: it was read. Otherwise what was found, in words.
using Wrong = std::optional<std::string>;

std::string found_text(const ConfigNode& node);  // "\"ssl\"", "a list"
std::string toml_quote(std::string_view text);

struct Text {
  static std::string allowed() { return "a text"; }
  static Wrong read(const ConfigNode& node, std::string& to);
  static std::string show(const std::string& value) { return toml_quote(value); }
};

struct Flag {
  static std::string allowed() { return "true or false"; }
  static Wrong read(const ConfigNode& node, bool& to);
  static std::string show(bool value) { return value ? "true" : "false"; }
};

struct Count {
  static std::string allowed() { return "a whole number from 0 to 1000000"; }
  static Wrong read(const ConfigNode& node, std::uint64_t& to);
  static std::string show(std::uint64_t value) { return fmt::format("{}", value); }
};

struct Size {
  static std::string allowed() { return "a size: \"64KiB\", \"50MiB\", \"1GiB\", or bytes"; }
  static Wrong read(const ConfigNode& node, std::uint64_t& to);
  static std::string show(std::uint64_t value);
};

struct Duration {
  static std::string allowed() { return "a duration: \"90s\", \"30m\", \"4h\", \"5d\""; }
  static Wrong read(const ConfigNode& node, Seconds& to);
  static std::string show(Seconds value);
};

struct Date {
  static std::string allowed() { return "a date: 2027-01-31 or 2027-01-31T12:00:00Z"; }
  static Wrong read(const ConfigNode& node, WallTime& to);
  static std::string show(WallTime value);
};

struct Address {
  static std::string allowed() {
    return "an address with a port: \"127.0.0.1:25\", \"[2001:db8::1]:25\"";
  }
  static Wrong read(const ConfigNode& node, Endpoint& to);
  static std::string show(const Endpoint& value) { return toml_quote(value.text()); }
};

struct AddressRange {
  static std::string allowed() { return "a network: \"10.0.0.0/8\", \"2001:db8::/32\""; }
  static Wrong read(const ConfigNode& node, Network& to);
  static std::string show(const Network& value) { return toml_quote(value.text()); }
};

struct Domain {
  static std::string allowed() { return "a domain: \"example.org\""; }
  static Wrong read(const ConfigNode& node, dns::Name& to);
  static std::string show(const dns::Name& value) { return toml_quote(value.text()); }
};

// What a rule, an exception or a route is for; kept in canonical form.
struct Pattern {
  static std::string allowed() {
    return "\"example.org\", \".example.org\" (any subdomain), or \"*\" (all)";
  }
  static Wrong read(const ConfigNode& node, std::string& to);
  static std::string show(const std::string& value) { return toml_quote(value); }
};

struct Fingerprint {
  static std::string allowed() { return "SHA-256 in hex, 64 digits, colons allowed"; }
  static Wrong read(const ConfigNode& node, std::string& to);
  static std::string show(const std::string& value) { return toml_quote(value); }
};

struct Hop {
  static std::string allowed() {
    return "\"example.org\" (by MX), \"[mail.example.org]:587\", "
           "\"smtps:[mail.example.org]:465\", \"lmtp:[127.0.0.1]:24\"";
  }
  static Wrong read(const ConfigNode& node, relay::NextHop& to);
  static std::string show(const relay::NextHop& value) { return toml_quote(value.key()); }
};

struct StoreUrl {
  static std::string allowed() { return "\"sqlite:PATH\""; }
  static Wrong read(const ConfigNode& node, std::string& to);
  static std::string show(const std::string& value) { return toml_quote(value); }
};

template <class Kind>
struct Optional {
  static std::string allowed() { return Kind::allowed(); }
  template <class T>
  static Wrong read(const ConfigNode& node, std::optional<T>& to) {
    return Kind::read(node, to.emplace());
  }
  template <class T>
  static std::string show(const std::optional<T>& value) {
    return value ? Kind::show(*value) : "";
  }
};

template <class Kind>
struct List {
  static std::string allowed() { return "a list, each " + Kind::allowed(); }
  template <class T>
  static Wrong read(const ConfigNode& node, std::vector<T>& to) {
    to.clear();
    if (node.kind != ConfigNode::Kind::list) return found_text(node);
    for (const ConfigNode& item : node.items) {
      if (Wrong wrong = Kind::read(item, to.emplace_back())) return wrong;
    }
    return std::nullopt;
  }
  template <class T>
  static std::string show(const std::vector<T>& values) {
    std::string text = "[";
    for (const T& value : values) text += (text.size() > 1 ? ", " : "") + Kind::show(value);
    return text + "]";
  }
};

// The values of an enumeration with their names.
template <class T>
using Choices = std::vector<std::pair<std::string_view, T>>;
const Choices<ListenTls>& choices(ListenTls);
const Choices<LineEndings>& choices(LineEndings);
const Choices<LogFormat>& choices(LogFormat);
const Choices<Severity>& choices(Severity);
const Choices<policy::Level>& choices(policy::Level);
const Choices<policy::Enforcement>& choices(policy::Enforcement);

template <class T>
struct Choice {
  static std::string allowed() {
    std::string text;
    for (const auto& [name, value] : choices(T{})) {
      text += (text.empty() ? "" : ", ") + toml_quote(name);
    }
    return text;
  }
  static Wrong read(const ConfigNode& node, T& to) {
    for (const auto& [name, value] : choices(T{})) {
      if (node.kind == ConfigNode::Kind::text && node.text == name) {
        to = value;
        return std::nullopt;
      }
    }
    return found_text(node);
  }
  static std::string show(T value) {
    for (const auto& [name, other] : choices(T{})) {
      if (other == value) return toml_quote(name);
    }
    return "";
  }
};

}  // namespace pawl::app

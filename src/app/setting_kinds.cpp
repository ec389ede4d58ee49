#include "app/setting_kinds.h"

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace pawl::app {

namespace {

struct Unit {
  std::string_view suffix;
  std::uint64_t factor;
};
constexpr std::array kSizes = {Unit{"GiB", 1ULL << 30U}, Unit{"MiB", 1ULL << 20U},
                               Unit{"KiB", 1ULL << 10U}, Unit{"B", 1}};
constexpr std::array kDurations = {Unit{"d", 86400}, Unit{"h", 3600}, Unit{"m", 60}, Unit{"s", 1}};
constexpr std::uint64_t kMaxCount = 1'000'000;
constexpr std::uint64_t kMaxSize = 1ULL << 40U;
constexpr std::uint64_t kMaxSeconds = 10ULL * 366 * 86400;

// "50MiB" -> 50 * 2^20; nothing if the text is not a number and one of the units.
std::optional<std::uint64_t> scaled(std::string_view text, std::span<const Unit> units,
                                    std::uint64_t limit) {
  for (const Unit& unit : units) {
    if (!text.ends_with(unit.suffix)) continue;
    std::string_view digits = text.substr(0, text.size() - unit.suffix.size());
    if (auto number = parse_decimal(trim(digits), limit / unit.factor)) {
      return *number * unit.factor;
    }
  }
  return std::nullopt;
}

std::string unscaled(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value % unit.factor == 0 && value >= unit.factor) {
      return fmt::format("\"{}{}\"", value / unit.factor, unit.suffix);
    }
  }
  return fmt::format("\"0{}\"", units.back().suffix);
}

// Found, with the reason why it will not do.
template <class T>
Wrong parsed(const ConfigNode& node, Result<T> result, T& to) {
  if (result) {
    to = *std::move(result);
    return std::nullopt;
  }
  const std::string& why = result.error().detail;
  return why.empty() ? found_text(node) : fmt::format("{} ({})", found_text(node), why);
}

bool is_text(const ConfigNode& node) {
  return node.kind == ConfigNode::Kind::text;
}

}  // namespace

std::string toml_quote(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20 || u == 0x7f) {
      out += fmt::format("\\u{:04x}", u);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string found_text(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::text:
      return toml_quote(printable(node.text, 80));
    case ConfigNode::Kind::list:
    case ConfigNode::Kind::table:
      return std::string(name(node.kind));
    default:
      return node.text;
  }
}

Wrong Text::read(const ConfigNode& node, std::string& to) {
  if (!is_text(node)) return found_text(node);
  to = node.text;
  return std::nullopt;
}

Wrong Flag::read(const ConfigNode& node, bool& to) {
  if (node.kind != ConfigNode::Kind::boolean) return found_text(node);
  to = node.integer != 0;
  return std::nullopt;
}

Wrong Count::read(const ConfigNode& node, std::uint64_t& to) {
  if (node.kind != ConfigNode::Kind::integer || node.integer < 0 ||
      static_cast<std::uint64_t>(node.integer) > kMaxCount) {
    return found_text(node);
  }
  to = static_cast<std::uint64_t>(node.integer);
  return std::nullopt;
}

Wrong Size::read(const ConfigNode& node, std::uint64_t& to) {
  if (node.kind == ConfigNode::Kind::integer && node.integer >= 0) {
    to = std::min(static_cast<std::uint64_t>(node.integer), kMaxSize);
    return std::nullopt;
  }
  auto bytes = is_text(node) ? scaled(node.text, kSizes, kMaxSize) : std::nullopt;
  if (!bytes) return found_text(node);
  to = *bytes;
  return std::nullopt;
}

std::string Size::show(std::uint64_t value) {
  return unscaled(value, kSizes);
}

Wrong Duration::read(const ConfigNode& node, Seconds& to) {
  auto seconds = is_text(node) ? scaled(node.text, kDurations, kMaxSeconds) : std::nullopt;
  if (!seconds) return found_text(node);
  to = Seconds(*seconds);
  return std::nullopt;
}

std::string Duration::show(Seconds value) {
  return unscaled(static_cast<std::uint64_t>(value.count()), kDurations);
}

Wrong Date::read(const ConfigNode& node, WallTime& to) {
  if (!is_text(node) && node.kind != ConfigNode::Kind::date) return found_text(node);
  std::string text = node.text;
  if (text.size() == 10) text += "T00:00:00Z";
  return parsed(node, parse_rfc3339(text), to);
}

std::string Date::show(WallTime value) {
  return format_rfc3339(value);
}

Wrong Address::read(const ConfigNode& node, Endpoint& to) {
  return is_text(node) ? parsed(node, Endpoint::parse(node.text), to) : found_text(node);
}

Wrong AddressRange::read(const ConfigNode& node, Network& to) {
  return is_text(node) ? parsed(node, Network::parse(node.text), to) : found_text(node);
}

Wrong Domain::read(const ConfigNode& node, dns::Name& to) {
  return is_text(node) ? parsed(node, dns::Name::parse(node.text), to) : found_text(node);
}

Wrong Pattern::read(const ConfigNode& node, std::string& to) {
  if (!is_text(node) || node.text.empty()) return found_text(node);
  if (node.text == "*") {
    to = node.text;
    return std::nullopt;
  }
  if (node.text.find('*') != std::string::npos) return found_text(node);
  bool subdomains = node.text.starts_with('.');
  dns::Name domain;
  if (Wrong wrong = parsed(node, dns::Name::parse(node.text.substr(subdomains ? 1 : 0)), domain)) {
    return wrong;
  }
  if (domain.is_root()) return found_text(node);
  to = (subdomains ? "." : "") + domain.text();
  return std::nullopt;
}

Wrong Fingerprint::read(const ConfigNode& node, std::string& to) {
  if (!is_text(node)) return found_text(node);
  std::string digits = to_lower(node.text);
  std::erase(digits, ':');
  bool hex = std::ranges::all_of(
      digits, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (!hex || digits.size() != 64) return found_text(node);
  to = digits;
  return std::nullopt;
}

Wrong Hop::read(const ConfigNode& node, relay::NextHop& to) {
  return is_text(node) ? parsed(node, relay::NextHop::parse(node.text), to) : found_text(node);
}

Wrong StoreUrl::read(const ConfigNode& node, std::string& to) {
  if (!is_text(node) || !node.text.starts_with("sqlite:") || node.text.size() <= 7) {
    return found_text(node);
  }
  to = node.text;
  return std::nullopt;
}

const Choices<ListenTls>& choices(ListenTls) {
  static const Choices<ListenTls> kAll = {{"starttls", ListenTls::starttls},
                                          {"implicit", ListenTls::implicit},
                                          {"none", ListenTls::none}};
  return kAll;
}

const Choices<LineEndings>& choices(LineEndings) {
  static const Choices<LineEndings> kAll = {{"refuse", LineEndings::refuse},
                                            {"normalize", LineEndings::normalize}};
  return kAll;
}

const Choices<LogFormat>& choices(LogFormat) {
  static const Choices<LogFormat> kAll = {{"text", LogFormat::text}, {"json", LogFormat::json}};
  return kAll;
}

const Choices<Severity>& choices(Severity) {
  static const Choices<Severity> kAll = {
      {"debug", Severity::debug},     {"info", Severity::info},   {"notice", Severity::notice},
      {"warning", Severity::warning}, {"alert", Severity::alert}, {"error", Severity::error}};
  return kAll;
}

const Choices<policy::Level>& choices(policy::Level) {
  using policy::Level;
  static const Choices<Level> kAll = {{"none", Level::none},
                                      {"may", Level::may},
                                      {"encrypt", Level::encrypt},
                                      {"dane-only", Level::dane_only},
                                      {"verify", Level::verify},
                                      {"secure", Level::secure},
                                      {"fingerprint", Level::fingerprint}};
  return kAll;
}

const Choices<policy::Enforcement>& choices(policy::Enforcement) {
  static const Choices<policy::Enforcement> kAll = {{"enforce", policy::Enforcement::enforce},
                                                    {"observe", policy::Enforcement::observe}};
  return kAll;
}

}  // namespace pawl::app

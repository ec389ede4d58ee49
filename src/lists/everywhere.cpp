#include "lists/everywhere.h"

#include <algorithm>

#include "base/text.h"
#include "json/value.h"
#include "mta_sts/match.h"

namespace pawl::lists {

namespace {

// "2020-05-20T15:26:16.505142-07:00": the lists were written by Go and Python, with fractions and
// offsets that parse_rfc3339 does not take. A number is seconds since 1970, as in the first lists.
Result<WallTime> parse_time(const json::Value* value, const std::string& name) {
  if (value == nullptr) return fail(Code::syntax, "there is no \"" + name + "\"");
  if (const std::int64_t* seconds = value->if_integer()) {
    if (*seconds < 0 || *seconds > 253402300799) return fail(Code::syntax, name + ": no such time");
    return WallTime(Seconds(*seconds));
  }
  const std::string* text = value->if_string();
  if (text == nullptr || text->size() < 19) return fail(Code::syntax, name + " is no time");
  TRY(const WallTime local, parse_rfc3339(text->substr(0, 19) + "Z"));
  std::string_view zone = std::string_view(*text).substr(19);
  if (zone.starts_with('.')) {
    zone.remove_prefix(1);
    zone.remove_prefix(std::min(zone.find_first_not_of("0123456789"), zone.size()));
  }
  if (zone.empty() || zone == "Z") return local;
  const bool ahead = zone.front() == '+';
  if ((!ahead && zone.front() != '-') || zone.size() != 6 || zone[3] != ':') {
    return fail(Code::syntax, name + ": no zone: " + printable(zone, 20));
  }
  const auto hours = parse_decimal(zone.substr(1, 2), 23);
  const auto minutes = parse_decimal(zone.substr(4, 2), 59);
  if (!hours || !minutes) return fail(Code::syntax, name + ": no zone: " + printable(zone, 20));
  const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return ahead ? local - offset : local + offset;
}

// Nothing: `value` is no entry; `why` says so.
std::optional<Entry> parse_entry(const json::Value& value, std::string& why) {
  Entry entry;
  const json::Value* mode = value.find("mode");
  const std::string* mode_text = mode ? mode->if_string() : nullptr;
  if (mode_text == nullptr) {
    why = "it has no mode";
    return {};
  }
  if (*mode_text == "enforce") {
    entry.mode = mta_sts::Mode::enforce;
  } else if (*mode_text != "testing") {
    why = "its mode is \"" + printable(*mode_text, 30) + "\"";
    return {};
  }
  const json::Value* mxs = value.find("mxs");
  const json::Array* list = mxs ? mxs->if_array() : nullptr;
  if (list == nullptr || list->empty()) {
    why = "it names no MX hosts";
    return {};
  }
  for (const json::Value& one : *list) {
    const std::string* text = one.if_string();
    auto name = text ? dns::Name::parse(text->starts_with('.') ? text->substr(1) : *text)
                     : Result<dns::Name>(fail(Code::syntax));
    if (!name || name->is_root()) {
      why = "one of its MX hosts is no name";
      return {};
    }
    entry.mxs.push_back((text->starts_with('.') ? "." : "") + name->text());
  }
  return entry;
}

using Aliases = std::map<std::string, Entry>;

Aliases parse_aliases(const json::Value* object, PolicyList& list) {
  Aliases aliases;
  const json::Object* members = object ? object->if_object() : nullptr;
  if (members == nullptr) return aliases;
  for (const json::Member& member : *members) {
    std::string why;
    if (auto entry = parse_entry(member.value, why)) {
      aliases.insert_or_assign(member.name, *std::move(entry));
    } else {
      list.warnings.push_back("alias " + printable(member.name, 60) + ": " + why);
    }
  }
  return aliases;
}

std::optional<Entry> parse_policy(const json::Value& value, const Aliases& aliases,
                                  std::string& why) {
  const json::Value* alias = value.find("policy-alias");
  const std::string* alias_name = alias ? alias->if_string() : nullptr;
  if (alias_name == nullptr) return parse_entry(value, why);
  const auto found = aliases.find(*alias_name);
  if (found != aliases.end()) return found->second;
  why = "there is no alias \"" + printable(*alias_name, 60) + "\"";
  return {};
}

}  // namespace

Result<PolicyList> parse_everywhere_list(std::string_view text) {
  if (text.size() > kListBytes) return fail(Code::too_large, "the policy list");
  TRY(const json::Value root, json::parse(text));
  const json::Value* version = root.find("version");
  const std::string* version_text = version ? version->if_string() : nullptr;
  if (version_text == nullptr) return fail(Code::syntax, "the policy list names no version");
  if (*version_text != "0.1") {
    return fail(Code::unsupported, "policy list version " + printable(*version_text, 20));
  }
  PolicyList list;
  TRY(list.timestamp, parse_time(root.find("timestamp"), "timestamp"));
  TRY(list.expires, parse_time(root.find("expires"), "expires"));
  if (const json::Value* author = root.find("author"); author && author->if_string()) {
    list.author = printable(*author->if_string(), 100);
  }
  const Aliases aliases = parse_aliases(root.find("policy-aliases"), list);
  const json::Value* policies = root.find("policies");
  const json::Object* members = policies ? policies->if_object() : nullptr;
  if (members == nullptr) return fail(Code::syntax, "the policy list has no policies");
  if (members->size() > kListEntries) return fail(Code::too_large, "entries of the policy list");
  for (const json::Member& member : *members) {
    std::string why = "it is no domain name";
    auto domain = dns::Name::parse(member.name);
    auto entry = domain ? parse_policy(member.value, aliases, why) : std::optional<Entry>();
    if (entry) {
      list.policies.insert_or_assign(*domain, *std::move(entry));
    } else {
      list.warnings.push_back(printable(member.name, 100) + ": " + why);
    }
  }
  return list;
}

const Entry* find(const PolicyList& list, const dns::Name& domain) {
  const auto found = list.policies.find(domain);
  return found == list.policies.end() ? nullptr : &found->second;
}

bool names(const Entry& entry, const dns::Name& mx_host) {
  return std::ranges::any_of(entry.mxs, [&](const std::string& pattern) {
    return mta_sts::matches(pattern.starts_with('.') ? "*" + pattern : pattern, mx_host);
  });
}

}  // namespace pawl::lists

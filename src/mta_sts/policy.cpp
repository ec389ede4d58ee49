#include "mta_sts/policy.h"

#include <algorithm>

#include "base/ip_address.h"
#include "base/limits.h"
#include "base/text.h"

namespace pawl::mta_sts {

std::string_view name(Mode mode) {
  switch (mode) {
    case Mode::enforce:
      return "enforce";
    case Mode::testing:
      return "testing";
    case Mode::none:
      return "none";
  }
  return "";
}

namespace {

bool is_key(std::string_view text) {
  auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= 32 && alphanumeric(text.front()) &&
         std::ranges::all_of(
             text, [&](char c) { return alphanumeric(c) || c == '_' || c == '-' || c == '.'; });
}

std::optional<Mode> parse_mode(std::string_view text) {
  for (Mode mode : {Mode::enforce, Mode::testing, Mode::none}) {
    if (text == name(mode)) return mode;  // %s"enforce": case matters
  }
  return std::nullopt;
}

// ["*."] Domain, rfc8461#3.2. The canonical form, or nothing: an address is no domain, and a
// pattern without a domain behind the '*' would name every host of every one-label name.
std::optional<std::string> parse_mx_pattern(std::string_view text) {
  if (IpAddress::parse(text)) return std::nullopt;
  auto pattern = dns::Name::parse(text);
  if (!pattern || pattern->is_root() || pattern->text() == "*") return std::nullopt;
  return pattern->text();
}

class Parser {
 public:
  Result<Policy> parse(std::string_view text) {
    if (text.size() > limits::kStsPolicyBytes) {
      return fail(Code::sts_policy_invalid,
                  "it is longer than " + std::to_string(limits::kStsPolicyBytes) + " bytes");
    }
    int number = 0;
    for (std::string_view rest = text; !rest.empty();) {
      std::size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      TRY_VOID(field(line, ++number));
    }
    return finish();
  }

 private:
  std::unexpected<Error> invalid(int number, const std::string& why) const {
    return fail(Code::sts_policy_invalid, "line " + std::to_string(number) + ": " + why);
  }
  void warn(int number, const std::string& what) {
    if (policy_.warnings.size() < 32) {
      policy_.warnings.push_back("line " + std::to_string(number) + ": " + what);
    }
  }

  Result<> field(std::string_view line, int number) {
    if (trim(line).empty()) {  // not in the grammar, and common at the end of a file
      warn(number, "the line is empty");
      return {};
    }
    std::size_t colon = line.find(':');
    std::string_view key = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_key(key)) {
      return invalid(number, "\"" + printable(line, 60) + "\" is not \"key: value\"");
    }
    std::string_view value = trim(line.substr(colon + 1));
    if (key == "mx") return mx(value, number);
    if (key != "version" && key != "mode" && key != "max_age") return {};  // rfc8461#3.2: ignored
    return single(key, value, number);
  }

  // A field that may stand once: all entries but the first are ignored (rfc8461#3.2).
  Result<> single(std::string_view key, std::string_view value, int number) {
    bool first = key == "version" ? !version_ : key == "mode" ? !mode_ : !max_age_;
    if (!first) {
      warn(number, "a second " + std::string(key) + " is ignored");
      return {};
    }
    std::string shown = "\"" + printable(value, 40) + "\"";
    if (key == "version") {
      if (value != "STSv1") return invalid(number, "the version is " + shown + ", not STSv1");
      version_ = true;
    } else if (key == "mode") {
      mode_ = parse_mode(value);
      if (!mode_) return invalid(number, "the mode is " + shown + ", not enforce, testing or none");
    } else {
      // 1*10(DIGIT), and anything above a year counts as a year.
      auto seconds = value.size() <= 10 ? parse_decimal(value, 9'999'999'999) : std::nullopt;
      if (!seconds) return invalid(number, "max_age is " + shown + ", not 1 to 10 digits");
      max_age_ = Seconds(static_cast<Seconds::rep>(*seconds));
      if (*max_age_ > kMaxAge) {
        warn(number,
             "max_age is more than a year and counts as " + std::to_string(kMaxAge.count()));
        max_age_ = kMaxAge;
      }
    }
    return {};
  }

  Result<> mx(std::string_view value, int number) {
    if (++mx_lines_ > limits::kStsMxPatterns) {
      return invalid(number, "more than " + std::to_string(limits::kStsMxPatterns) + " mx lines");
    }
    auto pattern = parse_mx_pattern(value);
    if (!pattern) {
      warn(number, "mx \"" + printable(value, 80) +
                       "\" is not a host name or \"*.\" and a domain: it matches nothing");
    } else {
      policy_.mx.push_back(*std::move(pattern));
    }
    return {};
  }

  Result<Policy> finish() {
    if (!version_) return fail(Code::sts_policy_invalid, "there is no \"version: STSv1\"");
    if (!mode_) return fail(Code::sts_policy_invalid, "there is no mode");
    if (!max_age_) return fail(Code::sts_policy_invalid, "there is no max_age");
    if (*mode_ != Mode::none && policy_.mx.empty()) {
      std::string why = "mode " + std::string(name(*mode_)) + " needs an mx line with a host name";
      for (const std::string& warning : policy_.warnings) why += "; " + warning;
      return fail(Code::sts_policy_invalid, why);
    }
    policy_.mode = *mode_;
    policy_.max_age = *max_age_;
    return std::move(policy_);
  }

  Policy policy_;
  bool version_ = false;
  std::optional<Mode> mode_;
  std::optional<Seconds> max_age_;
  std::size_t mx_lines_ = 0;
};

}  // namespace

Result<Policy> parse_policy(std::string_view text) {
  return Parser().parse(text);
}

}  // namespace pawl::mta_sts

#include "tlsrpt/record.h"

#include <algorithm>

#include "base/text.h"

namespace pawl::tlsrpt {

namespace {

constexpr std::string_view kVersion = "v=TLSRPTv1";

std::unexpected<Error> invalid(std::string_view text, const std::string& why) {
  return fail(Code::tlsrpt_record_invalid, why + " in \"" + printable(text) + "\"");
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// tlsrpt-ext-name and tlsrpt-ext-value of rfc8460#3
bool is_extension(std::string_view field) {
  const auto equals = field.find('=');
  if (equals == std::string_view::npos) return false;
  const auto name = field.substr(0, equals);
  const auto value = field.substr(equals + 1);
  return !name.empty() && name.size() <= 32 && is_alphanumeric(name.front()) &&
         std::ranges::all_of(
             name, [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; }) &&
         !value.empty() &&
         std::ranges::all_of(value, [](char c) { return c > ' ' && c <= '~' && c != '='; });
}

bool is_uri_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_mail_address(std::string_view text) {
  const auto at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size();
}

// One of a list of destinations.
Result<> take_destination(std::string_view uri, std::string_view record, Record& into) {
  if (uri.empty()) return invalid(record, "an empty destination");
  if (!is_uri_text(uri)) return invalid(record, "a destination with a blank or control character");
  if (starts_with_ignoring_case(uri, "mailto:")) {
    const auto address = uri.substr(7);
    if (!is_mail_address(address.substr(0, address.find('?')))) {
      return invalid(record, "\"" + printable(uri, 60) + "\" names no mail address");
    }
  } else if (starts_with_ignoring_case(uri, "https://")) {
    if (uri.size() == 8 || uri[8] == '/') {
      return invalid(record, "\"" + printable(uri, 60) + "\" names no host");
    }
  } else if (is_mail_address(uri)) {
    return invalid(record, "\"" + printable(uri, 60) + "\" lacks \"mailto:\"");
  } else {
    into.warnings.push_back("\"" + printable(uri, 60) + "\" is neither mailto: nor https:");
    return {};
  }
  into.rua.emplace_back(uri);
  return {};
}

}  // namespace

bool claims_to_be_tlsrpt(std::string_view text) {
  return text.starts_with(kVersion) && trim(text.substr(kVersion.size())).starts_with(';');
}

Result<Record> parse_record(std::string_view text) {
  if (!claims_to_be_tlsrpt(text)) return invalid(text, "it does not begin with \"v=TLSRPTv1;\"");
  const std::vector<std::string_view> fields = split(text, ';');
  Record record;
  bool has_rua = false;
  for (std::size_t i = 1; i < fields.size(); ++i) {
    const std::string_view field = trim(fields[i]);
    // One delimiter may end the record, and no field may be empty otherwise.
    if (field.empty() && i + 1 == fields.size() && i > 1) break;
    if (!field.starts_with("rua=")) {
      if (!is_extension(field)) {
        return invalid(text, "field \"" + printable(field, 40) + "\" is not NAME=VALUE");
      }
      continue;
    }
    if (has_rua) return invalid(text, "rua stands twice");
    has_rua = true;
    for (const std::string_view uri : split(field.substr(4), ',')) {
      TRY_VOID(take_destination(trim(uri), text, record));
    }
  }
  if (!has_rua) return invalid(text, "there is no rua");
  if (record.rua.empty()) return invalid(text, "no destination is mailto: or https:");
  return record;
}

Result<std::optional<Record>> choose_record(const std::vector<std::string>& txt_records) {
  std::vector<std::string_view> claims;
  for (const std::string& text : txt_records) {
    if (claims_to_be_tlsrpt(text)) claims.emplace_back(text);
  }
  if (claims.empty()) return std::optional<Record>();
  if (claims.size() > 1) {
    return fail(Code::tlsrpt_record_invalid,
                std::to_string(claims.size()) +
                    " records begin with v=TLSRPTv1, one is allowed: \"" +
                    printable(claims[0], 60) + "\", \"" + printable(claims[1], 60) + "\"");
  }
  TRY(Record record, parse_record(claims.front()));
  return std::optional<Record>(std::move(record));
}

}  // namespace pawl::tlsrpt

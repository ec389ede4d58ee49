#include <algorithm>

#include "base/text.h"
#include "mta_sts/policy.h"

namespace pawl::mta_sts {

namespace {

constexpr std::string_view kVersion = "v=STSv1";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_id(std::string_view value) {
  return !value.empty() && value.size() <= 32 && std::ranges::all_of(value, is_alphanumeric);
}

// sts-ext-name of rfc8461#3.1
bool is_field_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 && is_alphanumeric(text.front()) &&
         std::ranges::all_of(
             text, [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; });
}

// sts-ext-value of rfc8461#3.1: visible ASCII without '=' and ';'
bool is_field_value(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c <= '~' && c != '=' && c != ';';
  });
}

// Does the record claim to be MTA-STS? rfc8461#3.1 discards what does not begin with "v=STSv1;",
// while its grammar allows blanks before the ';': both are taken as a claim.
bool claims_to_be_sts(std::string_view text) {
  if (!text.starts_with(kVersion)) return false;
  return trim(text.substr(kVersion.size())).starts_with(';');
}

std::unexpected<Error> invalid(std::string_view text, const std::string& why) {
  return fail(Code::sts_record_invalid, why + " in \"" + printable(text) + "\"");
}

}  // namespace

Result<Record> parse_record(std::string_view text) {
  if (!claims_to_be_sts(text)) return invalid(text, "it does not begin with \"v=STSv1;\"");
  std::vector<std::string_view> fields = split(text, ';');
  std::optional<std::string> id;
  for (std::size_t i = 1; i < fields.size(); ++i) {
    std::string_view field = trim(fields[i]);
    // One delimiter may end the record, and no field may be empty otherwise.
    if (field.empty() && i + 1 == fields.size() && i > 1) break;
    std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) {
      return invalid(text, "field \"" + printable(field, 40) + "\" is not NAME=VALUE");
    }
    std::string_view field_name = field.substr(0, equals);
    std::string_view value = field.substr(equals + 1);
    if (field_name == "id" && !id) {
      if (!is_id(value)) return invalid(text, "the id is not 1 to 32 letters and digits");
      id = std::string(value);
    } else if (!is_field_name(field_name) || !is_field_value(value)) {
      return invalid(text, "field \"" + printable(field, 40) + "\" is not NAME=VALUE");
    }
  }
  if (!id) return invalid(text, "there is no id");
  return Record{*id};
}

Result<std::optional<Record>> choose_record(const std::vector<std::string>& txt_records) {
  std::vector<std::string_view> claims;
  for (const std::string& text : txt_records) {
    if (claims_to_be_sts(text)) claims.emplace_back(text);
  }
  if (claims.empty()) return std::optional<Record>();
  if (claims.size() > 1) {
    return fail(Code::sts_record_invalid,
                std::to_string(claims.size()) + " records begin with v=STSv1, one is allowed: \"" +
                    printable(claims[0], 60) + "\", \"" + printable(claims[1], 60) + "\"");
  }
  TRY(Record record, parse_record(claims.front()));
  return std::optional<Record>(std::move(record));
}

}  // namespace pawl::mta_sts

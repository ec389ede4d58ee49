#include "smtp/command.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "smtp/xtext.h"

namespace pawl::smtp {

namespace {

struct VerbRow {
  std::string_view name;
  Verb verb;
};
constexpr std::array kVerbs = {
    VerbRow{"MAIL", Verb::mail},       VerbRow{"RCPT", Verb::rcpt},
    VerbRow{"DATA", Verb::data},       VerbRow{"EHLO", Verb::ehlo},
    VerbRow{"QUIT", Verb::quit},       VerbRow{"STARTTLS", Verb::starttls},
    VerbRow{"RSET", Verb::rset},       VerbRow{"BDAT", Verb::bdat},
    VerbRow{"HELO", Verb::helo},       VerbRow{"AUTH", Verb::auth},
    VerbRow{"NOOP", Verb::noop},       VerbRow{"VRFY", Verb::vrfy},
    VerbRow{"EXPN", Verb::expn},       VerbRow{"HELP", Verb::help},
    VerbRow{"LHLO", Verb::lhlo},       VerbRow{"GET", Verb::foreign},
    VerbRow{"POST", Verb::foreign},    VerbRow{"PUT", Verb::foreign},
    VerbRow{"HEAD", Verb::foreign},    VerbRow{"CONNECT", Verb::foreign},
    VerbRow{"OPTIONS", Verb::foreign},
};

// rfc3461#4.4 and rfc3461#4.2, decoded.
constexpr std::size_t kEnvid = 100;
constexpr std::size_t kOrcpt = 500;

std::unexpected<std::string> refuse(std::string reply) {
  return std::unexpected<std::string>(std::move(reply));
}

// xtext can hide a CR or a NUL in "+0D"; decoded, it would reach the header of a DSN.
std::optional<std::string> printable_xtext(std::string_view coded) {
  auto text = from_xtext(coded);
  if (!text) return std::nullopt;
  for (char c : *text) {
    if (c < ' ' || c > '~') return std::nullopt;
  }
  return *std::move(text);
}

struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;
};

bool is_keyword(std::string_view text) {
  if (text.empty() || text[0] == '-') return false;
  for (char c : text) {
    char lower = ascii_lower(c);
    if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '-') return false;
  }
  return true;
}

Parsed<std::vector<Parameter>> split_parameters(std::string_view text, bool extensions) {
  std::vector<Parameter> parameters;
  if (text.empty()) return parameters;
  if (text[0] != ' ') return refuse("501 5.5.4 a space must follow the address");
  for (std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    if (!extensions) return refuse("555 5.5.4 parameters need EHLO");
    std::size_t equals = word.find('=');
    Parameter parameter{.keyword = word.substr(0, equals), .value = std::nullopt};
    if (equals != std::string_view::npos) parameter.value = word.substr(equals + 1);
    if (!is_keyword(parameter.keyword) || (parameter.value && parameter.value->empty())) {
      return refuse("501 5.5.4 a parameter is KEYWORD or KEYWORD=VALUE: " + printable(word, 40));
    }
    for (const Parameter& earlier : parameters) {
      if (equal_ignoring_case(earlier.keyword, parameter.keyword)) {
        return refuse("501 5.5.4 given twice: " + printable(parameter.keyword, 40));
      }
    }
    parameters.push_back(parameter);
  }
  return parameters;
}

std::string bad_value(const Parameter& parameter) {
  return "501 5.5.4 not a value of this parameter: " + printable(parameter.keyword, 40) + '=' +
         printable(parameter.value.value_or(""), 40);
}

std::string unknown_parameter(const Parameter& parameter) {
  return "555 5.5.4 not a parameter of this command here: " + printable(parameter.keyword, 40);
}

bool is(const Parameter& parameter, std::string_view keyword) {
  return equal_ignoring_case(parameter.keyword, keyword);
}

Parsed<void> apply(const Parameter& parameter, const Offered& offered, MailCommand& mail) {
  std::string_view value = parameter.value.value_or("");
  if (is(parameter, "SIZE")) {
    // rfc1870#6: up to 20 digits. What does not fit is larger than any limit.
    if (value.empty() || value.size() > 20 ||
        value.find_first_not_of("0123456789") != std::string_view::npos) {
      return refuse(bad_value(parameter));
    }
    mail.size = parse_decimal(value, UINT64_MAX).value_or(UINT64_MAX);
  } else if (is(parameter, "BODY")) {
    mail.eight_bit = equal_ignoring_case(value, "8BITMIME");
    if (!mail.eight_bit && !equal_ignoring_case(value, "7BIT")) return refuse(bad_value(parameter));
  } else if (is(parameter, "SMTPUTF8")) {
    if (parameter.value) return refuse(bad_value(parameter));
    mail.smtputf8 = true;
  } else if (is(parameter, "REQUIRETLS") && offered.require_tls) {
    if (parameter.value) return refuse(bad_value(parameter));
    mail.require_tls = true;
  } else if (is(parameter, "RET")) {
    if (!equal_ignoring_case(value, "FULL") && !equal_ignoring_case(value, "HDRS")) {
      return refuse(bad_value(parameter));
    }
    mail.ret = equal_ignoring_case(value, "FULL") ? Return::full : Return::headers;
  } else if (is(parameter, "ENVID")) {
    auto envid = printable_xtext(value);
    if (!envid || envid->empty() || envid->size() > kEnvid) return refuse(bad_value(parameter));
    mail.envid = *std::move(envid);
  } else if (is(parameter, "AUTH")) {
    // rfc4954#5: who submitted it elsewhere. We trust nobody's word for it, and say so by dropping
    // it.
    if (value != "<>" && !printable_xtext(value)) return refuse(bad_value(parameter));
  } else {
    return refuse(unknown_parameter(parameter));
  }
  return {};
}

Parsed<Notify> parse_notify(const Parameter& parameter) {
  Notify notify;
  int words = 0;
  for (std::string_view word : split(parameter.value.value_or(""), ',')) {
    bool* flag = equal_ignoring_case(word, "NEVER")     ? &notify.never
                 : equal_ignoring_case(word, "SUCCESS") ? &notify.success
                 : equal_ignoring_case(word, "FAILURE") ? &notify.failure
                 : equal_ignoring_case(word, "DELAY")   ? &notify.delay
                                                        : nullptr;
    if (flag == nullptr || *flag) return refuse(bad_value(parameter));
    *flag = true;
    ++words;
  }
  // NEVER stands alone (rfc3461#4.1).
  if (notify.never && words > 1) return refuse(bad_value(parameter));
  return notify;
}

// addr-type ";" xtext (rfc3461#4.2). With the utf-8 type (rfc6533#3) the text is not xtext and is
// kept as it came, so long as it is UTF-8 without controls.
Parsed<std::string> parse_orcpt(const Parameter& parameter, bool smtputf8) {
  std::string_view value = parameter.value.value_or("");
  std::size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos || !is_keyword(value.substr(0, semicolon)) ||
      value.size() > kOrcpt || semicolon + 1 == value.size()) {
    return refuse(bad_value(parameter));
  }
  std::string_view text = value.substr(semicolon + 1);
  std::string decoded(value.substr(0, semicolon + 1));
  if (equal_ignoring_case(value.substr(0, semicolon), "utf-8")) {
    bool control = std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
    if (control || !is_utf8(text) || (!smtputf8 && !is_ascii(text))) {
      return refuse(bad_value(parameter));
    }
    return decoded + std::string(text);
  }
  auto plain = printable_xtext(text);
  if (!plain) return refuse(bad_value(parameter));
  return decoded + *plain;
}

// "FROM:<joe@example.org> PARAMETERS": the keyword goes, and one or more spaces after the colon,
// which the grammar does not have and many clients send.
bool skip_keyword(std::string_view& argument, std::string_view keyword) {
  if (!starts_with_ignoring_case(argument, keyword)) return false;
  argument.remove_prefix(keyword.size());
  while (!argument.empty() && argument[0] == ' ') argument.remove_prefix(1);
  return true;
}

}  // namespace

Command split_command(std::string_view line) {
  std::size_t end = line.find_first_of(" \t");
  std::string_view verb = line.substr(0, end);
  Command command;
  if (end != std::string_view::npos) command.argument = line.substr(end);
  command.argument = trim(command.argument);
  for (const VerbRow& row : kVerbs) {
    if (equal_ignoring_case(row.name, verb)) command.verb = row.verb;
  }
  return command;
}

Parsed<MailCommand> parse_mail(std::string_view argument, const Offered& offered) {
  if (!skip_keyword(argument, "FROM:")) return refuse("501 5.5.4 say MAIL FROM:<address>");
  std::string_view rest = argument;
  auto path = parse_path(rest, Charset::utf8);
  if (!path) return refuse("553 5.1.7 " + path.error().detail);
  std::string_view written = argument.substr(0, argument.size() - rest.size());
  MailCommand mail;
  if (*path) {
    if (!(*path)->literal && (*path)->domain.is_root()) {
      return refuse("553 5.1.7 the sender's address has no domain");
    }
    mail.sender = (*path)->text();
  }
  auto parameters = split_parameters(rest, offered.extensions);
  if (!parameters) return refuse(std::move(parameters).error());
  for (const Parameter& parameter : *parameters) {
    if (auto applied = apply(parameter, offered, mail); !applied) return refuse(applied.error());
  }
  // rfc6531#3.5: refused here, or the next hop could only bounce what we had no right to take.
  if (!mail.smtputf8 && !is_ascii(written)) {
    return refuse("550 5.6.7 an internationalized address needs the SMTPUTF8 parameter");
  }
  return mail;
}

Parsed<Recipient> parse_rcpt(std::string_view argument, const Offered& offered, bool smtputf8) {
  if (!skip_keyword(argument, "TO:")) return refuse("501 5.5.4 say RCPT TO:<address>");
  std::string_view rest = argument;
  auto path = parse_path(rest, Charset::utf8);
  if (!path) return refuse("553 5.1.3 " + path.error().detail);
  if (!*path) return refuse("553 5.1.3 nobody receives mail at <>");
  if (!smtputf8 && !is_ascii(argument.substr(0, argument.size() - rest.size()))) {
    return refuse("553 5.6.7 an internationalized address needs SMTPUTF8 in MAIL");
  }
  Recipient recipient;
  recipient.domain = (*path)->domain;
  bool alone = !(*path)->literal && (*path)->domain.is_root();
  recipient.address = alone ? (*path)->local_part : (*path)->text();
  auto parameters = split_parameters(rest, offered.extensions);
  if (!parameters) return refuse(std::move(parameters).error());
  for (const Parameter& parameter : *parameters) {
    if (is(parameter, "NOTIFY")) {
      auto notify = parse_notify(parameter);
      if (!notify) return refuse(notify.error());
      recipient.notify = *notify;
    } else if (is(parameter, "ORCPT")) {
      auto orcpt = parse_orcpt(parameter, smtputf8);
      if (!orcpt) return refuse(orcpt.error());
      recipient.orcpt = *std::move(orcpt);
    } else {
      return refuse(unknown_parameter(parameter));
    }
  }
  return recipient;
}

Parsed<BdatCommand> parse_bdat(std::string_view argument) {
  std::size_t space = argument.find(' ');
  auto size = parse_decimal(argument.substr(0, space), UINT32_MAX);
  std::string_view word = space == std::string_view::npos ? "" : trim(argument.substr(space));
  if (!size || (!word.empty() && !equal_ignoring_case(word, "LAST"))) {
    return refuse("501 5.5.4 say BDAT SIZE or BDAT SIZE LAST");
  }
  return BdatCommand{.size = *size, .last = !word.empty()};
}

Parsed<std::string_view> parse_hello(std::string_view argument) {
  constexpr std::string_view kExtra = ".-_:[]";
  bool good = !argument.empty() && argument.size() <= 255;
  for (char c : argument) {
    char lower = ascii_lower(c);
    good = good && ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
                    kExtra.find(c) != std::string_view::npos);
  }
  if (!good) return refuse("501 5.5.4 say EHLO and your host name");
  return argument;
}

}  // namespace pawl::smtp

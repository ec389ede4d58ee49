#include "app/sendmail_options.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pawl::app {

namespace {

// sendmail's letters that take a value, attached or as the next word.
constexpr std::string_view kWithValue = "fFrNRVBCDLOXhpAo";
// Those that we act on; the others that take none are ignored.
constexpr std::string_view kWithoutValue = "tivnUGm";

std::unexpected<Error> wrong(const std::string& detail) {
  return fail(Code::invalid_argument, detail + "; `pawl send --help` lists the options");
}

Result<smtp::Notify> parse_notify(std::string_view text) {
  smtp::Notify notify;
  for (std::string_view word : split(text, ',')) {
    if (equal_ignoring_case(word, "never")) {
      notify.never = true;
    } else if (equal_ignoring_case(word, "success")) {
      notify.success = true;
    } else if (equal_ignoring_case(word, "failure")) {
      notify.failure = true;
    } else if (equal_ignoring_case(word, "delay")) {
      notify.delay = true;
    } else {
      return wrong(
          fmt::format("-N {}: allowed are never, or success, failure, delay", printable(text, 60)));
    }
  }
  if (notify.never && (notify.success || notify.failure || notify.delay)) {
    return wrong("-N: never stands alone");
  }
  return notify;
}

Result<> apply_letter(char letter, const std::string& value, SendmailOptions& options) {
  switch (letter) {
    case 't':
      options.recipients_from_header = true;
      return {};
    case 'i':
      options.dot_is_text = true;
      return {};
    case 'v':
      options.verbose = true;
      return {};
    case 'f':
    case 'r':
      options.sender = value == "<>" ? "" : value;
      return {};
    case 'F':
      options.full_name = value;
      return {};
    case 'N': {
      TRY(options.notify, parse_notify(value));
      return {};
    }
    case 'R':
      if (equal_ignoring_case(value, "full")) {
        options.ret = smtp::Return::full;
      } else if (equal_ignoring_case(value, "hdrs")) {
        options.ret = smtp::Return::headers;
      } else {
        return wrong(fmt::format("-R {}: allowed are full and hdrs", printable(value, 60)));
      }
      return {};
    case 'V':
      options.envid = value;
      return {};
    case 'o':
      if (value == "i") options.dot_is_text = true;
      if (value == "dq" || value == "db") options.queue = true;
      return {};
    default:
      return {};  // sendmail's, and nothing to us
  }
}

// -b says what to be. Only to send is ours.
Result<> apply_mode(std::string_view mode) {
  if (mode == "m") return {};
  if (mode == "p") return wrong("-bp shows the queue: use `pawl queue list`");
  if (mode == "s") return wrong("-bs speaks SMTP on standard input: use `pawl relay` and a port");
  if (mode == "d" || mode == "D") return wrong("-bd runs a server: use `pawl relay`");
  return wrong(fmt::format("-b{} is not supported", printable(mode, 20)));
}

Result<bool> apply_long(std::string_view word, std::span<const std::string> rest, std::size_t& at,
                        SendmailOptions& options) {
  std::string_view name = word.substr(2);
  std::optional<std::string> value;
  if (std::size_t equals = name.find('='); equals != std::string_view::npos) {
    value = std::string(name.substr(equals + 1));
    name = name.substr(0, equals);
  }
  auto flag = [&](std::string_view wanted, bool& to) {
    if (name != wanted || value) return false;
    to = true;
    return true;
  };
  if (flag("queue", options.queue) || flag("quiet", options.quiet) ||
      flag("verbose", options.verbose) || flag("require-tls", options.require_tls)) {
    return true;
  }
  if (name != "config" && name != "file" && name != "test-dial") return false;
  if (!value) {
    if (at + 1 >= rest.size()) return wrong(fmt::format("--{} needs a value", name));
    value = rest[++at];
  }
  if (name == "config") options.config = value;
  if (name == "file") options.file = value;
  if (name == "test-dial") options.test_dial.push_back(*value);
  return true;
}

}  // namespace

Result<SendmailOptions> parse_sendmail_options(std::span<const std::string> words) {
  SendmailOptions options;
  bool only_recipients = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_recipients || !word.starts_with('-') || word == "-") {
      options.recipients.push_back(word);
      continue;
    }
    if (word == "--") {
      only_recipients = true;
      continue;
    }
    if (word.starts_with("--")) {
      TRY(bool known, apply_long(word, words, i, options));
      if (!known) return wrong(fmt::format("there is no option {}", printable(word, 60)));
      continue;
    }
    if (word[1] == 'b') {
      TRY_VOID(apply_mode(word.substr(2)));
      continue;
    }
    // -q and -d may have a value attached, never as the next word.
    if (word[1] == 'q' || word[1] == 'd') continue;
    for (std::size_t at = 1; at < word.size(); ++at) {
      char letter = word[at];
      if (kWithValue.find(letter) != std::string_view::npos) {
        std::string value = word.substr(at + 1);
        if (value.empty()) {
          if (i + 1 >= words.size()) return wrong(fmt::format("-{} needs a value", letter));
          value = words[++i];
        }
        TRY_VOID(apply_letter(letter, value, options));
        break;
      }
      if (kWithoutValue.find(letter) == std::string_view::npos) {
        return wrong(fmt::format("there is no option -{}", printable(word.substr(at, 1))));
      }
      TRY_VOID(apply_letter(letter, "", options));
    }
  }
  return options;
}

}  // namespace pawl::app

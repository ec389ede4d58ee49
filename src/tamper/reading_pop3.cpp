// POP3 as an onlooker reads it (rfc1939#3, rfc2449#5).
#include "base/text.h"
#include "tamper/reader.h"

namespace pawl::tamper {

namespace {

bool says_unknown(std::string_view reply) {
  std::string lower = to_lower(reply);
  for (std::string_view word : {"unknown", "invalid", "unrecogni", "not implemented",
                                "unimplemented", "not supported", "bad command"}) {
    if (lower.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

void Reader::pop3_client(const Step& step) {
  if (continuation_) {
    continuation_ = false;
    ask({.verb = Verb::login, .line = step.text});
    return;
  }
  ask({.verb = verb_of(Family::pop3, step.text), .line = step.text});
}

void Reader::pop3_server(const Step& step) {
  std::string_view line = step.text;
  if (in_list_) {
    if (waited_) {
      close_list(List::End::open);
    } else if (line == ".") {
      return close_list(List::End::whole);
    } else {
      // A second reply where a list must stand: everything is answered one too late.
      if (tls_ && starts_with_ignoring_case(line, "+OK")) {
        reading_.first_in_tls = last_reply_;
        reading_.server_spoke_first = false;
      }
      reading_.lists.back().last_line = line;
      return add_entry(trim(line));
    }
  }
  bool ok = starts_with_ignoring_case(line, "+OK");
  bool error = starts_with_ignoring_case(line, "-ERR");
  if (line.starts_with("+ ") || line == "+") {
    continuation_ = true;
    answered(current_);
    return;
  }
  if (tls_ && !server_spoke_ && reading_.established && !(error && !client_spoke_)) {
    first_line_in_tls(line, true);
  }
  if (!ok && !error) return;
  if (!greeted_ && !server_spoke_ && !client_spoke_ && !reading_.established) {
    greeted_ = true;
    reading_.from_start = true;
    reading_.greeting = line;
    last_reply_ = line;
    return;
  }
  if (!answered(current_)) {
    if (!error) unasked(line);
    return;
  }
  last_reply_ = line;
  if (ok && current_.verb == Verb::extensions) {
    open_list();
    reading_.lists.back().last_line = line;
    return;
  }
  // +OK to USER only asks for the password.
  bool user = verb_of(Family::pop3, current_.line) == Verb::login &&
              starts_with_ignoring_case(current_.line, "USER");
  if (user && ok) return;
  finish(current_, line, ok ? Answer::granted : Answer::refused, error && says_unknown(line));
}

}  // namespace pawl::tamper

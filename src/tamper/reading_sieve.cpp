// ManageSieve as an onlooker reads it (rfc5804#1.2): quoted lines, ended by OK, NO or BYE.
#include "base/text.h"
#include "tamper/reader.h"

namespace pawl::tamper {

namespace {

std::string_view quoted(std::string_view line) {
  std::size_t end = line.find('"', 1);
  return line.substr(1, end == std::string_view::npos ? line.size() - 1 : end - 1);
}

}  // namespace

void Reader::sieve_client(const Step& step) {
  bool inside = client_literal_ > 0;
  if (client_literal_ > 0) {
    client_literal_ -= step.size < client_literal_ ? step.size : client_literal_;
    if (client_literal_ > 0) return;
  }
  client_literal_ = literal_at_end(step.text);
  if (inside || step.text.starts_with('"')) return;
  ask({.verb = verb_of(Family::sieve, step.text), .line = step.text});
}

void Reader::sieve_server(const Step& step) {
  if (server_literal_ > 0) {
    server_literal_ -= step.size < server_literal_ ? step.size : server_literal_;
    return;
  }
  std::string_view line = step.text;
  server_literal_ = literal_at_end(line);
  bool login = head_ < pending_.size() && pending_[head_].verb == Verb::login;
  bool ok = starts_with_ignoring_case(line, "OK");
  bool no = starts_with_ignoring_case(line, "NO");
  bool bye = starts_with_ignoring_case(line, "BYE");
  if (line.starts_with('"')) {
    if (login) return;  // a challenge
    if (!in_list_) open_list();
    reading_.lists.back().last_line = line;
    return add_entry(quoted(line));
  }
  // rfc5804#2.2: the capabilities come unasked after the handshake.
  if (tls_ && !server_spoke_ && reading_.established && !ok && !bye) first_line_in_tls(line, false);
  if (!ok && !no && !bye) return;
  bool list = in_list_;
  close_list(List::End::whole);
  if (!greeted_ && !client_spoke_) {
    greeted_ = true;
    if (!reading_.established) {
      reading_.from_start = true;
      reading_.greeting = line;
    }
    return;
  }
  if (tls_ && list && !client_spoke_) return;
  if (!answered(current_)) {
    if (!bye) unasked(line);
    return;
  }
  std::string_view text = line;
  finish(current_, line, ok ? Answer::granted : Answer::refused,
         no && to_lower(text).find("unknown") != std::string::npos);
  last_reply_ = line;
}

}  // namespace pawl::tamper

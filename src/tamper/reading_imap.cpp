// IMAP as an onlooker reads it: tagged replies, untagged data, literals (rfc9051#2.2).
#include "base/text.h"
#include "tamper/reader.h"

namespace pawl::tamper {

namespace {

std::string_view take_word(std::string_view& text) {
  std::size_t space = text.find(' ');
  std::string_view word = text.substr(0, space);
  text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  return word;
}

bool is_status(std::string_view word) {
  for (std::string_view status : {"OK", "NO", "BAD", "PREAUTH", "BYE"}) {
    if (equal_ignoring_case(word, status)) return true;
  }
  return false;
}

// What tells of mailboxes: a server has none to tell of before a login (EAST's "tampering").
bool is_mailbox_data(std::string_view line) {
  std::string_view word = take_word(line);
  if (parse_decimal(word, 1UL << 32)) word = take_word(line);
  for (std::string_view data : {"LIST", "LSUB", "STATUS", "SEARCH", "ESEARCH", "SORT", "THREAD",
                                "FLAGS", "EXISTS", "RECENT", "EXPUNGE", "FETCH", "REFERRAL"}) {
    if (equal_ignoring_case(word, data)) return true;
  }
  return false;
}

// Skips what belongs to a literal; true: nothing is left of the line.
bool skip_literal(std::size_t& literal, const Step& step) {
  if (literal == 0) return false;
  bool all = step.size <= literal;
  literal -= all ? step.size : literal;
  return all;
}

}  // namespace

void Reader::imap_client(const Step& step) {
  bool inside = client_literal_ > 0;
  if (skip_literal(client_literal_, step)) return;
  client_literal_ = literal_at_end(step.text);
  // The rest of a command behind its literal, or an answer to a challenge.
  if (inside || continuation_) {
    continuation_ = false;
    return;
  }
  std::string_view rest = step.text;
  std::string_view tag = take_word(rest);
  ask({.verb = verb_of(Family::imap, rest), .line = step.text, .tag = tag});
}

void Reader::imap_codes(std::string_view text) {
  std::size_t at = text.find("[CAPABILITY ");
  if (at == std::string_view::npos) return;
  std::size_t end = text.find(']', at);
  if (end == std::string_view::npos) return;
  imap_untagged(text.substr(at + 1, end - at - 1));
}

// `line`: what stands behind "* ".
void Reader::imap_untagged(std::string_view line) {
  std::string_view rest = line;
  std::string_view word = take_word(rest);
  if (equal_ignoring_case(word, "CAPABILITY")) {
    open_list();
    reading_.lists.back().last_line = line;
    while (!rest.empty()) {
      std::string_view entry = take_word(rest);
      if (!entry.empty()) add_entry(entry);
    }
    close_list(List::End::whole);
  } else if (is_status(word)) {
    imap_codes(rest);
  } else if (!tls_ && !deaf_ && reading_.early.empty() && reading_.went_on.empty() &&
             is_mailbox_data(line)) {
    reading_.early = line;
  }
}

void Reader::imap_server(const Step& step) {
  bool inside = server_literal_ > 0;
  if (skip_literal(server_literal_, step)) return;
  std::string_view line = step.text;
  server_literal_ = literal_at_end(line);
  if (inside) return;
  std::string_view rest = line;
  std::string_view tag = take_word(rest);
  std::string_view status = rest.substr(0, rest.find(' '));
  if (tls_ && !server_spoke_ && reading_.established) {
    bool greets =
        tag == "*" && (equal_ignoring_case(status, "OK") || equal_ignoring_case(status, "PREAUTH"));
    if (!(tag == "*" && equal_ignoring_case(status, "BYE"))) first_line_in_tls(line, !greets);
  }
  if (tag == "+") {
    continuation_ = client_literal_ == 0;
    return;
  }
  if (!tls_ && reading_.early.empty() && reading_.went_on.empty() &&
      line.find("[REFERRAL ") != std::string_view::npos) {
    reading_.early = line;
  }
  if (tag == "*") {
    if (!greeted_ && !client_spoke_ && is_status(status)) {
      greeted_ = true;
      reading_.from_start = true;
      reading_.greeting = line;
      if (!tls_ && equal_ignoring_case(status, "PREAUTH")) {
        reading_.preauthenticated = line;
        imap_untagged(rest);
        deaf_ = true;
        return;
      }
    }
    imap_untagged(rest);
    return;
  }
  for (std::size_t i = head_; i < pending_.size(); ++i) {
    if (pending_[i].tag != tag) continue;
    Command command = pending_[i];
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    imap_codes(rest);
    bool ok = equal_ignoring_case(status, "OK");
    bool bad = equal_ignoring_case(status, "BAD");
    bool no = equal_ignoring_case(status, "NO");
    finish(command, line,
           ok          ? Answer::granted
           : bad || no ? Answer::refused
                       : Answer::strange,
           bad);
    last_reply_ = line;
    return;
  }
  if (is_status(status)) unasked(line);
}

}  // namespace pawl::tamper

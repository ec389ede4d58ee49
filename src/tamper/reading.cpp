#include "tamper/reading.h"

#include <array>
#include <span>

#include "base/text.h"
#include "tamper/reader.h"

namespace pawl::tamper {

namespace {

using Kind = Step::Kind;

struct VerbRow {
  std::string_view word;
  Verb verb;
};
constexpr VerbRow kSmtp[] = {
    {"EHLO", Verb::extensions}, {"LHLO", Verb::extensions}, {"STARTTLS", Verb::upgrade},
    {"AUTH", Verb::login},      {"MAIL", Verb::mail},       {"RCPT", Verb::mail},
    {"DATA", Verb::mail},       {"BDAT", Verb::mail},       {"QUIT", Verb::quit},
};
constexpr VerbRow kImap[] = {
    {"CAPABILITY", Verb::extensions}, {"STARTTLS", Verb::upgrade}, {"LOGIN", Verb::login},
    {"AUTHENTICATE", Verb::login},    {"LOGOUT", Verb::quit},
};
constexpr VerbRow kPop3[] = {
    {"CAPA", Verb::extensions}, {"STLS", Verb::upgrade}, {"USER", Verb::login},
    {"PASS", Verb::login},      {"APOP", Verb::login},   {"AUTH", Verb::login},
    {"QUIT", Verb::quit},
};
constexpr VerbRow kSieve[] = {
    {"CAPABILITY", Verb::extensions},
    {"STARTTLS", Verb::upgrade},
    {"AUTHENTICATE", Verb::login},
    {"LOGOUT", Verb::quit},
};
constexpr std::array<std::span<const VerbRow>, 4> kVerbs = {kSmtp, kImap, kPop3, kSieve};

constexpr std::size_t kRefusals = 16;

}  // namespace

Verb verb_of(Family family, std::string_view line) {
  std::string_view word = line.substr(0, line.find(' '));
  for (const VerbRow& row : kVerbs[static_cast<std::size_t>(family)]) {
    if (equal_ignoring_case(row.word, word)) return row.verb;
  }
  return Verb::other;
}

std::size_t literal_at_end(std::string_view line) {
  if (!line.ends_with('}')) return 0;
  std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return 0;
  std::string_view number = line.substr(open + 1, line.size() - open - 2);
  if (number.ends_with('+') || number.ends_with('-')) number.remove_suffix(1);
  return static_cast<std::size_t>(parse_decimal(number, 1UL << 30).value_or(0));
}

void Reader::ask(Command command) {
  client_spoke_ = true;
  if (in_list_) waited_ = true;
  if (head_ == pending_.size()) {
    pending_.clear();
    head_ = 0;
  } else if (family_ != Family::imap && pending_.back().line == command.line) {
    return;  // a capture shows a line that was sent again
  }
  if (tls_) {
    pending_.push_back(command);
    return;
  }
  if (command.verb == Verb::upgrade) reading_.upgrade_command = command.line;
  if ((command.verb == Verb::login || command.verb == Verb::mail) && reading_.went_on.empty()) {
    reading_.went_on = command.line;
  }
  pending_.push_back(command);
}

bool Reader::answered(Command& command) {
  if (head_ == pending_.size()) return false;
  command = pending_[head_++];
  return true;
}

void Reader::finish(const Command& command, std::string_view reply, Answer answer, bool unknown) {
  if (tls_) return;
  if (command.verb == Verb::upgrade) {
    reading_.answer = answer;
    reading_.answer_line = reply;
  }
  if (command.verb == Verb::login && answer == Answer::granted) deaf_ = true;
  if (answer == Answer::refused && reading_.refusals.size() < kRefusals) {
    reading_.refusals.push_back(
        {.verb = command.verb, .command = command.line, .reply = reply, .unknown = unknown});
  }
}

void Reader::open_list() {
  in_list_ = true;
  waited_ = false;
  reading_.lists.push_back({.tls = tls_, .first = reading_.entries.size()});
}

void Reader::add_entry(std::string_view entry) {
  reading_.entries.push_back(entry);
  List& list = reading_.lists.back();
  ++list.count;
  // Both upgrade keywords begin with S: most entries are passed by here.
  bool may = !list.offers && !entry.empty() && (entry[0] == 'S' || entry[0] == 's');
  if (may && equal_ignoring_case(keyword_of(entry), upgrade_keyword(family_))) list.offers = true;
}

void Reader::close_list(List::End end) {
  if (!in_list_) return;
  in_list_ = false;
  reading_.lists.back().end = end;
}

void Reader::first_line_in_tls(std::string_view line, bool in_turn) {
  if (reading_.implicit_tls || !reading_.first_in_tls.empty()) return;
  if (in_turn && client_spoke_) return;
  reading_.first_in_tls = line;
  reading_.server_spoke_first = !client_spoke_;
}

void Reader::unasked(std::string_view line) {
  if (tls_ || deaf_ || !reading_.from_start || !reading_.unasked.empty()) return;
  if (line == last_reply_ || reading_.went_on.data() != nullptr) return;
  reading_.unasked = line;
}

void Reader::tls_established() {
  close_list(List::End::open);
  tls_ = true;
  deaf_ = content_ = continuation_ = client_spoke_ = server_spoke_ = false;
  in_reply_ = has_current_ = false;
  client_literal_ = server_literal_ = 0;
  pending_.clear();
  head_ = 0;
}

void Reader::broke(Kind how) {
  close_list(List::End::open);
  bool asked = !reading_.upgrade_command.empty() && reading_.answer == Answer::none;
  bool granted = reading_.answer == Answer::granted && !reading_.established && !reading_.failed;
  if ((asked || granted) && reading_.broken == Kind::client) reading_.broken = how;
}

void Reader::client(const Step& step) {
  if (step.records) {
    reading_.handshake_begun = true;
    return;
  }
  bool asked = !reading_.upgrade_command.empty();
  bool waits = asked && (reading_.answer == Answer::none || reading_.answer == Answer::granted);
  if (!tls_ && waits && !reading_.failed && reading_.broken == Kind::client) {
    // Even a part of a line, and an empty one: the upgrade command is the last thing said.
    if (step.text != reading_.upgrade_command && reading_.behind_command.empty()) {
      reading_.behind_command = step.text.empty() ? std::string_view("\r\n") : step.text;
    }
    return;
  }
  if (!step.whole) return;
  switch (family_) {
    case Family::smtp:
      return smtp_client(step);
    case Family::imap:
      return imap_client(step);
    case Family::pop3:
      return pop3_client(step);
    case Family::sieve:
      return sieve_client(step);
  }
}

void Reader::server(const Step& step) {
  if (step.records) return;
  if (!tls_) {
    reading_.spoken = true;
    bool upgrading = reading_.answer == Answer::granted && !reading_.failed;
    if (upgrading && reading_.behind_answer.empty()) {
      reading_.behind_answer = step.text.empty() ? std::string_view("\r\n") : step.text;
    }
    if (upgrading || deaf_) return;
  }
  if (!step.whole && !tls_) {
    if (in_list_) reading_.lists.back().last_line = step.text;
    return;
  }
  switch (family_) {
    case Family::smtp:
      smtp_server(step);
      break;
    case Family::imap:
      imap_server(step);
      break;
    case Family::pop3:
      pop3_server(step);
      break;
    case Family::sieve:
      sieve_server(step);
      break;
  }
  server_spoke_ = true;
}

Reading read(const starttls::Transcript& transcript, const Flow& flow) {
  Reading reading;
  reading.family = family(transcript.protocol);
  reading.implicit_tls = transcript.implicit_tls;
  reading.entries.reserve(64);
  reading.lists.reserve(4);
  Reader reader(reading, reading.family);
  if (transcript.implicit_tls) reader.tls_established();
  for (const Step& step : flow.steps) {
    switch (step.kind) {
      case Kind::client:
        reader.client(step);
        break;
      case Kind::server:
        reader.server(step);
        break;
      case Kind::tls_established:
        reading.established = true;
        reader.tls_established();
        break;
      case Kind::tls_failed:
        reading.failed = true;
        reading.tls_failure = step.text;
        break;
      case Kind::closed:
      case Kind::reset:
      case Kind::timed_out:
        reader.broke(step.kind);
        break;
    }
  }
  return reading;
}

}  // namespace pawl::tamper

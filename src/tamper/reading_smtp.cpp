// SMTP and LMTP as an onlooker reads them: replies of three digits, answered in the order of the
// commands (rfc5321#4.2).
#include "base/text.h"
#include "tamper/reader.h"

namespace pawl::tamper {

namespace {

// 0: not a reply line.
int code_of(std::string_view line) {
  if (line.size() < 3) return 0;
  int code = 0;
  for (char c : line.substr(0, 3)) {
    if (c < '0' || c > '9') return 0;
    code = code * 10 + (c - '0');
  }
  bool shaped = line.size() == 3 || line[3] == ' ' || line[3] == '-';
  return shaped ? code : 0;
}

}  // namespace

void Reader::smtp_client(const Step& step) {
  if (content_) {
    content_ = step.text != ".";
    if (!content_) ask({.verb = Verb::other, .line = step.text});
    return;
  }
  if (continuation_) {
    continuation_ = false;
    ask({.verb = Verb::login, .line = step.text});
    return;
  }
  ask({.verb = verb_of(Family::smtp, step.text), .line = step.text});
}

void Reader::smtp_server(const Step& step) {
  std::string_view line = step.text;
  int code = code_of(line);
  if (code == 0) {
    if (tls_) first_line_in_tls(line, true);
    return;
  }
  if (in_list_ && waited_) {
    // The client went on although the list had not ended: what comes now answers that.
    close_list(List::End::open);
    in_reply_ = false;
  }
  if (!in_reply_) {
    in_reply_ = true;
    has_current_ = false;
    bool silent_until_now = !server_spoke_ && !greeted_;
    if (tls_ && !server_spoke_) first_line_in_tls(line, code != 220 || !reading_.established);
    if (tls_ && !client_spoke_ && code == 421) reading_.first_in_tls = {};  // an idle time-out
    if (silent_until_now && !client_spoke_ && (code == 220 || code == 421 || code == 554)) {
      greeted_ = true;
      reading_.from_start = true;
      reading_.greeting = line;
      current_ = {.verb = Verb::greeting, .line = {}};
      has_current_ = true;
    } else if (answered(current_)) {
      has_current_ = true;
    } else if (code != 421) {
      unasked(line);
    }
    bool extensions = has_current_ && current_.verb == Verb::extensions;
    bool unmatched = !has_current_ && !reading_.from_start && line.size() > 3 && line[3] == '-';
    if (code == 250 && (extensions || unmatched)) {
      open_list();
      std::string_view text = line.substr(line.size() > 4 ? 4 : line.size());
      reading_.lists.back().host = text.substr(0, text.find(' '));
      reading_.lists.back().last_line = line;
    }
  } else if (in_list_) {
    add_entry(trim(line.substr(line.size() > 4 ? 4 : line.size())));
    reading_.lists.back().last_line = line;
  }
  if (line.size() > 3 && line[3] == '-') return;
  in_reply_ = false;
  close_list(List::End::whole);
  last_reply_ = line;
  if (!has_current_) return;
  if (code == 354) content_ = true;
  if (code == 334) continuation_ = true;
  Answer answer = code == 220 ? Answer::granted : code >= 400 ? Answer::refused : Answer::strange;
  if (current_.verb == Verb::login) answer = code == 235 ? Answer::granted : answer;
  finish(current_, line, answer, code == 500 || code == 502);
}

}  // namespace pawl::tamper

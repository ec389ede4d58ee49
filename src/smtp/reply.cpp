#include "smtp/reply.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace pawl::smtp {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

// rfc3463#2: class "." subject "." detail, subject and detail of one to three digits. rfc2034#4:
// the class agrees with the reply code, otherwise it is text that looks like a status.
std::string_view enhanced_status(std::string_view text, int code) {
  if (text.size() < 5 || text[1] != '.' || text[0] - '0' != code / 100) return {};
  if (text[0] != '2' && text[0] != '4' && text[0] != '5') return {};
  std::size_t at = 2;
  for (char end : {'.', ' '}) {
    std::size_t digits = 0;
    while (at < text.size() && is_digit(text[at])) ++at, ++digits;
    if (digits < 1 || digits > 3) return {};
    if (at == text.size()) return end == ' ' ? text : std::string_view();
    if (text[at] != end) return {};
    ++at;
  }
  return text.substr(0, at - 1);
}

}  // namespace

std::string Reply::status() const {
  return enhanced.empty() ? std::to_string(code / 100) + ".0.0" : enhanced;
}

std::string Reply::text() const {
  std::string whole;
  text_into(whole);
  return whole;
}

void Reply::text_into(std::string& text) const {
  constexpr std::size_t kShown = 500;
  text.clear();
  for (int part : {code / 100, code / 10 % 10, code % 10}) text += static_cast<char>('0' + part);
  bool plain = true;
  for (std::string_view line : lines) {
    if (line.empty()) continue;
    text += ' ';
    text += line.substr(0, kShown);
    plain = plain && is_plain(line);
    if (text.size() > kShown) break;
  }
  if (!plain || text.size() > kShown) text = printable(text, kShown);
}

void ReplyReader::feed(std::string_view bytes) {
  if (spans_.empty()) start_ = at_;
  if (start_ == buffer_.size()) {
    buffer_.clear();
  } else if (start_ > 0) {
    buffer_.erase(0, start_);
  }
  at_ -= start_;
  start_ = 0;
  buffer_ += bytes;
}

void ReplyReader::clear() {
  buffer_.clear();
  spans_.clear();
  reply_ = Reply();
  start_ = at_ = 0;
}

bool ReplyReader::broken(std::string sentence) {
  error_.emplace(Code::smtp_protocol, std::move(sentence));
  return false;
}

bool ReplyReader::add_line(std::string_view line) {
  if (line.size() > limits::kSmtpReplyLine) {
    return broken("a reply line is longer than " + std::to_string(limits::kSmtpReplyLine) +
                  " bytes");
  }
  if (line.empty() || line.find('\r') != line.size() - 1) {
    return broken("a reply line holds a bare CR or LF: " + printable(line));
  }
  line.remove_suffix(1);
  // rfc5321#4.2: a client must take a reply of the code alone.
  bool shaped = line.size() >= 3 && is_digit(line[0]) && is_digit(line[1]) && is_digit(line[2]) &&
                (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  if (!shaped || line[0] < '2' || line[0] > '5') {
    return broken("not an SMTP reply: " + printable(line));
  }
  int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (spans_.empty()) {
    reply_.code = code;
    reply_.enhanced.clear();
  } else if (reply_.code != code) {
    return broken("the lines of one reply carry the codes " + std::to_string(reply_.code) +
                  " and " + std::to_string(code));
  }
  if (spans_.size() == limits::kSmtpReplyLines) {
    return broken("a reply has more than " + std::to_string(limits::kSmtpReplyLines) + " lines");
  }
  std::size_t before_text = std::min<std::size_t>(line.size(), 4);
  std::string_view text = line.substr(before_text);
  if (reply_.enhanced.empty()) reply_.enhanced = enhanced_status(text, code);
  spans_.push_back({.begin = at_ - start_ + before_text, .size = text.size()});
  last_ = line.size() == 3 || line[3] == ' ';
  return true;
}

const Reply* ReplyReader::whole_reply() {
  reply_.lines.clear();
  std::string_view bytes = std::string_view(buffer_).substr(start_);
  for (const Span& span : spans_) reply_.lines.push_back(bytes.substr(span.begin, span.size));
  spans_.clear();
  start_ = at_;
  return &reply_;
}

Result<const Reply*> ReplyReader::next() {
  while (!error_) {
    std::string_view rest = std::string_view(buffer_).substr(at_);
    std::size_t end = rest.find('\n');
    if (end == std::string_view::npos && rest.size() <= limits::kSmtpReplyLine) return nullptr;
    if (!add_line(rest.substr(0, end))) break;
    at_ += end + 1;
    if (last_) return whole_reply();
  }
  return fail(*error_);
}

}  // namespace pawl::smtp

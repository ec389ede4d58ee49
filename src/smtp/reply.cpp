#include "smtp/reply.h"

#include "base/limits.h"
#include "base/text.h"

namespace pawl::smtp {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// rfc3463#2: class "." subject "." detail, subject and detail of one to three digits. rfc2034#4:
// the class agrees with the reply code, otherwise it is text that looks like a status.
std::string enhanced_status(std::string_view text, int code) {
  std::string_view word = text.substr(0, text.find(' '));
  auto parts = split(word, '.');
  if (parts.size() != 3 || parts[0].size() != 1) return {};
  if (parts[0][0] - '0' != code / 100) return {};
  if (parts[0] != "2" && parts[0] != "4" && parts[0] != "5") return {};
  for (std::string_view part : {parts[1], parts[2]}) {
    if (part.size() > 3 || !parse_decimal(part, 999)) return {};
  }
  return std::string(word);
}

}  // namespace

std::string Reply::status() const {
  return enhanced.empty() ? std::to_string(code / 100) + ".0.0" : enhanced;
}

std::string Reply::text() const {
  std::string whole = std::to_string(code);
  for (const std::string& line : lines) {
    if (line.empty()) continue;
    whole += ' ';
    whole += line;
  }
  return printable(whole, 500);
}

void ReplyReader::feed(std::string_view bytes) {
  if (at_ > 0) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  buffer_ += bytes;
}

void ReplyReader::clear() {
  buffer_.clear();
  at_ = 0;
  partial_.reset();
}

std::unexpected<Error> ReplyReader::broken(std::string sentence) {
  error_.emplace(Code::smtp_protocol, std::move(sentence));
  return fail(*error_);
}

Result<std::optional<std::string_view>> ReplyReader::next_line() {
  std::string_view rest = std::string_view(buffer_).substr(at_);
  std::size_t end = rest.find('\n');
  if (std::min(end, rest.size()) > limits::kSmtpReplyLine) {
    return broken("a reply line is longer than " + std::to_string(limits::kSmtpReplyLine) +
                  " bytes");
  }
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  at_ += end + 1;
  if (!line.ends_with('\r') || line.find('\r') != line.size() - 1) {
    return broken("a reply line holds a bare CR or LF: " + printable(line));
  }
  line.remove_suffix(1);
  return line;
}

Result<bool> ReplyReader::add_line(std::string_view line) {
  // rfc5321#4.2: a client must take a reply of the code alone.
  bool shaped = line.size() >= 3 && is_digit(line[0]) && is_digit(line[1]) && is_digit(line[2]) &&
                (line.size() == 3 || line[3] == ' ' || line[3] == '-');
  if (!shaped || line[0] < '2' || line[0] > '5') {
    return broken("not an SMTP reply: " + printable(line));
  }
  int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (!partial_) {
    partial_.emplace();
    partial_->code = code;
  } else if (partial_->code != code) {
    return broken("the lines of one reply carry the codes " + std::to_string(partial_->code) +
                  " and " + std::to_string(code));
  }
  if (partial_->lines.size() == limits::kSmtpReplyLines) {
    return broken("a reply has more than " + std::to_string(limits::kSmtpReplyLines) + " lines");
  }
  std::string_view text = line.size() > 4 ? line.substr(4) : std::string_view();
  if (partial_->enhanced.empty()) partial_->enhanced = enhanced_status(text, code);
  partial_->lines.emplace_back(text);
  return line.size() == 3 || line[3] == ' ';
}

Result<std::optional<Reply>> ReplyReader::next() {
  if (error_) return fail(*error_);
  while (true) {
    TRY(auto line, next_line());
    if (!line) return std::nullopt;
    TRY(bool last, add_line(*line));
    if (!last) continue;
    std::optional<Reply> reply = std::move(partial_);
    partial_.reset();
    return reply;
  }
}

}  // namespace pawl::smtp

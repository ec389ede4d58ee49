// POP3's TRANSACTION state (rfc1939#5) over an account with one message.
#include "base/text.h"
#include "lab/session_owner.h"

namespace pawl::lab {
namespace {

constexpr std::string_view kUidl = "pawl-1";

std::string stuffed(std::string_view content) {
  std::string text;
  for (std::string_view line : split(content, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('.')) text += '.';
    text += line;
    text += "\r\n";
  }
  if (content.ends_with('\n')) text.resize(text.size() - 2);
  return text + ".\r\n";
}

// The header and the first lines of the body.
std::string top(const std::string& content, std::uint64_t lines) {
  std::size_t end = content.find("\r\n\r\n");
  if (end == std::string::npos) return content;
  end += 4;
  for (; lines > 0 && end < content.size(); --lines) {
    std::size_t next = content.find("\r\n", end);
    end = next == std::string::npos ? content.size() : next + 2;
  }
  return content.substr(0, end);
}

}  // namespace

Result<> serve_pop3_account(SessionOwner account) {
  const std::string& content = account.server.content;
  std::string size = std::to_string(content.size());
  bool deleted = false;
  auto say = [&account](const std::string& text) { return account.client.write(text + "\r\n"); };
  while (true) {
    TRY(std::string line, account.client.read_line());
    auto words = split(line, ' ');
    auto is = [&](std::string_view verb) { return equal_ignoring_case(words[0], verb); };
    bool first = words.size() > 1 && words[1] == "1" && !deleted;
    std::string count = deleted ? "0" : "1";
    if (is("QUIT")) return say("+OK goodbye");
    if (is("CAPA")) {
      TRY_VOID(say("+OK\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\n."));
    } else if (is("NOOP")) {
      TRY_VOID(say("+OK"));
    } else if (is("STAT")) {
      TRY_VOID(say("+OK " + count + ' ' + (deleted ? "0" : size)));
    } else if (is("RSET")) {
      deleted = false;
      TRY_VOID(say("+OK"));
    } else if ((is("LIST") || is("UIDL")) && words.size() == 1) {
      std::string row = "1 " + (is("LIST") ? size : std::string(kUidl)) + "\r\n";
      TRY_VOID(say("+OK\r\n" + (deleted ? "" : row) + "."));
    } else if (is("LIST") && first) {
      TRY_VOID(say("+OK 1 " + size));
    } else if (is("UIDL") && first) {
      TRY_VOID(say("+OK 1 " + std::string(kUidl)));
    } else if (is("RETR") && first) {
      account.deposit(Deposit::Kind::fetched, "inbox", content);
      TRY_VOID(account.client.write("+OK\r\n" + stuffed(content)));
    } else if (is("TOP") && first && words.size() > 2) {
      account.deposit(Deposit::Kind::fetched, "inbox", content);
      auto lines = parse_decimal(words[2], 1'000'000);
      TRY_VOID(account.client.write("+OK\r\n" + stuffed(top(content, lines.value_or(0)))));
    } else if (is("DELE") && first) {
      deleted = true;
      TRY_VOID(say("+OK"));
    } else {
      TRY_VOID(say("-ERR no such command or message"));
    }
  }
}

}  // namespace pawl::lab

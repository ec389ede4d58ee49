#include "smtp/dsn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace pawl::smtp {

namespace {

constexpr std::size_t kTextWidth = 76;
constexpr std::size_t kReplyLimit = 1000;

bool has_eight_bit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 127; });
}

// One line of safe text: line ends become spaces, other controls \xNN, and without SMTPUTF8 so do
// bytes above 127.
std::string field_text(std::string_view text, bool utf8) {
  std::string line;
  for (char c : text) {
    bool line_end = c == '\r' || c == '\n' || c == '\t';
    if (line_end && line.ends_with(' ')) continue;
    line += line_end ? ' ' : c;
  }
  if (!utf8) return printable(line, kReplyLimit);
  std::erase_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return line;
}

// Breaks at spaces so that no line is longer than kTextWidth, except a word that is; a line never
// passes the 998 of rfc5322#2.1.1. `indent` stands before every line but the first.
std::string folded(std::string_view text, std::string_view indent, std::size_t first_column) {
  constexpr std::size_t kLongestWord = 900;
  std::string out;
  std::size_t column = first_column;
  bool line_start = true;
  for (std::string_view word : split(text, ' ')) {
    while (word.size() > kLongestWord) {
      out += word.substr(0, kLongestWord);
      out += "\r\n";
      out += indent;
      word.remove_prefix(kLongestWord);
      column = indent.size();
      line_start = true;
    }
    if (word.empty()) continue;
    if (!line_start && column + 1 + word.size() > kTextWidth) {
      out += "\r\n";
      out += indent;
      column = indent.size();
    } else if (!line_start) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    line_start = false;
  }
  return out;
}

std::string field(std::string_view name, std::string_view value) {
  return fmt::format("{}: {}\r\n", name, folded(value, " ", name.size() + 2));
}

// Paragraphs and lists: each line of the caller's is wrapped by itself.
std::string wrapped(std::string_view text, bool utf8) {
  std::string out;
  for (std::string_view line : split(text, '\n')) {
    std::size_t spaces = std::min(line.find_first_not_of(' '), line.size());
    std::string indent(spaces, ' ');
    out += indent + folded(field_text(line.substr(spaces), utf8), indent, spaces) + "\r\n";
  }
  return out;
}

DsnAction gravest(const Dsn& dsn) {
  DsnAction action = DsnAction::relayed;
  for (const DsnRecipient& recipient : dsn.recipients) action = std::min(action, recipient.action);
  return action;
}

std::string_view subject(DsnAction action) {
  constexpr std::array<std::string_view, 4> kSubjects = {
      "Your message could not be delivered", "Your message is delayed",
      "Your message was delivered", "Your message was passed on"};
  return kSubjects[static_cast<std::size_t>(action)];
}

std::string whose(const Dsn& dsn) {
  return dsn.to_postmaster ? "A message without a sender, most likely a notice like this one,"
                           : "Your message";
}

std::string_view introduction(DsnAction action) {
  constexpr std::array<std::string_view, 4> kTexts = {
      "could not be delivered to:",
      "has not been delivered yet. It is kept and tried again; you need not send it again. It "
      "waits for:",
      "was delivered, as you asked to be told, to:",
      "was passed on to a host that sends no notices of its own, so that no more will be heard of "
      "it, for:"};
  return kTexts[static_cast<std::size_t>(action)];
}

// The part for the person.
std::string text_part(const Dsn& dsn) {
  std::string text = fmt::format("This is the mail system of {}.\n\n", dsn.reporting_mta);
  for (DsnAction action :
       {DsnAction::failed, DsnAction::delayed, DsnAction::delivered, DsnAction::relayed}) {
    bool introduced = false;
    for (const DsnRecipient& recipient : dsn.recipients) {
      if (recipient.action != action) continue;
      if (!introduced) {
        text += fmt::format("{} of {} {}\n\n", whose(dsn), format_rfc5322(dsn.arrived),
                            introduction(action));
      }
      introduced = true;
      text += fmt::format("<{}>\n", recipient.address);
      if (!recipient.text.empty()) text += "\n" + recipient.text + "\n";
      if (recipient.will_retry_until) {
        text += fmt::format("\nIt will be tried until {}.\n",
                            format_rfc5322(*recipient.will_retry_until));
      }
      text += '\n';
    }
  }
  if (dsn.to_postmaster) {
    text += fmt::format("Nobody else can be told, and the message {} is gone from the queue.\n",
                        dsn.queue_id);
  } else if (!dsn.contact.empty()) {
    text += fmt::format("If you need help, write to <{}> and name the message {}.\n", dsn.contact,
                        dsn.queue_id);
  }
  text.pop_back();  // wrapped() ends every line, the last one too
  return wrapped(text, dsn.smtputf8);
}

// The part for the machine, rfc3464#2.
std::string status_part(const Dsn& dsn) {
  bool utf8 = dsn.smtputf8;
  std::string text = field("Reporting-MTA", "dns; " + dsn.reporting_mta);
  if (!dsn.envid.empty()) text += field("Original-Envelope-Id", field_text(dsn.envid, utf8));
  text += field("Arrival-Date", format_rfc5322(dsn.arrived));
  text += field("X-Pawl-Queue-Id", dsn.queue_id);
  for (const DsnRecipient& recipient : dsn.recipients) {
    text += "\r\n";
    if (!recipient.orcpt.empty()) {
      // rfc3464#2.3.1: "rfc822; joe@example.org", with the space that ORCPT does not have.
      std::size_t semicolon = recipient.orcpt.find(';');
      std::string value = recipient.orcpt;
      if (semicolon != std::string::npos) value.insert(semicolon + 1, " ");
      text += field("Original-Recipient", field_text(value, utf8));
    }
    // rfc6533#3: the address type follows the address, not the message.
    std::string_view type = has_eight_bit(recipient.address) ? "utf-8" : "rfc822";
    text +=
        field("Final-Recipient", fmt::format("{}; {}", type, field_text(recipient.address, utf8)));
    text += field("Action", name(recipient.action));
    text += field("Status", recipient.status);
    if (!recipient.remote_mta.empty()) {
      text += field("Remote-MTA", "dns; " + field_text(recipient.remote_mta, utf8));
    }
    if (!recipient.reply.empty()) {
      text += field("Diagnostic-Code", "smtp; " + field_text(recipient.reply, false));
    }
    if (recipient.last_attempt) {
      text += field("Last-Attempt-Date", format_rfc5322(*recipient.last_attempt));
    }
    if (recipient.will_retry_until) {
      text += field("Will-Retry-Until", format_rfc5322(*recipient.will_retry_until));
    }
  }
  return text;
}

std::string_view original_type(const Dsn& dsn) {
  if (dsn.smtputf8) return dsn.original_complete ? "message/global" : "message/global-headers";
  return dsn.original_complete ? "message/rfc822" : "text/rfc822-headers";
}

// One that occurs in none of the parts, whatever the original holds.
std::string boundary_for(const Dsn& dsn) {
  std::string boundary;
  int count = 0;
  do {
    boundary = fmt::format("pawl={}={}", dsn.id, count++);
  } while (dsn.original.find(boundary) != std::string::npos);
  return boundary;
}

}  // namespace

std::string_view name(DsnAction action) {
  constexpr std::array<std::string_view, 4> kNames = {"failed", "delayed", "delivered", "relayed"};
  return kNames[static_cast<std::size_t>(action)];
}

bool wants_dsn(const std::optional<Notify>& notify, DsnAction action) {
  if (!notify) return action == DsnAction::failed || action == DsnAction::delayed;
  if (notify->never) return false;
  switch (action) {
    case DsnAction::failed:
      return notify->failure;
    case DsnAction::delayed:
      return notify->delay;
    case DsnAction::delivered:
    case DsnAction::relayed:
      break;
  }
  return notify->success;
}

bool returns_full_content(const Dsn& dsn, std::uint64_t size, std::uint64_t limit) {
  // rfc3461#4.3: RET speaks of failures; any other notice carries the header section.
  if (gravest(dsn) != DsnAction::failed) return false;
  if (dsn.ret == Return::headers || dsn.require_tls) return false;
  return size <= limit;
}

std::string_view header_section(std::string_view message) {
  if (message.starts_with("\r\n")) return {};
  std::size_t end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? message : message.substr(0, end + 2);
}

std::string build_dsn(const Dsn& dsn) {
  std::string text = text_part(dsn);
  std::string status = status_part(dsn);
  std::string original(dsn.original_complete ? std::string_view(dsn.original)
                                             : header_section(dsn.original));
  if (!original.ends_with("\r\n")) original += "\r\n";
  std::string boundary = boundary_for(dsn);

  auto part = [&](std::string_view type, std::string_view description, std::string_view body) {
    return fmt::format("--{}\r\nContent-Type: {}\r\nContent-Description: {}\r\n{}\r\n{}\r\n",
                       boundary, type, description,
                       has_eight_bit(body) ? "Content-Transfer-Encoding: 8bit\r\n" : "", body);
  };
  std::string body =
      part(has_eight_bit(text) ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii",
           "For you", text) +
      part(dsn.smtputf8 ? "message/global-delivery-status" : "message/delivery-status",
           "For your mail program", status) +
      part(original_type(dsn), dsn.original_complete ? "Your message" : "Its header", original) +
      fmt::format("--{}--\r\n", boundary);

  std::string message =
      field("From", fmt::format("Mail Delivery System <MAILER-DAEMON@{}>", dsn.reporting_mta));
  message += field("To", fmt::format("<{}>", field_text(dsn.to, dsn.smtputf8)));
  message +=
      field("Subject", dsn.to_postmaster ? "A message without a sender could not be delivered"
                                         : subject(gravest(dsn)));
  message += field("Date", format_rfc5322(dsn.now));
  message += field("Message-ID", fmt::format("<{}@{}>", dsn.id, dsn.reporting_mta));
  message += field("Auto-Submitted", "auto-replied");  // rfc3834#5: nobody answers it by machine
  message += "MIME-Version: 1.0\r\n";
  message += fmt::format(
      "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{}\"\r\n",
      boundary);
  if (has_eight_bit(body)) message += "Content-Transfer-Encoding: 8bit\r\n";
  return message + "\r\n" + body;
}

}  // namespace pawl::smtp

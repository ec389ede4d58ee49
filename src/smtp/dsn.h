// Delivery status notifications: who wants one (rfc3461#4), the machine's part (rfc3464#2), the
// container (rfc6522#3), internationalized addresses (rfc6533#3). Pure: the caller brings the time,
// a unique id, and the words for the person (relay/failure_text.h decides them).
//
// A DSN goes out with the null reverse-path (rfc3461#6.1: never a DSN about a DSN), so the caller
// builds none for a message whose sender is empty, and queues what build_dsn returns with
// Envelope::sender "" and the one recipient `to`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "smtp/envelope.h"

namespace pawl::smtp {

// rfc3464#2.3.3, without "expanded", which only mailing lists need.
enum class DsnAction : unsigned char { failed, delayed, delivered, relayed };
std::string_view name(DsnAction action);  // "failed"

// Does this recipient's NOTIFY ask for such a notice? Without NOTIFY: failure and delay
// (rfc3461#4.1). `relayed` is asked for by NOTIFY=SUCCESS (rfc3461#5.2.2).
bool wants_dsn(const std::optional<Notify>& notify, DsnAction action);

struct DsnRecipient {
  std::string address;  // as in the envelope
  std::string orcpt;    // Recipient::orcpt, "rfc822;joe@example.org"; empty if none
  DsnAction action = DsnAction::failed;
  std::string status;      // rfc3463#3, "4.7.5"
  std::string remote_mta;  // the host that was asked, empty if none was reached
  std::string reply;       // its SMTP reply, "550 5.1.1 no such user", empty if it gave none
  std::optional<WallTime> last_attempt;
  std::optional<WallTime> will_retry_until;  // delayed only
  // Paragraphs for the person, plain text, separated by empty lines: which host, what was promised
  // by whom, what was seen, who can fix it.
  std::string text;
};

struct Dsn {
  std::string reporting_mta;  // our host name
  std::string queue_id;       // of the message it is about
  std::string id;             // unique; Message-ID and boundary are made of it
  std::string to;             // the message's envelope sender
  std::string envid;          // Envelope::envid
  Return ret = Return::unspecified;
  bool smtputf8 = false;       // the original was SMTPUTF8: report as rfc6533 does, in SMTPUTF8
  bool to_postmaster = false;  // the original has no sender: the postmaster is told in its place
  bool require_tls = false;  // the original was REQUIRETLS: its content does not return (rfc8689#5)
  WallTime arrived{};
  WallTime now{};
  std::vector<DsnRecipient> recipients;  // at least one
  // The original as far as it is known: its header section is enough unless all of it returns.
  std::string original;
  bool original_complete = false;  // `original` is the whole message
  std::string contact;             // "postmaster@relay.example.org", empty: none is named
};

// Does the whole message return, or its header section only? RET=HDRS, RET=FULL and nothing said
// (then full for failures, rfc3461#4.3), capped: above `limit` bytes only the header section.
bool returns_full_content(const Dsn& dsn, std::uint64_t size, std::uint64_t limit);
inline constexpr std::uint64_t kDsnReturnLimit = 50UL * 1024;

// The message, CRLF, header section first. 8-bit only if the original or an address is. Text from
// the other side (replies, ENVID, ORCPT) cannot break out of its field.
// With original_complete the whole original is attached, otherwise its header section.
std::string build_dsn(const Dsn& dsn);

// The header section of a message with its last CRLF, without the empty line behind it.
std::string_view header_section(std::string_view message);

}  // namespace pawl::smtp

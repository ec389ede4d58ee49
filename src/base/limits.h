// What is untrusted is bounded: every limit on remote data, in one place.
#pragma once

#include <chrono>
#include <cstddef>

namespace pawl::limits {

// SMTP, RFC 5321 section 4.5.3.1 and extensions; we accept more than the minimum and no more.
// The longest line that rfc4954#4 asks for (AUTH responses); other commands need 2 KiB at most.
inline constexpr std::size_t kSmtpCommandLine = 12288;
inline constexpr std::size_t kSmtpReplyLine = 2048;
inline constexpr std::size_t kSmtpReplyLines = 256;
inline constexpr std::size_t kSmtpTextLine =
    16UL * 1024;  // a line of content; RFC says 1000, mail in the wild is longer
inline constexpr std::size_t kSmtpRecipients = 1000;
inline constexpr std::size_t kMessageSize = 50UL * 1024 * 1024;
inline constexpr std::size_t kHops = 100;  // RFC 5321 section 6.3: at least 100

// Replies to a client of IMAP, POP3 and ManageSieve. One line; one whole reply before the session
// is ready, when all it can be is a greeting or a list of capabilities; one reply to a command.
inline constexpr std::size_t kDialogLine = 64UL * 1024;
inline constexpr std::size_t kDialogEarlyReply = 64UL * 1024;
inline constexpr std::size_t kDialogReply = 1024UL * 1024;

// A command with its literals, read by a server whose session has no owner yet: as long as the
// longest SASL response (rfc4954#4).
inline constexpr std::size_t kDialogCommand = 12288;

// MTA-STS, RFC 8461 section 3.3 suggests 64 KiB and one minute.
inline constexpr std::size_t kStsPolicyBytes = 64UL * 1024;
inline constexpr std::chrono::seconds kStsFetchTime{60};
inline constexpr std::size_t kStsMxPatterns = 256;

inline constexpr std::size_t kHttpHeaderBytes = 16UL * 1024;
inline constexpr std::size_t kTlsaRecords = 64;
inline constexpr std::size_t kMxHosts = 100;
inline constexpr std::size_t kAddressesPerHost = 32;
inline constexpr std::size_t kCertificateChain = 100UL * 1024;
inline constexpr std::size_t kTlsFlight = 128UL * 1024;  // a server's first, chain included

}  // namespace pawl::limits

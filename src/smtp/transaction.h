// One mail transaction as a client speaks it: what goes in, what came of it for each recipient.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smtp/capabilities.h"
#include "smtp/envelope.h"

namespace pawl::smtp {

// What is pointed at outlives the transaction.
struct Transaction {
  const Envelope* envelope = nullptr;        // sender, DSN parameters; not its recipients
  std::vector<const Recipient*> recipients;  // at least one
  std::uint64_t size = 0;                    // of the content that will follow
  bool eight_bit = false;                    // the content holds bytes above 127
  bool utf8_header = false;                  // so does its header: RFC 6532
};

struct RecipientResult {
  std::optional<Error> error;  // nothing: the host took responsibility
  std::string status;          // RFC 3463
  std::string reply;           // the reply that decided, as sent; empty if none came
};

struct TransactionResult {
  std::vector<RecipientResult> recipients;  // same order
  // The content was sent to its end and the answer never came: it may have been delivered, and
  // trying another host now could deliver it twice (RFC 5321 section 4.5.3.2.6).
  bool in_doubt = false;
  // The next hop offered DSN and took the parameters: reports of success are its business.
  bool dsn_passed_on = false;
};

// Can this host take it at all? Errors: smtp_size, smtp_no_8bitmime, smtp_no_smtputf8,
// requiretls_missing.
Result<> check_capabilities(const Capabilities& capabilities, const Transaction& transaction);

// "MAIL FROM:<joe@example.org> SIZE=2048 BODY=8BITMIME", without CR LF: only parameters that the
// host offers.
std::string mail_command(const Capabilities& capabilities, const Transaction& transaction);
std::string rcpt_command(const Capabilities& capabilities, const Recipient& recipient);

}  // namespace pawl::smtp

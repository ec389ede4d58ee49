#include "smtp/transaction.h"

#include <algorithm>

#include "smtp/xtext.h"

namespace pawl::smtp {

namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// rfc6531#3.5: only mail that holds internationalized addresses or headers needs the extension;
// a client that merely declared it must not make mail undeliverable.
bool needs_smtputf8(const Transaction& transaction) {
  if (!transaction.envelope->smtputf8) return false;
  return transaction.utf8_header || !is_ascii(transaction.envelope->sender) ||
         std::ranges::any_of(transaction.recipients,
                             [](const Recipient* r) { return !is_ascii(r->address); });
}

std::string notify_value(const Notify& notify) {
  if (notify.never) return "NEVER";
  std::string value;
  auto add = [&](bool wanted, std::string_view word) {
    if (!wanted) return;
    if (!value.empty()) value += ',';
    value += word;
  };
  add(notify.success, "SUCCESS");
  add(notify.failure, "FAILURE");
  add(notify.delay, "DELAY");
  return value;
}

}  // namespace

Result<> check_capabilities(const Capabilities& capabilities, const Transaction& transaction) {
  // rfc8689#4.2.1: a host that does not know REQUIRETLS could pass the message on in clear.
  if (transaction.envelope->require_tls && !capabilities.require_tls) {
    return fail(Code::requiretls_missing,
                capabilities.greeting_name + " does not offer REQUIRETLS");
  }
  if (capabilities.size_limit && transaction.size > *capabilities.size_limit) {
    return fail(Code::smtp_size, std::to_string(transaction.size) + " bytes, and " +
                                     capabilities.greeting_name + " takes " +
                                     std::to_string(*capabilities.size_limit));
  }
  if (needs_smtputf8(transaction) && !capabilities.smtputf8) {
    return fail(Code::smtp_no_smtputf8, capabilities.greeting_name + " does not offer SMTPUTF8");
  }
  if (transaction.eight_bit && !capabilities.eight_bit_mime) {
    return fail(Code::smtp_no_8bitmime, capabilities.greeting_name + " does not offer 8BITMIME");
  }
  return {};
}

std::string mail_command(const Capabilities& capabilities, const Transaction& transaction) {
  const Envelope& envelope = *transaction.envelope;
  std::string command = "MAIL FROM:<" + envelope.sender + ">";
  // rfc1870#6.1: SIZE may be declared wherever the keyword was offered, with a limit or without.
  if (capabilities.size_declared) command += " SIZE=" + std::to_string(transaction.size);
  if (transaction.eight_bit) command += " BODY=8BITMIME";
  if (envelope.smtputf8 && capabilities.smtputf8) command += " SMTPUTF8";
  if (envelope.require_tls) command += " REQUIRETLS";
  if (capabilities.dsn) {
    if (envelope.ret == Return::full) command += " RET=FULL";
    if (envelope.ret == Return::headers) command += " RET=HDRS";
    if (!envelope.envid.empty()) command += " ENVID=" + to_xtext(envelope.envid);
  }
  return command;
}

std::string rcpt_command(const Capabilities& capabilities, const Recipient& recipient) {
  std::string command = "RCPT TO:<" + recipient.address + ">";
  if (!capabilities.dsn) return command;
  if (recipient.notify) {
    std::string value = notify_value(*recipient.notify);
    if (!value.empty()) command += " NOTIFY=" + value;
  }
  if (std::size_t end = recipient.orcpt.find(';'); end != std::string::npos) {
    command += " ORCPT=" + recipient.orcpt.substr(0, end + 1) +
               to_xtext(std::string_view(recipient.orcpt).substr(end + 1));
  }
  return command;
}

}  // namespace pawl::smtp

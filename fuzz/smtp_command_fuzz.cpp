// One command line against the parsers: what they take must be clean enough for a header and a log.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "smtp/command.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

bool is_clean(std::string_view text) {
  for (char c : text) {
    auto u = static_cast<unsigned char>(c);
    if (u < ' ' || u == 0x7f) return false;
  }
  return pawl::is_utf8(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pawl::smtp;
  std::string_view line(reinterpret_cast<const char*>(data), size);
  Command command = split_command(line);
  Offered offered{.extensions = true, .require_tls = true};
  if (auto mail = parse_mail(command.argument, offered)) {
    check(is_clean(mail->sender) && is_clean(mail->envid));
    check(mail->smtputf8 || pawl::is_ascii(mail->sender));
    // What was read is read again as the same.
    if (!mail->sender.empty()) {
      auto again = parse_mailbox(mail->sender, Charset::utf8);
      check(again && again->text() == mail->sender);
    }
  }
  for (bool utf8 : {false, true}) {
    if (auto rcpt = parse_rcpt(command.argument, offered, utf8)) {
      check(is_clean(rcpt->address) && is_clean(rcpt->orcpt));
      check(utf8 || (pawl::is_ascii(rcpt->address) && pawl::is_ascii(rcpt->orcpt)));
    }
  }
  if (auto hello = parse_hello(command.argument)) check(is_clean(*hello));
  (void)parse_bdat(command.argument);
  return 0;
}

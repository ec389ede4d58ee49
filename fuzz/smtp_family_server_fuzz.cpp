// Our SMTP, submission and LMTP servers until the session has an owner (server_dialog.h); what
// follows is fuzzed as smtp_server.
#include "server_dialog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using pawl::starttls::Protocol;
  static constexpr std::string_view kLogins[] = {
      "AUTH PLAIN AGpvZQBacTcteHlsb3Bob25l\r\n", "AUTH LOGIN am9l\r\nWnE3LXh5bG9waG9uZQ==\r\n",
      "AGpvZQBacTcteHlsb3Bob25l\r\n", "WnE3LXh5bG9waG9uZQ==\r\n"};
  if (size == 0) return 0;
  constexpr Protocol kFamily[] = {Protocol::smtp, Protocol::submission, Protocol::lmtp,
                                  Protocol::smtp};
  Protocol protocol = kFamily[(data[0] >> 6U) & 3U];
  return pawl::fuzz::fuzz_server(protocol, data, size, kLogins, "");
}

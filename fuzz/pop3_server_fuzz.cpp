// Our POP3 server (server_dialog.h).
#include "server_dialog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kLogins[] = {
      "USER joe\r\nPASS Zq7-xylophone\r\n", "PASS Zq7-xylophone\r\n",
      "AUTH PLAIN AGpvZQBacTcteHlsb3Bob25l\r\n", "AGpvZQBacTcteHlsb3Bob25l\r\n",
      "WnE3LXh5bG9waG9uZQ==\r\n"};
  return pawl::fuzz::fuzz_server(pawl::starttls::Protocol::pop3, data, size, kLogins, "");
}

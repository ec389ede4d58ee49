// Our IMAP server (server_dialog.h).
#include "server_dialog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kLogins[] = {
      "l LOGIN joe Zq7-xylophone\r\n", "l LOGIN {3+}\r\njoe {13+}\r\nZq7-xylophone\r\n",
      "l AUTHENTICATE PLAIN AGpvZQBacTcteHlsb3Bob25l\r\n", "AGpvZQBacTcteHlsb3Bob25l\r\n",
      "WnE3LXh5bG9waG9uZQ==\r\n"};
  return pawl::fuzz::fuzz_server(pawl::starttls::Protocol::imap, data, size, kLogins, "");
}

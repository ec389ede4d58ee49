// Our ManageSieve server (server_dialog.h).
#include "server_dialog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kLogins[] = {
      "AUTHENTICATE \"PLAIN\" \"AGpvZQBacTcteHlsb3Bob25l\"\r\n",
      "AUTHENTICATE \"PLAIN\" {24+}\r\nAGpvZQBacTcteHlsb3Bob25l\r\n",
      "\"AGpvZQBacTcteHlsb3Bob25l\"\r\n", "{24+}\r\nAGpvZQBacTcteHlsb3Bob25l\r\n",
      "\"WnE3LXh5bG9waG9uZQ==\"\r\n"};
  return pawl::fuzz::fuzz_server(pawl::starttls::Protocol::sieve, data, size, kLogins,
                                 "OK (TAG \"");
}

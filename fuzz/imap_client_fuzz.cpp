// The IMAP client under client_dialog.h.
#include "client_dialog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  return pawl::fuzz::run_client(pawl::starttls::Protocol::imap, input);
}

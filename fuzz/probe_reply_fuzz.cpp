// Any datagram from a DNS server that the self-test asked.
#include "resolver/probe_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)pawl::resolver::read_probe_reply({reinterpret_cast<const char*>(data), size}, 7);
  return 0;
}

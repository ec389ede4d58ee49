// Any TXT records, one per line: the choice never crashes, and what it accepts has a destination
// that can be sent to, and stands as a record of its own (rfc8460#3).
#include <cstdlib>

#include "base/text.h"
#include "tlsrpt/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> records;
  for (auto line : pawl::split({reinterpret_cast<const char*>(data), size}, '\n')) {
    records.emplace_back(line);
  }
  auto record = pawl::tlsrpt::choose_record(records);
  if (record && *record) {
    const auto& rua = (*record)->rua;
    if (rua.empty()) std::abort();
    auto again = pawl::tlsrpt::parse_record("v=TLSRPTv1; rua=" + pawl::join(rua, ","));
    if (!again || again->rua != rua) std::abort();
  } else if (!record && record.error().code != pawl::Code::tlsrpt_record_invalid) {
    std::abort();
  }
  return 0;
}

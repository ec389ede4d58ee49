// Any TXT records, one per line: the choice never crashes, and what it accepts is an id of 1 to 32
// letters and digits (rfc8461#3.1).
#include <cstdlib>

#include "base/text.h"
#include "mta_sts/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> records;
  for (auto line : pawl::split({reinterpret_cast<const char*>(data), size}, '\n')) {
    records.emplace_back(line);
  }
  auto record = pawl::mta_sts::choose_record(records);
  if (record && *record) {
    const std::string& id = (*record)->id;
    if (id.empty() || id.size() > 32) std::abort();
    if (!pawl::mta_sts::parse_record("v=STSv1; id=" + id)) std::abort();
  } else if (!record && record.error().code != pawl::Code::sts_record_invalid) {
    std::abort();
  }
  return 0;
}

// Any rdata as a TLSA record: usable or set aside with a reason, never both; a usable one is of the
// twelve forms of SMTP.
#include <cstdlib>

#include "dane/usable.h"
#include "dns/answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pawl::dns::Answer answer;
  answer.type = pawl::dns::Type::tlsa;
  answer.rdata = {std::string(reinterpret_cast<const char*>(data), size)};
  const auto records = pawl::dns::tlsa_records(answer);
  if (!records || records->size() != 1) std::abort();
  const auto sorted = pawl::dane::sort_out(*records);
  if (sorted.usable.size() + sorted.unusable.size() != 1) std::abort();
  for (const auto& record : sorted.usable)
    if ((record.usage != 2 && record.usage != 3) || record.selector > 1 ||
        record.matching_type > 2 || record.data.empty())
      std::abort();
  for (const auto& set_aside : sorted.unusable)
    if (set_aside.reason.empty()) std::abort();
  return 0;
}

// Any bytes as a policy list: never a crash; what is accepted can be asked about every domain on
// it.
#include <cstdlib>

#include "lists/everywhere.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto list = pawl::lists::parse_everywhere_list({reinterpret_cast<const char*>(data), size});
  if (!list) return 0;
  for (const auto& [domain, entry] : list->policies) {
    if (entry.mxs.empty() || pawl::lists::find(*list, domain) != &entry) std::abort();
    (void)pawl::lists::names(entry, domain);
  }
  return 0;
}

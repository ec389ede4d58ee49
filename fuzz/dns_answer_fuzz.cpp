// Any rdata of any type: decoding never crashes, never reads beyond, and what it yields is within
// its own rules. The first byte picks the type, a second the number of records; the rest is cut
// into records by length bytes.
#include <cstdlib>

#include "base/bytes.h"
#include "dns/answer.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void check_name(const pawl::dns::Name& name) {
  const auto back = pawl::dns::Name::from_wire(name.wire());
  check(back.has_value() && *back == name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using pawl::dns::Type;
  constexpr Type kTypes[] = {Type::a,   Type::aaaa, Type::mx,   Type::tlsa,
                             Type::txt, Type::srv,  Type::cname};
  pawl::Reader reader({reinterpret_cast<const char*>(data), size});
  pawl::dns::Answer answer;
  answer.existence = pawl::dns::Existence::found;
  answer.type = kTypes[reader.u8().value_or(0) % std::size(kTypes)];
  while (!reader.empty()) {
    const auto length = *reader.u8();
    const auto rdata = reader.take(length);
    answer.rdata.emplace_back(rdata ? *rdata : reader.rest());
    if (!rdata) break;
  }
  if (const auto records = pawl::dns::mx_records(answer))
    for (const auto& mx : *records) check_name(mx.exchange);
  if (const auto records = pawl::dns::srv_records(answer))
    for (const auto& srv : *records) check_name(srv.target);
  if (const auto records = pawl::dns::cname_records(answer))
    for (const auto& target : *records) check_name(target);
  if (const auto records = pawl::dns::addresses(answer))
    check(records->size() == answer.rdata.size());
  if (const auto records = pawl::dns::tlsa_records(answer))
    for (const auto& tlsa : *records) check(!tlsa.text().empty());
  if (const auto records = pawl::dns::txt_records(answer))
    check(records->size() == answer.rdata.size());
  return 0;
}

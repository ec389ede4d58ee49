#include "lab/guard.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "lab/namespace.h"

namespace pawl::lab {
namespace {

constexpr std::string_view kPrefix("\xfd\x70\x61\x77\x00\x6c", 6);

}  // namespace

IpAddress lab_v6(unsigned block, unsigned number) {
  Bytes bytes(kPrefix);
  put_u16(bytes, static_cast<std::uint16_t>(block));
  bytes.append(4, '\0');
  put_u32(bytes, number);
  return *IpAddress::from_bytes(bytes);
}

Result<> check_lab_address(const IpAddress& address) {
  if (address.is_loopback()) return {};
  if (in_namespace() && address.bytes().starts_with(kPrefix)) return {};
  return fail(Code::permission,
              fmt::format("the lab touches loopback only, and {} is elsewhere", address.text()));
}

Result<> check_lab_name(std::string_view name) {
  std::string lower = to_lower(name);
  if (lower.ends_with('.')) lower.pop_back();
  if (lower == "test" || lower.ends_with(".test")) return {};
  return fail(Code::permission,
              fmt::format("the lab forges names under test. only, not {}", printable(name)));
}

}  // namespace pawl::lab

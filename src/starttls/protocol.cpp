#include "starttls/protocol.h"

#include <array>

#include "base/text.h"
#include "starttls/dialogs.h"

namespace pawl::starttls {

namespace {

constexpr std::array kProtocols = {
#define PAWL_PROTOCOL(id, file, title, command, port, implicit_name, implicit_port, alpn, first, \
                      reference)                                                                 \
  ProtocolRow{Protocol::id,                                                                      \
              #id,                                                                               \
              title,                                                                             \
              command,                                                                           \
              port,                                                                              \
              implicit_name,                                                                     \
              implicit_port,                                                                     \
              alpn,                                                                              \
              FirstAfterUpgrade::first,                                                          \
              reference,                                                                         \
              make_##file##_client,                                                              \
              make_##file##_server},
#include "starttls/protocols.def"
#undef PAWL_PROTOCOL
};

}  // namespace

std::span<const ProtocolRow> protocols() {
  return kProtocols;
}

const ProtocolRow& row(Protocol protocol) {
  return kProtocols[static_cast<std::size_t>(protocol)];
}

const ProtocolRow* find_protocol(std::string_view name) {
  for (const ProtocolRow& row : kProtocols) {
    if (equal_ignoring_case(name, row.name)) return &row;
    if (!row.implicit_name.empty() && equal_ignoring_case(name, row.implicit_name)) return &row;
  }
  return nullptr;
}

}  // namespace pawl::starttls

// The factories of the dialogs, one a side and file, as protocols.def names them: for the table
// (protocol.cpp) alone; everybody else goes through a row of it. imap_client.cpp defines
// make_imap_client, imap_server.cpp make_imap_server.
#pragma once

#include <memory>

#include "starttls/client.h"
#include "starttls/server.h"

namespace pawl::starttls {

// A file that serves several protocols is declared once for each, which C++ allows.
#define PAWL_PROTOCOL(id, file, ...)                                              \
  std::unique_ptr<ClientDialog> make_##file##_client(const ProtocolRow& protocol, \
                                                     ClientOptions options);      \
  std::unique_ptr<ServerDialog> make_##file##_server(const ProtocolRow& protocol, \
                                                     ServerOptions options);
#include "starttls/protocols.def"
#undef PAWL_PROTOCOL

}  // namespace pawl::starttls

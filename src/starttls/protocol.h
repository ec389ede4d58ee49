// The table of protocols (protocols.def) as values. Adding one is a line there, a file with its two
// dialogs and a test file (docs/starttls.md).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace pawl::starttls {

enum class Protocol : std::uint8_t {
#define PAWL_PROTOCOL(id, file, title, command, port, implicit_name, implicit_port, alpn, first, \
                      reference)                                                                 \
  id,
#include "starttls/protocols.def"
#undef PAWL_PROTOCOL
};

// What a server may say between the handshake of an upgrade and our first command. Anything else
// is the Opossum desync or an injection, and ends the session.
enum class FirstAfterUpgrade : std::uint8_t {
  client,           // nothing: the client speaks first
  capability_list,  // ManageSieve, rfc5804#2.2: the capabilities again, unasked
};

class ClientDialog;
class ServerDialog;
struct ClientOptions;
struct ServerOptions;

struct ProtocolRow {
  Protocol protocol;
  std::string_view name;             // "imap"
  std::string_view title;            // "IMAP"
  std::string_view upgrade_command;  // "STLS": the keyword that is offered as well
  std::uint16_t port;
  std::string_view implicit_name;  // "imaps"; empty: TLS from the first byte has no port here
  std::uint16_t implicit_port;
  std::string_view alpn;
  FirstAfterUpgrade first_after_upgrade;
  std::string_view reference;  // "rfc9051#6.2.1"
  std::unique_ptr<ClientDialog> (*make_client)(const ProtocolRow& row, ClientOptions options);
  std::unique_ptr<ServerDialog> (*make_server)(const ProtocolRow& row, ServerOptions options);
};

std::span<const ProtocolRow> protocols();
const ProtocolRow& row(Protocol protocol);
// By name or implicit name ("imap", "imaps"); null: no such protocol.
const ProtocolRow* find_protocol(std::string_view name);

}  // namespace pawl::starttls

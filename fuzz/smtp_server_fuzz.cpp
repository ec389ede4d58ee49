// A hostile client against the server machine, played whole and byte by byte: both must come out
// the same, and no content with a bare CR or LF may ever be taken. Byte 0x01 stands for the
// handshake, where one is due.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "smtp/server.h"

namespace {

using pawl::smtp::Server;
using pawl::smtp::ServerEvent;
using pawl::smtp::ServerOptions;

void check(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::string replies;
  std::string taken;
  bool tls = false;
  bool injected = false;
};

bool only_crlf(std::string_view content) {
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '\r' && (i + 1 == content.size() || content[i + 1] != '\n')) return false;
    if (content[i] == '\n' && (i == 0 || content[i - 1] != '\r')) return false;
  }
  return true;
}

// Handles events until bytes are wanted; false: the session is over.
bool run(Server& server, Outcome& outcome, std::string& message, bool& tls_due) {
  while (true) {
    switch (server.next()) {
      case ServerEvent::need_input:
        outcome.replies += server.take();
        return true;
      case ServerEvent::authenticate:
        check(server.tls());
        server.refuse("535 5.7.8 no");
        break;
      case ServerEvent::recipient:
        check(!server.recipient().address.empty());
        server.accept();
        break;
      case ServerEvent::sender:
        server.accept();
        break;
      case ServerEvent::message_begin:
        check(message.empty() && !server.envelope().recipients.empty());
        server.accept_message("");
        break;
      case ServerEvent::content:
        message += server.take_content();
        break;
      case ServerEvent::message_end:
        message += server.take_content();
        check(only_crlf(message) && message.size() <= 4096);
        outcome.taken += message;
        message.clear();
        server.accept("taken");
        break;
      case ServerEvent::message_aborted:
        message.clear();
        break;
      case ServerEvent::start_tls:
        outcome.replies += server.take();
        outcome.tls = tls_due = true;
        return true;
      case ServerEvent::injection:
        outcome.injected = true;
        return false;
      case ServerEvent::closed:
        outcome.replies += server.take();
        return false;
    }
  }
}

Outcome play(const ServerOptions& options, bool tls, std::string_view bytes, bool in_pieces) {
  Server server(options, tls);
  Outcome outcome;
  std::string message;
  bool tls_due = false;
  bool alive = run(server, outcome, message, tls_due);
  while (alive && !bytes.empty()) {
    std::size_t count = in_pieces ? 1 : std::min(bytes.find('\x01'), bytes.size());
    if (count == 0 || bytes[0] == '\x01') {
      bytes.remove_prefix(1);
      if (!tls_due) continue;
      tls_due = false;
      server.tls_started();
    } else if (tls_due) {
      break;  // no ClientHello: the engine ends it
    } else {
      server.feed(bytes.substr(0, count));
      bytes.remove_prefix(count);
    }
    alive = run(server, outcome, message, tls_due);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  ServerOptions options{.hostname = "mx.example.org",
                        .lmtp = (data[0] & 64U) != 0,
                        .starttls = (data[0] & 1U) != 0,
                        .auth = (data[0] & 2U) != 0,
                        .require_tls = (data[0] & 4U) != 0,
                        .clear_mail = (data[0] & 8U) == 0,
                        .normalize = (data[0] & 16U) != 0,
                        .max_size = 4096,
                        .chunk = 64};
  bool tls = (data[0] & 32U) != 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Outcome whole = play(options, tls, bytes, false);
  Outcome pieces = play(options, tls, bytes, true);
  check(whole.taken == pieces.taken);
  // Behind an injection the two differ by the reply that comes before the engine would fail.
  if (!whole.injected) check(whole.replies == pieces.replies && whole.tls == pieces.tls);
  return 0;
}

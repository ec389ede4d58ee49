// A stream that may be upgraded to TLS in place: what a STARTTLS dialog runs on. Plaintext that was
// buffered before the upgrade is never handed out after it.
#pragma once

#include <memory>
#include <optional>

#include "net/stream.h"
#include "tls/engine.h"

namespace pawl::net {

class Channel {
 public:
  explicit Channel(std::unique_ptr<Stream> stream);
  ~Channel();
  Channel(Channel&&) noexcept;

  Task<std::size_t> read_some(std::span<char> into, MonoTime deadline);
  Task<> write_all(std::string_view bytes, MonoTime deadline);

  // Runs the handshake. The engine's description() holds what was proved, also after a failure.
  // Whether the proof is enough is the caller's question (tls::judge), asked before anything is
  // sent.
  Task<> start_tls(std::unique_ptr<tls::Engine> engine, MonoTime deadline);
  bool is_tls() const;
  tls::Engine* engine();  // null before start_tls

  // Bytes that came in and were not read yet, without waiting: after a handshake any is the Opossum
  // desync or an injection (DESIGN section 3). Reads once from the socket without blocking.
  Task<bool> has_unread_input();

  Task<> shutdown(
      MonoTime deadline);  // close_notify if TLS, then close; does not wait for the peer's
  void close();
  Endpoint local() const;
  Endpoint remote() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pawl::net

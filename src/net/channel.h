// A stream that may be upgraded to TLS in place: what a STARTTLS dialog runs on. Plaintext that was
// buffered before the upgrade is never handed out after it. One reader and one writer at a time;
// the Channel outlives its operations.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "net/stream.h"
#include "tls/engine.h"

namespace pawl::net {

class Channel {
 public:
  explicit Channel(std::unique_ptr<Stream> stream);
  ~Channel();
  Channel(Channel&&) noexcept;

  Task<std::size_t> read_some(std::span<char> into, MonoTime deadline);
  // All that has come, at least one byte: a session that waits long needs no buffer of its own.
  Task<std::string> read_available(MonoTime deadline);
  Task<> write_all(std::string_view bytes, MonoTime deadline);

  // Runs the handshake. The engine's description() holds what was proved, also after a failure.
  // Whether the proof is enough is the caller's question (tls::judge), asked before anything is
  // sent. Bytes that came in clear and were not read are an attack and end the session
  // (Code::starttls_injection), whether they came before the handshake or instead of it; every
  // other failure, a cut or a stall included, is Code::tls_handshake or Code::tls_version.
  Task<> start_tls(std::unique_ptr<tls::Engine> engine, MonoTime deadline);
  bool is_tls() const;
  tls::Engine* engine();  // null before start_tls

  // Has anything come in that was not read yet? After a handshake, where the protocol is silent,
  // it is the Opossum desync or an injection, and ends the session. Looks at what is there, and
  // with `patience` also at what comes within that time. TLS's own messages (tickets) are no input.
  Task<bool> has_unread_input(std::chrono::milliseconds patience = {});

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

// The client side of a session that may become TLS, the same for every protocol (protocols.def).
//
//   feed() ... upgrade -> handshake, judge, was anything said? -> tls_established()
//          ... ready -> log_in(), send() ... log_out() -> closed
//
// The rules that hold for all of them:
// - Mode required: nothing that identifies the user and no byte of content leaves before
//   tls_established(), whatever the server says: a gate before every write, not a branch.
// - The success reply to the upgrade must be the last byte received (response injection); between
//   `upgrade` and tls_established() any feed() ends the session (from inside TLS: the Opossum
//   desync).
// - What was learnt before the upgrade is forgotten by it: capabilities, greeting, untagged data.
// - A referral or a PREAUTH in clear is never followed: with TLS required it ends the session.
// - Only the one success reply is success. Everything is bounded (base/limits.h).
//
// Once connected, a command and its reply allocate nothing.
// Errors: starttls_not_offered, starttls_refused, starttls_injection, unexpected_greeting,
// preauthenticated, dialog_protocol, too_large, auth_failed, connection_lost.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "starttls/protocol.h"

namespace pawl::starttls {

// As mail programs name it.
enum class Mode : std::uint8_t { never, if_available, required };
std::string_view name(Mode mode);  // "if available"

struct ClientOptions {
  Mode mode = Mode::required;
  bool implicit_tls = false;  // TLS began before the first byte, and has been judged
  // How we call ourselves where the protocol asks for a name. Before TLS anybody reads it.
  std::string client_name = "localhost";
  // IMAP's tags are drawn from it: whoever drives the dialog makes it unpredictable, so that no
  // answer can be sent ahead of its command.
  std::uint64_t tag_seed = 0;
  // Sends the upgrade command although it was not offered: what comes back tells a stripped offer
  // from none. For pawl check, never for mail.
  bool ask_unoffered = false;
};

enum class ClientEvent : std::uint8_t {
  upgrade,    // run the handshake and judge it, then tls_established() or close
  ready,      // log_in(), send() or log_out()
  logged_in,  // send() or log_out()
  reply,      // reply() answers what was sent; send() or log_out()
  failed,     // error() ends the session; close
  closed,     // the goodbye was answered; close
};
std::string_view name(ClientEvent event);

// Line breaks and NUL make commands of a name: log_in() fails with this error and sends nothing.
Result<> check_login(std::string_view user, const Secret& password);

class ClientDialog {
 public:
  virtual ~ClientDialog() = default;

  virtual void feed(std::string_view bytes) = 0;
  virtual void end_of_input() = 0;
  virtual void abort(Error error) = 0;  // the driver's own end: a time-out, a lost connection
  // What to send now; valid until the next call; empty: nothing. sent() says that it went.
  virtual std::string_view output() const = 0;
  virtual void sent() = 0;
  virtual std::optional<ClientEvent> next_event() = 0;

  virtual void tls_established() = 0;
  virtual void log_in(std::string_view user, const Secret& password) = 0;
  // One command with its line ending, as the protocol has them, without a tag of its own: IMAP's
  // is put before it.
  virtual void send(std::string_view command) = 0;
  virtual void log_out() = 0;

  virtual bool secure() const = 0;
  virtual const Error& error() const = 0;  // after `failed`
  virtual std::string_view reply()
      const = 0;  // the last whole reply as it came, valid until feed()
  // What the server offers now, one keyword with its arguments each, as sent; empty after the
  // upgrade until it was asked again. Valid until the next feed().
  virtual const std::vector<std::string_view>& capabilities() const = 0;
  virtual bool upgrade_offered() const = 0;  // before the upgrade; stays known after it
  // Mode if_available: why the session went on in clear (starttls_not_offered, starttls_refused).
  virtual const std::optional<Error>& downgrade() const = 0;
};

}  // namespace pawl::starttls

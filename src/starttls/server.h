// The server side of a session that may become TLS, the same for every protocol, from the greeting
// until the session belongs to somebody: a user has logged in, or (SMTP, LMTP) mail begins. Then
// `established`, and whoever owns the session goes on with take_input().
//
// The driver's loop: next() until it says need_input, then send output(), read, feed().
//
// The rules that hold for all of them:
// - No login is offered and none is taken before TLS; a password sent all the same is answered with
//   the protocol's own refusal and is not looked at.
// - The upgrade is offered and taken once, in the initial state only.
// - Bytes behind the upgrade command end the session before the handshake (command injection,
//   CVE-2011-0411): `injection`.
// - tls_started() forgets everything: names, users, half-given logins, error counts.
// Memory is bounded: one line, one login. Errors are answered to the client; nothing is thrown.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "starttls/protocol.h"

namespace pawl::starttls {

struct ServerOptions {
  std::string hostname;        // in the greeting
  bool starttls = true;        // a certificate is there
  bool implicit_tls = false;   // the session began with a handshake (rfc8314#3)
  bool authentication = true;  // logins are taken (inside TLS)
  // SMTP, LMTP: mail is taken in clear. False: refused with 530 until TLS (rfc3207#4).
  bool clear_mail = false;
  int max_errors = 10;  // then the session ends
};

enum class ServerEvent : std::uint8_t {
  need_input,    // send output(), read, feed()
  start_tls,     // send output(), handshake, then tls_started()
  authenticate,  // user() and password(): accept() or refuse()
  established,   // send output(); the session has an owner, and take_input() is the first of his
  injection,     // bytes came behind the upgrade command: close, without a handshake
  closed,        // send output() and close
};
std::string_view name(ServerEvent event);

class ServerDialog {
 public:
  virtual ~ServerDialog() = default;

  virtual void feed(std::string_view bytes) = 0;
  virtual ServerEvent next() = 0;
  virtual std::string_view output() const = 0;  // valid until the next call; empty: nothing
  virtual void sent() = 0;

  virtual void tls_started() = 0;
  virtual void accept() = 0;
  virtual void refuse() = 0;  // wrong user or password
  virtual void time_out() = 0;

  virtual bool secure() const = 0;
  virtual std::string_view user() const = 0;
  virtual const Secret& password() const = 0;
  // What the client called itself where the protocol asks (EHLO); forgotten like all else.
  virtual std::string_view client_name() const { return {}; }
  // After `established`, once: the bytes that came behind the login; where mail began without one,
  // from its MAIL on.
  virtual std::string take_input() = 0;
};

}  // namespace pawl::starttls

// One session with one address of a host: dialled, upgraded as its mode says, judged, and kept as a
// transcript. The only driver of client dialogs for check, scan and lab.
// Coroutines of one loop; a Session is used by one task at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/channel.h"
#include "net/dial.h"
#include "starttls/client.h"
#include "starttls/transcript.h"
#include "tls/engine.h"

namespace pawl::probe {

struct Timeouts {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds reply{15'000};
  std::chrono::milliseconds handshake{15'000};
  // How long the upgraded session must stay silent before we speak (the Opossum desync): an
  // attacker's bytes come in the same flight as the end of the handshake.
  std::chrono::milliseconds silence{20};
};

struct SessionOptions {
  Endpoint to;
  std::string host;  // whom we mean, for the sentences; the profile says what must be proved
  starttls::Protocol protocol = starttls::Protocol::smtp;
  starttls::ClientOptions client;  // mode, implicit_tls, ask_unoffered
  tls::ClientProfile profile;      // ALPN is added from the protocol table
  std::shared_ptr<tls::ClientContext> tls;
  net::DialOptions dial;
  Timeouts timeouts;
};

// When each thing was there, since the connection was asked for.
struct Timings {
  std::optional<std::chrono::milliseconds> connected;
  std::optional<std::chrono::milliseconds> greeted;      // the first bytes of the server
  std::optional<std::chrono::milliseconds> upgrading;    // the upgrade was granted
  std::optional<std::chrono::milliseconds> established;  // the handshake was over
  std::optional<std::chrono::milliseconds> ready;
};

class Session {
 public:
  // Connects and goes on until `ready`, or until it fails: error() says why. With mode required or
  // an authenticated profile a failed proof ends the session before anything else is said.
  static net::Task<std::unique_ptr<Session>> open(SessionOptions options);
  ~Session();

  const std::optional<Error>& error() const;
  const starttls::ClientDialog& dialog() const;
  const starttls::Transcript& transcript() const;
  const Timings& timings() const;
  const tls::Description* description() const;       // null: no handshake was begun
  const std::optional<Error>& proof_failed() const;  // judge()'s answer, also where not enforced
  const std::string& banner() const;                 // the greeting as it came, first 2 KiB
  // As they stood before and after the upgrade.
  const std::vector<std::string>& capabilities_in_clear() const;
  const std::vector<std::string>& capabilities_in_tls() const;

  net::Task<> log_in(std::string user, const Secret& password);
  net::Task<std::string> send(std::string command);  // the reply
  net::Task<> close();                               // goodbye; never waits long

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pawl::probe

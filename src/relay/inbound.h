// The incoming half of the relay: listeners, sessions, and the hand-over to the durable queue.
// A message is committed before its 250 (DESIGN section 2, promise 4).
//
// One Inbound serves all loops: each loop runs serve() for its own listener on the same port, and
// a session stays on the loop that accepted it. stop(), set_certificates() and set_rules() may be
// called from any thread; the Inbound outlives the tasks it was asked for.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "net/dial.h"
#include "relay/admission.h"
#include "relay/authenticator.h"
#include "smtp/server.h"
#include "store/queue.h"
#include "tls/engine.h"

namespace pawl::relay {

// rfc5321#4.5.3.2: a server waits five minutes for the next command or piece of content.
struct InboundTimes {
  std::chrono::seconds command{300};
  std::chrono::seconds content{300};
  std::chrono::seconds write{300};
  std::chrono::seconds handshake{60};
};

struct InboundOptions {
  smtp::ServerOptions server;  // starttls and auth are set per listener
  SessionLimits sessions;
  InboundTimes times;
  std::size_t held_content = 1024UL * 1024;  // a larger message is spilled to the store
};

// What a reload changes; a session keeps what it began with.
struct InboundRules {
  std::vector<Network> client_networks;  // may relay without AUTH; empty: loopback only
};

struct ListenerOptions {
  enum class Tls : unsigned char { starttls, implicit, none };
  Tls tls = Tls::starttls;
  bool auth = false;
};

// What the incoming half asks of others. References outlive it.
struct InboundNeeds {
  store::Queue& queue;
  const Clock& clock;
  EventSink& events;
  Authenticator* authenticator = nullptr;  // null: AUTH is never offered
  // NextHop::key() of a recipient, or why there is none (the recipient is refused with it).
  std::function<Result<std::string>(const smtp::Recipient&)> route;
  // A message is in the queue and claimed for the caller; on the session's loop.
  std::function<void(store::QueuedMessage)> accepted;
};

class Inbound {
 public:
  Inbound(InboundOptions options, InboundNeeds needs);
  ~Inbound();
  Inbound(const Inbound&) = delete;
  Inbound& operator=(const Inbound&) = delete;

  // Accepts until stop(); on the loop whose sessions it makes.
  net::Task<> serve(std::unique_ptr<net::Listener> listener, ListenerOptions options);
  // One session on a connection that somebody else accepted; for tests and inetd.
  net::Task<> serve_one(std::unique_ptr<net::Stream> stream, ListenerOptions options);

  void set_certificates(std::shared_ptr<tls::ServerContext> context);  // null: no TLS
  void set_rules(InboundRules rules);

  // No more connections; sessions get 421, after the message that is on its way in.
  void stop();
  std::size_t sessions() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace pawl::relay

// One connection to a host that takes mail: dialled, upgraded, judged, greeted; then any number of
// transactions. The driver of smtp::Client over a net::Channel. One loop; not shared.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "net/channel.h"
#include "relay/delivery.h"
#include "smtp/client.h"
#include "tls/engine.h"

namespace pawl::relay {

// RFC 5321 section 4.5.3.2.
struct OutboundTimeouts {
  Seconds connect{30};
  Seconds handshake{60};
  Seconds greeting{300};
  Seconds reply{300};
  Seconds data_start{120};
  Seconds write{180};
  Seconds content_end{600};
};

using Dial = std::function<net::Task<std::unique_ptr<net::Stream>>(Endpoint, MonoTime)>;

struct SessionRequest {
  Endpoint to;
  NextHop::Protocol protocol = NextHop::Protocol::smtp;
  const policy::Verdict* verdict = nullptr;
  bool clear_fallback = false;  // no STARTTLS: an earlier handshake failed and nothing is promised
  std::string helo;
  std::shared_ptr<const smtp::Credentials> credentials;
};

// The content of a message, front to back. Errors end the session without the final dot.
class ContentSource {
 public:
  virtual ~ContentSource() = default;
  virtual std::uint64_t size() const = 0;
  // A piece, empty at the end. What it views stays valid until the next call.
  virtual net::Task<std::string_view> next() = 0;
};

class OutboundSession {
 public:
  // Connects and goes on until a transaction may begin. `attempt` is filled in either case: what
  // was reached, what TLS proved, what was observed and not obeyed. An error is why this address
  // does not take mail; policy-class codes mean that a promise was not kept.
  static net::Task<std::unique_ptr<OutboundSession>> open(const Dial& dial,
                                                          std::shared_ptr<tls::ClientContext> tls,
                                                          SessionRequest request,
                                                          OutboundTimeouts timeouts,
                                                          Attempt& attempt);

  // Never fails as a whole. After usable() is false the session can only be dropped.
  net::Task<smtp::TransactionResult> send(smtp::Transaction transaction, ContentSource& content);
  net::Task<> say_goodbye();  // QUIT and close, without waiting for anything

  bool usable() const { return !client_->failed(); }
  // The session failed before the host answered anything in it since the last transaction.
  bool lost_while_idle() const { return lost_while_idle_; }
  const std::optional<Error>& failure() const { return failure_; }
  const smtp::Client& client() const { return *client_; }
  const Attempt& opened_as() const { return opened_as_; }  // for those who use it again
  void remember(const Attempt& attempt) { opened_as_ = attempt; }
  int transactions() const { return transactions_; }

 private:
  OutboundSession(net::Channel channel, SessionRequest request, OutboundTimeouts timeouts)
      : channel_(std::move(channel)), request_(std::move(request)), timeouts_(timeouts) {}
  net::Task<> establish(std::shared_ptr<tls::ClientContext> tls, Attempt& attempt);
  net::Task<> secure(std::shared_ptr<tls::ClientContext> tls, Attempt& attempt);
  net::Task<smtp::ClientEvent> next_event();
  net::Task<> flush();
  net::Task<> send_content(ContentSource& content);
  MonoTime deadline() const;

  net::Channel channel_;
  SessionRequest request_;
  OutboundTimeouts timeouts_;
  std::optional<smtp::Client> client_;
  std::optional<Error> failure_;
  Attempt opened_as_;
  int transactions_ = 0;
  bool lost_while_idle_ = false;
  bool heard_something_ = false;
  std::array<char, 4096> buffer_;
};

// Judges what the handshake proved against the verdict: the gate between TLS and the envelope.
// Under enforcement "observe" a failure is recorded in the attempt and the session goes on.
Result<> judge_session(const policy::Verdict& verdict, Attempt& attempt);

}  // namespace pawl::relay

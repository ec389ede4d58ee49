// What the sessions of an Inbound share. Internal to relay/inbound*.cpp.
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "net/channel.h"
#include "net/loop.h"
#include "relay/inbound.h"

namespace pawl::relay {

class InboundSession;

struct Inbound::State {
  State(InboundOptions o, InboundNeeds n)
      : options(std::move(o)), needs(std::move(n)), count(options.sessions) {}

  const InboundOptions options;
  const InboundNeeds needs;
  SessionCount count;
  std::atomic<std::shared_ptr<tls::ServerContext>> certificates;
  std::atomic<std::shared_ptr<const InboundRules>> rules{std::make_shared<const InboundRules>()};
  std::atomic<bool> stopping{false};

  // What stop() must wake; locked when one begins or ends.
  struct Running {
    net::Loop* loop = nullptr;
    std::weak_ptr<InboundSession> session;
  };
  struct Listening {
    net::Loop* loop = nullptr;
    std::weak_ptr<net::Listener> listener;
  };
  std::mutex mutex;
  std::map<const InboundSession*, Running> running;
  std::vector<Listening> listening;
};

// One client connection. Lives on one loop.
class InboundSession : public std::enable_shared_from_this<InboundSession> {
 public:
  InboundSession(std::shared_ptr<Inbound::State> state, std::unique_ptr<net::Stream> stream,
                 ListenerOptions listener, std::shared_ptr<tls::ServerContext> certificates);

  net::Task<> run();
  // 421 to a client that is waited for, at once; otherwise after what is going on.
  void shut_down();

 private:
  net::Task<> start_tls();
  net::Task<> talk();
  net::Task<> flush();
  net::Task<> read();
  void decide_recipient();
  net::Task<> authenticate();
  void begin_message();
  net::Task<> keep_content();
  net::Task<> end_message();
  void drop_content();
  void abort_message();
  void refuse_message(const Error& error);
  static net::Task<> say_goodbye(std::shared_ptr<InboundSession> session);
  Event event(Severity severity, std::string name) const;

  std::shared_ptr<Inbound::State> state_;
  std::shared_ptr<tls::ServerContext> certificates_;
  std::shared_ptr<const InboundRules> rules_;
  smtp::ServerOptions options_;
  bool implicit_tls_;
  IpAddress client_;
  std::string client_text_;
  net::Channel channel_;
  smtp::Server server_;
  bool reading_ = false;
  std::string tls_text_;

  // The message that is coming in.
  std::string content_;
  std::uint64_t size_ = 0;
  std::optional<std::int64_t> spill_;
  std::optional<Error> store_error_;
  std::vector<std::string> next_hops_;  // one per accepted recipient
  WallTime arrived_{};
};

}  // namespace pawl::relay

// The Deliverer: a job's MX hosts in order, each address of both families, under the verdict of
// each host; connections kept and reused. What it may not do is decided elsewhere: policy::decide
// says what a connection must prove, smtp::Client lets nothing out before, JobOutcomes says what a
// failure means. One instance per loop; nothing is shared or locked.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/event.h"
#include "relay/connection_pool.h"
#include "relay/delivery.h"
#include "relay/handshake_memory.h"
#include "relay/logins.h"
#include "relay/outbound_session.h"
#include "store/queue.h"

namespace pawl::relay {

struct OutboundSettings {
  std::string helo;                  // our host name
  std::vector<dns::Name> own_names;  // MX hosts that are us: mail for them would loop
  std::vector<IpAddress> own_addresses;
  OutboundTimeouts timeouts;
  PoolLimits pool;
  std::size_t connections_per_attempt = 8;       // addresses tried for one job, all hosts together
  std::size_t recipients_per_transaction = 100;  // RFC 5321 section 4.5.3.1.8
  std::chrono::milliseconds plan_lifetime{10000};  // how long facts about a destination are kept
};

struct OutboundServices {
  // The facts about a next hop with a name. Errors are about the domain as a whole.
  std::function<net::Task<policy::Facts>(NextHop)> gather;
  // One forced, rate-limited fetch of the domain's MTA-STS policy, before mail is held back for
  // it: true if what is known has changed.
  std::function<net::Task<bool>(dns::Name)> refetch_policy;
  std::function<policy::Plan(const policy::Facts&, const policy::Rules&,
                             const policy::MessageDemands&, WallTime)>
      decide;
  std::function<std::shared_ptr<const policy::Rules>()> rules;  // a reload gives another pointer
  std::function<std::shared_ptr<const Login>(const NextHop&)> login;  // null: without AUTH
  Dial dial;
  std::shared_ptr<tls::ClientContext> tls;
  store::Queue* queue = nullptr;  // content that is not in memory
  EventSink* events = nullptr;
  const Clock* clock = nullptr;
};

class Outbound : public Deliverer {
 public:
  Outbound(OutboundSettings settings, OutboundServices services);
  net::Task<DeliveryResult> deliver(DeliveryJob job) override;
  const ConnectionPool& pool() const { return pool_; }
  void close_idle() { pool_.close_idle(MonoTime::max()); }  // at the end, on its loop

 private:
  struct Planned;
  struct Work;

  net::Task<std::shared_ptr<const Planned>> plan_for(const DeliveryJob& job);
  net::Task<policy::Facts> facts_for(const NextHop& next_hop);
  net::Task<> try_hosts(Work& work);
  net::Task<bool> try_refetch(Work& work);
  net::Task<> try_host(Work& work, std::size_t host);
  net::Task<> try_address(Work& work, std::size_t host, IpAddress address);
  net::Task<> transact(Work& work, OutboundSession& session, Attempt& attempt);
  void emit(Severity severity, std::string name, const Work& work, const Attempt& attempt);

  OutboundSettings settings_;
  OutboundServices services_;
  ConnectionPool pool_;
  HandshakeMemory handshakes_;
  std::unordered_map<std::string, std::shared_ptr<const Planned>> plans_;
};

}  // namespace pawl::relay

// The authoritative side of the lab's DNS: the real NSD serving signed zones, and in front of it,
// on the path to every resolver, somebody who may read, drop and forge (UDP and TCP).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/ip_address.h"
#include "lab/child.h"
#include "lab/dns_message.h"
#include "lab/scratch.h"
#include "lab/socket.h"
#include "lab/zones.h"

namespace pawl::lab {

// What happens to one question on its way.
struct DnsForgery {
  enum class Kind : unsigned char {
    no_data,         // "there is no such record", unsigned
    no_domain,       // "there is no such name", unsigned
    server_failure,  // SERVFAIL
    silence,         // never answered
    records,         // these instead, unsigned
  };
  Kind kind = Kind::no_data;
  std::vector<std::string> rdata;  // wire format, for records
};

class NameServer {
 public:
  // Signs nothing: `zones` come from sign_zones. `at` is where resolvers ask; NSD itself listens on
  // 127.0.0.1 on a port of its own. Errors: not_found (nsd is not installed), io.
  static Result<std::unique_ptr<NameServer>> start(const SignedZones& zones, const Endpoint& at,
                                                   const Scratch& scratch);
  ~NameServer();

  const Endpoint& endpoint() const { return front_; }
  // From now on, for this name and type. Errors: permission for names outside test.
  Result<> forge(std::string_view name, std::uint16_t type, DnsForgery forgery);
  void stop_forging(std::string_view name, std::uint16_t type);

 private:
  NameServer(Child nsd, Endpoint back, Endpoint front, Socket udp);
  // Nothing: silence.
  std::optional<std::string> answer(const std::string& query, bool over_tcp);
  void serve_udp();
  void serve_tcp(Socket& client);

  Child nsd_;
  Endpoint back_;
  Endpoint front_;
  Socket udp_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::uint16_t>, DnsForgery> forgeries_;
  std::atomic<bool> stopping_ = false;
  std::thread udp_thread_;
  std::unique_ptr<TcpServer> tcp_;
};

}  // namespace pawl::lab

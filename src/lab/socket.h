// Blocking sockets, threads and nothing else: what the lab's servers and its attacker stand on.
// Deliberately not net/ and not tls/: the lab judges the relay by the bytes on the wire, so it
// shares no code with the relay between the wire and the count
// (docs/decisions/0007-the-lab-judges-by-bytes.md). Errors: connection_lost, timeout,
// connect_refused, io; permission for an address that is not the lab's (guard.h).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/ip_address.h"

namespace pawl::lab {

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(other.descriptor_.exchange(-1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  Result<std::string> read_some();  // what has come; waits up to kPatience for it
  Result<> write_all(std::string_view bytes);
  // Both directions end, from any thread; a blocked read or write returns.
  void hang_up();
  // What has come and not been read, without taking it.
  std::string peek() const;
  int descriptor() const { return descriptor_; }
  Endpoint remote() const;
  Endpoint local() const;

 private:
  std::atomic<int> descriptor_;
};

// Nothing in the lab waits longer for the other side.
inline constexpr std::chrono::seconds kPatience{60};

Result<Socket> connect_to(const Endpoint& to);
// A bound datagram socket.
Result<Socket> bind_udp(const Endpoint& at);
// A port of 127.0.0.1 that nobody uses at this moment.
Result<std::uint16_t> free_port();

// Listens on any number of endpoints; each connection is served by its handler on a thread of its
// own, and ends when the handler returns. The destructor hangs up on everybody and waits for them.
class TcpServer {
 public:
  using Handler = std::function<void(Socket& client)>;

  TcpServer();
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;
  ~TcpServer();

  // The endpoint listened on: with the real port, where 0 was asked.
  Result<Endpoint> listen(const Endpoint& at, Handler handler);
  // From now on connections are refused; those that stand, stand. Listening again undoes it.
  void refuse(const Endpoint& at);
  void hang_up_all();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::lab

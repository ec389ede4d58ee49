#include "resolver/path_probe.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <random>

#include "base/bytes.h"
#include "base/clock.h"

namespace pawl::resolver {
namespace {

using Milliseconds = std::chrono::milliseconds;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

Address address_of(const Endpoint& endpoint) {
  Address address;
  const auto bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, bytes.data(), sizeof v4.sin_addr);
    address.length = sizeof v4;
    std::memcpy(&address.storage, &v4, sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, bytes.data(), sizeof v6.sin6_addr);
    address.length = sizeof v6;
    std::memcpy(&address.storage, &v6, sizeof v6);
  }
  return address;
}

// A connected, non-blocking socket and the moment until which it is waited for.
class Exchange {
 public:
  Exchange(const Endpoint& to, int kind, Milliseconds patience)
      : fd_(socket(to.address.is_v4() ? AF_INET : AF_INET6, kind | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   0)),
        until_(std::chrono::steady_clock::now() + patience) {
    const auto address = address_of(to);
    connected_ = fd_ >= 0 && (connect(fd_, reinterpret_cast<const sockaddr*>(&address.storage),
                                      address.length) == 0 ||
                              errno == EINPROGRESS);
    if (!connected_) error_ = std::strerror(errno);
  }
  ~Exchange() {
    if (fd_ >= 0) close(fd_);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  bool send_all(std::string_view bytes) {
    if (!connected_ || !ready(POLLOUT)) return false;
    const auto sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return failed();
    return sent == static_cast<ssize_t>(bytes.size());
  }
  // What comes next, up to `limit` bytes; nothing at the end, at an error or when time is up.
  std::optional<std::string> receive(std::size_t limit) {
    std::string bytes(limit, '\0');
    if (!connected_ || !ready(POLLIN)) return std::nullopt;
    const auto count = recv(fd_, bytes.data(), bytes.size(), 0);
    if (count < 0) failed();
    if (count == 0) error_ = "the connection was closed without an answer";
    if (count <= 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
  }
  const std::string& error() const { return error_; }

 private:
  bool failed() {
    error_ = std::strerror(errno);
    return false;
  }
  bool ready(short events) {
    const auto left =
        std::chrono::ceil<Milliseconds>(until_ - std::chrono::steady_clock::now()).count();
    pollfd watched{fd_, events, 0};
    if (left > 0 && poll(&watched, 1, static_cast<int>(left)) > 0) return true;
    error_ = "no answer in time";
    return false;
  }

  const int fd_;
  const MonoTime until_;
  bool connected_ = false;
  std::string error_;
};

std::uint16_t random_id() {
  return static_cast<std::uint16_t>(std::random_device{}());
}

std::optional<ProbeReply> ask_over_udp(const PathServer& server, bool with_signatures,
                                       Milliseconds patience) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    Exchange exchange(server.endpoint, SOCK_DGRAM, patience);
    const auto id = random_id();
    if (!exchange.send_all(probe_query(server.question, id, with_signatures))) continue;
    while (const auto datagram = exchange.receive(65535))  // until one is a reply to us
      if (auto reply = read_probe_reply(*datagram, id)) return reply;
  }
  return std::nullopt;
}

std::optional<ProbeReply> ask_over_tcp(const PathServer& server, Milliseconds patience,
                                       std::string& error) {
  Exchange exchange(server.endpoint, SOCK_STREAM, patience);
  const auto id = random_id();
  const auto query = probe_query(server.question, id, true);
  std::string framed;
  put_u16(framed, static_cast<std::uint16_t>(query.size()));
  std::string got;
  if (exchange.send_all(framed + query)) {
    for (;;) {
      Reader reader(got);
      const auto length = reader.u16();
      if (length && reader.rest().size() >= *length) {
        auto reply = read_probe_reply(*reader.take(*length), id);
        if (!reply) error = "what came back is no DNS answer";
        return reply;
      }
      const auto more = exchange.receive(65537);
      if (!more) break;
      got += *more;
    }
  }
  error = exchange.error();
  return std::nullopt;
}

PathObservation::Reply kind_of(const std::optional<ProbeReply>& reply) {
  if (!reply) return PathObservation::Reply::none;
  return reply->truncated ? PathObservation::Reply::cut : PathObservation::Reply::whole;
}

}  // namespace

PathObservation probe_path(const PathServer& server, Milliseconds patience) {
  PathObservation seen;
  seen.server = server;
  const auto udp = ask_over_udp(server, true, patience);
  seen.with_signatures = kind_of(udp);
  if (!udp) seen.without_signatures = kind_of(ask_over_udp(server, false, patience));
  const auto tcp = ask_over_tcp(server, patience, seen.tcp_error);
  seen.over_tcp = tcp.has_value();
  const auto& complete = udp && !udp->truncated ? udp : tcp;
  seen.has_signature = complete && complete->has_signature;
  return seen;
}

}  // namespace pawl::resolver

#include "lab/socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <thread>

#include "lab/guard.h"

namespace pawl::lab {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_system(const Endpoint& endpoint) {
  SocketAddress out;
  std::string bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&out.storage, &address, sizeof address);
    out.size = sizeof address;
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    std::memcpy(&address.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&out.storage, &address, sizeof address);
    out.size = sizeof address;
  }
  return out;
}

Endpoint from_system(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address.storage, sizeof v6);
    std::string_view bytes(reinterpret_cast<const char*>(&v6.sin6_addr), 16);
    return {*IpAddress::from_bytes(bytes), ntohs(v6.sin6_port)};
  }
  sockaddr_in v4;
  std::memcpy(&v4, &address.storage, sizeof v4);
  std::string_view bytes(reinterpret_cast<const char*>(&v4.sin_addr), 4);
  return {*IpAddress::from_bytes(bytes), ntohs(v4.sin_port)};
}

void set_options(int descriptor) {
  int one = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  // refused by UDP, no matter
  timeval patience{kPatience.count(), 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

Result<Socket> make_socket(const Endpoint& endpoint, int type) {
  TRY_VOID(check_lab_address(endpoint.address));
  int family = endpoint.address.is_v4() ? AF_INET : AF_INET6;
  int made = socket(family, type | SOCK_CLOEXEC, 0);
  if (made < 0) return fail(Code::io, fmt::format("socket: {}", std::strerror(errno)));
  int one = 1;
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  set_options(made);
  return Socket(made);
}

Result<> bind_to(const Socket& made, const Endpoint& at) {
  SocketAddress address = to_system(at);
  if (bind(made.descriptor(), address.get(), address.size) != 0) {
    return fail(Code::io, fmt::format("binding {}: {}", at.text(), std::strerror(errno)));
  }
  return {};
}

}  // namespace

Socket::~Socket() {
  int descriptor = descriptor_.exchange(-1);
  if (descriptor >= 0) close(descriptor);
}

Result<std::string> Socket::read_some() {
  char part[16 * 1024];
  ssize_t got = recv(descriptor_, part, sizeof part, 0);
  if (got > 0) return std::string(part, static_cast<std::size_t>(got));
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return fail(Code::timeout);
  return fail(Code::connection_lost);
}

Result<> Socket::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return fail(Code::connection_lost);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

void Socket::hang_up() {
  shutdown(descriptor_, SHUT_RDWR);
}

std::string Socket::peek() const {
  char part[16 * 1024];
  ssize_t got = recv(descriptor_, part, sizeof part, MSG_PEEK | MSG_DONTWAIT);
  return got > 0 ? std::string(part, static_cast<std::size_t>(got)) : std::string();
}

Endpoint Socket::remote() const {
  SocketAddress address;
  address.size = sizeof address.storage;
  getpeername(descriptor_, address.get(), &address.size);
  return from_system(address);
}

Endpoint Socket::local() const {
  SocketAddress address;
  address.size = sizeof address.storage;
  getsockname(descriptor_, address.get(), &address.size);
  return from_system(address);
}

Result<Socket> connect_to(const Endpoint& to) {
  TRY(Socket made, make_socket(to, SOCK_STREAM));
  SocketAddress address = to_system(to);
  if (connect(made.descriptor(), address.get(), address.size) != 0) {
    return fail(errno == ECONNREFUSED ? Code::connect_refused : Code::io,
                fmt::format("{}: {}", to.text(), std::strerror(errno)));
  }
  return made;
}

Result<Socket> bind_udp(const Endpoint& at) {
  TRY(Socket made, make_socket(at, SOCK_DGRAM));
  TRY_VOID(bind_to(made, at));
  return made;
}

Result<std::uint16_t> free_port() {
  Endpoint any{IpAddress::v4(127, 0, 0, 1), 0};
  TRY(Socket made, make_socket(any, SOCK_STREAM));
  TRY_VOID(bind_to(made, any));
  return made.local().port;
}

struct TcpServer::State {
  struct Door {
    Socket socket;
    Endpoint at;
    Handler handler;
  };
  struct Visit {
    Socket client;
    std::thread thread;
    std::atomic<bool> over = false;
  };

  std::mutex mutex;
  std::map<int, std::shared_ptr<Door>> doors;  // by descriptor
  std::list<std::shared_ptr<Visit>> visits;
  int watch = epoll_create1(EPOLL_CLOEXEC);
  int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::thread porter;

  ~State() {
    close(wake);
    close(watch);
  }

  void watch_for(int descriptor) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(watch, EPOLL_CTL_ADD, descriptor, &event);
  }

  void admit(int descriptor) {
    std::lock_guard lock(mutex);
    auto found = doors.find(descriptor);
    if (found == doors.end()) return;
    int accepted = accept4(descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) return;
    set_options(accepted);
    auto visit = std::make_shared<Visit>(Socket(accepted));
    // The descriptor is closed by whoever reaps the visit, so that hang_up never hits a stranger.
    visit->thread = std::thread([visit = visit.get(), handler = found->second->handler] {
      handler(visit->client);
      visit->client.hang_up();
      visit->over = true;
    });
    visits.push_back(std::move(visit));
  }

  void reap() {
    std::list<std::shared_ptr<Visit>> finished;
    {
      std::lock_guard lock(mutex);
      for (auto at = visits.begin(); at != visits.end();) {
        auto next = std::next(at);
        if ((*at)->over) finished.splice(finished.end(), visits, at);
        at = next;
      }
    }
    for (auto& visit : finished) visit->thread.join();
  }

  void serve() {
    while (true) {
      epoll_event events[64];
      int count = epoll_wait(watch, events, 64, 200);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == wake) return;  // written to once, to stop
        admit(events[i].data.fd);
      }
      reap();
    }
  }
};

TcpServer::TcpServer() : state_(std::make_shared<State>()) {
  state_->watch_for(state_->wake);
  state_->porter = std::thread([state = state_.get()] { state->serve(); });
}

TcpServer::~TcpServer() {
  std::uint64_t one = 1;
  [[maybe_unused]] ssize_t ignored = write(state_->wake, &one, sizeof one);
  state_->porter.join();
  hang_up_all();
  for (auto& visit : state_->visits) visit->thread.join();
}

Result<Endpoint> TcpServer::listen(const Endpoint& at, Handler handler) {
  TRY(Socket made, make_socket(at, SOCK_STREAM));
  if (!at.address.is_v4()) {
    int one = 1;
    setsockopt(made.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  }
  TRY_VOID(bind_to(made, at));
  if (::listen(made.descriptor(), 128) != 0) {
    return fail(Code::io, fmt::format("listening on {}: {}", at.text(), std::strerror(errno)));
  }
  Endpoint real = made.local();
  const int descriptor = made.descriptor();
  {
    std::lock_guard lock(state_->mutex);
    state_->doors[descriptor] =
        std::make_shared<State::Door>(std::move(made), real, std::move(handler));
  }
  state_->watch_for(descriptor);
  return real;
}

void TcpServer::refuse(const Endpoint& at) {
  std::lock_guard lock(state_->mutex);
  std::erase_if(state_->doors, [&](const auto& door) { return door.second->at == at; });
}

void TcpServer::hang_up_all() {
  std::lock_guard lock(state_->mutex);
  for (auto& visit : state_->visits) visit->client.hang_up();
}

}  // namespace pawl::lab

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/dial.h"
#include "net/loop.h"
#include "net/socket_stream.h"

namespace pawl::net {

namespace {

// Connections wait in the backlog while there is no descriptor or memory to take them with.
constexpr std::chrono::milliseconds kExhaustedPause{200};

struct Acceptor {
  FileDescriptor unstarted;
  std::shared_ptr<Descriptor> descriptor;  // made by the first accept(), on its loop
  Endpoint local;
  EventSink* events = nullptr;
  bool closed = false;
  bool exhausted = false;
};

bool is_exhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// The connection died before it was accepted: accept(2) passes pending network errors of the new
// socket on, and none of them concerns the listener.
bool concerns_one_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:  // a firewall rule
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

void report_exhaustion(Acceptor& acceptor, int error) {
  if (acceptor.exhausted || !acceptor.events) return;  // once until it works again
  acceptor.events->emit({Severity::error,
                         "listener.exhausted",
                         {{"listener", acceptor.local.text()},
                          {"error", system_error("accepting", error).detail},
                          {"remedy",
                           "raise the limit of open files (LimitNOFILE, ulimit -n) or allow fewer "
                           "sessions; new connections wait meanwhile"}}});
}

Task<std::unique_ptr<Stream>> accept_one(std::shared_ptr<Acceptor> acceptor) {
  auto cancelled = [](const Acceptor& a) {
    return fail(Code::cancelled, "the listener on " + a.local.text() + " was closed");
  };
  if (acceptor->closed) co_return cancelled(*acceptor);
  if (!acceptor->descriptor) {
    acceptor->descriptor = std::make_shared<Descriptor>(std::move(acceptor->unstarted));
  }
  while (!acceptor->closed) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    FileDescriptor socket(::accept4(acceptor->descriptor->fd(), reinterpret_cast<sockaddr*>(&peer),
                                    &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      acceptor->exhausted = false;
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      co_return make_socket_stream(std::make_shared<Descriptor>(std::move(socket)),
                                   to_endpoint(peer));
    }
    const int error = errno;
    if (error == EAGAIN) {
      auto waited = co_await Descriptor::wait_readable(acceptor->descriptor, MonoTime::max());
      if (!waited && waited.error().code != Code::cancelled) {
        co_return fail(std::move(waited).error());
      }
    } else if (is_exhaustion(error)) {
      report_exhaustion(*acceptor, error);
      acceptor->exhausted = true;
      CO_TRY_VOID(co_await sleep_for(kExhaustedPause));
    } else if (!concerns_one_connection(error)) {
      co_return fail(system_error("accepting on " + acceptor->local.text(), error));
    }
  }
  co_return cancelled(*acceptor);
}

class SocketListener final : public Listener {
 public:
  SocketListener(FileDescriptor socket, EventSink* events)
      : acceptor_(std::make_shared<Acceptor>()) {
    acceptor_->local = local_endpoint(socket.get());
    acceptor_->unstarted = std::move(socket);
    acceptor_->events = events;
  }
  ~SocketListener() override { SocketListener::close(); }

  Task<std::unique_ptr<Stream>> accept() override { return accept_one(acceptor_); }
  void close() override {
    acceptor_->closed = true;
    acceptor_->unstarted = FileDescriptor();
    if (acceptor_->descriptor) acceptor_->descriptor->close();
  }
  Endpoint local() const override { return acceptor_->local; }

 private:
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace

namespace {

Result<FileDescriptor> bound_socket(const Endpoint& at, bool reuse_port) {
  FileDescriptor socket(::socket(at.address.is_v4() ? AF_INET : AF_INET6,
                                 SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return fail(system_error("listening on " + at.text(), errno));
  const int on = 1;
  bool set = ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
  if (reuse_port) {
    set = set && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
  }
  if (!at.address.is_v4()) {
    set = set && ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
  }
  const auto address = to_socket_address(at);
  if (!set || ::bind(socket.get(), address.get(), address.length) != 0) {
    return fail(system_error("listening on " + at.text(), errno));
  }
  return socket;
}

}  // namespace

Result<> check_port_is_free(const Endpoint& at) {
  // Bound and not listening: nobody can connect to what is closed again at once.
  TRY_VOID(bound_socket(at, false));
  return {};
}

Result<std::unique_ptr<Listener>> listen(Endpoint at, ListenOptions options) {
  TRY(FileDescriptor socket, bound_socket(at, options.reuse_port));
  if (::listen(socket.get(), options.backlog) != 0) {
    return fail(system_error("listening on " + at.text(), errno));
  }
  return std::make_unique<SocketListener>(std::move(socket), options.events);
}

Result<std::unique_ptr<Listener>> adopt_listener(int file_descriptor, ListenOptions options) {
  FileDescriptor socket(file_descriptor);
  const std::string what = fmt::format("taking over file descriptor {}", file_descriptor);
  int listening = 0;
  socklen_t length = sizeof listening;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0) {
    return fail(system_error(what, errno));
  }
  if (!listening) return fail(Code::invalid_argument, what + ": it is not a listening socket");
  if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0 ||
      ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return fail(system_error(what, errno));
  }
  return std::make_unique<SocketListener>(std::move(socket), options.events);
}

}  // namespace pawl::net

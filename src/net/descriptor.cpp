#include "net/descriptor.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "net/loop_state.h"

namespace pawl::net {

namespace asio = boost::asio;

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor::Descriptor(FileDescriptor fd)
    : descriptor_(Loop::current().state().context, fd.release()),
      timer_(Loop::current().state().context) {}

void Descriptor::close() {
  if (closed_) return;
  closed_ = true;
  boost::system::error_code ignored;  // close(2) of a socket reports nothing that could be acted on
  descriptor_.close(ignored);
  timer_.cancel();
}

Task<> Descriptor::wait_readable(std::shared_ptr<Descriptor> self, MonoTime deadline) {
  return wait(std::move(self), Wait::wait_read, deadline);
}

Task<> Descriptor::wait_writable(std::shared_ptr<Descriptor> self, MonoTime deadline) {
  return wait(std::move(self), Wait::wait_write, deadline);
}

Task<> Descriptor::wait(std::shared_ptr<Descriptor> self, Wait what, MonoTime deadline) {
  Side& side = what == Wait::wait_read ? self->reader_ : self->writer_;
  side = Side{.deadline = deadline, .waiting = true};
  boost::system::error_code error;
  do {
    if (self->closed_) break;
    self->arm(deadline);
    co_await self->descriptor_.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
    // The timer cancels both sides; the one whose deadline it was not waits again.
  } while (error == asio::error::operation_aborted && !side.timed_out);
  side.waiting = false;
  if (self->closed_) co_return fail(Code::cancelled, "the descriptor was closed");
  if (error == asio::error::operation_aborted) co_return fail(Code::timeout);
  if (error) co_return fail(Code::io, "waiting for a descriptor: " + error.message());
  co_return Result<>();
}

void Descriptor::arm(MonoTime deadline) {
  if (deadline >= armed_for_) return;
  armed_for_ = deadline;
  timer_.expires_at(deadline);  // cancels the later one
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->timer_fired();
  });
}

void Descriptor::timer_fired() {
  armed_for_ = MonoTime::max();
  if (closed_) return;
  const MonoTime now = std::chrono::steady_clock::now();
  MonoTime next = MonoTime::max();
  bool expired = false;
  for (Side* side : {&reader_, &writer_}) {
    if (!side->waiting || side->timed_out) continue;
    if (side->deadline <= now) {
      side->timed_out = expired = true;
    } else {
      next = std::min(next, side->deadline);
    }
  }
  if (expired) descriptor_.cancel();
  arm(next);
}

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress to;
  const std::string bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    std::memcpy(&address.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&to.storage, &address, to.length = sizeof address);
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    std::memcpy(&address.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&to.storage, &address, to.length = sizeof address);
  }
  return to;
}

Endpoint to_endpoint(const sockaddr_storage& storage) {
  auto endpoint = [](const void* address, std::size_t size, std::uint16_t port) {
    // 4 or 16 bytes are always an address.
    return Endpoint{*IpAddress::from_bytes({static_cast<const char*>(address), size}), ntohs(port)};
  };
  if (storage.ss_family == AF_INET) {
    sockaddr_in address;
    std::memcpy(&address, &storage, sizeof address);
    return endpoint(&address.sin_addr, sizeof address.sin_addr, address.sin_port);
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address;
    std::memcpy(&address, &storage, sizeof address);
    return endpoint(&address.sin6_addr, sizeof address.sin6_addr, address.sin6_port);
  }
  return Endpoint{IpAddress::v4(0, 0, 0, 0), 0};
}

Endpoint local_endpoint(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
  return to_endpoint(storage);
}

Error system_error(std::string what, int error_number) {
  Code code = Code::io;
  switch (error_number) {
    case ECONNREFUSED:
      code = Code::connect_refused;
      break;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EAFNOSUPPORT:
      code = Code::connect_unreachable;
      break;
    case ETIMEDOUT:
      code = Code::timeout;
      break;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
    case ENOTCONN:
      code = Code::connection_lost;
      break;
    case EACCES:
    case EPERM:
      code = Code::permission;
      break;
    default:
      break;
  }
  return Error(code, fmt::format("{}: {} (errno {})", what,
                                 std::generic_category().message(error_number), error_number));
}

}  // namespace pawl::net

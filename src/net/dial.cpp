#include "net/dial.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/socket_stream.h"

namespace pawl::net {

Task<std::unique_ptr<Stream>> dial(Endpoint to, MonoTime deadline, DialOptions options) {
  Endpoint target = to;
  if (options.map) {
    if (auto found = options.map->find(to); found != options.map->end()) target = found->second;
  }
  std::string what = "connecting to " + to.text();
  if (target != to) what += " (mapped to " + target.text() + ")";
  if (options.source) what += " from " + options.source->text();

  FileDescriptor socket(::socket(target.address.is_v4() ? AF_INET : AF_INET6,
                                 SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) co_return fail(system_error(what, errno));
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (options.source) {
    // Without this each source address would have only as many ports as there are in the range,
    // for all destinations together.
    ::setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const auto source = to_socket_address({*options.source, 0});
    if (::bind(socket.get(), source.get(), source.length) != 0) {
      co_return fail(system_error(what, errno));
    }
  }
  const auto address = to_socket_address(target);
  const bool at_once = ::connect(socket.get(), address.get(), address.length) == 0;
  if (!at_once && errno != EINPROGRESS) co_return fail(system_error(what, errno));
  auto descriptor = std::make_shared<Descriptor>(std::move(socket));
  if (!at_once) {
    auto waited = co_await Descriptor::wait_writable(descriptor, deadline);
    int failure = 0;
    socklen_t length = sizeof failure;
    if (waited) ::getsockopt(descriptor->fd(), SOL_SOCKET, SO_ERROR, &failure, &length);
    if (!waited || failure != 0) descriptor->close();
    if (!waited) co_return fail(waited.error().code, what + ": no answer in time");
    if (failure != 0) co_return fail(system_error(what, failure));
  }
  co_return make_socket_stream(std::move(descriptor), to);
}

}  // namespace pawl::net

#include "net/socket_stream.h"

#include <sys/socket.h>

#include <cerrno>

#include "net/loop.h"

namespace pawl::net {

namespace {

// A peer that always has data ready would keep its task running for ever: after this many
// operations that did not have to wait, the others get their turn.
constexpr int kBurst = 64;

struct Connection {
  std::shared_ptr<Descriptor> descriptor;
  Endpoint remote;
  int burst = 0;
};
using ConnectionPtr = std::shared_ptr<Connection>;

Error lost(const Connection& connection, std::string_view what) {
  return Error(Code::connection_lost, connection.remote.text() + ": " + std::string(what));
}

// Names the peer in what a wait said.
Error explain(const Connection& connection, const Error& error, std::string_view doing) {
  if (error.code == Code::cancelled) return lost(connection, "closed on this side");
  std::string what = connection.remote.text() + ": " + std::string(doing);
  if (!error.detail.empty()) what += ": " + error.detail;
  return Error(error.code, std::move(what));
}

Task<> take_turns(const ConnectionPtr& connection) {
  connection->burst = 0;
  return yield();
}

Result<std::size_t> receive(Connection& connection, std::span<char> into) {
  if (connection.descriptor->closed()) return fail(lost(connection, "closed on this side"));
  while (true) {
    const ssize_t count = ::recv(connection.descriptor->fd(), into.data(), into.size(), 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0 && into.empty()) return 0;
    if (count == 0) return fail(lost(connection, "closed by the other side"));
    if (errno == EAGAIN) return 0;
    // Told from an orderly end: middle boxes reset where TLS should begin. A write cannot tell.
    if (errno == ECONNRESET) {
      return fail(Code::connection_reset, connection.remote.text() + ": reset by the other side");
    }
    if (errno != EINTR) return fail(system_error(connection.remote.text() + ": reading", errno));
  }
}

Task<> wait_for_input(ConnectionPtr connection, MonoTime deadline) {
  connection->burst = 0;
  auto waited = co_await Descriptor::wait_readable(connection->descriptor, deadline);
  if (!waited) {
    co_return fail(explain(*connection, std::move(waited).error(), "nothing came in time"));
  }
  co_return Result<>();
}

Task<std::size_t> read(ConnectionPtr connection, std::span<char> into, MonoTime deadline) {
  if (++connection->burst > kBurst) CO_TRY_VOID(co_await take_turns(connection));
  while (true) {
    auto count = receive(*connection, into);
    if (!count || *count > 0 || into.empty()) co_return count;
    CO_TRY_VOID(co_await wait_for_input(connection, deadline));
  }
}

Task<> write(ConnectionPtr connection, std::string_view bytes, MonoTime deadline) {
  if (++connection->burst > kBurst) CO_TRY_VOID(co_await take_turns(connection));
  while (!bytes.empty()) {
    if (connection->descriptor->closed()) co_return fail(lost(*connection, "closed on this side"));
    // A peer that has gone must not end this process by SIGPIPE.
    const ssize_t count =
        ::send(connection->descriptor->fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      connection->burst = 0;
      auto waited = co_await Descriptor::wait_writable(connection->descriptor, deadline);
      if (!waited) {
        co_return fail(
            explain(*connection, std::move(waited).error(), "took nothing more in time"));
      }
    } else if (errno != EINTR) {
      co_return fail(system_error(connection->remote.text() + ": writing", errno));
    }
  }
  co_return Result<>();
}

class SocketStream final : public Stream {
 public:
  SocketStream(std::shared_ptr<Descriptor> descriptor, Endpoint remote)
      : connection_(std::make_shared<Connection>(std::move(descriptor), remote)),
        local_(local_endpoint(connection_->descriptor->fd())) {}
  ~SocketStream() override { connection_->descriptor->close(); }

  Task<std::size_t> read_some(std::span<char> into, MonoTime deadline) override {
    return read(connection_, into, deadline);
  }
  Result<std::size_t> try_read(std::span<char> into) override {
    return receive(*connection_, into);
  }
  Task<> wait_readable(MonoTime deadline) override { return wait_for_input(connection_, deadline); }
  Task<> write_all(std::string_view bytes, MonoTime deadline) override {
    return write(connection_, bytes, deadline);
  }
  void close() override { connection_->descriptor->close(); }
  Endpoint local() const override { return local_; }
  Endpoint remote() const override { return connection_->remote; }

 private:
  ConnectionPtr connection_;
  Endpoint local_;
};

}  // namespace

std::unique_ptr<Stream> make_socket_stream(std::shared_ptr<Descriptor> descriptor,
                                           Endpoint remote) {
  return std::make_unique<SocketStream>(std::move(descriptor), remote);
}

}  // namespace pawl::net

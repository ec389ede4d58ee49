#include <algorithm>

#include "net/loop.h"
#include "net/stream.h"

namespace pawl::net {

namespace {

constexpr std::size_t kPipeCapacity =
    std::size_t{64} * 1024;  // a writer waits when it is full, as on a socket

// One direction. A Signal is made for each wait and notified by the other end.
struct Direction {
  std::string bytes;
  bool closed = false;
  std::shared_ptr<Signal> reader;
  std::shared_ptr<Signal> writer;

  static void wake(std::shared_ptr<Signal>& waiter) {
    if (auto signal = std::exchange(waiter, nullptr)) signal->notify();
  }
  void close() {
    closed = true;
    wake(reader);
    wake(writer);
  }
};
using DirectionPtr = std::shared_ptr<Direction>;

Error closed_pipe() {
  return Error(Code::connection_lost, "the pipe is closed");
}

Result<std::size_t> receive(Direction& from, std::span<char> into) {
  const std::size_t count = std::min(into.size(), from.bytes.size());
  if (count == 0 && from.closed && from.bytes.empty()) return fail(closed_pipe());
  std::copy_n(from.bytes.begin(), count, into.begin());
  from.bytes.erase(0, count);
  if (count > 0) Direction::wake(from.writer);
  return count;
}

Task<> wait_for_input(DirectionPtr from, MonoTime deadline) {
  if (!from->bytes.empty() || from->closed) co_return Result<>();
  auto signal = from->reader = std::make_shared<Signal>();
  CO_TRY(bool came, co_await signal->wait_until(deadline));
  if (!came) co_return fail(Code::timeout, "nothing came through the pipe in time");
  co_return Result<>();
}

Task<std::size_t> read(DirectionPtr from, std::span<char> into, MonoTime deadline) {
  while (true) {
    auto count = receive(*from, into);
    if (!count || *count > 0 || into.empty()) co_return count;
    CO_TRY_VOID(co_await wait_for_input(from, deadline));
  }
}

Task<> write(DirectionPtr to, std::string_view bytes, MonoTime deadline) {
  while (!bytes.empty()) {
    if (to->closed) co_return fail(closed_pipe());
    const std::size_t count = std::min(bytes.size(), kPipeCapacity - to->bytes.size());
    to->bytes.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (count > 0) Direction::wake(to->reader);
    if (bytes.empty()) break;
    auto signal = to->writer = std::make_shared<Signal>();
    CO_TRY(bool room, co_await signal->wait_until(deadline));
    if (!room) co_return fail(Code::timeout, "the pipe stayed full");
  }
  co_return Result<>();
}

class PipeStream final : public Stream {
 public:
  PipeStream(DirectionPtr in, DirectionPtr out, Endpoint local, Endpoint remote)
      : in_(std::move(in)), out_(std::move(out)), local_(local), remote_(remote) {}
  ~PipeStream() override { PipeStream::close(); }

  Task<std::size_t> read_some(std::span<char> into, MonoTime deadline) override {
    return read(in_, into, deadline);
  }
  Result<std::size_t> try_read(std::span<char> into) override { return receive(*in_, into); }
  Task<> wait_readable(MonoTime deadline) override { return wait_for_input(in_, deadline); }
  Task<> write_all(std::string_view bytes, MonoTime deadline) override {
    return write(out_, bytes, deadline);
  }
  void close() override {
    in_->bytes.clear();  // unread input is gone, as with close(2); the peer may still read ours
    in_->close();
    out_->close();
  }
  Endpoint local() const override { return local_; }
  Endpoint remote() const override { return remote_; }

 private:
  DirectionPtr in_;
  DirectionPtr out_;
  Endpoint local_;
  Endpoint remote_;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_pipe() {
  auto there = std::make_shared<Direction>();
  auto back = std::make_shared<Direction>();
  const Endpoint a{IpAddress::v4(127, 0, 0, 1), 1};
  const Endpoint b{IpAddress::v4(127, 0, 0, 1), 2};
  return {std::make_unique<PipeStream>(back, there, a, b),
          std::make_unique<PipeStream>(there, back, b, a)};
}

}  // namespace pawl::net

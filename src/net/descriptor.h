// Internal to net/: a non-blocking file descriptor on a loop, and how system errors are named.
// The only place that hands descriptors to Asio; the system calls themselves are made by the
// caller, first, and a wait comes only after EAGAIN.
#pragma once

#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/ip_address.h"
#include "net/task.h"

namespace pawl::net {

// Owns a file descriptor until it is given away.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// A descriptor whose readiness can be waited for, by one reader and one writer, each with its own
// deadline. One timer serves both: it is armed for the earliest deadline, and only moved when that
// deadline comes nearer or when it fires, so that a read costs no timer operation.
// Held by shared_ptr: a pending wait outlives the Stream that began it.
class Descriptor : public std::enable_shared_from_this<Descriptor> {
 public:
  explicit Descriptor(FileDescriptor fd);  // on the current loop

  int fd() { return descriptor_.native_handle(); }
  bool closed() const { return closed_; }
  void close();  // pending waits end with Code::cancelled

  // Code::timeout, Code::cancelled after close(), or Code::io.
  static Task<> wait_readable(std::shared_ptr<Descriptor> self, MonoTime deadline);
  static Task<> wait_writable(std::shared_ptr<Descriptor> self, MonoTime deadline);

 private:
  struct Side {
    MonoTime deadline = MonoTime::max();
    bool waiting = false;
    bool timed_out = false;
  };
  using Wait = boost::asio::posix::descriptor_base::wait_type;
  static Task<> wait(std::shared_ptr<Descriptor> self, Wait what, MonoTime deadline);
  void arm(MonoTime deadline);
  void timer_fired();

  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer timer_;
  MonoTime armed_for_ = MonoTime::max();
  Side reader_;
  Side writer_;
  bool closed_ = false;
};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
SocketAddress to_socket_address(const Endpoint& endpoint);
Endpoint to_endpoint(const sockaddr_storage& storage);  // 0.0.0.0:0 if neither IPv4 nor IPv6
Endpoint local_endpoint(int fd);

// "what: Connection refused (errno 111)", with the code that errno means for a connection.
Error system_error(std::string what, int error_number);

}  // namespace pawl::net

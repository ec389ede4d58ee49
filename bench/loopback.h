// What both ends of the line share: non-blocking sockets on loopback, an epoll loop, numbers from
// the command line. These tools talk to 127.0.0.0/8 only.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace bench {

[[noreturn]] inline void die(const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", why.c_str(), std::strerror(errno));
  std::exit(1);
}

inline sockaddr_in loopback(const char* text) {  // 127.0.0.1:2525
  std::string address(text);
  std::size_t colon = address.find(':');
  sockaddr_in in{};
  in.sin_family = AF_INET;
  if (colon == std::string::npos ||
      inet_pton(AF_INET, address.substr(0, colon).c_str(), &in.sin_addr) != 1 ||
      ntohl(in.sin_addr.s_addr) >> 24U != 127) {
    std::fprintf(stderr, "%s: not a loopback ADDRESS:PORT\n", text);
    std::exit(64);
  }
  in.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  return in;
}

inline const sockaddr* generic(const sockaddr_in& in) {
  return static_cast<const sockaddr*>(static_cast<const void*>(&in));
}

inline int tcp_socket() {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

inline double now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

inline void watch(int epoll, int operation, int fd, std::uint32_t events, void* data) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = data;
  if (epoll_ctl(epoll, operation, fd, &event) != 0) die("epoll_ctl");
}

}  // namespace bench

// Takes mail over SMTP with STARTTLS and forgets it, counting what came and whether it was
// encrypted. usage: smtp_sink ADDRESS:PORT CERTIFICATE KEY EXPECTED Prints "ready", then, when
// EXPECTED messages have arrived (or on SIGTERM), one line: "messages N clear C handshakes H first
// F last L bytes B" with F and L on the monotonic clock.
#include <openssl/ssl.h>

#include <csignal>
#include <string_view>

#include "loopback.h"

namespace {

struct Totals {
  long messages = 0;
  long clear = 0;
  long handshakes = 0;
  long long bytes = 0;
  double first = 0;
  double last = 0;
} totals;

volatile std::sig_atomic_t stopped = 0;

struct Session {
  int fd = -1;
  SSL* tls = nullptr;
  bool handshaking = false;
  bool content = false;
  std::string in;
  std::string out;
};

void reply(Session& s, std::string_view text) {
  s.out.append(text).append("\r\n");
}

void count_message(Session& s) {
  double at = bench::now();
  if (totals.messages++ == 0) totals.first = at;
  totals.last = at;
  if (s.tls == nullptr) ++totals.clear;
  s.content = false;
  reply(s, "250 2.0.0 taken");
}

// False: the session is over.
bool on_command(Session& s, std::string_view line, SSL_CTX* context) {
  auto is = [&](std::string_view verb) {
    return strncasecmp(line.data(), verb.data(), verb.size()) == 0;
  };
  if (is("EHLO")) {
    reply(s, "250-sink.test\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME");
    if (s.tls == nullptr) reply(s, "250-STARTTLS");
    reply(s, "250 ENHANCEDSTATUSCODES");
  } else if (is("STARTTLS") && s.tls == nullptr) {
    reply(s, "220 2.0.0 go");
    if (send(s.fd, s.out.data(), s.out.size(), MSG_NOSIGNAL) < 0) return false;
    s.out.clear();
    s.in.clear();
    s.tls = SSL_new(context);
    SSL_set_fd(s.tls, s.fd);
    SSL_set_accept_state(s.tls);
    s.handshaking = true;
  } else if (is("DATA")) {
    reply(s, "354 go");
    s.content = true;
  } else if (is("QUIT")) {
    reply(s, "221 2.0.0 bye");
  } else {
    reply(s, "250 2.0.0 ok");
  }
  return true;
}

bool on_bytes(Session& s, SSL_CTX* context) {
  while (!s.in.empty() && !s.handshaking) {
    if (s.content) {
      bool empty = s.in.compare(0, 3, ".\r\n") == 0;
      std::size_t end = empty ? 0 : s.in.find("\r\n.\r\n");
      if (end == std::string::npos) {
        // Keeps what may be the head of the end mark.
        if (s.in.size() > 4) {
          totals.bytes += static_cast<long long>(s.in.size() - 4);
          s.in.erase(0, s.in.size() - 4);
        }
        return true;
      }
      totals.bytes += static_cast<long long>(end);
      s.in.erase(0, end + (empty ? 3 : 5));
      count_message(s);
    } else {
      std::size_t end = s.in.find("\r\n");
      if (end == std::string::npos) return s.in.size() < 4096;
      std::string line = s.in.substr(0, end);
      s.in.erase(0, end + 2);
      if (!on_command(s, line, context)) return false;
    }
  }
  return true;
}

bool on_readable(Session& s, SSL_CTX* context) {
  if (s.handshaking) {
    int done = SSL_accept(s.tls);
    if (done != 1) {
      int why = SSL_get_error(s.tls, done);
      return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    }
    s.handshaking = false;
    ++totals.handshakes;
  }
  char buffer[65536];
  while (true) {
    long n = s.tls != nullptr ? SSL_read(s.tls, buffer, sizeof buffer)
                              : recv(s.fd, buffer, sizeof buffer, 0);
    if (n <= 0) {
      bool again = s.tls != nullptr
                       ? SSL_get_error(s.tls, static_cast<int>(n)) == SSL_ERROR_WANT_READ
                       : n < 0 && errno == EAGAIN;
      if (!again) return false;
      break;
    }
    s.in.append(buffer, static_cast<std::size_t>(n));
    if (!on_bytes(s, context)) return false;
    if (s.handshaking) return true;
    if (s.tls == nullptr) break;
  }
  if (s.out.empty()) return true;
  long n = s.tls != nullptr ? SSL_write(s.tls, s.out.data(), static_cast<int>(s.out.size()))
                            : send(s.fd, s.out.data(), s.out.size(), MSG_NOSIGNAL);
  bool whole =
      n == static_cast<long>(s.out.size());  // replies are far smaller than a socket's buffer
  s.out.clear();
  return whole;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s ADDRESS:PORT CERTIFICATE KEY EXPECTED\n", argv[0]);
    return 64;
  }
  struct sigaction on_term{};
  on_term.sa_handler = [](int) { stopped = 1; };  // without SA_RESTART: epoll_wait returns
  sigaction(SIGTERM, &on_term, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, argv[2]) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, argv[3], SSL_FILETYPE_PEM) != 1) {
    std::fprintf(stderr, "cannot load %s and %s\n", argv[2], argv[3]);
    return 1;
  }
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  long expected = std::atol(argv[4]);

  sockaddr_in at = bench::loopback(argv[1]);
  int listener = bench::tcp_socket();
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, bench::generic(at), sizeof at) != 0 || listen(listener, 1024) != 0)
    bench::die(argv[1]);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  bench::watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, nullptr);
  std::puts("ready");
  std::fflush(stdout);

  epoll_event events[256];
  while (!stopped && totals.messages < expected) {
    int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr == nullptr) {
        int fd;
        while ((fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
          setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          auto* s = new Session;
          s->fd = fd;
          bench::watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, s);
          reply(*s, "220 sink.test ESMTP");
          if (send(fd, s->out.data(), s->out.size(), MSG_NOSIGNAL) < 0)
            errno = 0;  // the read will tell
          s->out.clear();
        }
        continue;
      }
      auto* s = static_cast<Session*>(events[i].data.ptr);
      if (!on_readable(*s, context)) {
        if (s->tls != nullptr) SSL_free(s->tls);
        close(s->fd);
        delete s;
      }
    }
  }
  std::printf("messages %ld clear %ld handshakes %ld first %.6f last %.6f bytes %lld\n",
              totals.messages, totals.clear, totals.handshakes, totals.first, totals.last,
              totals.bytes);
}

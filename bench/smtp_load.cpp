// Hands messages to a relay over plain SMTP, as fast as it takes them.
// usage: smtp_load ADDRESS:PORT SESSIONS MESSAGES BYTES [RECIPIENT-DOMAIN]
// Each session sends message after message, waiting for every reply (as smtp-source does). Prints
// one line: "accepted N seconds S". Any reply but the expected one ends the run with status 1.
#include <string_view>
#include <vector>

#include "loopback.h"

namespace {

enum class Step { greeting, ehlo, mail, rcpt, data, content, quit };

struct Session {
  int fd = -1;
  Step step = Step::greeting;
  std::string in;
  std::string out;
  std::size_t sent = 0;
  bool writing = false;
  bool done = false;
};

struct Load {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  long to_start = 0;
  long accepted = 0;
  int open = 0;
  std::string content;
  std::string domain;
};

std::string make_content(std::size_t bytes) {
  std::string content =
      "From: Load <load@load.test>\r\nTo: Sink <sink@sink.test>\r\nSubject: benchmark\r\n"
      "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <bench@load.test>\r\n\r\n";
  while (content.size() < bytes) {
    std::size_t line = std::min<std::size_t>(76, bytes - content.size());
    content.append(line > 2 ? line - 2 : 1, 'x');
    content += "\r\n";
  }
  return content + ".\r\n";
}

// Sends what waits; asks for EPOLLOUT only while the socket is full.
bool flush(Load& load, Session& s) {
  while (s.sent < s.out.size()) {
    ssize_t n = send(s.fd, s.out.data() + s.sent, s.out.size() - s.sent, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN) return false;
      if (!s.writing) bench::watch(load.epoll, EPOLL_CTL_MOD, s.fd, EPOLLIN | EPOLLOUT, &s);
      s.writing = true;
      return true;
    }
    s.sent += static_cast<std::size_t>(n);
  }
  s.out.clear();
  s.sent = 0;
  if (s.writing) bench::watch(load.epoll, EPOLL_CTL_MOD, s.fd, EPOLLIN, &s);
  s.writing = false;
  return true;
}

void next_message(Load& load, Session& s) {
  if (load.to_start > 0) {
    --load.to_start;
    s.out += "MAIL FROM:<load@load.test>\r\n";
    s.step = Step::mail;
  } else {
    s.out += "QUIT\r\n";
    s.step = Step::quit;
  }
}

void on_reply(Load& load, Session& s, std::string_view reply) {
  constexpr std::string_view kExpected[] = {"220", "250", "250", "250", "354", "250", "221"};
  if (reply.substr(0, 3) != kExpected[static_cast<int>(s.step)]) {
    std::fprintf(stderr, "step %d was answered: %.*s\n", static_cast<int>(s.step),
                 static_cast<int>(reply.size()), reply.data());
    std::exit(1);
  }
  switch (s.step) {
    case Step::greeting:
      s.out += "EHLO load.test\r\n";
      s.step = Step::ehlo;
      break;
    case Step::content:
      ++load.accepted;
      [[fallthrough]];
    case Step::ehlo:
      next_message(load, s);
      break;
    case Step::mail:
      s.out += "RCPT TO:<sink@" + load.domain + ">\r\n";
      s.step = Step::rcpt;
      break;
    case Step::rcpt:
      s.out += "DATA\r\n";
      s.step = Step::data;
      break;
    case Step::data:
      s.out += load.content;
      s.step = Step::content;
      break;
    case Step::quit:
      s.done = true;
      break;
  }
}

void on_input(Load& load, Session& s) {
  char buffer[4096];
  ssize_t n = recv(s.fd, buffer, sizeof buffer, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) bench::die("the relay closed a session");
  s.in.append(buffer, static_cast<std::size_t>(n));
  std::size_t end;
  while ((end = s.in.find("\r\n")) != std::string::npos) {
    std::string line = s.in.substr(0, end);
    s.in.erase(0, end + 2);
    if (line.size() < 4 || line[3] != '-') on_reply(load, s, line);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: %s ADDRESS:PORT SESSIONS MESSAGES BYTES [DOMAIN]\n", argv[0]);
    return 64;
  }
  sockaddr_in to = bench::loopback(argv[1]);
  Load load;
  std::vector<Session> sessions(static_cast<std::size_t>(std::atoi(argv[2])));
  load.to_start = std::atol(argv[3]);
  load.content = make_content(static_cast<std::size_t>(std::atol(argv[4])));
  load.domain = argc > 5 ? argv[5] : "sink.test";

  double start = bench::now();
  for (Session& s : sessions) {
    s.fd = bench::tcp_socket();
    if (connect(s.fd, bench::generic(to), sizeof to) != 0 && errno != EINPROGRESS)
      bench::die("connect");
    bench::watch(load.epoll, EPOLL_CTL_ADD, s.fd, EPOLLIN, &s);
    ++load.open;
  }
  epoll_event events[256];
  while (load.open > 0) {
    int count = epoll_wait(load.epoll, events, 256, 60000);
    if (count == 0) bench::die("a minute without a reply");
    for (int i = 0; i < count; ++i) {
      Session& s = *static_cast<Session*>(events[i].data.ptr);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_input(load, s);
      if (!s.done && !flush(load, s)) bench::die("send");
      if (s.done) {
        close(s.fd);
        --load.open;
      }
    }
  }
  std::printf("accepted %ld seconds %.4f\n", load.accepted, bench::now() - start);
}

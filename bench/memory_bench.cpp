// How much memory the real relay needs: for each connection of a client, idle or in the middle of a
// message, and for each message that waits for a destination nobody can reach.
// usage: memory_bench PAWL LOAD [CONNECTIONS] [MESSAGES]
//
// A figure is the growth of the process's resident memory divided by what made it grow; a warm-up
// of the same kind comes first, so that what is paid once is not charged to each. Every row has a
// relay of its own. Kernel memory (socket buffers) is not in it. Needs no privileges.
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include "lab/child.h"
#include "lab/scratch.h"
#include "loopback.h"
#include "tests/interop/peers.h"
#include "tls/authority.h"

namespace pawl::bench {
namespace {

constexpr const char* kListen = "127.0.0.1:2535";
constexpr const char* kDead = "[127.0.0.1]:2536";  // nobody listens there
const Endpoint kListenAt{IpAddress::v4(127, 0, 0, 1), 2535};

long resident_kib(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

long cpu_ticks(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text(std::istreambuf_iterator<char>(file), {});
  long user = 0;
  long system = 0;
  std::sscanf(text.c_str() + text.rfind(')') + 1,
              " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system);
  return user + system;
}

// Returns when the relay has had next to nothing to do for three seconds: longer than it waits
// before it tidies up.
void settle(pid_t pid) {
  long before = -1;
  for (long now = cpu_ticks(pid); before < 0 || now - before > 2; now = cpu_ticks(pid)) {
    before = now;
    std::this_thread::sleep_for(std::chrono::seconds(3));
  }
}

struct Relay {
  lab::Scratch scratch;
  lab::Child child;
};

Result<Relay> start_relay(const std::string& pawl) {
  TRY(lab::Scratch scratch, lab::Scratch::make());
  WallTime now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  TRY(tls::Authority authority, tls::Authority::make("bench", now));
  TRY(tls::Identity leaf, authority.issue(tls::leaf_for({"relay.test"}, now)));
  TRY(std::string certificate, scratch.write("relay.pem", leaf.certificate_pem));
  TRY(std::string key, scratch.write("relay.key", leaf.key_pem));
  TRY(std::string config,
      scratch.write("pawl.toml",
                    fmt::format("hostname = \"relay.test\"\nstore = \"sqlite:{}\"\n"
                                "relayhost = \"{}\"\n[[listen]]\naddress = \"{}\"\n"
                                "[[certificate]]\nfile = \"{}\"\nkey = \"{}\"\n"
                                "[retry]\nschedule = [\"1h\"]\n"
                                "[limits]\nsessions = 100000\nsessions_per_client = 100000\n"
                                "[log]\nlevel = \"error\"\n",
                                scratch.file("pawl.db"), kDead, kListen, certificate, key)));
  std::string log = scratch.file("pawl.log");
  TRY(lab::Child child, lab::Child::start({pawl, "relay", "-c", config}, log));
  bool up = interop::eventually(
      [&] { return !child.running() || interop::accepts_connections(kListenAt); });
  if (!up || !child.running()) {
    TRY(std::string why, lab::read_file(log));
    return fail(Code::io, "pawl relay did not start: " + why);
  }
  return Relay{std::move(scratch), std::move(child)};
}

// A client that waits for every answer; blocking, so that its own code stays small.
class Client {
 public:
  Client() {
    sockaddr_in to = ::bench::loopback(kListen);
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0 || connect(fd_, ::bench::generic(to), sizeof to) != 0) ::bench::die("connect");
    expect("220");
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    SSL_free(tls_);
    close(fd_);
  }

  void say(std::string_view bytes) {
    bool sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())) > 0
                                : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0;
    if (!sent) ::bench::die("send");
  }
  void expect(std::string_view code) {
    char buffer[4096];
    std::string reply;
    do {
      long count = tls_ != nullptr ? SSL_read(tls_, buffer, sizeof buffer)
                                   : recv(fd_, buffer, sizeof buffer, 0);
      if (count <= 0) ::bench::die("the relay closed a session");
      reply.append(buffer, static_cast<std::size_t>(count));
    } while (!reply.ends_with("\r\n"));
    if (!reply.starts_with(code)) ::bench::die("unexpected: " + reply);
  }
  void ask(std::string_view bytes, std::string_view code) {
    say(bytes);
    expect(code);
  }
  void start_tls(SSL_CTX* context) {
    ask("EHLO load.test\r\n", "250");
    ask("STARTTLS\r\n", "220");
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, fd_);
    if (SSL_connect(tls_) != 1) ::bench::die("the handshake failed");
    ask("EHLO load.test\r\n", "250");
  }
  void begin_content() {
    ask("MAIL FROM:<load@load.test>\r\n", "250");
    ask("RCPT TO:<sink@sink.test>\r\n", "250");
    ask("DATA\r\n", "354");
    say("Subject: benchmark\r\n\r\n");
  }

 private:
  int fd_ = -1;
  SSL* tls_ = nullptr;
};

using Step = std::function<void(Client&)>;

Result<> connections(const std::string& pawl, const char* what, int count, const Step& step) {
  TRY(Relay relay, start_relay(pawl));
  std::vector<std::unique_ptr<Client>> clients;
  auto open = [&](int more) {
    for (int i = 0; i < more; ++i) step(*clients.emplace_back(std::make_unique<Client>()));
    settle(relay.child.pid());
    return resident_kib(relay.child.pid());
  };
  long before = open(50);
  long after = open(count);
  fmt::print("{:<52} {:>8.1f} KiB each ({} connections, {} to {} KiB resident)\n", what,
             static_cast<double>(after - before) / count, count, before, after);
  std::fflush(stdout);
  return {};
}

Result<> queue(const std::string& pawl, const std::string& load, int messages) {
  TRY(Relay relay, start_relay(pawl));
  auto fill = [&](int more) -> Result<long> {
    TRY_VOID(lab::run_program({load, kListen, "20", fmt::format("{}", more), "2048"}, "/"));
    settle(relay.child.pid());
    return resident_kib(relay.child.pid());
  };
  TRY(long empty, fill(200));
  TRY(long first, fill(messages));
  TRY(long second, fill(messages));
  auto row = [&](const char* what, long before, long after) {
    fmt::print("{:<52} {:>8.3f} KiB each ({} messages, {} to {} KiB resident)\n", what,
               static_cast<double>(after - before) / messages, messages, before, after);
  };
  row("queued messages, not in flight, the first", empty, first);
  row("queued messages, not in flight, as many again", first, second);
  return {};
}

Result<> run(const std::string& pawl, const std::string& load, int count, int messages) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());  // whom it talks to is not its question
  std::string piece(2048, 'x');
  for (std::size_t i = 76; i + 2 <= piece.size(); i += 78) piece.replace(i, 2, "\r\n");

  TRY_VOID(connections(pawl, "idle in clear, after EHLO", count,
                       [](Client& c) { c.ask("EHLO load.test\r\n", "250"); }));
  TRY_VOID(connections(pawl, "idle over TLS, after EHLO", count,
                       [&](Client& c) { c.start_tls(context); }));
  TRY_VOID(connections(pawl, "idle over TLS, after a message of 2 KiB", count, [&](Client& c) {
    c.start_tls(context);
    c.begin_content();
    c.say(piece);
    c.ask("\r\n.\r\n", "250");
  }));
  TRY_VOID(connections(pawl, "active over TLS, 2 KiB into a message", count, [&](Client& c) {
    c.start_tls(context);
    c.begin_content();
    c.say(piece);
  }));
  TRY_VOID(connections(pawl, "active over TLS, 64 KiB into a message", count, [&](Client& c) {
    c.start_tls(context);
    c.begin_content();
    for (int i = 0; i < 32; ++i) c.say(piece);
  }));
  SSL_CTX_free(context);
  return queue(pawl, load, messages);
}

}  // namespace
}  // namespace pawl::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PAWL LOAD [CONNECTIONS] [MESSAGES]\n", argv[0]);
    return 64;
  }
  int count = argc > 3 ? std::atoi(argv[3]) : 1000;
  int messages = argc > 4 ? std::atoi(argv[4]) : 20000;
  auto done = pawl::bench::run(argv[1], argv[2], count, messages);
  if (!done) std::fprintf(stderr, "memory_bench: %s\n", done.error().sentence().c_str());
  return done ? 0 : 1;
}

#include "lab/name_server.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <filesystem>

#include "base/bytes.h"
#include "base/text.h"
#include "lab/guard.h"

namespace pawl::lab {
namespace {

constexpr std::uint16_t kSoa = 6;

std::string nsd_configuration(const SignedZones& zones, const Endpoint& at,
                              const Scratch& scratch) {
  std::string text = fmt::format(
      "server:\n"
      "  ip-address: {}@{}\n"
      "  server-count: 1\n"
      "  username: \"\"\n"
      "  zonesdir: \"{}\"\n"
      "  database: \"\"\n"
      "  pidfile: \"\"\n"
      "  zonelistfile: \"{}\"\n"
      "  xfrdfile: \"{}\"\n"
      "  xfrdir: \"{}\"\n"
      "  rrl-ratelimit: 0\n"
      "remote-control:\n"
      "  control-enable: no\n",
      at.address.text(), at.port, scratch.path().string(), scratch.file("nsd.zonelist"),
      scratch.file("nsd.xfrd"), scratch.path().string());
  for (const auto& zone : zones.files) {
    text += fmt::format("zone:\n  name: \"{}.\"\n  zonefile: \"{}\"\n", zone.name, zone.path);
  }
  return text;
}

// One question over UDP to NSD; nothing within two seconds is silence.
std::optional<std::string> ask_udp(const Endpoint& server, std::string_view query) {
  auto socket = bind_udp({IpAddress::v4(127, 0, 0, 1), 0});
  if (!socket) return std::nullopt;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(server.port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (sendto(socket->descriptor(), query.data(), query.size(), MSG_NOSIGNAL,
             reinterpret_cast<sockaddr*>(&to), sizeof to) < 0) {
    return std::nullopt;
  }
  pollfd ready{socket->descriptor(), POLLIN, 0};
  if (poll(&ready, 1, 2000) != 1) return std::nullopt;
  char part[65535];
  ssize_t got = recv(socket->descriptor(), part, sizeof part, 0);
  if (got <= 0) return std::nullopt;
  return std::string(part, static_cast<std::size_t>(got));
}

// One message with its length before it (RFC 1035 section 4.2.2).
std::optional<std::string> read_message(Socket& from, std::string& buffered) {
  auto have = [&](std::size_t size) {
    while (buffered.size() < size) {
      auto more = from.read_some();
      if (!more) return false;
      buffered += *more;
    }
    return true;
  };
  if (!have(2)) return std::nullopt;
  std::size_t size = *Reader(buffered).u16();
  if (!have(2 + size)) return std::nullopt;
  std::string message = buffered.substr(2, size);
  buffered.erase(0, 2 + size);
  return message;
}

Result<> write_message(Socket& to, std::string_view message) {
  Bytes framed;
  put_u16(framed, static_cast<std::uint16_t>(message.size()));
  framed += message;
  return to.write_all(framed);
}

std::optional<std::string> ask_tcp(const Endpoint& server, std::string_view query) {
  auto socket = connect_to(server);
  if (!socket || !write_message(*socket, query)) return std::nullopt;
  std::string buffered;
  return read_message(*socket, buffered);
}

Result<> wait_until_serving(Child& nsd, const Endpoint& at, const std::string& log) {
  const std::string query = make_query("test", kSoa, 1);
  for (int attempt = 0; attempt < 500; ++attempt) {
    if (!nsd.running()) {
      auto text = read_file(log);
      return fail(Code::io, fmt::format("nsd ended: {}", printable(text.value_or(""), 600)));
    }
    if (auto socket = connect_to(at)) {
      auto answer = ask_udp(at, query);
      if (answer && answer->size() > 3 && ((*answer)[3] & 0x0f) == 0) return {};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return fail(Code::timeout, fmt::format("nsd did not answer on {} within 5 s", at.text()));
}

}  // namespace

Result<std::unique_ptr<NameServer>> NameServer::start(const SignedZones& zones, const Endpoint& at,
                                                      const Scratch& scratch) {
  TRY(std::uint16_t port, free_port());
  Endpoint back{IpAddress::v4(127, 0, 0, 1), port};
  TRY(std::string config, scratch.write("nsd.conf", nsd_configuration(zones, back, scratch)));
  const std::string log = scratch.file("nsd.log");
  // Where Debian puts it, which is not in the PATH of an ordinary user.
  const std::string debian = "/usr/sbin/nsd";
  const std::string program = std::filesystem::exists(debian) ? debian : "nsd";
  TRY(Child nsd, Child::start({program, "-d", "-c", config}, log));
  TRY_VOID(wait_until_serving(nsd, back, log));
  TRY(Socket udp, bind_udp(at));
  Endpoint front = udp.local();
  std::unique_ptr<NameServer> made(new NameServer(std::move(nsd), back, front, std::move(udp)));
  NameServer* self = made.get();
  TRY_VOID(made->tcp_->listen(front, [self](Socket& client) { self->serve_tcp(client); }));
  made->udp_thread_ = std::thread([self] { self->serve_udp(); });
  return made;
}

NameServer::NameServer(Child nsd, Endpoint back, Endpoint front, Socket udp)
    : nsd_(std::move(nsd)),
      back_(back),
      front_(front),
      udp_(std::move(udp)),
      tcp_(std::make_unique<TcpServer>()) {}

NameServer::~NameServer() {
  stopping_ = true;
  if (udp_thread_.joinable()) udp_thread_.join();
  tcp_.reset();
}

Result<> NameServer::forge(std::string_view name, std::uint16_t type, DnsForgery forgery) {
  TRY_VOID(check_lab_name(name));
  std::lock_guard lock(mutex_);
  forgeries_[{to_lower(name), type}] = std::move(forgery);
  return {};
}

void NameServer::stop_forging(std::string_view name, std::uint16_t type) {
  std::lock_guard lock(mutex_);
  forgeries_.erase({to_lower(name), type});
}

std::optional<std::string> NameServer::answer(const std::string& query, bool over_tcp) {
  auto question = read_question(query);
  if (!question) return std::nullopt;
  std::optional<DnsForgery> forgery;
  {
    std::lock_guard lock(mutex_);
    auto found = forgeries_.find({question->name, question->type});
    if (found != forgeries_.end()) forgery = found->second;
  }
  if (!forgery) return over_tcp ? ask_tcp(back_, query) : ask_udp(back_, query);
  switch (forgery->kind) {
    case DnsForgery::Kind::silence:
      return std::nullopt;
    case DnsForgery::Kind::no_data:
      return make_answer(query, *question, DnsResponse::no_error, {});
    case DnsForgery::Kind::no_domain:
      return make_answer(query, *question, DnsResponse::no_domain, {});
    case DnsForgery::Kind::server_failure:
      return make_answer(query, *question, DnsResponse::server_failure, {});
    case DnsForgery::Kind::records:
      return make_answer(query, *question, DnsResponse::no_error, forgery->rdata);
  }
  return std::nullopt;
}

void NameServer::serve_udp() {
  char part[65535];
  while (!stopping_) {
    pollfd ready{udp_.descriptor(), POLLIN, 0};
    if (poll(&ready, 1, 100) != 1) continue;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(udp_.descriptor(), part, sizeof part, 0,
                           reinterpret_cast<sockaddr*>(&from), &size);
    if (got <= 0) continue;
    auto reply = answer(std::string(part, static_cast<std::size_t>(got)), false);
    if (!reply) continue;
    sendto(udp_.descriptor(), reply->data(), reply->size(), MSG_NOSIGNAL,
           reinterpret_cast<sockaddr*>(&from), size);
  }
}

void NameServer::serve_tcp(Socket& client) {
  std::string buffered;
  while (auto query = read_message(client, buffered)) {
    auto reply = answer(*query, true);
    if (!reply || !write_message(client, *reply)) return;
  }
}

}  // namespace pawl::lab

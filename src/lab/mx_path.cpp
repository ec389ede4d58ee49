#include "lab/mx_path.h"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace pawl::lab {
namespace {

constexpr char kTlsHandshakeRecord = 0x16;
constexpr std::string_view kMask = "XXXXXXXX";
// Pretends to be the reply to a command that was not sent yet: a client that keeps it believes an
// attacker's capabilities under TLS.
constexpr std::string_view kInjectedResponse = "250-injected.test\r\n250 AUTH PLAIN\r\n";
constexpr std::string_view kInjectedCommand = "MAIL FROM:<mallory@attacker.test>\r\n";

bool is_starttls(std::string_view line) {
  return equal_ignoring_case(trim(line.substr(0, line.find_last_not_of("\r\n") + 1)), "STARTTLS");
}

// One whole reply, perhaps of several lines, without the line that offers STARTTLS.
std::string without_starttls(std::string_view reply) {
  std::vector<std::string> kept;
  for (std::string_view line : split(reply, '\n')) {
    if (line.size() > 4 && !is_starttls(line.substr(4))) kept.emplace_back(line);
  }
  std::string out;
  for (std::string& line : kept) {
    line[3] = &line == &kept.back() ? ' ' : '-';
    out += line + '\n';
  }
  return out;
}

std::string with_masked_starttls(std::string reply) {
  auto at = to_lower(reply).find("starttls");
  return at == std::string::npos ? reply : reply.replace(at, kMask.size(), kMask);
}

// One connection passing by.
class Passage {
 public:
  Passage(const MxPath::Options& options, Eavesdropper& ear, PathTrick trick,
          std::shared_ptr<TlsIdentity> identity, Socket& client)
      : options_(options),
        ear_(ear),
        heard_(ear),
        trick_(trick),
        identity_(std::move(identity)),
        client_(client) {}

  Result<> run() {
    TRY(Socket server, connect_to(options_.server));
    server_.emplace(std::move(server));
    while (!over_) {
      pollfd ready[2] = {{client_.descriptor(), POLLIN, 0}, {server_->descriptor(), POLLIN, 0}};
      if (poll(ready, 2, static_cast<int>(kPatience.count()) * 1000) <= 0) return {};
      if (ready[1].revents != 0) {
        TRY(std::string bytes, server_->read_some());
        TRY_VOID(from_server(bytes));
      } else if (ready[0].revents != 0) {
        TRY(std::string bytes, client_.read_some());
        TRY_VOID(from_client(bytes));
      }
    }
    return {};
  }

 private:
  Result<> from_client(std::string_view bytes) {
    if (opaque_) return server_->write_all(bytes);
    pending_ += bytes;
    while (!pending_.empty() && !opaque_ && !over_) {
      if (std::size_t chunk = std::min(heard_.chunk_remaining(), pending_.size()); chunk > 0) {
        TRY_VOID(pass_on(take(chunk)));
        continue;
      }
      if (!heard_.in_content() && pending_.front() == kTlsHandshakeRecord) return handshake();
      std::size_t end = pending_.find('\n');
      if (end == std::string::npos) return {};
      bool content = heard_.in_content();
      std::string line = take(end + 1);
      if (!content && is_starttls(line)) {
        TRY_VOID(starttls());
      } else {
        TRY_VOID(pass_on(line));
      }
    }
    return {};
  }

  std::string take(std::size_t size) {
    std::string part = pending_.substr(0, size);
    pending_.erase(0, size);
    return part;
  }

  Result<> pass_on(std::string_view plaintext) {
    heard_.feed(plaintext);
    return server_->write_all(plaintext);
  }

  Result<> starttls() {
    switch (trick_) {
      case PathTrick::remove_capability:
        return client_.write_all("502 5.5.1 command not implemented\r\n");
      case PathTrick::mask_capability:
      case PathTrick::rewrite_command:
        return pass_on(std::string(kMask) + "\r\n");
      case PathTrick::answer_454:
        return client_.write_all("454 4.7.0 TLS not available due to temporary reason\r\n");
      case PathTrick::answer_500:
        return client_.write_all("500 5.5.1 command unrecognized\r\n");
      case PathTrick::swap_certificate:
        return take_over();
      case PathTrick::inject_command:
        return server_->write_all("STARTTLS\r\n" + std::string(kInjectedCommand));
      case PathTrick::splice_to_implicit:
        return splice();
      case PathTrick::inject_response:
        starttls_sent_ = true;
        [[fallthrough]];
      case PathTrick::listen_only:
      case PathTrick::cut_handshake:
      case PathTrick::stall_handshake:
        return pass_on("STARTTLS\r\n");
    }
    return {};
  }

  // The ClientHello has come.
  Result<> handshake() {
    opaque_ = true;
    if (trick_ == PathTrick::cut_handshake) {
      over_ = true;
      return {};
    }
    if (trick_ == PathTrick::stall_handshake) {
      over_ = true;
      while (client_.read_some()) {
      }
      return {};
    }
    return server_->write_all(std::exchange(pending_, {}));
  }

  Result<> take_over() {
    over_ = true;
    TRY_VOID(client_.write_all("220 2.0.0 go ahead\r\n"));
    Connection connection(client_);
    TRY_VOID(connection.start_tls(*identity_, std::exchange(pending_, {})));
    Overheard inside(ear_);
    MailServer attacker{options_.name, identity_, options_.stolen,
                        [&](std::string_view plaintext) { inside.feed(plaintext); }};
    serve_mail(attacker, connection, TlsStart::inside);
    return {};
  }

  // Opossum: the client believes to upgrade, the server believes to serve implicit TLS, and both
  // hold the same certificate.
  Result<> splice() {
    TRY(Socket implicit, connect_to(options_.implicit_server));
    server_.reset();
    server_.emplace(std::move(implicit));
    opaque_ = true;
    TRY_VOID(client_.write_all("220 2.0.0 go ahead\r\n"));
    return server_->write_all(std::exchange(pending_, {}));
  }

  Result<> from_server(std::string_view bytes) {
    if (opaque_) return client_.write_all(bytes);
    reply_ += bytes;
    // Whole replies only: the last line of one has a space behind its code.
    std::size_t start = 0;
    for (std::size_t end; (end = reply_.find('\n', start)) != std::string::npos;) {
      bool last = end - start < 4 || reply_[start + 3] != '-';
      start = end + 1;
      if (!last) continue;
      TRY_VOID(client_.write_all(altered(reply_.substr(0, start))));
      reply_.erase(0, start);
      start = 0;
    }
    return {};
  }

  std::string altered(std::string reply) {
    if (trick_ == PathTrick::remove_capability) return without_starttls(reply);
    if (trick_ == PathTrick::mask_capability) return with_masked_starttls(std::move(reply));
    if (starttls_sent_ && reply.starts_with("220")) reply += kInjectedResponse;
    return reply;
  }

  const MxPath::Options& options_;
  Eavesdropper& ear_;
  Overheard heard_;
  PathTrick trick_;
  std::shared_ptr<TlsIdentity> identity_;
  Socket& client_;
  std::optional<Socket> server_;
  std::string pending_;  // of the client, less than a line
  std::string reply_;    // of the server, less than a reply
  bool starttls_sent_ = false;
  bool opaque_ = false;  // nothing can be read or changed any more
  bool over_ = false;
};

}  // namespace

void MxPath::set(PathTrick trick, std::shared_ptr<TlsIdentity> identity) {
  std::lock_guard lock(mutex_);
  trick_ = trick;
  identity_ = std::move(identity);
}

void MxPath::serve(Socket& client) {
  ++connections_;
  std::unique_lock lock(mutex_);
  Passage passage(options_, ear_, trick_, identity_, client);
  lock.unlock();
  // However it ends, both sides are hung up on; the count is what matters.
  [[maybe_unused]] Result<> ended = passage.run();
}

}  // namespace pawl::lab

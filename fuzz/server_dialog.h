// A hostile client against a server dialog of starttls/, played whole and byte by byte: both must
// come out the same, no login may be asked about before TLS, and no secret may come back. Byte 0x01
// stands for the handshake, where one is due; 0x02 to 0x06 for what a client says that holds the
// password.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "starttls/server.h"

namespace pawl::fuzz {

inline constexpr std::string_view kPassword = "Zq7-xylophone";
inline constexpr std::string_view kPlain = "AGpvZQBacTcteHlsb3Bob25l";  // NUL joe NUL password
inline constexpr std::string_view kCoded = "WnE3LXh5bG9waG9uZQ==";      // the password

inline void check(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::string in_clear;
  std::string in_tls;
  std::string owned;  // what the owner would read
  std::size_t tried = 0;
  bool injected = false;
};

class Play {
 public:
  Play(const starttls::ProtocolRow& protocol, const starttls::ServerOptions& options)
      : server_(protocol.make_server(protocol, options)), implicit_(options.implicit_tls) {
    run();
  }

  void bytes(std::string_view text) {
    if (over_) return;
    if (tls_due_) {
      over_ = true;  // no ClientHello: the engine ends it
      return;
    }
    server_->feed(text);
    run();
  }
  void handshake() {
    if (over_ || !tls_due_) return;
    tls_due_ = false;
    tls_done_ = true;
    server_->tls_started();
    check(server_->secure() && server_->user().empty() && server_->client_name().empty());
    run();
  }

  Outcome outcome;

 private:
  void run() {
    while (true) {
      starttls::ServerEvent event = server_->next();
      if (event == starttls::ServerEvent::authenticate) {
        check(server_->secure() && (tls_done_ || implicit_));
        check(!server_->user().empty() && !server_->password().reveal().empty());
        ++outcome.tried;
        server_->user() == "joe" && server_->password().reveal() == "right" ? server_->accept()
                                                                            : server_->refuse();
        continue;
      }
      (server_->secure() ? outcome.in_tls : outcome.in_clear) += server_->output();
      server_->sent();
      tls_due_ = event == starttls::ServerEvent::start_tls;
      if (event == starttls::ServerEvent::need_input || tls_due_) return;
      over_ = true;
      outcome.injected = event == starttls::ServerEvent::injection;
      if (event == starttls::ServerEvent::established) outcome.owned = server_->take_input();
      return;
    }
  }

  std::unique_ptr<starttls::ServerDialog> server_;
  bool implicit_;
  bool tls_due_ = false;
  bool tls_done_ = false;
  bool over_ = false;
};

inline Outcome play(const starttls::ProtocolRow& protocol, const starttls::ServerOptions& options,
                    std::string_view script, std::span<const std::string_view> logins,
                    bool in_pieces) {
  Play session(protocol, options);
  std::string run;  // between two handshakes
  auto flush = [&] {
    std::size_t piece = in_pieces ? 1 : run.size();
    for (std::size_t at = 0; at < run.size(); at += piece) {
      session.bytes(std::string_view(run).substr(at, piece));
    }
    run.clear();
  };
  for (char c : script) {
    auto byte = static_cast<unsigned char>(c);
    if (byte == 1) {
      flush();
      session.handshake();
    } else if (byte >= 2 && byte < 2 + logins.size()) {
      run += logins[byte - 2];
    } else {
      run += c;
    }
  }
  flush();
  return session.outcome;
}

// Nothing that the client sent as a secret stands in what was answered.
inline void check_no_secret(std::string output, std::string_view echo) {
  // What a client asks to be sent back is his to see.
  for (std::size_t at = 0; !echo.empty() && (at = output.find(echo)) != std::string::npos;) {
    output.erase(at, output.find("\r\n", at) - at);
  }
  check(output.find(kPassword) == std::string::npos);
  check(output.find(kPlain) == std::string::npos && output.find(kCoded) == std::string::npos);
}

// The first byte of `data` chooses the options.
inline int fuzz_server(starttls::Protocol protocol, const std::uint8_t* data, std::size_t size,
                       std::span<const std::string_view> logins, std::string_view echo) {
  if (size == 0) return 0;
  const starttls::ProtocolRow& row = starttls::row(protocol);
  starttls::ServerOptions options{.hostname = "mail.example.org",
                                  .starttls = (data[0] & 1U) == 0,
                                  .implicit_tls = (data[0] & 2U) != 0,
                                  .authentication = (data[0] & 4U) == 0,
                                  .clear_mail = (data[0] & 8U) != 0};
  std::string_view script(reinterpret_cast<const char*>(data) + 1, size - 1);
  // The password as a tag or a name is nobody's secret: it comes in by 0x02 and its like alone.
  for (std::string_view secret : {kPassword, kPlain, kCoded}) {
    if (script.find(secret) != std::string_view::npos) return 0;
  }
  Outcome whole = play(row, options, script, logins, false);
  Outcome pieces = play(row, options, script, logins, true);
  // Cut behind the upgrade, what follows comes where a ClientHello is due.
  if (!whole.injected) {
    check(whole.in_clear == pieces.in_clear && whole.in_tls == pieces.in_tls);
    check(whole.tried == pieces.tried);
    check(whole.owned.starts_with(pieces.owned));
  }
  check(options.authentication || whole.tried == 0);
  check(!whole.injected || whole.in_tls.empty());
  // Mail that is taken is parsed, and a fault in it quoted.
  if (!options.clear_mail) check_no_secret(whole.in_clear, echo);
  if (protocol == starttls::Protocol::imap || protocol == starttls::Protocol::pop3 ||
      protocol == starttls::Protocol::sieve) {
    check_no_secret(whole.in_tls, echo);
  }
  return 0;
}

}  // namespace pawl::fuzz

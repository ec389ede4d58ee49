// A hostile server against the client dialog of a protocol (starttls/client.h). The first byte
// chooses the options; in the rest 0x01 ends a segment and 0x02 stands for the tag of the last
// command. The driver does what it is told to. Where TLS is required nothing but the negotiation
// may leave in clear, and where it is not a session in clear says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "starttls/client.h"
#include "starttls/test_negotiation.h"

namespace pawl::fuzz {

class ClientSession {
 public:
  ClientSession(starttls::Protocol protocol, starttls::ClientOptions options)
      : protocol_(protocol),
        options_(options),
        dialog_(starttls::row(protocol).make_client(starttls::row(protocol), std::move(options))) {}

  void say(std::string_view bytes) {
    std::string text;
    for (char c : bytes) {
      if (c == '\x02') {
        text += tag_;
      } else {
        text += c;
      }
    }
    bool over = over_;
    dialog_->feed(text);
    react();
    if (over && !dialog_->output().empty()) std::abort();
  }

  void end() {
    dialog_->end_of_input();
    react();
  }

 private:
  void react() {
    flush();
    while (auto event = dialog_->next_event()) {
      act(*event);
      flush();
    }
    if (over_) return;
    for (std::string_view capability : dialog_->capabilities()) seen_ += capability.size();
    seen_ += dialog_->reply().size();
  }

  void act(starttls::ClientEvent event) {
    switch (event) {
      case starttls::ClientEvent::upgrade:
        if (dialog_->secure()) std::abort();
        dialog_->tls_established();
        break;
      case starttls::ClientEvent::ready: {
        bool reported = dialog_->secure() || options_.mode == starttls::Mode::never ||
                        dialog_->downgrade().has_value();
        if (!reported) std::abort();
        dialog_->log_in("joe", Secret("sesame"));
        break;
      }
      case starttls::ClientEvent::logged_in:
        dialog_->send("LIST\r\n");
        break;
      case starttls::ClientEvent::reply:
        if (++commands_ < 3) {
          dialog_->send("RETR 1\r\n");
        } else {
          dialog_->log_out();
        }
        break;
      case starttls::ClientEvent::failed:
        if (dialog_->error().sentence().empty()) std::abort();
        over_ = true;
        break;
      case starttls::ClientEvent::closed:
        over_ = true;
        break;
    }
  }

  void flush() {
    std::string_view output = dialog_->output();
    if (output.empty()) return;
    bool bare = options_.mode == starttls::Mode::required && !dialog_->secure();
    if (bare && !starttls::is_negotiation(protocol_, output, options_.client_name)) std::abort();
    if (output.find(' ') == 12) tag_ = output.substr(0, 12);  // not before the rest of a command
    dialog_->sent();
  }

  starttls::Protocol protocol_;
  starttls::ClientOptions options_;
  std::unique_ptr<starttls::ClientDialog> dialog_;
  std::string tag_;
  std::size_t seen_ = 0;
  int commands_ = 0;
  bool over_ = false;
};

inline int run_client(starttls::Protocol protocol, std::string_view input) {
  if (input.empty()) return 0;
  auto choice = static_cast<unsigned char>(input[0]);
  starttls::ClientOptions options;
  constexpr starttls::Mode kModes[] = {starttls::Mode::required, starttls::Mode::if_available,
                                       starttls::Mode::never, starttls::Mode::required};
  options.mode = kModes[choice & 3U];
  options.implicit_tls = (choice & 4U) != 0;
  options.ask_unoffered = (choice & 8U) != 0;
  options.client_name = "relay";
  ClientSession session(protocol, options);
  input.remove_prefix(1);
  while (!input.empty()) {
    std::size_t end = input.find('\x01');
    session.say(input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  }
  session.end();
  return 0;
}

}  // namespace pawl::fuzz

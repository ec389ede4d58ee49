// Internal to probe/: a client dialog on a channel, with its deadlines and its transcript. What a
// session (session.cpp) and a ClientHello probe (enumeration.cpp) stand on.
#pragma once

#include <array>
#include <memory>

#include "probe/session.h"

namespace pawl::probe {

class DialogDriver {
 public:
  // Connects, and speaks until the point where a ClientHello goes: at once with implicit TLS,
  // otherwise when the upgrade was granted. Errors: why it did not come to that.
  static net::Task<std::unique_ptr<DialogDriver>> connect_to_upgrade(SessionOptions options);

  // Connects only. The driver is there also where the connection is not: error() then.
  static net::Task<std::unique_ptr<DialogDriver>> connect(SessionOptions options);

  // Sends what the dialog has to say and reads until it has an event. Never an error: what the
  // connection does wrong becomes `failed`.
  net::Task<starttls::ClientEvent> next_event();
  // The handshake of `upgrade`, or of implicit TLS before the dialog begins. What the peer proved
  // is in channel().engine()->description(). Errors: net::Channel::start_tls, unexpected_greeting.
  net::Task<> start_tls(std::unique_ptr<tls::Engine> engine);

  net::Channel& channel() { return *channel_; }
  starttls::ClientDialog& dialog() { return *dialog_; }
  const starttls::ClientDialog& dialog() const { return *dialog_; }
  const SessionOptions& options() const { return options_; }
  const starttls::Transcript& transcript() const { return transcript_; }
  Timings& timings() { return timings_; }
  const Timings& timings() const { return timings_; }
  const std::string& banner() const { return banner_; }
  std::chrono::milliseconds elapsed() const;
  void note(starttls::TranscriptEntry::Kind kind, std::string_view bytes);

 private:
  explicit DialogDriver(SessionOptions options);
  net::Task<> exchange();  // one write and one read

  SessionOptions options_;
  MonoTime began_;
  std::optional<net::Channel> channel_;
  std::unique_ptr<starttls::ClientDialog> dialog_;
  starttls::Transcript transcript_;
  Timings timings_;
  std::string banner_;  // what came before we said anything
  bool spoke_ = false;
  std::array<char, 4096> buffer_;
};

}  // namespace pawl::probe

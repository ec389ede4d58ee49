// What the servers of the line protocols share (IMAP, POP3, ManageSieve): reading commands, the one
// gate before logins, the upgrade and what it forgets, SASL, patience with errors. A protocol says
// what a line is and words the answers; no rule about TLS stands there.
//
// Nothing is allocated per command once the buffers have grown; a login that is taken allocates its
// user and password.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "smtp/sasl.h"
#include "starttls/server.h"

namespace pawl::starttls {

class UpgradingServer : public ServerDialog {
 public:
  explicit UpgradingServer(ServerOptions options);

  void feed(std::string_view bytes) final;
  ServerEvent next() final;
  std::string_view output() const final { return output_; }
  void sent() final { output_.clear(); }

  void tls_started() final;
  void accept() final;
  void refuse() final;
  void time_out() final;

  bool secure() const final { return secure_; }
  std::string_view user() const final { return credentials_.user; }
  const Secret& password() const final { return credentials_.password; }
  std::string take_input() final;

 protected:
  // What a line asks for, as far as the rules here want to know.
  enum class Kind : unsigned char {
    other,
    login,  // has, or leads to, a secret
    upgrade,
    upgrade_with_argument,
  };
  // What is said alike in every protocol, each in its own words.
  enum class Answer : unsigned char {
    greeting,             // with the capabilities, where the protocol has them there
    greeting_inside_tls,  // after the upgrade; empty where the client speaks first
    upgrade_begins,
    upgrade_with_argument,
    upgrade_twice,
    upgrade_not_offered,
    login_in_clear,
    login_not_offered,  // inside TLS, by a server without logins
    login_malformed,
    login_cancelled,
    mechanism_unknown,
    logged_in,
    login_wrong,
    unknown_command,
    // These end the session.
    goodbye,
    too_long,
    bare_line_end,  // also a NUL
    too_many_errors,
    timed_out,
  };

  // The protocol. `line` is without its CRLF.
  virtual Kind kind_of(std::string_view line) = 0;
  // A whole command; with literals, lines and literals stand in it as they came.
  virtual void run(std::string_view command) = 0;
  virtual void say(Answer answer) = 0;
  virtual void say_challenge(std::string_view base64) = 0;
  // The client's answer to a challenge as base64; nothing: it is not one.
  virtual std::optional<std::string_view> sasl_line(std::string_view command) { return command; }
  // Literals: whether this line may end in one, and the line that asks for one that waits ("":
  // the protocol has none that wait).
  virtual bool has_literals() const { return false; }
  virtual std::string_view invitation() const { return {}; }
  virtual void forget() {}  // the protocol's own state of the session

  // For run().
  void put(std::string_view text) { output_ += text; }
  void error(Answer answer);  // counts against max_errors
  void close(Answer answer);
  void take_login(std::string_view user, std::string_view password);
  void begin_sasl(std::string_view mechanism, std::optional<std::string_view> initial);

  const ServerOptions& options() const { return options_; }
  bool upgrade_offered() const { return options_.starttls && !secure_; }
  bool login_offered() const { return options_.authentication && secure_; }
  bool in_sasl() const { return sasl_.has_value(); }

 private:
  enum class State : unsigned char {
    beginning,
    command,
    waiting,
    starting_tls,
    injected,
    established,
    closed
  };

  std::optional<std::string_view> read_command();
  void obey(std::string_view command);
  void upgrade();
  void answer_sasl(std::string_view line, bool initial);
  void forget_session();
  void wipe_input();

  ServerOptions options_;
  std::string input_;
  std::size_t at_ = 0;    // what stands before is consumed and wiped
  std::size_t line_ = 0;  // from at_: where the present line of the command begins
  Kind kind_ = Kind::other;
  bool refused_ = false;  // the command was answered with its first line and is dropped
  std::string output_;
  State state_ = State::beginning;

  // Of the session: forgotten by the upgrade.
  bool secure_;
  std::optional<smtp::SaslExchange> sasl_;
  smtp::Credentials credentials_;
  int errors_ = 0;
};

}  // namespace pawl::starttls

// What the clients of all protocols that upgrade themselves have in common: buffers, events, the
// gate before every write, and the rules of client.h, written once. A protocol derives from it and
// says where a unit of its input ends (a line, an XML element, a BER value), what each unit means
// at the stage the session is in, and in which words it asks.
//
//   greeting -> capabilities -> upgrade -> upgrading -> capabilities -> idle
//     idle -> login -> idle;  idle -> command -> idle;  idle -> goodbye -> over
//
// SMTP is not among them: its rules stand in smtp/client.h (smtp_client.cpp).
#pragma once

#include <cstddef>
#include <initializer_list>

#include "starttls/client.h"

namespace pawl::starttls {

class UpgradingClient : public ClientDialog {
 public:
  void feed(std::string_view bytes) final;
  void end_of_input() final;
  void abort(Error error) final { fail_session(std::move(error)); }
  std::string_view output() const final { return out_; }
  void sent() final;
  std::optional<ClientEvent> next_event() final;
  void tls_established() final;
  void log_in(std::string_view user, const Secret& password) final;
  void send(std::string_view command) final;
  void log_out() final;
  bool secure() const final { return secure_; }
  const Error& error() const final { return *error_; }
  std::string_view reply() const final;
  const std::vector<std::string_view>& capabilities() const final { return capabilities_; }
  bool upgrade_offered() const final { return upgrade_offered_; }
  const std::optional<Error>& downgrade() const final { return downgrade_; }

 protected:
  // What is being waited for.
  enum class Stage : std::uint8_t {
    greeting,
    capabilities,
    upgrade,
    upgrading,  // for the driver: the handshake
    idle,       // for the user of the dialog
    login,
    command,
    goodbye,
    over,
  };
  // What a write would tell whoever listens. Everything the user or the content is known by is
  // user_data.
  enum class Carries : std::uint8_t { negotiation, user_data };
  enum class Answer : std::uint8_t { granted, refused, unknown };

  UpgradingClient(const ProtocolRow& protocol, ClientOptions options);

  // The protocol's part.

  // How many bytes the first whole unit of the input has; 0: it is not all there yet.
  virtual Result<std::size_t> unit_length(std::string_view input) const = 0;
  virtual void on_unit(std::string_view unit) = 0;
  // Each puts its command; the stage is set already. `ask_capabilities` may also put nothing, where
  // the server speaks first.
  virtual void ask_capabilities() = 0;
  virtual void ask_upgrade() = 0;
  virtual void start_login(std::string_view user, const Secret& password) = 0;
  virtual void start_command(std::string_view command) = 0;
  virtual void start_goodbye() = 0;
  virtual void forget() {}  // what the protocol itself has learnt in clear
  virtual bool offers_upgrade() const { return offers(protocol_.upgrade_command); }

  // What a protocol has to do it with.

  Stage stage() const { return stage_; }
  const ProtocolRow& protocol() const { return protocol_; }
  const ClientOptions& options() const { return options_; }
  // The only way out. False: refused, and the session has failed.
  bool put(Carries what, std::initializer_list<std::string_view> pieces);
  void fail_session(Error error);
  // The unit came before the command was sent that it would answer.
  bool unasked() const { return !out_.empty() || unit_start_ < asked_at_; }
  // Still nothing was understood of what the server says inside TLS after an upgrade.
  bool first_in_tls() const { return first_in_tls_; }
  void understood_in_tls() { first_in_tls_ = false; }
  // The unit is nothing that may come here. Opossum, where it is the first one inside TLS.
  void wrong_shape(std::string_view unit);
  void end_reply();  // the unit at hand is the last one of a reply

  void clear_capabilities();
  void add_capability(std::string_view capability);
  bool offers(std::string_view keyword) const;  // as a whole capability

  // The greeting was taken.
  void greeted();
  // add_capability() has been called for all; false: the server knows no such question.
  void capabilities_known(bool answered);
  void upgrade_answered(Answer answer);
  void login_answered(bool accepted);
  void command_answered();
  void goodbye_answered();

  // What the server said, for an error: escaped, marked where anybody may have said it, and without
  // the words of an [ALERT], which are written to be believed.
  std::string quoted(std::string_view unit) const;
  // Where the line that starts at `from` ends, behind its CR LF; 0: not here yet.
  static Result<std::size_t> line_end(std::string_view input, std::size_t from);
  // Where the line ends that `input` starts with, and that goes on behind each literal in it:
  // "{12}" or "{12+}" at the end announces as many bytes (rfc9051#4.3, rfc5804#4); 0: not all here
  // yet.
  static Result<std::size_t> literals_end(std::string_view input);

 private:
  void read_units();
  void become_ready();
  void go_on_in_clear(Error why);
  void wipe_output();

  const ProtocolRow& protocol_;
  ClientOptions options_;
  Stage stage_ = Stage::greeting;

  std::string in_;
  std::size_t at_ = 0;           // what stands before is consumed
  std::size_t reply_begin_ = 0;  // of the reply that is coming in
  std::size_t last_begin_ = 0;   // of the last whole one
  std::size_t last_end_ = 0;
  // Positions in all that was ever fed.
  std::uint64_t dropped_ = 0;  // what stood before in_
  std::uint64_t unit_start_ = 0;
  std::uint64_t asked_at_ = 0;  // where the input ended when the last command went

  std::string out_;
  bool out_is_secret_ = false;
  std::vector<ClientEvent> events_;
  std::size_t next_event_ = 0;
  std::optional<Error> error_;

  std::string capability_text_;
  std::vector<std::string_view> capabilities_;
  bool upgrade_offered_ = false;
  std::optional<Error> downgrade_;
  bool secure_;
  bool first_in_tls_ = false;
  bool must_be_silent_ = false;  // inside TLS, and our first command has not gone yet
};

}  // namespace pawl::starttls

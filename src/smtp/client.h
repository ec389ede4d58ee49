// The client side of SMTP (RFC 5321) and LMTP (RFC 2033) as a machine: bytes and events in, bytes
// and events out; no socket, no clock. One machine is one connection and carries any number of
// transactions, one after the other. After each call drain next_event() and take().
//
//   feed() ... upgrade -> handshake, judge -> tls_established() ... ready -> begin()
//     ... want_content -> content()*, end_content() ... outcome -> begin() or quit()
//
// Every command goes through put(), and put() asks refusal(): where TLS is required, nothing of an
// envelope or a credential leaves before tls_established(), and so no content, which follows only
// a DATA or BDAT that left. What was heard before the upgrade is forgotten by it (RFC 3207 section
// 4.2).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smtp/capabilities.h"
#include "smtp/content_encoder.h"
#include "smtp/credentials.h"
#include "smtp/reply.h"
#include "smtp/transaction.h"

namespace pawl::smtp {

enum class Protocol : unsigned char { smtp, lmtp };

struct ClientOptions {
  Protocol protocol = Protocol::smtp;
  std::string helo;  // our host name
  bool tls_required = false;
  bool tls_forbidden = false;  // STARTTLS is not used even if offered, unless required
  bool secure = false;         // already inside TLS that has been judged: implicit TLS
  bool ask_unoffered = false;  // STARTTLS is asked for even if not offered: for looking, not mail
  bool clear_login = false;    // a login is not held back in clear, unless TLS is required
  bool chunking = true;        // BDAT where offered
  std::shared_ptr<const Credentials> credentials;  // used inside TLS only
};

enum class ClientEvent : unsigned char {
  upgrade,       // run the handshake and judge it, then tls_established() or close
  ready,         // begin(), log_in() or quit(); a login that was accepted ends in it too
  want_content,  // content() and end_content()
  outcome,       // result() is complete; begin(), quit(), unless `failed` follows
  failed,        // error() ends the session; close
  closed,        // QUIT was answered; close
};

class Client {
 public:
  explicit Client(ClientOptions options);

  void feed(std::string_view bytes);
  void end_of_input();
  void abort(Error error);  // the driver's own end: a time-out, a lost connection
  std::string take();       // what to send now; empty: nothing
  std::string_view output() const { return out_; }  // the same to look at; sent() says that it went
  void sent();
  std::optional<ClientEvent> next_event();

  void tls_established();
  void log_in(std::shared_ptr<const Credentials> credentials);
  void begin(Transaction transaction);
  void content(std::string_view piece);
  void end_content();
  void quit();

  // What is being waited for, for the driver's deadlines (RFC 5321 section 4.5.3.2).
  enum class Wait : unsigned char { nothing, greeting, reply, data_start, content_end };
  Wait waiting_for() const;

  bool secure() const { return secure_; }
  bool failed() const { return error_.has_value(); }
  const Capabilities& capabilities() const { return capabilities_; }
  const TransactionResult& result() const { return result_; }
  const Error& error() const { return *error_; }                 // after `failed`
  const std::string& last_reply() const { return last_reply_; }  // as sent, for the record
  // STARTTLS was offered and refused, and the session went on in clear because nothing forbids it.
  const std::optional<Error>& starttls_refused() const { return starttls_refused_; }

 private:
  enum class Carries : unsigned char { nothing, envelope, credential };
  enum class Expect : unsigned char {
    greeting,
    hello,
    helo,
    starttls,
    auth,
    reset,
    mail,
    recipient,
    data,
    content_end,
    quit
  };
  struct Expected {
    Expect what;
    std::size_t recipient = 0;
  };
  enum class Phase : unsigned char { session, idle, addresses, data, content, content_end };
  enum class Standing : unsigned char { unknown, accepted, decided };

  std::optional<Error> refusal(Carries what) const;
  bool put(Carries what, std::string_view line);
  void command(Carries what, std::string_view line, Expect expect, std::size_t recipient = 0);
  void fail_session(Error error);
  void read_replies();
  void on_reply(const Reply& reply);

  // Session (client.cpp)
  void say_hello();
  void on_greeting(const Reply& reply);
  void on_hello(const Reply& reply);
  void on_helo(const Reply& reply);
  void after_hello();
  void on_starttls(const Reply& reply);
  void authenticate();
  void on_auth(const Reply& reply);
  void become_ready();

  // Transaction (client_transaction.cpp)
  void advance();
  void start_data();
  void on_mail(const Reply& reply);
  void on_recipient(const Reply& reply, std::size_t recipient);
  void on_data(const Reply& reply);
  void on_content_end(const Reply& reply);
  void on_early_reply(const Reply& reply);
  void decide(std::size_t recipient, const Reply& reply);
  void decide_rest(const Error& error);
  void finish();

  ClientOptions options_;
  ReplyReader reader_;
  std::string out_;
  std::deque<Expected> expected_;
  std::deque<ClientEvent> events_;
  std::optional<Error> error_;
  std::string last_reply_;
  Capabilities capabilities_;
  std::optional<Error> starttls_refused_;
  bool secure_;
  bool upgraded_ = false;   // by STARTTLS
  bool upgrading_ = false;  // between the 220 and tls_established()
  bool hello_taken_ = true;
  std::vector<std::string> auth_steps_;  // answers still to give, last first

  Phase phase_ = Phase::session;
  Transaction transaction_;
  TransactionResult result_;
  std::vector<Standing> standing_;
  ContentEncoder encoder_{true};
  std::size_t next_recipient_ = 0;
  std::size_t accepted_ = 0;
  std::uint64_t content_bytes_ = 0;
  bool mail_sent_ = false;
  bool mail_failed_ = false;
  bool bdat_ = false;
  bool answered_early_ = false;  // the host answered BDAT before its last byte
  bool needs_reset_ = false;
};

std::string_view name(ClientEvent event);

}  // namespace pawl::smtp

// The server side of an SMTP session as a machine: bytes of the client in, replies and events out.
// No sockets, no clock, no threads. Memory is bounded: one command line, the envelope, and one
// chunk of content.
//
// The driver's loop: next() until it says need_input, then send take(), read, feed(). Events from
// `sender` to `message_end` wait for accept() or refuse(). rfc5321, with STARTTLS (rfc3207),
// PIPELINING (rfc2920), SIZE (rfc1870), 8BITMIME (rfc6152), SMTPUTF8 (rfc6531), CHUNKING (rfc3030),
// DSN (rfc3461), ENHANCEDSTATUSCODES (rfc2034), AUTH (rfc4954), REQUIRETLS (rfc8689).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "smtp/command.h"
#include "smtp/content.h"
#include "smtp/envelope.h"
#include "smtp/sasl.h"

namespace pawl::smtp {

struct ServerOptions {
  std::string hostname;      // in the greeting
  bool lmtp = false;         // rfc2033: LHLO, and one answer for each recipient after the content
  bool starttls = false;     // a certificate is there
  bool auth = false;         // offered inside TLS only
  bool require_tls = false;  // REQUIRETLS is offered inside TLS
  bool clear_mail = true;    // false: MAIL before TLS is refused with 530
  bool normalize = false;    // repair bare CR and LF instead of refusing the message
  std::uint64_t max_size = limits::kMessageSize;
  std::size_t max_recipients = limits::kSmtpRecipients;
  int max_hops = static_cast<int>(limits::kHops);
  int max_errors = 20;          // then 421
  int max_idle_commands = 100;  // commands between two messages that bring none about
  int max_auth_failures = 3;
  std::size_t chunk = 256UL * 1024;  // content is handed out when so much has come
};

enum class ServerEvent : unsigned char {
  need_input,       // send take(), read, feed()
  sender,           // envelope().sender; accept() or refuse()
  recipient,        // recipient() is the new one; accept() or refuse()
  authenticate,     // take_credentials(); accept() or refuse()
  message_begin,    // accept_message() or refuse()
  content,          // take_content(): a chunk, more will come
  message_end,      // take_content(): the rest, facts(); accept() once durable, or refuse()
  message_aborted,  // drop what was handed out; the machine answers the client itself
  start_tls,        // send take(), upgrade, then tls_started()
  injection,        // bytes came in clear behind STARTTLS: the session is over
  closed,           // send take() and close
};

class Server {
 public:
  // `options` must outlive the machine. `tls`: the session began with a handshake (rfc8314#3.3).
  Server(const ServerOptions& options, bool tls);

  void feed(std::string_view bytes);
  ServerEvent next();
  bool has_output() const { return !output_.empty(); }
  std::string take();  // replies for the client
  // The same for a driver that copies: the buffer stays here. Valid until the next call.
  std::string_view output() const { return output_; }
  void sent() { output_.clear(); }

  // Answers. A reply has no CRLF: "550 5.7.1 relaying denied".
  void accept(std::string_view text = {});  // text behind the positive code of the event
  void refuse(std::string_view reply);
  // `trace` goes before the content: the Received field.
  void accept_message(std::string trace);

  void tls_started();
  void shut_down();  // 421, after the message that is on its way in, if any
  void time_out();   // 421, at once

  const Envelope& envelope() const { return envelope_; }
  const Recipient& recipient() const { return recipient_; }
  Credentials take_credentials() { return std::move(credentials_); }
  std::string take_content();
  const ContentFacts& facts() const { return scanner_.facts(); }
  // At message_aborted: the reply that refuses the content; empty if the client dropped it.
  std::string content_fault() const;
  Envelope take_envelope() { return std::move(envelope_); }  // at message_end

  const std::string& hello() const { return hello_; }
  bool extensions() const { return extensions_; }  // EHLO, not HELO
  bool tls() const { return tls_; }
  const std::string& user() const { return user_; }  // authenticated; empty if not
  bool in_message() const { return message_open_ || state_ == State::data; }

 private:
  enum class State : unsigned char { command, auth, data, chunk, waiting, starting_tls, closed };

  // server.cpp
  void reply(std::string_view text);
  void reply_to_content(std::string_view text);  // ends the transaction
  void error(std::string_view text);             // a reply that counts against max_errors
  void close(std::string_view text);
  void forget_transaction();
  void forget_session();
  ServerEvent wait_for_answer(ServerEvent event);
  std::optional<ServerEvent> read_line();

  // server_commands.cpp
  std::optional<ServerEvent> run(std::string_view line);
  void on_hello(const Command& command);
  std::optional<ServerEvent> on_mail(std::string_view argument);
  std::optional<ServerEvent> on_rcpt(std::string_view argument);
  std::optional<ServerEvent> on_starttls(std::string_view argument);
  std::optional<ServerEvent> on_auth(std::string_view argument);
  std::optional<ServerEvent> continue_auth(std::string_view line, bool initial);
  void challenge();
  bool too_idle();
  void idle(std::string_view text);

  // server_content.cpp
  std::optional<ServerEvent> on_data(std::string_view argument);
  std::optional<ServerEvent> on_bdat(std::string_view argument);
  std::optional<ServerEvent> read_data();
  std::optional<ServerEvent> read_chunk();
  std::optional<ServerEvent> end_chunk();
  std::optional<ServerEvent> end_message();
  std::optional<ServerEvent> content_event();
  ContentLimits content_limits() const;

  const ServerOptions& options_;
  std::string input_;
  std::size_t at_ = 0;  // what stands before is consumed
  std::string output_;
  State state_ = State::command;
  ServerEvent awaited_ = ServerEvent::need_input;
  bool aborted_ = false;  // message_aborted is due
  bool stopping_ = false;

  // Of the session: forgotten by STARTTLS.
  bool tls_;
  std::string hello_;
  bool extensions_ = false;
  std::string user_;
  std::optional<SaslExchange> sasl_;
  Credentials credentials_;
  int errors_ = 0;
  int idle_commands_ = 0;
  int auth_failures_ = 0;

  // Of the transaction.
  bool mail_given_ = false;
  Envelope envelope_;
  MailCommand mail_;
  Recipient recipient_;

  // Of the message.
  bool message_open_ = false;  // accept_message() was called, its end has not been answered
  bool chunked_ = false;
  BdatCommand bdat_;
  std::uint64_t chunk_left_ = 0;
  std::string chunk_refusal_;  // the chunk is read and dropped, and this is its reply
  DotDecoder dots_;
  ContentScanner scanner_;
  std::string content_;
};

}  // namespace pawl::smtp

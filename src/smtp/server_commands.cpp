// What each command does to the session.
#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/text.h"
#include "smtp/server.h"

namespace pawl::smtp {

namespace {

bool has_control_character(std::string_view line) {
  for (char c : line) {
    auto u = static_cast<unsigned char>(c);
    if ((u < ' ' && c != '\t') || u == 0x7f) return true;
  }
  return false;
}

}  // namespace

std::optional<ServerEvent> Server::run(std::string_view line) {
  if (has_control_character(line)) {
    state_ = State::command;
    error("500 5.5.2 a command holds no control characters");
    return std::nullopt;
  }
  if (state_ == State::auth) return continue_auth(line, false);
  Command command = split_command(line);
  switch (command.verb) {
    case Verb::ehlo:
    case Verb::helo:
    case Verb::lhlo:
      on_hello(command);
      return std::nullopt;
    case Verb::mail:
      return on_mail(command.argument);
    case Verb::rcpt:
      return on_rcpt(command.argument);
    case Verb::data:
      return on_data(command.argument);
    case Verb::bdat:
      return on_bdat(command.argument);
    case Verb::starttls:
      return on_starttls(command.argument);
    case Verb::auth:
      return on_auth(command.argument);
    case Verb::rset:
      forget_transaction();
      idle(command.argument.empty() ? "250 2.0.0 forgotten" : "501 5.5.4 RSET stands alone");
      return std::nullopt;
    case Verb::noop:
      idle("250 2.0.0 nothing done");
      return std::nullopt;
    case Verb::help:
      idle("214 2.0.0 see RFC 5321");
      return std::nullopt;
    case Verb::vrfy:
      // rfc5321#3.5.3: neither yes nor no.
      idle("252 2.1.5 not verified; send mail and see");
      return std::nullopt;
    case Verb::expn:
      error("502 5.5.1 EXPN is not done here");
      return std::nullopt;
    case Verb::quit:
      close("221 2.0.0 goodbye");
      return std::nullopt;
    case Verb::foreign:
      // A browser or the like that an attacker made to talk to us: what follows is his.
      close("554 5.5.1 this is a mail server");
      return std::nullopt;
    case Verb::unknown:
      error("500 5.5.1 no such command");
      return std::nullopt;
  }
  return std::nullopt;
}

bool Server::too_idle() {
  if (++idle_commands_ <= options_.max_idle_commands) return false;
  close("421 4.7.0 too many commands without a message");
  return true;
}

void Server::idle(std::string_view text) {
  if (!too_idle()) reply(text);
}

void Server::on_hello(const Command& command) {
  // rfc2033#4.1: LHLO in the place of EHLO and HELO, which are refused.
  if ((command.verb == Verb::lhlo) != options_.lmtp) {
    return error(options_.lmtp ? "500 5.5.1 this is LMTP; say LHLO" : "500 5.5.1 no such command");
  }
  auto name = parse_hello(command.argument);
  if (!name) return error(name.error());
  forget_transaction();
  hello_.assign(*name);
  extensions_ = command.verb != Verb::helo;
  if (too_idle()) return;
  output_ += extensions_ ? "250-" : "250 ";
  reply(options_.hostname);
  if (!extensions_) return;
  fmt::format_to(std::back_inserter(output_), "250-PIPELINING\r\n250-SIZE {}\r\n",
                 options_.max_size);
  if (options_.starttls && !tls_) reply("250-STARTTLS");
  // rfc4954#4: not again once authenticated.
  if (options_.auth && tls_ && user_.empty()) reply("250-AUTH PLAIN LOGIN");
  if (options_.require_tls && tls_) reply("250-REQUIRETLS");
  reply("250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES");
}

std::optional<ServerEvent> Server::on_mail(std::string_view argument) {
  if (hello_.empty()) {
    error("503 5.5.1 say EHLO first");
  } else if (mail_given_) {
    error("503 5.5.1 a transaction is open; say RSET to drop it");
  } else if (!tls_ && !options_.clear_mail) {
    error("530 5.7.0 say STARTTLS first");
  } else {
    auto mail = parse_mail(
        argument, {.extensions = extensions_, .require_tls = options_.require_tls && tls_});
    if (!mail) {
      error(mail.error());
    } else if (mail->size.value_or(0) > options_.max_size) {
      error("552 5.3.4 the message is larger than " + std::to_string(options_.max_size) + " bytes");
    } else {
      envelope_ = Envelope{.sender = std::move(mail->sender),
                           .recipients = {},
                           .eight_bit = mail->eight_bit,
                           .smtputf8 = mail->smtputf8,
                           .require_tls = mail->require_tls,
                           .ret = mail->ret,
                           .envid = std::move(mail->envid)};
      return wait_for_answer(ServerEvent::sender);
    }
  }
  return std::nullopt;
}

std::optional<ServerEvent> Server::on_rcpt(std::string_view argument) {
  if (!mail_given_ || chunked_) {
    error("503 5.5.1 RCPT follows MAIL and stands before the content");
    return std::nullopt;
  }
  if (envelope_.recipients.size() >= options_.max_recipients) {
    error("452 4.5.3 too many recipients; send the rest in another transaction");
    return std::nullopt;
  }
  auto recipient =
      parse_rcpt(argument, {.extensions = extensions_, .require_tls = options_.require_tls && tls_},
                 envelope_.smtputf8);
  if (!recipient) {
    error(recipient.error());
    return std::nullopt;
  }
  recipient_ = *std::move(recipient);
  if (recipient_.address.find('@') == std::string::npos) {
    // rfc5321#4.5.1: the postmaster of this host.
    auto here = dns::Name::parse(options_.hostname);
    if (!here) {
      error("550 5.1.1 this host has no postmaster: its own name is not a host name");
      return std::nullopt;
    }
    recipient_.address += '@' + here->text();
    recipient_.domain = *std::move(here);
  }
  return wait_for_answer(ServerEvent::recipient);
}

std::optional<ServerEvent> Server::on_starttls(std::string_view argument) {
  if (!argument.empty()) {
    error("501 5.5.4 STARTTLS stands alone");
  } else if (tls_ || !user_.empty()) {
    error("503 5.5.1 TLS is not begun here");
  } else if (!options_.starttls) {
    error("502 5.5.1 STARTTLS is not offered");
  } else if (at_ != input_.size()) {
    // Commands in clear behind STARTTLS would run as if they had come under TLS (CVE-2011-0411).
    forget_session();
    state_ = State::closed;
    return ServerEvent::injection;
  } else {
    reply("220 2.0.0 ready for TLS");
    forget_session();
    state_ = State::starting_tls;
  }
  return std::nullopt;
}

std::optional<ServerEvent> Server::on_auth(std::string_view argument) {
  std::size_t space = argument.find(' ');
  std::string_view initial =
      space == std::string_view::npos ? std::string_view() : trim(argument.substr(space));
  if (!options_.auth) {
    error("502 5.5.1 AUTH is not offered");
  } else if (!tls_) {
    error("538 5.7.11 AUTH needs TLS; say STARTTLS first");
  } else if (!extensions_ || mail_given_ || !user_.empty()) {
    error("503 5.5.1 AUTH follows EHLO, once, outside a transaction");
  } else if (sasl_ = SaslExchange::start(argument.substr(0, space)); !sasl_) {
    error("504 5.5.4 the mechanisms are PLAIN and LOGIN");
  } else if (initial.empty()) {
    challenge();
  } else {
    return continue_auth(initial, true);
  }
  return std::nullopt;
}

void Server::challenge() {
  output_ += "334 ";
  reply(sasl_->challenge());
  state_ = State::auth;
}

std::optional<ServerEvent> Server::continue_auth(std::string_view line, bool initial) {
  SaslExchange::Outcome outcome = sasl_->answer(line, initial);
  if (outcome == SaslExchange::Outcome::challenge) {
    challenge();
    return std::nullopt;
  }
  state_ = State::command;
  SaslExchange exchange = *std::exchange(sasl_, std::nullopt);
  if (outcome == SaslExchange::Outcome::refused) {
    error(exchange.refusal());
    return std::nullopt;
  }
  credentials_ = exchange.take();
  user_ = credentials_.user;  // refuse() takes it back
  return wait_for_answer(ServerEvent::authenticate);
}

}  // namespace pawl::smtp

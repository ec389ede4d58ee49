#include "lab/dialog_session.h"

#include <fmt/format.h>

#include <utility>

namespace pawl::lab {
namespace {

bool has_users(starttls::Protocol protocol) {
  return protocol != starttls::Protocol::smtp && protocol != starttls::Protocol::lmtp;
}

// A reply of SMTP, POP3 or ManageSieve that goes on.
bool is_positive(std::string_view reply) {
  return reply.starts_with('2') || reply.starts_with('3') || reply.starts_with('+') ||
         reply.starts_with("OK");
}

net::Task<> ask(probe::Session& session, std::string command) {
  CO_TRY(const std::string reply, co_await session.send(std::move(command)));
  if (is_positive(reply)) co_return Result<>();
  co_return fail(Code::dialog_protocol, "the server refused: " + reply);
}

net::Task<> send_mail(probe::Session& session, const Grounds& grounds) {
  CO_TRY_VOID(co_await ask(session, fmt::format("MAIL FROM:<{}@lab.test>\r\n", kLabUser)));
  CO_TRY_VOID(co_await ask(session, fmt::format("RCPT TO:<{}@lab.test>\r\n", kLabUser)));
  CO_TRY_VOID(co_await ask(session, "DATA\r\n"));
  co_return co_await ask(session, grounds.message + ".\r\n");
}

net::Task<> append(probe::Session& session, const Grounds& grounds) {
  CO_TRY(const std::string reply,
         co_await session.send(fmt::format("APPEND INBOX {{{}}}\r\n", grounds.message.size())));
  if (!reply.starts_with('+')) co_return fail(Code::dialog_protocol, "no APPEND: " + reply);
  CO_TRY_VOID(co_await session.send(grounds.message + "\r\n"));
  co_return Result<>();
}

net::Task<> use(probe::Session& session, starttls::Protocol protocol, const Grounds& grounds) {
  if (has_users(protocol)) {
    const Secret password(grounds.secrets.password);
    CO_TRY_VOID(co_await session.log_in(grounds.secrets.user, password));
  }
  switch (protocol) {
    case starttls::Protocol::smtp:
    case starttls::Protocol::submission:
    case starttls::Protocol::lmtp:
      co_return co_await send_mail(session, grounds);
    case starttls::Protocol::imap:
      co_return co_await append(session, grounds);
    case starttls::Protocol::pop3:
      co_return co_await ask(session, "RETR 1\r\n");
    case starttls::Protocol::sieve:
      co_return co_await ask(session, fmt::format("PUTSCRIPT \"lab\" {{{}+}}\r\n{}\r\n",
                                                  grounds.secrets.content[0].size() + 2,
                                                  "# " + grounds.secrets.content[0]));
  }
  co_return Result<>();
}

bool failed(const std::optional<Result<>>& proof) {
  return proof && !*proof;
}

}  // namespace

net::Task<SessionAccount> run_session(probe::SessionOptions options, const Grounds& grounds) {
  const starttls::Protocol protocol = options.protocol;
  CO_TRY(auto session, co_await probe::Session::open(std::move(options)));
  SessionAccount account;
  if (session->error()) {
    account.error = session->error();
  } else {
    auto used = co_await use(*session, protocol, grounds);
    if (!used) account.error = std::move(used).error();
    [[maybe_unused]] auto closed = co_await session->close();
  }
  account.downgrade = session->dialog().downgrade();
  const tls::Description* description = session->description();
  account.identity_doubted =
      session->proof_failed() ||
      (description != nullptr && (failed(description->pkix) || failed(description->pkix_observed)));
  account.transcript = session->transcript();
  co_return account;
}

}  // namespace pawl::lab

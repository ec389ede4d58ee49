#include "relay/outbound_session.h"

namespace pawl::relay {

namespace {

MonoTime in(Seconds duration) {
  return std::chrono::steady_clock::now() + duration;
}

bool enforced(const policy::Verdict& verdict) {
  return verdict.enforcement == policy::Enforcement::enforce;
}

smtp::ClientOptions client_options(const SessionRequest& request) {
  smtp::ClientOptions options;
  options.helo = request.helo;
  if (request.protocol == NextHop::Protocol::lmtp) options.protocol = smtp::Protocol::lmtp;
  options.tls_required = request.verdict->tls_required && enforced(*request.verdict);
  options.tls_forbidden = request.verdict->tls_forbidden || request.clear_fallback;
  options.secure = request.protocol == NextHop::Protocol::smtps;
  options.credentials = request.credentials;
  return options;
}

// Delivered as before, and told: what an enforced verdict would have held back.
void observe(Attempt& attempt, Error error) {
  attempt.failure = std::move(error);
  attempt.observed_only = true;
}

}  // namespace

Result<> judge_session(const policy::Verdict& verdict, Attempt& attempt) {
  auto judged = tls::judge(verdict.profile, *attempt.tls);
  if (!judged) {
    if (enforced(verdict)) return judged;
    observe(attempt, judged.error());
    attempt.reached = policy::Protection::encrypted;
    return {};
  }
  attempt.reached = policy::Protection::encrypted;
  if (verdict.profile.authenticated()) {
    bool half = verdict.promised == policy::Protection::half_dane;
    attempt.reached = half ? policy::Protection::half_dane : policy::Protection::authenticated;
  }
  return {};
}

net::Task<std::unique_ptr<OutboundSession>> OutboundSession::open(
    const Dial& dial, std::shared_ptr<tls::ClientContext> tls, SessionRequest request,
    OutboundTimeouts timeouts, Attempt& attempt) {
  CO_TRY(auto stream, co_await dial(request.to, in(timeouts.connect)));
  std::unique_ptr<OutboundSession> session(
      new OutboundSession(net::Channel(std::move(stream)), std::move(request), timeouts));
  auto established = co_await session->establish(std::move(tls), attempt);
  if (session->client_) attempt.reply = session->client_->last_reply();
  if (!established) {
    session->channel_.close();
    co_return fail(std::move(established).error());
  }
  attempt.in_clear = !session->client_->secure();
  if (attempt.in_clear && session->request_.verdict->tls_required) {
    observe(attempt, session->client_->starttls_refused().value_or(
                         Error(Code::starttls_not_offered, "delivered all the same")));
  }
  session->remember(attempt);
  session->request_.verdict = nullptr;  // the plan it stood in may go; reuse is by key
  co_return session;
}

net::Task<> OutboundSession::establish(std::shared_ptr<tls::ClientContext> tls, Attempt& attempt) {
  if (request_.protocol == NextHop::Protocol::smtps) {
    CO_TRY_VOID(co_await secure(tls, attempt));
  }
  client_.emplace(client_options(request_));
  while (true) {
    CO_TRY(smtp::ClientEvent event, co_await next_event());
    if (event == smtp::ClientEvent::upgrade) {
      CO_TRY_VOID(co_await secure(tls, attempt));
      client_->tls_established();
    } else if (event == smtp::ClientEvent::ready) {
      co_return Result<>();
    } else {
      co_return fail(client_->error());
    }
  }
}

net::Task<> OutboundSession::secure(std::shared_ptr<tls::ClientContext> tls, Attempt& attempt) {
  tls::ClientProfile profile = request_.verdict->profile;
  // Observed only: an old version is judged and told, but not refused by the engine.
  if (!enforced(*request_.verdict)) profile.min_version = tls::Version::tls1_0;
  // TLS sessions are resumed with the same host at the same address only.
  std::string peer = request_.verdict->host.text() + ' ' + request_.to.text();
  CO_TRY(auto engine, tls::make_client_engine(tls, profile, peer));
  auto shaken = co_await channel_.start_tls(std::move(engine), in(timeouts_.handshake));
  if (channel_.engine()) attempt.tls = channel_.engine()->description();
  if (!shaken) co_return fail(std::move(shaken).error());
  if (request_.protocol != NextHop::Protocol::smtps) {
    // The upgraded session is silent until we speak (DESIGN section 3).
    CO_TRY(bool unread, co_await channel_.has_unread_input());
    if (unread) co_return fail(Code::unexpected_greeting, "right behind the handshake");
  }
  if (!attempt.tls) co_return fail(Code::internal, "the handshake left no description");
  co_return judge_session(*request_.verdict, attempt);
}

MonoTime OutboundSession::deadline() const {
  switch (client_->waiting_for()) {
    case smtp::Client::Wait::greeting:
      return in(timeouts_.greeting);
    case smtp::Client::Wait::data_start:
      return in(timeouts_.data_start);
    case smtp::Client::Wait::content_end:
      return in(timeouts_.content_end);
    default:
      return in(timeouts_.reply);
  }
}

net::Task<> OutboundSession::flush() {
  std::string out = client_->take();
  if (out.empty()) co_return Result<>();
  co_return co_await channel_.write_all(out, in(timeouts_.write));
}

// Ends in an event always: what the connection does wrong becomes `failed`.
net::Task<smtp::ClientEvent> OutboundSession::next_event() {
  while (true) {
    if (auto event = client_->next_event()) co_return *event;
    if (client_->failed()) co_return smtp::ClientEvent::failed;
    auto flushed = co_await flush();
    // A host that closes while we write has often said why.
    MonoTime until = flushed ? deadline() : in(Seconds(1));
    auto count = co_await channel_.read_some(buffer_, until);
    if (count) {
      heard_something_ = true;
      client_->feed(std::string_view(buffer_.data(), *count));
      if (!flushed) client_->abort(std::move(flushed).error());
    } else if (count.error().code == Code::connection_lost ||
               count.error().code == Code::connection_reset) {
      client_->end_of_input();
    } else {
      client_->abort(flushed ? std::move(count).error() : std::move(flushed).error());
    }
  }
}

net::Task<> OutboundSession::send_content(ContentSource& content) {
  std::uint64_t left = content.size();
  while (left > 0) {
    CO_TRY(std::string_view piece, co_await content.next());
    if (piece.empty()) break;
    client_->content(piece);
    left -= std::min<std::uint64_t>(left, piece.size());
    if (client_->failed()) co_return Result<>();
    // The last piece leaves together with the dot behind it.
    if (left > 0) CO_TRY_VOID(co_await flush());
  }
  client_->end_content();
  co_return Result<>();
}

net::Task<smtp::TransactionResult> OutboundSession::send(smtp::Transaction transaction,
                                                         ContentSource& content) {
  bool used_before = transactions_++ > 0;
  heard_something_ = false;
  client_->begin(std::move(transaction));
  while (true) {
    CO_TRY(smtp::ClientEvent event, co_await next_event());
    if (event == smtp::ClientEvent::want_content) {
      auto sent = co_await send_content(content);
      if (!sent) client_->abort(std::move(sent).error());
    } else if (event != smtp::ClientEvent::ready) {
      break;  // outcome; `failed` comes behind an outcome only
    }
  }
  if (client_->failed()) {
    failure_ = client_->error();
    // 421 to the first command of a kept connection is its host's way to say "idle too long".
    bool goodbye =
        failure_->code == Code::smtp_temporary && client_->last_reply().starts_with("421");
    lost_while_idle_ = used_before && (!heard_something_ || goodbye);
    channel_.close();
  }
  co_return client_->result();
}

net::Task<> OutboundSession::say_goodbye() {
  if (usable()) {
    client_->quit();
    CO_TRY_VOID(co_await flush());
  }
  co_return co_await channel_.shutdown(in(Seconds(5)));
}

}  // namespace pawl::relay

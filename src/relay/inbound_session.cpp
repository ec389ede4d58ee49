// One client connection: the loop that moves bytes between the channel and the server machine.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "relay/inbound_state.h"
#include "smtp/trace.h"

namespace pawl::relay {

namespace {

using smtp::ServerEvent;

// A client that reads no more does not hold up a stop.
constexpr std::chrono::seconds kGoodbye{5};

smtp::ServerOptions options_for(const InboundOptions& options, const InboundNeeds& needs,
                                const ListenerOptions& listener, bool certificates) {
  smtp::ServerOptions server = options.server;
  server.starttls = certificates && listener.tls == ListenerOptions::Tls::starttls;
  server.auth = listener.auth && needs.authenticator != nullptr;
  return server;
}

}  // namespace

InboundSession::InboundSession(std::shared_ptr<Inbound::State> state,
                               std::unique_ptr<net::Stream> stream, ListenerOptions listener,
                               std::shared_ptr<tls::ServerContext> certificates)
    : state_(std::move(state)),
      certificates_(std::move(certificates)),
      rules_(state_->rules.load()),
      options_(options_for(state_->options, state_->needs, listener, certificates_ != nullptr)),
      implicit_tls_(listener.tls == ListenerOptions::Tls::implicit),
      client_(stream->remote().address),
      client_text_(client_.text()),
      channel_(std::move(stream)),
      server_(options_, implicit_tls_) {}

Event InboundSession::event(Severity severity, std::string name) const {
  return {.severity = severity, .name = std::move(name), .fields = {{"client", client_text_}}};
}

net::Task<> InboundSession::run() {
  auto keep = shared_from_this();
  Result<> ended;
  if (implicit_tls_) ended = co_await start_tls();
  if (ended) ended = co_await talk();
  if (!ended && ended.error().code == Code::timeout) {
    server_.time_out();
    ended = co_await flush();
  }
  // Who hangs up between two messages, politely or not, is no event.
  const bool hung_up = !ended && (ended.error().code == Code::connection_lost ||
                                  ended.error().code == Code::connection_reset);
  if (!ended && (server_.in_message() || !hung_up)) {
    Event lost = event(Severity::info, "session.lost");
    lost.fields.emplace_back("reason", ended.error().sentence());
    state_->needs.events.emit(lost);
  }
  drop_content();
  auto closed = co_await channel_.shutdown(state_->needs.clock.monotonic() + kGoodbye);
  if (!closed) channel_.close();
  co_return ended;
}

net::Task<> InboundSession::start_tls() {
  Result<> ended = fail(Code::config_invalid, "the listener has no certificate");
  if (certificates_) {
    CO_TRY(auto engine, tls::make_server_engine(certificates_));
    ended = co_await channel_.start_tls(
        std::move(engine), state_->needs.clock.monotonic() + state_->options.times.handshake);
  }
  if (!ended && ended.error().code == Code::starttls_injection) {
    state_->needs.events.emit(event(Severity::warning, "client.injected"));
    co_return ended;
  }
  if (!ended) {
    Event failed = event(Severity::notice, "client.tls_failed");
    failed.fields.emplace_back("reason", ended.error().sentence());
    state_->needs.events.emit(failed);
    co_return ended;
  }
  const tls::Description& proved = channel_.engine()->description();
  if (proved.version) tls_text_ = std::string(name(*proved.version)) + " with cipher ";
  tls_text_ += proved.cipher_suite;
  co_return Result<>();
}

// Events that need no waiting are handled in a row, so that a pipelined group is read at once and
// its replies go out in one write (rfc2920#3.2).
net::Task<> InboundSession::talk() {
  while (true) {
    switch (server_.next()) {
      case ServerEvent::need_input:
        CO_TRY_VOID(co_await flush());
        CO_TRY_VOID(co_await read());
        break;
      case ServerEvent::sender:
        next_hops_.clear();
        server_.accept();
        break;
      case ServerEvent::recipient:
        decide_recipient();
        break;
      case ServerEvent::authenticate:
        CO_TRY_VOID(co_await authenticate());
        break;
      case ServerEvent::message_begin:
        begin_message();
        break;
      case ServerEvent::content:
        CO_TRY_VOID(co_await keep_content());
        break;
      case ServerEvent::message_end:
        CO_TRY_VOID(co_await end_message());
        break;
      case ServerEvent::message_aborted:
        abort_message();
        break;
      case ServerEvent::start_tls:
        CO_TRY_VOID(co_await flush());
        CO_TRY_VOID(co_await start_tls());
        server_.tls_started();
        break;
      case ServerEvent::injection:
        state_->needs.events.emit(event(Severity::warning, "client.injected"));
        co_return fail(Code::starttls_injection,
                       "the client " + client_text_ + " sent commands in clear behind STARTTLS");
      case ServerEvent::closed:
        co_return co_await flush();
    }
  }
}

net::Task<> InboundSession::flush() {
  if (!server_.has_output()) co_return Result<>();
  co_return co_await channel_.write_all(
      server_.take(), state_->needs.clock.monotonic() + state_->options.times.write);
}

net::Task<> InboundSession::read() {
  bool message = server_.in_message();
  const InboundTimes& times = state_->options.times;
  MonoTime deadline = state_->needs.clock.monotonic() + (message ? times.content : times.command);
  reading_ = true;
  auto bytes = co_await channel_.read_available(deadline);
  reading_ = false;
  if (!bytes) co_return fail(std::move(bytes).error());
  server_.feed(*bytes);
  co_return Result<>();
}

void InboundSession::decide_recipient() {
  const smtp::Recipient& recipient = server_.recipient();
  if (server_.user().empty() && !is_own_client(rules_->client_networks, client_)) {
    Event refused = event(Severity::notice, "client.relay_denied");
    refused.fields.emplace_back("recipient", printable(recipient.address));
    state_->needs.events.emit(refused);
    server_.refuse("550 5.7.1 relaying denied: " + client_text_ +
                   " is not in client_networks and did not authenticate");
    return;
  }
  auto hop = state_->needs.route(recipient);
  if (!hop) {
    server_.refuse("550 5.1.2 " + printable(hop.error().sentence()));
    return;
  }
  next_hops_.push_back(*std::move(hop));
  server_.accept();
}

net::Task<> InboundSession::authenticate() {
  smtp::Credentials given = server_.take_credentials();
  auto outcome =
      co_await state_->needs.authenticator->check(client_, given.user, std::move(given.password));
  if (outcome && *outcome == Authenticator::Outcome::right) {
    server_.accept();
    co_return Result<>();
  }
  Event failed = event(Severity::notice, "auth.failed");
  failed.fields.emplace_back("user", printable(given.user, 64));
  if (!outcome) {
    failed.fields.emplace_back("reason", outcome.error().sentence());
    server_.refuse("454 4.7.0 passwords cannot be checked now");
  } else if (*outcome == Authenticator::Outcome::too_many_failures) {
    failed.fields.emplace_back("reason", "too many failures of this client; nothing was checked");
    server_.refuse("454 4.7.0 too many failed authentications; wait some minutes");
  } else {
    server_.refuse("535 5.7.8 wrong user name or password");
  }
  state_->needs.events.emit(failed);
  co_return Result<>();
}

void InboundSession::begin_message() {
  arrived_ = state_->needs.clock.now();
  size_ = 0;
  store_error_.reset();
  const smtp::Envelope& envelope = server_.envelope();
  std::string trace = smtp::received_field(
      {.hello = server_.hello(),
       .client = client_,
       .by = options_.hostname,
       .protocol = smtp::transmission_type(server_.extensions(), server_.tls(),
                                           !server_.user().empty(), envelope.smtputf8),
       .tls = tls_text_,
       .id = {},
       .recipient = envelope.recipients.size() == 1
                        ? std::string_view(envelope.recipients[0].address)
                        : std::string_view(),
       .at = arrived_});
  server_.accept_message(std::move(trace));
}

// A chunk has come. Small messages stay in memory; the rest of a large one follows its beginning
// to the store.
net::Task<> InboundSession::keep_content() {
  std::string chunk = server_.take_content();
  size_ += chunk.size();
  if (store_error_) co_return Result<>();  // dropped; said at the end of the message
  if (!spill_ && content_.size() + chunk.size() <= state_->options.held_content) {
    content_ += chunk;
    co_return Result<>();
  }
  if (!content_.empty()) {
    content_ += chunk;
    chunk = std::exchange(content_, {});
  }
  auto handle = co_await state_->needs.queue.spill(spill_, std::move(chunk));
  if (handle) {
    spill_ = *handle;
  } else {
    store_error_ = handle.error();
    drop_content();  // at once: the disk may be full
  }
  co_return Result<>();
}

net::Task<> InboundSession::end_message() {
  std::string rest = server_.take_content();
  size_ += rest.size();
  if (!store_error_) {
    if (content_.empty()) {
      content_ = std::move(rest);
    } else {
      content_ += rest;
    }
    const smtp::ContentFacts& facts = server_.facts();
    std::string origin = "smtp " + client_text_;
    if (!server_.user().empty()) origin += " as " + server_.user();
    store::NewMessage message{.envelope = server_.take_envelope(),
                              .content = std::exchange(content_, {}),
                              .spill = spill_,
                              .size = size_,
                              .eight_bit = facts.eight_bit,
                              .tls_required_no = facts.tls_required_no,
                              .arrived = arrived_,
                              .origin = std::move(origin),
                              .hops = facts.hops};
    auto queued =
        co_await state_->needs.queue.commit(std::move(message), std::exchange(next_hops_, {}));
    if (queued) {
      spill_.reset();
      std::string id = store::queue_id(queued->id);
      Event accepted = event(Severity::info, "message.accepted");
      accepted.fields.emplace_back("queue_id", id);
      accepted.fields.emplace_back("sender", printable(queued->envelope.sender));
      accepted.fields.emplace_back("recipients", std::to_string(queued->recipients.size()));
      accepted.fields.emplace_back("size", std::to_string(size_));
      if (!tls_text_.empty()) accepted.fields.emplace_back("tls", tls_text_);
      if (!server_.user().empty()) accepted.fields.emplace_back("user", server_.user());
      state_->needs.events.emit(accepted);
      state_->needs.accepted(*std::move(queued));
      server_.accept("queued as " + id);
      co_return Result<>();
    }
    store_error_ = queued.error();
  }
  refuse_message(*store_error_);
  co_return Result<>();
}

// What came of a message that will not be in the queue. Without this a client that leaves again and
// again could fill the disk: the store's own sweep comes only with a restart.
void InboundSession::drop_content() {
  content_ = {};
  if (spill_) state_->needs.queue.discard(*std::exchange(spill_, std::nullopt));
}

void InboundSession::abort_message() {
  drop_content();
  std::string fault = server_.content_fault();
  Event aborted = event(Severity::notice, fault.empty() ? "message.aborted" : "message.refused");
  if (!fault.empty()) aborted.fields.emplace_back("reason", std::move(fault));
  state_->needs.events.emit(aborted);
}

// Never 250 without a commit: the client keeps the message and tries again.
void InboundSession::refuse_message(const Error& error) {
  drop_content();
  Event refused = event(Severity::notice, "message.refused");
  refused.fields.emplace_back("reason", error.sentence());
  state_->needs.events.emit(refused);
  server_.refuse(error.code == Code::disk_full
                     ? "452 4.3.1 there is no room for the message now; try later"
                     : "451 4.3.0 the message could not be stored; try later");
}

void InboundSession::shut_down() {
  server_.shut_down();
  if (!reading_ || !server_.has_output()) return;
  // The session sleeps in read(): the farewell goes out beside it, and the close wakes it.
  net::Loop::current().spawn(say_goodbye(shared_from_this()), [](const Result<>&) {});
}

net::Task<> InboundSession::say_goodbye(std::shared_ptr<InboundSession> session) {
  auto written = co_await session->channel_.write_all(
      session->server_.take(), session->state_->needs.clock.monotonic() + kGoodbye);
  session->channel_.close();
  co_return written;
}

}  // namespace pawl::relay

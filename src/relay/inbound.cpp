#include "relay/inbound.h"

#include "relay/inbound_state.h"

namespace pawl::relay {

namespace {

constexpr std::chrono::seconds kRefusalTime{10};

net::Task<> run_session(std::shared_ptr<Inbound::State> state,
                        std::shared_ptr<InboundSession> session, std::shared_ptr<void> place) {
  {
    std::scoped_lock lock(state->mutex);
    state->running[session.get()] = {.loop = &net::Loop::current(), .session = session};
  }
  if (state->stopping) session->shut_down();
  auto ended = co_await session->run();
  {
    std::scoped_lock lock(state->mutex);
    state->running.erase(session.get());
  }
  place.reset();
  co_return ended;
}

net::Task<> turn_away(std::unique_ptr<net::Stream> stream, std::string text, MonoTime deadline) {
  auto written = co_await stream->write_all(text, deadline);
  stream->close();
  co_return written;
}

net::Task<> begin(std::shared_ptr<Inbound::State> state, std::unique_ptr<net::Stream> stream,
                  ListenerOptions options) {
  std::shared_ptr<void> place = state->count.enter(stream->remote().address);
  if (!place) {
    state->needs.events.emit(
        {Severity::warning,
         "client.refused",
         {{"client", stream->remote().address.text()}, {"reason", "too many sessions"}}});
    // A client of implicit TLS could not read it.
    std::string text = options.tls == ListenerOptions::Tls::implicit
                           ? ""
                           : "421 4.7.0 too many sessions; try later\r\n";
    co_return co_await turn_away(std::move(stream), std::move(text),
                                 state->needs.clock.monotonic() + kRefusalTime);
  }
  auto session = std::make_shared<InboundSession>(state, std::move(stream), options,
                                                  state->certificates.load());
  co_return co_await run_session(state, std::move(session), std::move(place));
}

}  // namespace

Inbound::Inbound(InboundOptions options, InboundNeeds needs)
    : state_(std::make_shared<State>(std::move(options), std::move(needs))) {}

Inbound::~Inbound() = default;

net::Task<> Inbound::serve(std::unique_ptr<net::Listener> listener, ListenerOptions options) {
  std::shared_ptr<State> state = state_;
  std::shared_ptr<net::Listener> shared = std::move(listener);
  {
    std::scoped_lock lock(state->mutex);
    state->listening.push_back({.loop = &net::Loop::current(), .listener = shared});
  }
  while (!state->stopping) {
    auto stream = co_await shared->accept();
    if (!stream) {
      if (stream.error().code == Code::cancelled) break;
      co_return fail(std::move(stream).error());
    }
    // What a session ends with, it has said itself.
    net::Loop::current().spawn(begin(state, *std::move(stream), options), [](const Result<>&) {});
  }
  co_return Result<>();
}

net::Task<> Inbound::serve_one(std::unique_ptr<net::Stream> stream, ListenerOptions options) {
  return begin(state_, std::move(stream), options);
}

void Inbound::set_certificates(std::shared_ptr<tls::ServerContext> context) {
  state_->certificates.store(std::move(context));
}

void Inbound::set_rules(InboundRules rules) {
  state_->rules.store(std::make_shared<const InboundRules>(std::move(rules)));
}

void Inbound::stop() {
  state_->stopping = true;
  std::scoped_lock lock(state_->mutex);
  for (auto& [loop, listener] : state_->listening) {
    loop->post([listener] {
      if (auto alive = listener.lock()) alive->close();
    });
  }
  for (auto& [session, running] : state_->running) {
    running.loop->post([weak = running.session] {
      if (auto alive = weak.lock()) alive->shut_down();
    });
  }
}

std::size_t Inbound::sessions() const {
  return state_->count.total();
}

}  // namespace pawl::relay

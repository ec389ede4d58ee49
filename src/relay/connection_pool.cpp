#include "relay/connection_pool.h"

namespace pawl::relay {

namespace {

struct Destination {
  std::size_t active = 0;
  std::deque<std::shared_ptr<net::Signal>> waiting;
};

struct Idle {
  std::string key;
  std::unique_ptr<OutboundSession> session;
  MonoTime until;
};

net::Task<> dismiss(std::unique_ptr<OutboundSession> session) {
  co_return co_await session->say_goodbye();
}

}  // namespace

// `idle` is ordered by expiry, oldest first: every session stays for the same time.
struct ConnectionPool::State {
  PoolLimits limits;
  std::unordered_map<std::string, Destination> destinations;
  std::list<Idle> idle;
  std::unordered_multimap<std::string, std::list<Idle>::iterator> by_key;
  bool sweeping = false;

  std::unique_ptr<OutboundSession> remove(std::list<Idle>::iterator entry) {
    auto [first, last] = by_key.equal_range(entry->key);
    for (auto it = first; it != last; ++it) {
      if (it->second != entry) continue;
      by_key.erase(it);
      break;
    }
    std::unique_ptr<OutboundSession> session = std::move(entry->session);
    idle.erase(entry);
    return session;
  }

  void close_until(MonoTime now) {
    while (!idle.empty() && idle.front().until <= now) {
      net::Loop::current().spawn(dismiss(remove(idle.begin())));
    }
  }

  void release(const std::string& name) {
    auto it = destinations.find(name);
    Destination& destination = it->second;
    if (!destination.waiting.empty()) {
      // The right passes on; `active` stays.
      auto next = std::move(destination.waiting.front());
      destination.waiting.pop_front();
      next->notify();
    } else if (--destination.active == 0) {
      destinations.erase(it);
    }
  }

  static net::Task<> sweep(std::weak_ptr<State> weak) {
    while (true) {
      MonoTime next;
      {
        auto state = weak.lock();
        if (!state) co_return Result<>();
        state->close_until(std::chrono::steady_clock::now());
        if (state->idle.empty()) {
          state->sweeping = false;
          co_return Result<>();
        }
        next = state->idle.front().until;
      }
      CO_TRY_VOID(co_await net::sleep_until(next));
    }
  }
};

ConnectionPool::ConnectionPool(PoolLimits limits) : state_(std::make_shared<State>()) {
  state_->limits = limits;
}

ConnectionPool::~ConnectionPool() = default;

net::Task<Slot> ConnectionPool::acquire(std::string destination) {
  auto state = state_;
  Destination& entry = state->destinations[destination];
  if (entry.active < state->limits.connections_per_destination) {
    ++entry.active;
  } else {
    auto signal = std::make_shared<net::Signal>();
    entry.waiting.push_back(signal);
    CO_TRY_VOID(co_await signal->wait());
  }
  std::shared_ptr<void> guard(nullptr,
                              [state, destination](void*) { state->release(destination); });
  co_return Slot(std::move(guard));
}

std::unique_ptr<OutboundSession> ConnectionPool::take(const std::string& key, MonoTime now) {
  state_->close_until(now);
  auto [first, last] = state_->by_key.equal_range(key);
  if (first == last) return nullptr;
  auto best = first;
  for (auto it = first; it != last; ++it) {
    if (it->second->until > best->second->until) best = it;
  }
  return state_->remove(best->second);
}

void ConnectionPool::put(std::string key, std::unique_ptr<OutboundSession> session, MonoTime now) {
  const PoolLimits& limits = state_->limits;
  if (!session->usable()) return;
  if (session->transactions() >= limits.messages_per_connection || limits.idle_connections == 0) {
    net::Loop::current().spawn(dismiss(std::move(session)));
    return;
  }
  if (state_->idle.size() >= limits.idle_connections) {
    net::Loop::current().spawn(dismiss(state_->remove(state_->idle.begin())));
  }
  state_->idle.push_back({key, std::move(session), now + limits.idle});
  state_->by_key.emplace(std::move(key), std::prev(state_->idle.end()));
  if (state_->sweeping) return;
  state_->sweeping = true;
  net::Loop::current().spawn(State::sweep(state_));
}

void ConnectionPool::close_idle(MonoTime now) {
  state_->close_until(now);
}

std::size_t ConnectionPool::idle() const {
  return state_->idle.size();
}

std::size_t ConnectionPool::active(const std::string& destination) const {
  auto it = state_->destinations.find(destination);
  return it == state_->destinations.end() ? 0 : it->second.active;
}

}  // namespace pawl::relay

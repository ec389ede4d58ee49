#include "relay/authenticator.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "net/loop.h"

namespace pawl::relay {

namespace {

constexpr std::size_t kRemembered = 10'000;

struct Check {
  std::string user;
  Secret password;
  net::Completion<bool> done;
};

struct Failures {
  int count = 0;
  MonoTime since{};
};

// A guesser in IPv6 has a whole /64.
std::string client_network(const IpAddress& client) {
  std::string bytes = client.bytes();
  if (!client.is_v4()) bytes.resize(8);
  return bytes;
}

}  // namespace

struct Authenticator::State {
  State(Users users, const Clock& c, GuessLimits l)
      : users_now(std::make_shared<Users>(std::move(users))), clock(c), limits(l) {
    if (RAND_bytes(key, sizeof key) != 1) throw std::runtime_error("no random bytes");
  }

  std::string digest(const std::string& user, std::string_view password) const {
    std::string message = user + '\0';
    message += password;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    HMAC(EVP_sha256(), key, sizeof key, reinterpret_cast<const unsigned char*>(message.data()),
         message.size(), mac, &length);
    OPENSSL_cleanse(message.data(), message.size());
    return std::string(reinterpret_cast<const char*>(mac), length);
  }

  void work() {
    while (true) {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return stop || !checks.empty(); });
      if (stop) return;
      Check check = std::move(checks.front());
      checks.pop_front();
      auto with = users_now;
      lock.unlock();
      check.done.complete(with->verify(check.user, check.password.reveal()));
    }
  }

  bool may_guess(const std::string& network, MonoTime now) {
    auto found = failures.find(network);
    if (found == failures.end()) return true;
    if (now - found->second.since > limits.window) {
      failures.erase(found);
      return true;
    }
    return found->second.count < limits.failures;
  }

  void count_failure(const std::string& network, MonoTime now) {
    if (failures.size() >= limits.clients) {
      std::erase_if(failures,
                    [&](const auto& row) { return now - row.second.since > limits.window; });
      // Still full: a storm from everywhere. Forgetting one is better than growing.
      if (failures.size() >= limits.clients) failures.erase(failures.begin());
    }
    Failures& row = failures[network];
    if (row.count == 0) row.since = now;
    ++row.count;
  }

  std::shared_ptr<const Users> users_now;  // under the mutex
  const Clock& clock;
  const GuessLimits limits;
  unsigned char key[32] = {};
  std::mutex mutex;  // all below
  std::condition_variable wake;
  std::deque<Check> checks;
  std::map<std::string, Failures> failures;
  std::map<std::string, MonoTime> remembered;
  bool stop = false;
  std::thread worker;
};

Authenticator::Authenticator(Users users, const Clock& clock, GuessLimits limits)
    : state_(std::make_unique<State>(std::move(users), clock, limits)) {
  state_->worker = std::thread([state = state_.get()] { state->work(); });
}

Authenticator::~Authenticator() {
  {
    std::scoped_lock lock(state_->mutex);
    state_->stop = true;
  }
  state_->wake.notify_one();
  state_->worker.join();
}

void Authenticator::set_users(Users users) {
  std::scoped_lock lock(state_->mutex);
  state_->users_now = std::make_shared<Users>(std::move(users));
  state_->remembered.clear();
}

net::Task<Authenticator::Outcome> Authenticator::check(IpAddress client, std::string user,
                                                       Secret password) {
  State& state = *state_;
  std::string network = client_network(client);
  std::string digest = state.digest(user, password.reveal());
  net::Completion<bool> done;
  {
    std::scoped_lock lock(state.mutex);
    MonoTime now = state.clock.monotonic();
    if (!state.may_guess(network, now)) co_return Outcome::too_many_failures;
    auto known = state.remembered.find(digest);
    if (known != state.remembered.end() && now - known->second < state.limits.remember) {
      co_return Outcome::right;
    }
    state.checks.push_back({std::move(user), std::move(password), done});
  }
  state.wake.notify_one();
  CO_TRY(bool right, co_await done.wait());
  std::scoped_lock lock(state.mutex);
  MonoTime now = state.clock.monotonic();
  if (!right) {
    state.count_failure(network, now);
    co_return Outcome::wrong;
  }
  if (state.remembered.size() >= kRemembered) state.remembered.clear();
  state.remembered[digest] = now;
  co_return Outcome::right;
}

}  // namespace pawl::relay

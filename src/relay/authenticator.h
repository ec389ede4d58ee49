// Checks passwords off the loops' threads, one at a time: hashing costs milliseconds of CPU, and a
// guesser must not be able to buy more than one core's worth of it. What was right once is
// remembered for a while (as a keyed hash), so that a client that logs in for each message costs
// one check. Guessing is limited per client network.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/secret.h"
#include "net/task.h"
#include "relay/users.h"

namespace pawl::relay {

struct GuessLimits {
  int failures = 10;  // of one client network within the window; then nothing is checked
  Seconds window{600};
  std::size_t clients = 10'000;  // remembered at most
  Seconds remember{300};         // a right password
};

class Authenticator {
 public:
  enum class Outcome : unsigned char { right, wrong, too_many_failures };

  Authenticator(Users users, const Clock& clock, GuessLimits limits = {});
  ~Authenticator();  // no check may be under way
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  // On any loop.
  net::Task<Outcome> check(IpAddress client, std::string user, Secret password);
  void set_users(Users users);  // any thread; forgets what was remembered

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pawl::relay

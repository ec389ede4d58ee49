// Mail clients that submit numbered messages at the same time, several on each connection, and
// keep a message until they have its 250: after anything else they submit it again, as another
// copy. Blocking sockets, one thread per client.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/ip_address.h"
#include "tests/faults/audit.h"

namespace pawl::faults {

struct LoadOptions {
  Endpoint relay;
  int messages = 1000;
  int clients = 10;
  std::uint64_t seed = 1;
};

// The mark of a copy is its sender: it stands in the queue, in the envelope and nowhere in a
// memory that dies.
std::string sender(const Copy& copy);
bool parse_sender(std::string_view address, Copy& copy);
int recipients_of(int message);  // every tenth has three
// Different for each copy; every hundredth is too large to be held in memory.
std::string content(const Copy& copy, std::uint64_t seed);
// "relay-3.test", which the relay calls itself in its third life.
std::string life_name(int life);
int parse_life(std::string_view name);  // 0: not one of those

class Load {
 public:
  explicit Load(LoadOptions options);  // begins at once
  ~Load();                             // gives up what is left
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  int acknowledged() const { return acknowledged_; }
  int awaiting() const { return awaiting_; }  // clients that have sent all and wait for their 250
  bool all_acknowledged() const { return acknowledged_ == options_.messages; }
  void join();
  std::vector<Submission> submissions() const;  // after join()
  // Replies that were neither 250 nor the silence of a dead relay.
  std::vector<std::string> refusals() const;

 private:
  class Session;
  void be_client(int index);
  void submit(Session& session, int message);

  LoadOptions options_;
  std::atomic<int> next_{1};
  std::atomic<int> acknowledged_{0};
  std::atomic<int> awaiting_{0};
  std::atomic<bool> give_up_{false};
  mutable std::mutex mutex_;
  std::vector<Submission> submissions_;
  std::vector<std::string> refusals_;
  std::vector<std::jthread> threads_;
};

}  // namespace pawl::faults

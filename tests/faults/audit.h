// What became of each message of a run in which the relay was killed and started again: pure, from
// three records that do not come from the relay's memory: what the clients were told, what the
// receiving server took, and what the queue's file held after each kill.
//
// A client that got no 250 submits the message again: that is another copy of it. Copies are
// marked, so that a copy that was delivered twice is told from a message that was handed in twice.
#pragma once

#include <compare>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace pawl::faults {

struct Copy {
  int message = 0;
  int number = 0;  // 1 for the first submission, 2 for the next
  auto operator<=>(const Copy&) const = default;
};
std::string text(const Copy& copy);

// One life of the relay: from a start to the kill that ended it. Lives count from 1.
struct Submission {
  Copy copy;
  int life = 0;               // whom it was submitted to
  bool sent = false;          // the end of the message was written
  bool acknowledged = false;  // 250
};

struct Arrival {
  Copy copy;
  int life = 0;  // who delivered it
  bool intact = false;
};

struct Kill {
  int life = 0;           // the one it ended
  std::set<Copy> queued;  // what the queue's file held afterwards
};

struct Findings {
  // A copy that got its 250 and was, after a kill or at the end, neither delivered nor queued.
  std::vector<std::string> lost;
  std::vector<std::string> damaged;  // arrived with other bytes
  // Copies that came again because a kill came between the receiver's 250 and the moment its
  // delivery was durable in the queue: each was still in the file after the kill of the life that
  // delivered it. By life, in the order of `kills`: how many of them each kill made.
  std::vector<std::size_t> delivered_not_recorded;
  // Copies that were durable when a kill took their 250 away, so that the client sent another.
  std::vector<std::size_t> committed_not_acknowledged;
  std::vector<std::string> unexplained;
};

Findings audit(const std::vector<Submission>& submissions, const std::vector<Arrival>& arrivals,
               const std::vector<Kill>& kills);

}  // namespace pawl::faults

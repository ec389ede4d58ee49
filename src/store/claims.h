// Which messages are in flight in this process. Its size is the work in flight, never the queue.
//
// A claim is given up only after the transaction that changed the message has committed, and
// claim_due begins its snapshot while it holds the lock: so whoever finds a message unclaimed also
// sees everything that was done to it. Otherwise an old snapshot would deliver a message twice.
#pragma once

#include <mutex>
#include <unordered_set>

#include "store/queue.h"

namespace pawl::store {

class Claims {
 public:
  void add(MessageId id) {
    std::lock_guard lock(mutex_);
    ids_.insert(id);
  }
  void drop(MessageId id) {
    std::lock_guard lock(mutex_);
    ids_.erase(id);
  }
  // `work(ids)` under the lock, free to look and to insert.
  template <class Work>
  auto locked(Work work) {
    std::lock_guard lock(mutex_);
    return work(ids_);
  }

 private:
  std::mutex mutex_;
  std::unordered_set<MessageId> ids_;
};

}  // namespace pawl::store

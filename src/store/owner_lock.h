// Only one process may work off a queue: two would each deliver every message. An flock on a file
// beside the database, which the system gives back however the process ends.
#pragma once

#include <string>

#include "base/error.h"

namespace pawl::store {

class OwnerLock {
 public:
  static Result<OwnerLock> take(const std::string& database_path);
  OwnerLock() = default;  // holds nothing
  OwnerLock(OwnerLock&& other) noexcept;
  OwnerLock& operator=(OwnerLock&& other) noexcept;
  ~OwnerLock();

 private:
  explicit OwnerLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace pawl::store

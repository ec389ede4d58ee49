#include "store/owner_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pawl::store {

Result<OwnerLock> OwnerLock::take(const std::string& database_path) {
  std::string path = database_path + ".owner";
  OwnerLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.file_ < 0) {
    int error = errno;
    Code code = error == ENOSPC || error == EDQUOT ? Code::disk_full : Code::store;
    return fail(code, fmt::format("cannot open {}: {}", path, std::strerror(error)));
  }
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    return fail(Code::store, fmt::format("another process works off {} (it holds {}): stop it, or "
                                         "name another file in `store`",
                                         database_path, path));
  }
  return lock;
}

OwnerLock::OwnerLock(OwnerLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
OwnerLock& OwnerLock::operator=(OwnerLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}
OwnerLock::~OwnerLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace pawl::store

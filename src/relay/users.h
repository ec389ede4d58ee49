// The users who may submit mail: one `NAME:HASH` per line, the hash as `openssl passwd -6` or
// mkpasswd make it, checked by crypt(3). Empty lines and lines that begin with '#' are skipped.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pawl::relay {

class Users {
 public:
  // `file` is named in errors (Code::config_invalid: file, line, what was found, what is allowed).
  static Result<Users> parse(std::string_view text, std::string_view file);
  static Result<Users> load(const std::string& file);

  // Slow on purpose (milliseconds of CPU): not for a loop's thread. Takes as long for a user who
  // does not exist, and compares in constant time. Any thread.
  bool verify(const std::string& user, std::string_view password) const;
  bool empty() const { return hashes_.empty(); }

 private:
  std::map<std::string, std::string, std::less<>> hashes_;
};

}  // namespace pawl::relay

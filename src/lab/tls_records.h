// Counts the application records that pass by: all that somebody without keys can see of a session
// inside TLS (rfc8446#5.1). Bytes in any pieces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pawl::lab {

class TlsRecords {
 public:
  void feed(std::string_view bytes);
  int application() const { return application_; }  // begun

 private:
  std::string header_;
  std::size_t body_ = 0;  // still to come
  int application_ = 0;
};

}  // namespace pawl::lab

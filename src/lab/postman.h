// The sender under test, as the matrix sees it: takes a message, and can be asked what became of
// it. Behind it is a relay; what it says is shown beside the bytes, and never believed instead.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"

namespace pawl::lab {

struct Account {
  int deferrals = 0;  // attempts that ended with the message kept
  bool delivered = false;
  bool failed = false;   // given up: returned to the sender
  std::string reason;    // the last sentence
  bool alerted = false;  // an alert was raised for the domain
};

class Postman {
 public:
  virtual ~Postman() = default;
  virtual Result<> send(const std::string& recipient, const std::string& content) = 0;
  virtual Account account(const std::string& recipient) = 0;
};

}  // namespace pawl::lab

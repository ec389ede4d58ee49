// An event sink that keeps the books: what the relay's events say about each recipient.
// Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/event.h"
#include "lab/postman.h"

namespace pawl::lab {

class Ledger : public EventSink {
 public:
  void emit(const Event& event) override;
  Account account(const std::string& recipient) const;
  std::vector<Event> events() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Event> events_;
  std::map<std::string, Account> accounts_;
  std::map<std::string, int> alerts_;  // by domain
};

}  // namespace pawl::lab

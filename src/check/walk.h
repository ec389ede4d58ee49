// Internal to check/: what the parts of one check share. One loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check/check.h"
#include "lists/everywhere.h"
#include "net/loop.h"

namespace pawl::check {

// How hosts are looked at: probe/, or a test's own.
struct Probes {
  std::function<net::Task<probe::Look>(probe::SessionOptions)> look;
  std::function<net::Task<probe::Enumeration>(probe::SessionOptions)> enumerate;
};

// At most so many at a time; the others wait in their order.
class Turns {
 public:
  explicit Turns(int at_once) : free_(at_once) {}
  net::Task<> take();
  void give();

 private:
  int free_;
  std::deque<std::shared_ptr<net::Signal>> waiting_;
};

struct Walk {
  resolver::Resolver& resolver;
  fetch::PolicySource& policies;
  const Clock& clock;
  const CheckOptions& options;
  const Probes& probes;
  std::shared_ptr<tls::ClientContext> tls;
  std::optional<Result<lists::PolicyList>> list;  // of options.list_file, read once
  Turns hosts;
  std::size_t begun = 0;
  std::size_t ended = 0;

  // Progress: one more thing to do, it is under way, it is done.
  void begin() { ++begun; }
  void tell(const std::string& target, const std::string& doing) const;
  void end(const std::string& target, const std::string& what);
};

// check() of check.h with other eyes.
net::Task<Report> check_with(Probes probes, std::vector<Target> targets,
                             resolver::Resolver& resolver, fetch::PolicySource& policies,
                             const Clock& clock, CheckOptions options);

}  // namespace pawl::check

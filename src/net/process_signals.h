// SIGTERM, SIGINT, SIGHUP as events on a loop. From construction on the signals named no longer
// end the process; one that comes while nobody waits is kept for the next wait().
#pragma once

#include <memory>
#include <vector>

#include "net/task.h"

namespace pawl::net {

class Loop;

class ProcessSignals {
 public:
  // `loop` is the one that will wait; on its thread, or before it runs.
  ProcessSignals(Loop& loop, const std::vector<int>& signals);
  ~ProcessSignals();
  Task<int> wait();  // the number of the signal; Code::cancelled after cancel()
  void cancel();     // on the loop

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pawl::net

// A thread that does one piece of work after another: what reads the database must not block a
// loop. Long work posts its next slice instead of keeping others waiting.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace pawl::store {

class ReaderThread {
 public:
  ReaderThread();
  ~ReaderThread();  // does what was posted before, then ends
  ReaderThread(const ReaderThread&) = delete;
  ReaderThread& operator=(const ReaderThread&) = delete;

  void post(std::function<void()> work);  // any thread

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace pawl::store

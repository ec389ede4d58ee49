#include "store/reader_thread.h"

#include <pthread.h>

#include <utility>

namespace pawl::store {

ReaderThread::ReaderThread()
    : thread_([this] {
        pthread_setname_np(pthread_self(), "pawl-read");
        run();
      }) {}

ReaderThread::~ReaderThread() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ReaderThread::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void ReaderThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace pawl::store

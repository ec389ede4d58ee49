// The queue alone: durable commits and finishes of 2 KiB messages with N waiters, in a file beside
// the caller's directory. usage: queue_bench [DIRECTORY] [MESSAGES]
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "net/loop.h"
#include "store/sqlite_store.h"

namespace {

using namespace pawl;

net::Task<> client(store::Queue* queue, std::size_t messages, std::size_t size) {
  for (std::size_t i = 0; i < messages; ++i) {
    store::NewMessage message;
    message.envelope.sender = "load@example.com";
    smtp::Recipient to;
    to.address = "sink@example.org";
    to.domain = *dns::Name::parse("example.org");
    message.envelope.recipients.push_back(to);
    message.content.assign(size, 'x');
    message.size = size;
    message.arrived =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    std::vector<std::string> hops(1, "example.org");
    CO_TRY(auto queued, co_await queue->commit(std::move(message), std::move(hops)));
    store::Update update;
    update.id = queued.id;
    update.done.push_back(0);
    CO_TRY_VOID(co_await queue->finish(std::move(update), {}));
  }
  co_return Result<>{};
}

net::Task<> all(net::Loop* loop, store::Queue* queue, std::size_t waiters, std::size_t messages) {
  std::vector<net::Completion<void>> ended(waiters);
  for (auto& one : ended) {
    loop->spawn(client(queue, messages / waiters, 2048),
                [one](Result<> result) mutable { one.complete(std::move(result)); });
  }
  for (auto& one : ended) CO_TRY_VOID(co_await one.wait());
  co_return Result<>{};
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  std::string directory = argc > 1 ? argv[1] : ".";
  std::size_t messages = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20000;
  for (std::size_t waiters : {1UL, 20UL, 100UL}) {
    std::string path = directory + "/queue_bench.db";
    auto store = store::SqliteStore::open({.path = path});
    if (!store) {
      fmt::print(stderr, "{}\n", store.error().sentence());
      return 1;
    }
    std::size_t count = waiters == 1 ? messages / 10 : messages;
    net::Loop loop;
    double cpu = cpu_seconds();
    auto start = std::chrono::steady_clock::now();
    auto ended = loop.run_until_done(all(&loop, &(*store)->queue(), waiters, count));
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (!ended) {
      fmt::print(stderr, "{}\n", ended.error().sentence());
      return 1;
    }
    fmt::print("{:4} waiters: {:7.0f} messages/s committed and finished, {:.0f} us of CPU each\n",
               waiters, double(count) / took.count(), (cpu_seconds() - cpu) * 1e6 / double(count));
    store->reset();
    for (const char* suffix : {"", "-wal", "-shm", ".owner"}) {
      std::error_code ignored;
      std::filesystem::remove(path + suffix, ignored);
    }
  }
  return 0;
}

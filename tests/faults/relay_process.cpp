#include "tests/faults/relay_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "net/loop.h"
#include "store/sqlite_store.h"
#include "tests/faults/load.h"

namespace pawl::faults {
namespace {

namespace fs = std::filesystem;

constexpr const char* kQueue = "queue.db";
constexpr std::size_t kLogEnd = 4000;

net::Task<> list_into(store::Queue* queue, std::vector<store::QueuedMessage>* into) {
  CO_TRY(*into, co_await queue->list({}));
  co_return Result<>();
}

net::Task<> count_into(store::Queue* queue, std::uint64_t* into) {
  CO_TRY(store::Totals totals, co_await queue->totals());
  *into = totals.messages;
  co_return Result<>();
}

Result<> copy_if_there(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from)) return {};
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) return fail(Code::io, fmt::format("{}: {}", from.string(), error.message()));
  return {};
}

}  // namespace

Result<lab::Child> start_relay(const lab::Scratch& scratch, int life, const RelayOptions& options) {
  std::string configuration = fmt::format(
      R"(hostname = "{}"
store = "sqlite:{}"
relayhost = "[{}]:{}"
threads = 2
[[listen]]
address = "{}"
tls = "none"
[[dns.forwarder]]
address = "127.0.0.1:53"
[retry]
schedule = ["1s"]
[limits]
deliveries = {}
connections_per_destination = {}
)",
      life_name(life), scratch.file(kQueue), options.next_hop.address.text(), options.next_hop.port,
      options.listen.text(), options.deliveries, options.deliveries);
  TRY(std::string file, scratch.write("pawl.toml", configuration));
  return lab::Child::start({PAWL_PROGRAM, "relay", "-c", file}, scratch.file("relay.log"));
}

std::string log_of(const lab::Scratch& scratch) {
  auto log = lab::read_file(scratch.file("relay.log"));
  if (!log) return log.error().sentence();
  return log->size() > kLogEnd ? log->substr(log->size() - kLogEnd) : *log;
}

std::string sanitizer_report(const lab::Scratch& scratch) {
  auto log = lab::read_file(scratch.file("relay.log"));
  if (!log) return log.error().sentence();
  auto at = std::min(log->find("Sanitizer: "), log->find("runtime error: "));
  return at == std::string::npos ? "" : log->substr(at, kLogEnd);
}

Result<std::set<Copy>> queued_copies(const lab::Scratch& scratch) {
  const fs::path copied = scratch.path() / "copy";
  std::error_code error;
  fs::remove_all(copied, error);
  fs::create_directory(copied, error);
  if (!fs::exists(scratch.file(kQueue))) return std::set<Copy>{};
  for (const char* end : {"", "-wal"}) {
    std::string name = std::string(kQueue) + end;
    TRY_VOID(copy_if_there(scratch.path() / name, copied / name));
  }
  std::vector<store::QueuedMessage> messages;
  {
    TRY(auto store, store::SqliteStore::open({.path = (copied / kQueue).string()}));
    net::Loop loop;
    TRY_VOID(loop.run_until_done(list_into(&store->queue(), &messages)));
  }
  std::set<Copy> copies;
  for (const store::QueuedMessage& message : messages) {
    Copy copy;
    if (!parse_sender(message.envelope.sender, copy)) {
      return fail(Code::internal, "the queue holds mail of <" + message.envelope.sender + ">");
    }
    copies.insert(copy);
  }
  return copies;
}

Result<std::uint64_t> queue_length(const lab::Scratch& scratch) {
  TRY(auto store, store::SqliteStore::open({.path = scratch.file(kQueue), .owner = false}));
  net::Loop loop;
  std::uint64_t messages = 0;
  TRY_VOID(loop.run_until_done(count_into(&store->queue(), &messages)));
  return messages;
}

}  // namespace pawl::faults

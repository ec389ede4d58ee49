// What tests of the store share: waiting for a coroutine, messages to queue, a directory that goes
// with its test. For tests only.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "store/queue.h"

namespace pawl::store {

// Runs one coroutine of the queue to its end.
template <class T>
Result<T> await(net::Task<T> task) {
  net::Loop loop;
  std::optional<Result<T>> result;
  auto run = [](net::Task<T> work, std::optional<Result<T>>* into) -> net::Task<> {
    into->emplace(co_await std::move(work));
    co_return Result<>{};
  };
  auto ended = loop.run_until_done(run(std::move(task), &result));
  if (!ended) return fail(ended.error());
  return std::move(*result);
}

inline constexpr WallTime kContractStart{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};

inline dns::Name domain_of(const std::string& address) {
  auto name = dns::Name::parse(address.substr(address.find('@') + 1));
  EXPECT_TRUE(name) << address;
  return name ? *name : dns::Name{};
}

inline NewMessage message_to(const std::vector<std::string>& addresses,
                             std::string content = "Subject: hello\r\n\r\nbody\r\n") {
  NewMessage message;
  message.envelope.sender = "joe@example.com";
  for (const std::string& address : addresses) {
    message.envelope.recipients.push_back({.address = address,
                                           .domain = domain_of(address),
                                           .notify = std::nullopt,
                                           .orcpt = "rfc822;" + address});
  }
  message.size = content.size();
  message.content = std::move(content);
  message.arrived = kContractStart;
  message.origin = "smtp 192.0.2.7";
  message.hops = 2;
  return message;
}

inline std::vector<std::string> hops_of(const NewMessage& message) {
  std::vector<std::string> hops;
  for (const auto& r : message.envelope.recipients) hops.push_back(r.domain.text());
  return hops;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pawl-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace pawl::store

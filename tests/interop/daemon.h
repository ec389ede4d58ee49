// What the foreign servers' starters share: files of their private directories, and waiting.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/ip_address.h"
#include "lab/child.h"

namespace pawl::interop {

struct Identity {
  std::string certificate_file;  // PEM chain; empty: the server offers no TLS
  std::string key_file;
};

Result<> write_file(const std::filesystem::path& path, const std::string& text);
std::string read_all(const std::filesystem::path& path);  // empty: not there
// The messages of a maildir.
std::vector<std::string> maildir(const std::filesystem::path& directory);

// Until the server listens; an error quoting its log if it does not.
Result<> wait_for_port(const Endpoint& at, lab::Child& server, const std::string& log);
bool accepts_connections(const Endpoint& at);

// Waits until `condition` holds, looking every few milliseconds; false after `limit`.
bool eventually(const std::function<bool()>& condition,
                std::chrono::seconds limit = std::chrono::seconds(20));

}  // namespace pawl::interop

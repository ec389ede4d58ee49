#include "tests/interop/daemon.h"

#include <fmt/format.h>

#include <fstream>
#include <thread>

namespace pawl::interop {

namespace fs = std::filesystem;

Result<> write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) return fail(Code::io, "cannot write " + path.string());
  return {};
}

std::string read_all(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> maildir(const fs::path& directory) {
  std::vector<std::string> messages;
  std::error_code error;
  for (const char* part : {"new", "cur"}) {
    for (const auto& entry : fs::directory_iterator(directory / part, error))
      messages.push_back(read_all(entry.path()));
  }
  return messages;
}

Result<> wait_for_port(const Endpoint& at, lab::Child& server, const std::string& log) {
  bool up = eventually([&] { return !server.running() || accepts_connections(at); });
  if (up && server.running()) return {};
  return fail(Code::io, fmt::format("no server came up on {}: {}", at.text(), read_all(log)));
}

bool accepts_connections(const Endpoint& at) {
  std::string probe = fmt::format("exec 3<>/dev/tcp/{}/{}", at.address.text(), at.port);
  return lab::run_program({"bash", "-c", probe}, "/").has_value();
}

bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit) {
  auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace pawl::interop

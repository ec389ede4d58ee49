#include "relay/logins.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace pawl::relay {

namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

Error unreadable(const std::string& file) {
  return {Code::config_invalid,
          fmt::format("{} cannot be read ({})", file, std::generic_category().message(errno))};
}

Result<Secret> first_line(int descriptor, const std::string& file) {
  struct stat about{};
  if (fstat(descriptor, &about) != 0) return fail(unreadable(file));
  if (!S_ISREG(about.st_mode)) return fail(Code::config_invalid, file + " is not a file");
  if ((about.st_mode & kOthers) != 0) {
    return fail(Code::config_invalid,
                fmt::format("{} has mode {:04o}: others than its owner could read or change the "
                            "password; chmod 0600 it",
                            file, about.st_mode & 07777U));
  }
  std::array<char, 1024> buffer{};
  ssize_t count = read(descriptor, buffer.data(), buffer.size());
  if (count < 0) return fail(unreadable(file));
  std::string_view text(buffer.data(), static_cast<std::size_t>(count));
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  Secret secret{std::string(line)};
  OPENSSL_cleanse(buffer.data(), buffer.size());
  if (secret.reveal().empty()) {
    return fail(Code::config_invalid, file + ": the first line is the password, and it is empty");
  }
  if (secret.reveal().size() == buffer.size() || secret.reveal().find('\0') != std::string::npos) {
    return fail(Code::config_invalid,
                fmt::format("{}: the first line is no password (1 to {} bytes, none of them zero)",
                            file, buffer.size() - 1));
  }
  return secret;
}

}  // namespace

void Logins::add(const NextHop& next_hop, Login login) {
  by_next_hop_[next_hop.key()] = std::make_shared<const Login>(std::move(login));
}

std::shared_ptr<const Login> Logins::find(const NextHop& next_hop) const {
  if (by_next_hop_.empty()) return nullptr;
  auto found = by_next_hop_.find(next_hop.key());
  return found == by_next_hop_.end() ? nullptr : found->second;
}

Result<Secret> read_password_file(const std::string& file) {
  int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return fail(unreadable(file));
  auto secret = first_line(descriptor, file);
  close(descriptor);
  return secret;
}

}  // namespace pawl::relay

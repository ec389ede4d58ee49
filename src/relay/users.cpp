#include "relay/users.h"

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/text.h"

namespace pawl::relay {

namespace {

// SHA-512, SHA-256, yescrypt, gost-yescrypt, scrypt, bcrypt. Not DES and not MD5: they can be
// undone.
constexpr std::array<std::string_view, 8> kMethods = {"$6$", "$5$",  "$y$",  "$gy$",
                                                      "$7$", "$2a$", "$2b$", "$2y$"};

// What a user who does not exist is checked against when there is nobody else's hash to take.
constexpr std::string_view kNobody =
    "$6$pawlpawlpawlpawl$"
    "......................................................................................";

bool is_known_method(std::string_view hash) {
  return std::ranges::any_of(kMethods, [&](std::string_view m) { return hash.starts_with(m); });
}

}  // namespace

Result<Users> Users::parse(std::string_view text, std::string_view file) {
  Users users;
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    std::size_t colon = line.find(':');
    std::string_view name = line.substr(0, colon);
    std::string_view hash = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    // The hash is never printed: a file readable by few must not reach a log readable by many.
    if (name.empty() || !is_known_method(hash)) {
      return fail(
          Code::config_invalid,
          fmt::format("{}:{}: a line is NAME:HASH, the hash as `openssl passwd -6` makes it "
                      "($6$...; also $5$, $y$, $7$, $2b$)",
                      file, number));
    }
    if (!users.hashes_.emplace(name, hash).second) {
      return fail(Code::config_invalid,
                  fmt::format("{}:{}: the user '{}' stands here a second time", file, number,
                              printable(name, 40)));
    }
  }
  return users;
}

Result<Users> Users::load(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::config_invalid, file + ": the file of users cannot be opened");
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) return fail(Code::io, file + ": the file of users cannot be read");
  return parse(text.str(), file);
}

bool Users::verify(const std::string& user, std::string_view password) const {
  auto found = hashes_.find(user);
  bool exists = found != hashes_.end();
  // A stranger costs what a user costs, or the time would tell who exists.
  std::string hash(exists            ? std::string_view(found->second)
                   : hashes_.empty() ? kNobody
                                     : std::string_view(hashes_.begin()->second));
  if (password.find('\0') != std::string_view::npos) return false;
  auto data = std::make_unique<crypt_data>();  // 32 KiB
  std::string phrase(password);
  const char* computed = crypt_r(phrase.c_str(), hash.c_str(), data.get());
  OPENSSL_cleanse(phrase.data(), phrase.size());
  bool equal = computed != nullptr && std::string_view(computed).size() == hash.size() &&
               CRYPTO_memcmp(computed, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(data.get(), sizeof(crypt_data));
  return exists && equal;
}

}  // namespace pawl::relay

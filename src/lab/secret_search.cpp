#include "lab/secret_search.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "base/text.h"

namespace pawl::lab {
namespace {

constexpr std::size_t kKept = 4UL << 20;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool has(std::string_view text, std::string_view word) {
  return !word.empty() && text.find(word) != std::string_view::npos;
}

std::string as_utf16(std::string_view ascii) {
  std::string wide;
  for (char c : ascii) wide += {c, '\0'};
  return wide;
}

// Decodes without asking whether it makes sense: a rest of less than a byte is dropped.
std::string decode(std::string_view digits) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : digits) {
    bits = bits << 6U | static_cast<std::uint32_t>(kAlphabet.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> static_cast<unsigned>(count));
    bits &= (1U << static_cast<unsigned>(count)) - 1U;
  }
  return out;
}

// Everything that may have been base64, decoded: runs of its alphabet, with and without their line
// ends, from each of the four places where a group of digits may begin.
std::vector<std::string> decoded(std::string_view text) {
  std::vector<std::string> out;
  auto add_run = [&](const std::string& run) {
    for (std::size_t skip = 0; skip < 4 && skip < run.size(); ++skip) {
      out.push_back(decode(std::string_view(run).substr(skip)));
    }
  };
  for (bool across_lines : {false, true}) {
    std::string run;
    for (char c : text) {
      if (kAlphabet.find(c) != std::string_view::npos) {
        run += c;
      } else if (!across_lines || (c != '\r' && c != '\n')) {
        add_run(run);
        run.clear();
      }
    }
    add_run(run);
  }
  return out;
}

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() >= digits && std::ranges::all_of(text.substr(0, digits), [](char c) {
           return std::isxdigit(static_cast<unsigned char>(c)) != 0;
         });
}

// Behind `before` stands a digest of 128 bits in hexadecimal.
bool has_digest(std::string_view text, std::string_view before) {
  for (auto at = text.find(before); at != std::string_view::npos; at = text.find(before, at + 1)) {
    if (is_hex(text.substr(at + before.size()), 32)) return true;
  }
  return false;
}

bool has_proof(std::string_view text, const std::string& user) {
  return (!user.empty() && has_digest(text, user + " ")) ||            // CRAM-MD5, APOP
         has_digest(text, "response=") ||                              // DIGEST-MD5
         (has(text, "c=") && has(text, ",r=") && has(text, ",p=")) ||  // SCRAM
         has(text, std::string_view("NTLMSSP\0\3", 9));
}

void look(std::string_view text, const KnownSecrets& secrets, Leak& leak) {
  auto any_of = [&](const std::vector<std::string>& words) {
    return std::ranges::any_of(words, [&](const std::string& word) { return has(text, word); });
  };
  leak.user |= has(text, secrets.user) || has(text, as_utf16(secrets.user));
  leak.password |= has(text, secrets.password) || has(text, as_utf16(secrets.password));
  leak.proof |= has_proof(text, secrets.user);
  leak.envelope |= any_of(secrets.envelope);
  leak.content |= any_of(secrets.content);
}

void keep(std::string& side, std::string_view bytes) {
  side += bytes.substr(0, kKept - std::min(kKept, side.size()));
}

}  // namespace

std::string Leak::text() const {
  std::vector<std::string> parts;
  if (user) parts.emplace_back("user name");
  if (password) parts.emplace_back("password");
  if (proof) parts.emplace_back("a digest of the password");
  if (envelope) parts.emplace_back("envelope");
  if (content) parts.emplace_back("content");
  return parts.empty() ? "nothing" : join(parts, ", ");
}

void SecretSearch::from_client(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  keep(client_, bytes);
}

void SecretSearch::from_server(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  keep(server_, bytes);
}

Leak SecretSearch::found() const {
  std::lock_guard lock(mutex_);
  Leak leak;
  for (const std::string* side : {&client_, &server_}) {
    look(*side, secrets_, leak);
    for (const std::string& text : decoded(*side)) look(text, secrets_, leak);
  }
  return leak;
}

}  // namespace pawl::lab

#include "tls/registry.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pawl::tls {

namespace {

constexpr auto kSuites = std::to_array<Suite>({
#define PAWL_SUITE(id, name) {id, name},
#include "tls/suites.def"
#undef PAWL_SUITE
});
static_assert(std::ranges::is_sorted(kSuites, {}, &Suite::id));

constexpr auto kGroups = std::to_array<Group>({
#define PAWL_GROUP(id, name, before_tls13, in_tls13) {id, name, before_tls13, in_tls13},
#include "tls/groups.def"
#undef PAWL_GROUP
});

constexpr std::size_t kSuitesInOneHello = 120;

bool is_tls13(const Suite& suite) {
  return !suite.name.contains("_WITH_");
}

// "ECDHE_RSA", "RSA_EXPORT", "DH_anon"
std::string_view exchange_words(const Suite& suite) {
  constexpr std::size_t kPrefix = std::string_view("TLS_").size();
  return suite.name.substr(kPrefix, suite.name.find("_WITH_") - kPrefix);
}

// Smaller is offered earlier.
int rank(const Suite& suite) {
  const std::string_view name = suite.name;
  int rank = 0;
  switch (suite.key_exchange()) {
    case KeyExchange::tls13:
    case KeyExchange::ecdhe:
      break;
    case KeyExchange::dhe:
      rank += 1;
      break;
    case KeyExchange::rsa:
      rank += 2;
      break;
    default:
      rank += 40;
      break;
  }
  if (suite.authentication() == Authentication::dss) rank += 40;
  if (suite.authentication() == Authentication::none) rank += 40;
  if (name.contains("ARIA") || name.contains("SEED") || name.contains("SM4") ||
      name.contains("IDEA") || name.contains("CAMELLIA_128_GCM") ||
      name.contains("CAMELLIA_256_GCM")) {
    rank += 30;
  }
  if (suite.weak()) rank += 10;
  if (name.contains("CBC")) rank += 5;
  if (name.contains("CCM") || name.contains("CAMELLIA")) rank += 4;
  return rank;
}

}  // namespace

KeyExchange Suite::key_exchange() const {
  if (is_tls13(*this)) return KeyExchange::tls13;
  const std::string_view words = exchange_words(*this);
  if (words.starts_with("ECDHE") || words == "ECDH_anon") return KeyExchange::ecdhe;
  if (words.starts_with("DHE") || words.starts_with("DH_anon")) return KeyExchange::dhe;
  if (words.starts_with("ECDH")) return KeyExchange::ecdh;
  if (words.starts_with("DH")) return KeyExchange::dh;
  return words == "RSA_EXPORT" ? KeyExchange::rsa_export : KeyExchange::rsa;
}

Authentication Suite::authentication() const {
  if (is_tls13(*this)) return Authentication::tls13;
  const std::string_view words = exchange_words(*this);
  if (words.contains("anon")) return Authentication::none;
  if (words.contains("ECDSA")) return Authentication::ecdsa;
  return words.contains("DSS") ? Authentication::dss : Authentication::rsa;
}

bool Suite::forward_secrecy() const {
  const KeyExchange exchange = key_exchange();
  return exchange == KeyExchange::tls13 || exchange == KeyExchange::ecdhe ||
         exchange == KeyExchange::dhe;
}

bool Suite::weak() const {
  constexpr auto kWeak = std::to_array<std::string_view>(
      {"NULL", "EXPORT", "anon", "RC2", "RC4", "MD5", "DES", "IDEA"});
  return std::ranges::any_of(kWeak, [&](std::string_view word) { return name.contains(word); });
}

bool Suite::exists_in(std::uint16_t version) const {
  if (is_tls13(*this)) return version == kTls13;
  if (version == kTls13) return false;
  // rfc5246#1.2: AEAD, and other hashes than SHA-1 and MD5, came with TLS 1.2.
  return version == kTls12 || name.ends_with("_SHA") || name.ends_with("_MD5");
}

std::span<const Suite> suites() {
  return kSuites;
}

const Suite* find_suite(std::uint16_t id) {
  const auto found = std::ranges::lower_bound(kSuites, id, {}, &Suite::id);
  return found != kSuites.end() && found->id == id ? &*found : nullptr;
}

std::string_view suite_name(std::uint16_t id) {
  const Suite* suite = find_suite(id);
  return suite != nullptr ? suite->name : "unknown";
}

std::vector<std::vector<std::uint16_t>> suites_to_offer(std::uint16_t version) {
  std::vector<const Suite*> known;
  for (const Suite& suite : kSuites) {
    if (suite.exists_in(version)) known.push_back(&suite);
  }
  std::ranges::sort(known, {},
                    [](const Suite* suite) { return std::pair(rank(*suite), suite->id); });
  std::vector<std::vector<std::uint16_t>> lists;
  for (const Suite* suite : known) {
    if (lists.empty() || lists.back().size() == kSuitesInOneHello) lists.emplace_back();
    lists.back().push_back(suite->id);
  }
  return lists;
}

std::span<const Group> groups() {
  return kGroups;
}

const Group* find_group(std::uint16_t id) {
  const auto found = std::ranges::find(kGroups, id, &Group::id);
  return found != kGroups.end() ? &*found : nullptr;
}

std::vector<std::uint16_t> groups_to_offer(std::uint16_t version) {
  std::vector<std::uint16_t> ids;
  for (const Group& group : kGroups) {
    if (version == kTls13 ? group.in_tls13 : group.before_tls13) ids.push_back(group.id);
  }
  return ids;
}

// rfc8446#4.2.3; the DSS ones and those with SHA-224 are TLS 1.2's (rfc5246#7.4.1.4.1).
std::vector<std::uint16_t> rsa_signatures() {
  return {0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501, 0x0601, 0x0301, 0x0201};
}

std::vector<std::uint16_t> ecdsa_signatures() {
  return {0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081A, 0x081B, 0x081C, 0x0303, 0x0203};
}

std::vector<std::uint16_t> all_signatures() {
  std::vector<std::uint16_t> all = ecdsa_signatures();
  for (const std::uint16_t id : rsa_signatures()) all.push_back(id);
  constexpr auto kDss = std::to_array<std::uint16_t>({0x0402, 0x0502, 0x0602, 0x0302, 0x0202});
  all.insert(all.end(), kDss.begin(), kDss.end());
  return all;
}

}  // namespace pawl::tls

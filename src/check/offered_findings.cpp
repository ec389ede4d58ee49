#include <algorithm>
#include <array>

#include "base/text.h"
#include "check/judge.h"

namespace pawl::check {

namespace {

constexpr std::uint16_t kSsl3 = 0x0300;
constexpr std::uint16_t kTls12 = 0x0303;
constexpr std::uint16_t kTls13 = 0x0304;
constexpr std::uint64_t kSmallestDhGroup = 2048;
constexpr std::size_t kNamesShown = 6;

std::string listed(const std::vector<std::string>& names) {
  if (names.size() <= kNamesShown) return join(names, ", ");
  return join({names.begin(), names.begin() + kNamesShown}, ", ") + " and " +
         std::to_string(names.size() - kNamesShown) + " more";
}

void add_name(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

// "DH 1024"
bool is_small_group(const std::string& key_exchange) {
  if (!key_exchange.starts_with("DH ")) return false;
  const auto bits = parse_decimal(std::string_view(key_exchange).substr(3), 1'000'000);
  return bits && *bits < kSmallestDhGroup;
}

// Nothing is wrong with the suite but that nobody proves anything in it.
bool is_only_anonymous(const std::string& suite) {
  constexpr std::array<std::string_view, 4> kBroken = {"NULL", "RC4", "DES", "IDEA"};
  return suite.contains("_anon_WITH_") &&
         std::ranges::none_of(kBroken, [&](std::string_view word) { return suite.contains(word); });
}

struct Seen {
  std::vector<std::string> ssl;
  std::vector<std::string> old;
  bool modern = false;  // TLS 1.2 or 1.3
  bool tls13 = false;
  bool renegotiates = false;      // TLS 1.2 or older
  std::vector<std::string> weak;  // without the anonymous ones
  std::vector<std::string> anonymous;
  bool authenticated = false;  // there is one that is not anonymous
  std::vector<std::string> without_secrecy;
  bool with_secrecy = false;
  std::vector<std::string> small_groups;
};

Seen sum_up(const probe::Enumeration& offered) {
  Seen seen;
  for (const probe::VersionSeen& version : offered.versions) {
    if (!version.offered) continue;
    if (version.wire <= kSsl3) {
      seen.ssl.push_back(version.name);
    } else if (version.wire < kTls12) {
      seen.old.push_back(version.name);
    } else {
      seen.modern = true;
    }
    seen.tls13 = seen.tls13 || version.wire == kTls13;
    seen.renegotiates = seen.renegotiates || version.wire <= kTls12;
    for (const probe::SuiteSeen& suite : version.suites) {
      if (is_only_anonymous(suite.name)) {
        add_name(seen.anonymous, suite.name);
      } else if (suite.weak) {
        add_name(seen.weak, suite.name);
      }
      seen.authenticated = seen.authenticated || !suite.name.contains("_anon_");
      if (suite.forward_secrecy) {
        seen.with_secrecy = true;
      } else {
        add_name(seen.without_secrecy, suite.name);
      }
      if (is_small_group(suite.key_exchange)) add_name(seen.small_groups, suite.key_exchange);
    }
  }
  return seen;
}

// What was seen to be offered; it holds however far the enumeration came.
void judge_presence(const HostReport& host, const Seen& seen, const probe::Enumeration& offered,
                    Findings& to) {
  if (!seen.ssl.empty()) add(to, FindingId::ssl_offered, {}, listed(seen.ssl));
  if (!seen.old.empty()) add(to, FindingId::old_tls_offered, {}, listed(seen.old));
  if (seen.tls13) add(to, FindingId::tls13_good, {});
  std::vector<std::string> weak = seen.weak;
  if (is_mx(host) && seen.authenticated) {
    // Who asks for a proof offers no such suite; to who asks for none a certificate proves nothing.
    if (!seen.anonymous.empty()) {
      add(to, FindingId::anonymous_suites, {}, listed(seen.anonymous));
    }
  } else {
    weak.insert(weak.end(), seen.anonymous.begin(), seen.anonymous.end());
  }
  if (!weak.empty()) add(to, FindingId::weak_suites, {}, listed(weak));
  if (!seen.small_groups.empty()) {
    add(to, FindingId::small_dh_group, {}, listed(seen.small_groups));
  }
  if (offered.compression) add(to, FindingId::tls_compression, {});
  if (!seen.without_secrecy.empty() && seen.with_secrecy) {
    add(to, FindingId::suites_without_forward_secrecy, {}, listed(seen.without_secrecy));
  }
}

// What is missing can be said only of an enumeration that came to its end.
void judge_absence(const Seen& seen, const probe::Enumeration& offered, Findings& to) {
  const bool any = seen.modern || !seen.old.empty() || !seen.ssl.empty();
  if (!any) return;
  if (!seen.modern) {
    add(to, FindingId::tls12_missing, {});
  } else if (!seen.tls13) {
    add(to, FindingId::tls13_missing, {});
  }
  if (!seen.with_secrecy && !seen.without_secrecy.empty()) {
    add(to, FindingId::no_forward_secrecy, {}, listed(seen.without_secrecy));
  }
  if (seen.renegotiates && !offered.secure_renegotiation) {
    add(to, FindingId::insecure_renegotiation, {});
  }
}

// One handshake tells the best version that both sides have.
void judge_handshake(const tls::Description& session, Findings& to) {
  if (session.version == tls::Version::tls1_3) add(to, FindingId::tls13_good, {});
  if (session.version < tls::Version::tls1_2) {
    add(to, FindingId::tls12_missing, {}, std::string(tls::name(*session.version)));
  } else if (session.version == tls::Version::tls1_2) {
    add(to, FindingId::tls13_missing, {});
  }
  if (!session.forward_secrecy) {
    add(to, FindingId::no_forward_secrecy, {}, session.cipher_suite);
  }
}

}  // namespace

void judge_offered(const HostReport& host, const AddressReport& address, Findings& to) {
  if (!address.look.secure || !address.look.tls || !address.look.tls->version) return;
  if (address.offered) {
    const Seen seen = sum_up(*address.offered);
    judge_presence(host, seen, *address.offered, to);
    if (!address.offered->error) {
      judge_absence(seen, *address.offered, to);
      return;
    }
  }
  judge_handshake(*address.look.tls, to);
}

}  // namespace pawl::check

#include <algorithm>

#include "base/text.h"
#include "check/judge.h"

namespace pawl::check {

namespace {

using starttls::Protocol;

bool speaks_smtp(Protocol protocol) {
  return protocol == Protocol::smtp || protocol == Protocol::submission ||
         protocol == Protocol::lmtp;
}

bool refuses(Protocol protocol, std::string_view banner) {
  if (speaks_smtp(protocol)) return banner.starts_with('4') || banner.starts_with('5');
  if (protocol == Protocol::imap) return starts_with_ignoring_case(banner, "* BYE");
  if (protocol == Protocol::pop3) return starts_with_ignoring_case(banner, "-ERR");
  if (protocol == Protocol::sieve) {
    return starts_with_ignoring_case(banner, "BYE") || starts_with_ignoring_case(banner, "NO");
  }
  return false;
}

std::string first_line(std::string_view text) {
  return printable(text.substr(0, text.find_first_of("\r\n")), 120);
}

// The words of a capability, without quotes: "SASL" "PLAIN LOGIN" is SASL, PLAIN, LOGIN.
std::vector<std::string> words(std::string_view capability) {
  std::string plain;
  for (const char c : capability) {
    if (c != '"') plain += (c == '=' || c == '\t') ? ' ' : c;
  }
  std::vector<std::string> found;
  for (const std::string_view word : split(plain, ' ')) {
    if (!word.empty()) found.emplace_back(to_lower(word));
  }
  return found;
}

// A keyword that offers a login which shows the password, among what was offered in clear.
std::optional<std::string> clear_login(Protocol protocol,
                                       const std::vector<std::string>& capabilities) {
  for (const std::string& capability : capabilities) {
    const auto parts = words(capability);
    if (parts.empty()) continue;
    if (protocol == Protocol::pop3 && parts[0] == "user") return printable(capability, 80);
    const bool lists_mechanisms = parts[0] == "auth" || parts[0] == "sasl";
    if (!lists_mechanisms) continue;
    for (const std::string& part : parts) {
      if (part == "plain" || part == "login") return printable(capability, 80);
    }
  }
  if (protocol != Protocol::imap || capabilities.empty()) return {};
  // rfc9051#6.2.3: without LOGINDISABLED the LOGIN command is there.
  const bool disabled = std::ranges::any_of(capabilities, [](const std::string& one) {
    return equal_ignoring_case(one, "LOGINDISABLED");
  });
  if (disabled) return {};
  return "LOGINDISABLED is missing";
}

// The session ended as an attack ends one; the detector says it.
bool is_attack(Code code) {
  return code == Code::starttls_injection || code == Code::unexpected_greeting ||
         code == Code::preauthenticated;
}

void judge_upgrade(const probe::Look& look, Findings& to) {
  const auto why = [&] { return look.error ? look.error->sentence() : std::string(); };
  const bool not_offered = (look.downgrade && look.downgrade->code == Code::starttls_not_offered) ||
                           (look.error && look.error->code == Code::starttls_not_offered);
  const bool refused = (look.downgrade && look.downgrade->code == Code::starttls_refused) ||
                       (look.error && look.error->code == Code::starttls_refused);
  if (look.secure && (look.upgrade_offered || look.implicit_tls)) {
    add(to, FindingId::starttls_good, {});
  } else if (look.secure) {
    add(to, FindingId::starttls_missing, {}, "it is granted when asked for all the same");
  } else if (look.timings.upgrading || look.implicit_tls) {
    if (!look.error || !is_attack(look.error->code)) {
      add(to, FindingId::handshake_failed, {}, why());
    }
  } else if (look.upgrade_offered && refused) {
    add(to, FindingId::starttls_refused, {},
        look.downgrade ? look.downgrade->detail : look.error->detail);
  } else if (not_offered || refused) {
    // Refused without having been offered: asked for only to see what comes.
    add(to, FindingId::starttls_missing, {});
  }
}

}  // namespace

void judge_session(const HostReport& host, const AddressReport& address, Findings& to) {
  const probe::Look& look = address.look;
  if (refuses(host.protocol, look.banner)) {
    add(to, FindingId::greeting_refused, {}, first_line(look.banner));
    return;
  }
  // What somebody on the path keeps from happening is no fault of the server.
  const bool kept_from_it =
      address.tampering.assessment == tamper::Assessment::tampered && !look.secure;
  const std::size_t before = to.size();
  if (!kept_from_it) judge_upgrade(look, to);
  const bool said =
      kept_from_it || (to.size() > before && row(to.back().id).severity == Severity::fault);
  if (look.error && !said && !is_attack(look.error->code)) {
    add(to, FindingId::session_broken, {}, look.error->sentence());
  }
  if (!look.implicit_tls && !look.upgrade_offered && look.secure) return;
  const auto& protocol = starttls::row(host.protocol);
  for (const std::string& capability : look.capabilities_in_tls) {
    const auto parts = words(capability);
    if (!parts.empty() && equal_ignoring_case(parts[0], protocol.upgrade_command)) {
      add(to, FindingId::starttls_again, {});
    }
  }
  // Users log in at an MX host as an exception; where it has no TLS at all, that has been said.
  if (look.implicit_tls || (is_mx(host) && !look.secure)) return;
  if (auto offer = clear_login(host.protocol, look.capabilities_in_clear)) {
    add(to, FindingId::login_before_tls, {}, *offer);
  }
}

}  // namespace pawl::check

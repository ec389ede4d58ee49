#include "app/composition.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>

namespace pawl::app {

namespace {

// The addresses of this host's interfaces, loopback left out.
std::vector<IpAddress> interface_addresses() {
  std::vector<IpAddress> found;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return found;
  for (const ifaddrs* at = all; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    std::string_view bytes;
    if (at->ifa_addr->sa_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(at->ifa_addr);
      bytes = {reinterpret_cast<const char*>(&v4->sin_addr), 4};
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(at->ifa_addr);
      bytes = {reinterpret_cast<const char*>(&v6->sin6_addr), 16};
    }
    auto address = IpAddress::from_bytes(bytes);
    if (address && !address->is_loopback()) found.push_back(*address);
  }
  freeifaddrs(all);
  return found;
}

bool is_unspecified(const IpAddress& address) {
  return std::ranges::all_of(address.bytes(), [](char c) { return c == '\0'; });
}

}  // namespace

policy::Rules policy_rules(const Settings& settings) {
  policy::Rules rules{settings.rules, settings.exceptions};
  if (settings.enforcement != policy::Enforcement::enforce) {
    policy::Rule all;
    all.pattern = "*";
    all.enforcement = settings.enforcement;
    all.origin = "the setting \"enforcement\"";
    rules.rules.push_back(std::move(all));
  }
  return rules;
}

relay::Routes routes_of(const Settings& settings) {
  return {settings.routes, settings.relayhost};
}

relay::NextHop next_hop_of(const Settings& settings, const dns::Name& domain) {
  smtp::Recipient recipient;
  recipient.domain = domain;
  auto hop = routes_of(settings).next_hop(recipient);
  if (hop) return *hop;
  relay::NextHop itself;
  itself.domain = domain;
  return itself;
}

const CredentialSettings* credentials_for(const Settings& settings, const relay::NextHop& hop) {
  auto found = std::ranges::find(settings.credentials, hop, &CredentialSettings::next_hop);
  return found == settings.credentials.end() ? nullptr : &*found;
}

Result<relay::Logins> logins_of(const Settings& settings) {
  relay::Logins logins;
  for (const CredentialSettings& one : settings.credentials) {
    auto password = relay::read_password_file(one.password_file);
    if (!password) {
      return fail(password.error().code, fmt::format("{}: credentials.password_file: {}",
                                                     one.origin, password.error().detail));
    }
    logins.add(one.next_hop, {.credentials = {.user = one.user, .password = *std::move(password)},
                              .origin = one.origin});
  }
  return logins;
}

std::vector<IpAddress> own_addresses(const Settings& settings) {
  std::vector<IpAddress> own;
  for (const ListenSettings& listener : settings.listeners) {
    if (listener.address.port != 25) continue;
    if (is_unspecified(listener.address.address)) {
      for (const IpAddress& address : interface_addresses()) own.push_back(address);
    } else {
      own.push_back(listener.address.address);
    }
  }
  return own;
}

Result<net::DialMap> parse_dial_map(const std::vector<std::string>& entries) {
  net::DialMap map;
  for (const std::string& entry : entries) {
    std::size_t equals = entry.find('=');
    auto wrong = [&](std::string_view why) {
      return fail(Code::invalid_argument,
                  fmt::format("--test-dial {}: {}; write ADDRESS:PORT=ADDRESS:PORT", entry, why));
    };
    if (equals == std::string::npos) return wrong("the = is missing");
    auto from = Endpoint::parse(std::string_view(entry).substr(0, equals));
    auto to = Endpoint::parse(std::string_view(entry).substr(equals + 1));
    if (!from) return wrong(from.error().detail);
    if (!to) return wrong(to.error().detail);
    map[*from] = *to;
  }
  return map;
}

}  // namespace pawl::app

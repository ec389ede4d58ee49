// From what the operator configured to what the services are made of. Part of the composition root:
// the same for every command, so that `pawl explain` says what `pawl relay` does.
#pragma once

#include "app/settings.h"
#include "net/dial.h"
#include "policy/verdict.h"
#include "relay/logins.h"

namespace pawl::app {

// With `enforcement` as the rule for whom no rule says otherwise.
policy::Rules policy_rules(const Settings& settings);

relay::Routes routes_of(const Settings& settings);

// Where mail for the domain goes: the most specific route, the relayhost, or the domain itself.
relay::NextHop next_hop_of(const Settings& settings, const dns::Name& domain);

// Where a password for this next hop is configured; null: nowhere.
const CredentialSettings* credentials_for(const Settings& settings, const relay::NextHop& hop);

// With the passwords read from their files. Errors: config_invalid, naming setting and file.
Result<relay::Logins> logins_of(const Settings& settings);

// Our own addresses at port 25: mail whose best MX host is one of them would loop.
std::vector<IpAddress> own_addresses(const Settings& settings);

// "FROM=TO" of the test-only option --test-dial, each an address with a port. It is an option of
// the binary and no setting: no configuration file can send mail elsewhere than the DNS says.
Result<net::DialMap> parse_dial_map(const std::vector<std::string>& entries);

}  // namespace pawl::app

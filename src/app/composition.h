// From what the operator configured to what the services are made of. Part of the composition root:
// the same for every command, so that `pawl explain` says what `pawl relay` does.
#pragma once

#include "app/settings.h"
#include "policy/verdict.h"
#include "resolver/options.h"

namespace pawl::app {

resolver::Options resolver_options(const Settings& settings);

// With `enforcement` as the rule for whom no rule says otherwise.
policy::Rules policy_rules(const Settings& settings);

// Where mail for the domain goes: the most specific route, the relayhost, or the domain itself.
relay::NextHop next_hop_of(const Settings& settings, const dns::Name& domain);

}  // namespace pawl::app

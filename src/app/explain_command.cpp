// pawl explain DOMAIN: what would be demanded of each host, and why. Looks, and sends nothing.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/composition.h"
#include "app/explanation.h"
#include "discovery/discovery.h"
#include "resolver/unbound_resolver.h"
#include "store/memory_policy_cache.h"
#include "store/sqlite_store.h"

namespace pawl::app {

namespace {

constexpr Option kOptions[] = {
    {"config", 'c', "FILE", "read this file (default: /etc/pawl/pawl.toml)"},
    {"json", 0, "", "print a JSON object (docs/json/explain.md)"},
    {"require-tls", 0, "", "for a message with REQUIRETLS"},
    {"tls-required-no", 0, "", "for a message that says TLS-Required: No"},
};

// What a fetch tells the log of a service, the reasons tell here.
class NoEvents : public EventSink {
 public:
  void emit(const Event&) override {}
};

// The relay's memory of the policy domain is looked at, and not touched: asking is no use.
net::Task<> remember(const Settings& settings, dns::Name policy_domain,
                     store::MemoryPolicyCache& into) {
  constexpr std::string_view kScheme = "sqlite:";
  if (!settings.store.starts_with(kScheme)) co_return Result<>();
  store::SqliteOptions options;
  options.path = settings.store.substr(kScheme.size());
  options.owner = false;
  std::error_code none;
  if (!std::filesystem::exists(options.path, none)) co_return Result<>();
  CO_TRY(auto store, store::SqliteStore::open(options));
  CO_TRY(auto row, co_await store->policy_cache().load(policy_domain));
  if (row) CO_TRY_VOID(co_await into.save(*row));
  co_return Result<>();
}

net::Task<> explain(const Settings& settings, resolver::Resolver& resolver,
                    policy::MessageDemands demands, Explanation& explanation) {
  CO_TRY(const dns::Name domain, dns::Name::parse(explanation.domain));
  const relay::NextHop hop = next_hop_of(settings, domain);
  explanation.next_hop = hop.key();
  if (hop.literal) {
    co_return fail(Code::unsupported, "mail for " + domain.text() + " is routed to " + hop.key() +
                                          ", an address: there is no name to look up");
  }
  net::SystemClock clock;
  NoEvents events;
  store::MemoryPolicyCache cache;
  if (auto remembered = co_await remember(settings, hop.domain, cache); !remembered) {
    fmt::print(stderr,
               "pawl explain: what the relay remembers cannot be read, going on without: {}\n",
               remembered.error().sentence());
  }
  fetch::HttpsOptions https;
  tls::ClientContextOptions tls;
  tls.ca_file = settings.ca_file;
  CO_TRY(https.tls, tls::make_client_context(tls));
  https.private_networks = settings.sts_private_networks;
  fetch::HttpsPolicySource source(resolver, clock, https);
  discovery::Discovery discovery(resolver, cache, source, clock, events);
  CO_TRY(explanation.facts, co_await discovery.gather(hop.domain, {hop.mx_lookup, hop.port}));
  explanation.plan =
      policy::decide(explanation.facts, policy_rules(settings), demands, clock.now());
  if (const CredentialSettings* login = credentials_for(settings, hop)) {
    policy::protect_credentials(explanation.plan, explanation.facts, login->origin);
  }
  co_return Result<>();
}

int run(const Arguments& arguments) {
  auto settings = load_settings_or_default(arguments.value("config"));
  if (!settings) return complain("explain", settings.error());
  auto resolver = resolver::make_unbound_resolver(settings->dns);
  if (!resolver) return complain("explain", resolver.error());
  policy::MessageDemands demands;
  demands.require_tls = arguments.has("require-tls");
  demands.tls_required_no = arguments.has("tls-required-no");
  Explanation explanation;
  explanation.domain = arguments.operands().front();
  net::Loop loop;
  auto explained = loop.run_until_done(explain(*settings, **resolver, demands, explanation));
  if (!explained) return complain("explain", explained.error());
  fmt::print("{}", arguments.has("json") ? json::write(explanation_json(explanation))
                                         : explanation_text(explanation));
  const auto& impossible = explanation.plan.impossible;
  return impossible ? row(impossible->code).exit_status : 0;
}

}  // namespace

constinit const Command explain_command{
    .name = "explain",
    .operands = "DOMAIN",
    .min_operands = 1,
    .max_operands = 1,
    .summary = "Say what would be demanded of a domain's mail hosts, and why",
    .description =
        "Looks up MX, addresses, TLSA records and the MTA-STS policy, applies the rules of the "
        "configuration, and prints for each host what a connection must prove, who promised it, "
        "and "
        "what happens if it is not met. No connection to a mail host is made and nothing is sent.\n"
        "Exit status 0 if at least one host may be used, 75 if none may be now.",
    .options = kOptions,
    .run = run,
};

}  // namespace pawl::app

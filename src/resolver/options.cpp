#include "resolver/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.h"

namespace pawl::resolver {
namespace {

// Zones that libunbound answers by itself (rfc6761#6). A laboratory that serves one of them must
// say so, or it gets a silent insecure NXDOMAIN.
constexpr std::array<std::string_view, 4> kBuiltInZones = {"test", "invalid", "onion", "home.arpa"};

// A value between quotes in the file; nothing in it may end the quotes or the line.
Result<std::string> quoted(std::string_view what, std::string_view value) {
  if (std::ranges::any_of(value, [](unsigned char c) { return c < ' ' || c == '"' || c == '\\'; }))
    return fail(Code::config_invalid,
                fmt::format("{} '{}' holds a quote, a backslash or a control character", what,
                            printable(value)));
  return fmt::format("\"{}\"", value);
}

std::string absolute(const dns::Name& name) {
  return name.text() + '.';
}

std::string unbound_address(const Endpoint& endpoint) {
  return fmt::format("{}@{}", endpoint.address.text(), endpoint.port);
}

class Writer {
 public:
  void section(std::string_view name) { fmt::format_to(out(), "{}:\n", name); }
  void plain(std::string_view key, std::string_view value) {
    fmt::format_to(out(), "  {}: {}\n", key, value);
  }
  void seconds(std::string_view key, Seconds value) {
    fmt::format_to(out(), "  {}: {}\n", key, value.count());
  }
  Result<> text(std::string_view key, std::string_view value) {
    TRY(auto safe, quoted(key, value));
    plain(key, safe);
    return {};
  }
  std::string take() { return std::move(text_); }

 private:
  std::back_insert_iterator<std::string> out() { return std::back_inserter(text_); }
  std::string text_;
};

// `test.` and its like reach the wire when somebody was named who may know them.
bool opens(std::string_view built_in, const Options& options) {
  if (!options.root_hints_file.empty() || !options.forwarders.empty()) return true;
  const auto zone = dns::Name::parse(built_in);
  return std::ranges::any_of(options.stub_zones, [&zone](const StubZone& stub) {
    return zone && (stub.zone.is_within(*zone) || zone->is_within(stub.zone));
  });
}

Result<> write_trust(Writer& to, const Options& options) {
  if (!options.root_trust_anchor_file.empty())
    TRY_VOID(to.text("trust-anchor-file", options.root_trust_anchor_file));
  for (const auto& file : options.trust_anchor_files) TRY_VOID(to.text("trust-anchor-file", file));
  for (const auto& stub : options.stub_zones) {
    if (stub.insecure && !stub.trust_anchors.empty())
      return fail(Code::config_invalid,
                  "stub zone " + stub.zone.text() +
                      " is declared insecure and has a trust anchor: only one can be meant");
    if (stub.insecure) TRY_VOID(to.text("domain-insecure", absolute(stub.zone)));
    for (const auto& anchor : stub.trust_anchors) TRY_VOID(to.text("trust-anchor", anchor));
  }
  return {};
}

Result<> write_server(Writer& to, const Options& options) {
  to.section("server");
  to.plain("module-config", "\"validator iterator\"");
  TRY_VOID(write_trust(to, options));
  if (!options.root_hints_file.empty()) TRY_VOID(to.text("root-hints", options.root_hints_file));
  // A zone that claims to be signed and comes without signatures is bogus, never insecure
  // (rfc4035#5): the one line that a stripping attacker would like to see gone.
  to.plain("harden-dnssec-stripped", "yes");
  to.plain("harden-glue", "yes");
  to.plain("harden-below-nxdomain", "yes");
  to.plain("val-permissive-mode", "no");
  to.plain("ignore-cd-flag", "yes");
  to.plain("qname-minimisation", "yes");
  to.plain("edns-buffer-size", "1232");
  to.plain("do-not-query-localhost", "no");  // forwarders and stubs on loopback are the usual case
  to.plain("infra-keep-probing", "yes");     // a server that was away is tried again
  to.plain("outgoing-range", "512");
  to.plain("num-queries-per-thread", "1024");
  to.plain("outgoing-num-tcp", "64");
  to.plain("msg-cache-size", "16m");
  to.plain("rrset-cache-size", "32m");
  to.seconds("val-bogus-ttl", options.bogus_ttl);
  to.seconds("cache-max-ttl", options.max_ttl);
  to.seconds("cache-max-negative-ttl", options.max_ttl);
  for (auto zone : kBuiltInZones)
    if (opens(zone, options)) to.plain("local-zone", fmt::format("\"{}.\" nodefault", zone));
  return {};
}

Result<> check_forwarders(const Options& options) {
  const bool tls = forwards_over_tls(options);
  // One zone, one transport: a mixture would send some of the questions in clear.
  if (std::ranges::any_of(options.forwarders,
                          [&](const Forwarder& each) { return each.tls_name.empty() == tls; }))
    return fail(
        Code::config_invalid,
        "some forwarders have a TLS name and some have none: give all of them one, or none");
  if (tls && options.ca_file.empty())
    return fail(Code::config_invalid, "a forwarder is asked over TLS, but no CA file is named");
  for (const auto& forwarder : options.forwarders)
    if (tls) TRY_VOID(dns::Name::parse(forwarder.tls_name));
  return {};
}

Result<> write_forwarders(Writer& to, const Options& options, const std::vector<Endpoint>& bridge) {
  TRY_VOID(check_forwarders(options));
  if (options.forwarders.empty()) return {};
  to.section("forward-zone");
  to.plain("name", "\".\"");
  if (!forwards_over_tls(options)) {
    for (const auto& forwarder : options.forwarders)
      TRY_VOID(to.text("forward-addr", unbound_address(forwarder.endpoint)));
    return {};
  }
  if (bridge.size() != options.forwarders.size())
    return fail(Code::internal, "forwarders over TLS, and no bridge to them");
  to.plain("forward-tcp-upstream", "yes");
  for (const auto& endpoint : bridge) TRY_VOID(to.text("forward-addr", unbound_address(endpoint)));
  return {};
}

Result<> write_stub(Writer& to, const StubZone& stub) {
  if (stub.servers.empty())
    return fail(Code::config_invalid, "stub zone " + stub.zone.text() + " has no server address");
  to.section("stub-zone");
  TRY_VOID(to.text("name", absolute(stub.zone)));
  for (const auto& server : stub.servers) TRY_VOID(to.text("stub-addr", unbound_address(server)));
  return {};
}

}  // namespace

bool forwards_over_tls(const Options& options) {
  return !options.forwarders.empty() && !options.forwarders.front().tls_name.empty();
}

Result<std::string> unbound_config(const Options& options, const std::vector<Endpoint>& bridge) {
  Writer to;
  TRY_VOID(write_server(to, options));
  TRY_VOID(write_forwarders(to, options, bridge));
  for (const auto& stub : options.stub_zones) TRY_VOID(write_stub(to, stub));
  return to.take();
}

}  // namespace pawl::resolver

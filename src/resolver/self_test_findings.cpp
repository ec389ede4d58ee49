#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "resolver/self_test.h"

namespace pawl::resolver {
namespace {

constexpr std::size_t kRootServers = 2;
constexpr std::size_t kPathServers = 16;

// "a.root-servers.net. 3600000 A 198.41.0.4": the first addresses, IPv4 (every path has it, and a
// host without IPv6 must raise no alarm).
std::vector<Endpoint> root_servers(std::string_view hints) {
  std::vector<Endpoint> servers;
  for (auto line : split(hints, '\n')) {
    std::string spaced(line.substr(0, line.find(';')));
    std::ranges::replace_if(spaced, [](char c) { return c == '\t' || c == '\r'; }, ' ');
    auto words = split(spaced, ' ');
    std::erase(words, std::string_view());
    if (words.size() < 3 || !equal_ignoring_case(words[words.size() - 2], "A")) continue;
    if (auto address = IpAddress::parse(words.back())) servers.push_back({*address, 53});
    if (servers.size() == kRootServers) break;
  }
  return servers;
}

std::string asked(const ProbeQuestion& question) {
  return fmt::format("{}. {}", question.name.text(), dns::name(question.type));
}

}  // namespace

std::vector<ProbeQuestion> expected_secure(const Options& options) {
  std::vector<ProbeQuestion> questions;
  if (!options.root_trust_anchor_file.empty()) questions.push_back({dns::Name()});
  for (const auto& stub : options.stub_zones)
    if (!stub.trust_anchors.empty()) questions.push_back({stub.zone});
  return questions;
}

std::vector<PathServer> path_servers(const Options& options, std::string_view root_hints) {
  const bool anchored = !options.root_trust_anchor_file.empty();
  std::vector<PathServer> servers;
  bool root_is_stub = false;
  for (const auto& stub : options.stub_zones) {
    root_is_stub = root_is_stub || stub.zone.is_root();
    // Whether another stub zone is signed is its parent's to say.
    const bool signed_zone =
        !stub.insecure && (!stub.trust_anchors.empty() || (stub.zone.is_root() && anchored));
    for (const auto& server : stub.servers)
      servers.push_back(
          {server, {stub.zone, signed_zone ? dns::Type::dnskey : dns::Type::soa}, signed_zone});
  }
  const ProbeQuestion root{dns::Name(), dns::Type::dnskey};
  for (const auto& forwarder : options.forwarders)
    if (forwarder.tls_name.empty()) servers.push_back({forwarder.endpoint, root, anchored});
  if (options.forwarders.empty() && !root_is_stub && anchored)
    for (const auto& server : root_servers(root_hints)) servers.push_back({server, root, anchored});
  if (servers.size() > kPathServers) servers.resize(kPathServers);
  return servers;
}

std::vector<Finding> judge_path(const PathObservation& seen) {
  using Reply = PathObservation::Reply;
  const auto server = seen.server.endpoint.text();
  const bool large_lost = seen.with_signatures == Reply::none;
  if (large_lost && seen.without_signatures == Reply::none && !seen.over_tcp)
    return {{Severity::error, "reachable",
             fmt::format("the DNS server {} answers neither over UDP nor over TCP ({})", server,
                         seen.tcp_error),
             "start it, name another one, or open port " +
                 std::to_string(seen.server.endpoint.port) + " towards it"}};
  std::vector<Finding> findings;
  if (large_lost) {
    const bool plain = seen.without_signatures != Reply::none;
    findings.push_back(
        {seen.over_tcp ? Severity::warning : Severity::alert, "large-answers",
         plain ? fmt::format("{} answers plain questions, but its answers with signatures are lost "
                             "on the way: something drops EDNS or large UDP answers",
                             server)
               : fmt::format("{} answers over TCP only", server),
         "let UDP answers of up to 1232 bytes with EDNS pass the firewall"});
  }
  if (!seen.over_tcp)
    findings.push_back(
        {seen.with_signatures == Reply::cut ? Severity::alert : Severity::warning, "tcp",
         fmt::format("{} does not answer over TCP ({}){}", server, seen.tcp_error,
                     seen.with_signatures == Reply::cut
                         ? ", and over UDP its answers with signatures are cut"
                         : ": answers that do not fit a UDP packet cannot be had"),
         "open TCP port " + std::to_string(seen.server.endpoint.port) + " towards it"});
  const bool complete = seen.with_signatures == Reply::whole || seen.over_tcp;
  if (complete && seen.server.signatures_expected && !seen.has_signature)
    findings.push_back(
        {Severity::alert, "signatures",
         fmt::format("{} returns {} without signatures: nothing can be validated, and signed "
                     "domains will fail",
                     server, asked(seen.server.question)),
         "turn DNSSEC on in that server, or name one that passes signatures on"});
  return findings;
}

std::vector<Finding> judge_probe(const ProbeQuestion& question, const Result<dns::Answer>& answer) {
  if (answer && answer->secure()) return {};
  if (answer)
    return {{Severity::alert, "signatures",
             fmt::format("{} is expected to be signed, but is {}", asked(question),
                         dns::name(answer->security)),
             "check the trust anchor, and that the parent zone has a DS record"}};
  if (answer.error().code != Code::dnssec_bogus)
    return {{Severity::error, "reachable", "the DNS cannot be asked: " + answer.error().sentence(),
             "check the network, the forwarders and the firewall for port 53"}};
  const auto& why = answer.error().detail;
  const bool dates = why.contains("expired") || why.contains("before inception");
  return {{Severity::alert, "signatures", "validation fails: " + answer.error().sentence(),
           dates ? "check this machine's clock; if it is right, the zone's signatures are stale"
                 : "the path strips or changes signatures, or the trust anchor is out of date"}};
}

}  // namespace pawl::resolver

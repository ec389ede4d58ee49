// The bodies of test_world.h, and that the world is as it should be.
#include "check/test_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "mta_sts/policy.h"

namespace pawl::check {

namespace {

using namespace std::chrono_literals;

MonoTime soon() {
  return std::chrono::steady_clock::now() + 10s;
}

struct Session {
  TestServer says;
  std::shared_ptr<tls::ServerContext> tls;
  std::unique_ptr<net::Channel> channel;
};

net::Task<> start_tls(Session& session) {
  CO_TRY(auto engine, tls::make_server_engine(session.tls));
  co_return co_await session.channel->start_tls(std::move(engine), soon());
}

std::string verb_of(const TestServer& says, const std::string& line, std::string& tag) {
  const auto words = split(line, ' ');
  if (says.protocol != starttls::Protocol::imap) return std::string(words[0]);
  tag = words[0];
  return words.size() > 1 ? std::string(words[1]) : std::string();
}

std::string reply_to(const TestServer& says, bool secure, const std::string& verb,
                     const std::string& tag) {
  const auto& replies = secure ? says.replies_in_tls : says.replies;
  const auto found = replies.find(verb);
  std::string reply = found == replies.end() ? "502 no\r\n" : found->second;
  for (auto at = reply.find("%t"); at != std::string::npos; at = reply.find("%t")) {
    reply.replace(at, 2, tag);
  }
  return reply;
}

net::Task<> talk(Session session) {
  if (session.says.implicit_tls) CO_TRY_VOID(co_await start_tls(session));
  CO_TRY_VOID(co_await session.channel->write_all(session.says.greeting, soon()));
  const auto& upgrade = starttls::row(session.says.protocol).upgrade_command;
  std::string input;
  std::array<char, 1024> buffer;
  while (true) {
    const auto end = input.find("\r\n");
    if (end == std::string::npos) {
      CO_TRY(const auto count, co_await session.channel->read_some(buffer, soon()));
      input.append(buffer.data(), count);
      continue;
    }
    const std::string line = input.substr(0, end);
    input.erase(0, end + 2);
    std::string tag;
    const std::string verb = verb_of(session.says, line, tag);
    const std::string reply = reply_to(session.says, session.channel->is_tls(), verb, tag);
    CO_TRY_VOID(co_await session.channel->write_all(reply, soon()));
    const bool granted = reply.starts_with("220") || reply.find("OK") != std::string::npos;
    if (verb == upgrade && granted && session.tls) CO_TRY_VOID(co_await start_tls(session));
    if (verb == "QUIT" || verb == "LOGOUT") break;
  }
  co_return co_await session.channel->shutdown(soon());
}

net::Task<> accept_all(net::Listener& listener, TestServer says,
                       std::shared_ptr<tls::ServerContext> tls) {
  while (true) {
    CO_TRY(auto stream, co_await listener.accept());
    Session session{says, tls, std::make_unique<net::Channel>(std::move(stream))};
    net::Loop::current().spawn(talk(std::move(session)), [](Result<>) {});
  }
}

net::Task<> run_check(Probes probes, std::vector<Target> targets, resolver::Resolver& resolver,
                      fetch::PolicySource& policies, const Clock& clock, CheckOptions options,
                      std::vector<std::unique_ptr<net::Listener>>& listeners, Report& into) {
  auto report = co_await check_with(std::move(probes), std::move(targets), resolver, policies,
                                    clock, std::move(options));
  for (auto& listener : listeners) listener->close();
  CO_TRY(into, std::move(report));
  co_return Result<>();
}

// Nobody is dialled who is not part of the world.
net::Task<probe::Look> look_inside(const net::DialMap& map, int& looks,
                                   probe::SessionOptions session) {
  ++looks;
  if (map.contains(session.to)) co_return co_await probe::look(std::move(session));
  probe::Look refused;
  refused.at = session.to;
  refused.protocol = session.protocol;
  refused.implicit_tls = session.client.implicit_tls;
  refused.error = Error(Code::connect_refused, "connecting to " + session.to.text());
  co_return refused;
}

}  // namespace

net::Task<fetch::FetchedPolicy> FakePolicies::fetch(dns::Name policy_domain) {
  if (error) co_return fail(*error);
  const auto found = texts.find(policy_domain.text());
  if (found == texts.end()) co_return fail(Code::sts_fetch, "there is none");
  fetch::FetchedPolicy fetched;
  fetched.text = found->second;
  CO_TRY(fetched.policy, mta_sts::parse_policy(fetched.text));
  co_return fetched;
}

TestWorld::TestWorld() : authority_(tls::Authority::make("Test Root", clock.now()).value()) {
  options.tls = tls::make_client_context(
                    {.ca_pem = authority_.certificate_pem(), .resumption = false, .clock = &clock})
                    .value();
  options.services = false;
  options.enumerate = false;
  options.private_networks = {Network::parse("192.0.2.0/24").value(),
                              Network::parse("2001:db8::/32").value()};
  probes.look = [this](probe::SessionOptions session) {
    return look_inside(map_, looks, std::move(session));
  };
}

TestWorld::~TestWorld() = default;

tls::Identity TestWorld::identity(const tls::LeafOptions& leaf) {
  return authority_.issue(leaf).value();
}

tls::Identity TestWorld::identity(std::vector<std::string> names, tls::KeyKind key) {
  auto leaf = tls::leaf_for(std::move(names), clock.now());
  leaf.key = key;
  return identity(leaf);
}

TestServer TestWorld::good(const std::string& host) {
  TestServer server;
  server.identities = {identity({host})};
  return server;
}

void TestWorld::serve(const std::string& address, TestServer server, std::uint16_t port) {
  const Endpoint at{IpAddress::parse(address).value(), port};
  std::erase_if(servers_, [&](const auto& one) { return one.first == at; });
  servers_.emplace_back(at, std::move(server));
}

void TestWorld::make_exemplary() {
  dns.zone("example.org", dns::Security::secure);
  dns.add("example.org", dns::Type::mx, "10 mx1.example.org");
  dns.add("mx1.example.org", dns::Type::a, "192.0.2.1");
  dns.add("mx1.example.org", dns::Type::aaaa, "2001:db8::1");
  const TestServer server = good("mx1.example.org");
  const auto tlsa = tls::tlsa_for(server.identities[0].certificate_pem, 3, 1, 1).value();
  dns.add("_25._tcp.mx1.example.org", dns::Type::tlsa, tlsa.text());
  dns.add("_25._tcp.mx1.example.org", dns::Type::tlsa, "3 1 1 " + std::string(64, 'a'));
  serve("192.0.2.1", server);
  serve("2001:db8::1", server);
  dns.add("_mta-sts.example.org", dns::Type::txt, "v=STSv1; id=20261122;");
  policies.texts["example.org"] =
      "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.org\r\nmax_age: 604800\r\n";
  dns.add("_smtp._tls.example.org", dns::Type::txt, "v=TLSRPTv1; rua=mailto:tls@example.org");
}

Report TestWorld::check(const std::vector<std::string>& targets) {
  std::vector<Target> parsed;
  for (const std::string& target : targets) parsed.push_back(parse_target(target).value());
  net::Loop loop;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  Report report;
  map_.clear();
  for (const auto& [at, server] : servers_) {
    listeners.push_back(net::listen({IpAddress::v4(127, 0, 0, 1), 0}).value());
    map_[at] = listeners.back()->local();
    std::shared_ptr<tls::ServerContext> context;
    tls::ServerContextOptions tls;
    for (const tls::Identity& identity : server.identities) {
      tls.key_pairs.push_back(
          {.certificate_pem = identity.certificate_pem, .key_pem = identity.key_pem});
    }
    tls.max_version = server.max_version;
    if (!tls.key_pairs.empty()) context = tls::make_server_context(tls).value();
    loop.spawn(accept_all(*listeners.back(), server, context), [](Result<>) {});
  }
  options.dial.map = &map_;
  loop.spawn(
      run_check(probes, std::move(parsed), dns, policies, clock, options, listeners, report));
  loop.run();
  return report;
}

std::vector<std::string> complaints(const TargetReport& report) {
  std::vector<std::string> all;
  for (const Finding& finding : report.findings) {
    if (row(finding.id).severity == Severity::good) continue;
    all.push_back(std::string(row(finding.id).name) + " " + finding.subject);
  }
  return all;
}

bool has(const TargetReport& report, FindingId id, std::string_view subject) {
  return std::ranges::any_of(report.findings, [&](const Finding& finding) {
    return finding.id == id && (subject.empty() || finding.subject == subject);
  });
}

bool contradicts_itself(const TargetReport& report) {
  for (const Finding& good : report.findings) {
    if (row(good.id).severity != Severity::good) continue;
    for (const Finding& bad : report.findings) {
      if (row(bad.id).severity >= Severity::warning && bad.subject == good.subject &&
          row(bad.id).topic == row(good.id).topic) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace pawl::check

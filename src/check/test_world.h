// For the tests of check/: a domain of made-up DNS, policies and servers. The servers are real ones
// on loopback, with real TLS; addresses and ports stay as the DNS has them, and what is not served
// refuses the connection. Nothing outside loopback is asked.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "check/walk.h"
#include "net/channel.h"
#include "net/loop.h"
#include "resolver/fixture.h"
#include "tls/authority.h"

namespace pawl::check {

// What a server says. Replies are found by the command's first word, or by its second for IMAP,
// where "%t" stands for the tag.
struct TestServer {
  starttls::Protocol protocol = starttls::Protocol::smtp;
  std::string greeting = "220 mx1.example.org ESMTP\r\n";
  std::map<std::string, std::string> replies = {
      {"EHLO", "250-mx1.example.org\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n"},
      {"STARTTLS", "220 go ahead\r\n"},
      {"QUIT", "221 bye\r\n"}};
  std::map<std::string, std::string> replies_in_tls = {
      {"EHLO", "250-mx1.example.org\r\n250-PIPELINING\r\n250 8BITMIME\r\n"},
      {"QUIT", "221 bye\r\n"}};
  bool implicit_tls = false;
  std::vector<tls::Identity> identities;  // one or two
  tls::Version max_version = tls::Version::tls1_3;
};

class FakePolicies : public fetch::PolicySource {
 public:
  net::Task<fetch::FetchedPolicy> fetch(dns::Name policy_domain) override;
  std::map<std::string, std::string> texts;  // by domain
  std::optional<Error> error;
};

class TestWorld {
 public:
  TestWorld();
  ~TestWorld();

  // A certificate of the world's own authority, which the check trusts.
  tls::Identity identity(std::vector<std::string> names, tls::KeyKind key = tls::KeyKind::ec_p256);
  tls::Identity identity(const tls::LeafOptions& leaf);
  // A host as it should be, at this address: STARTTLS, a good certificate.
  TestServer good(const std::string& host);
  void serve(const std::string& address, TestServer server, std::uint16_t port = 25);

  // example.org with mx1.example.org at 192.0.2.1 and 2001:db8::1, in a signed zone, TLSA 3 1 1 for
  // it and for a next key, MTA-STS enforced, TLS reports.
  void make_exemplary();

  Report check(const std::vector<std::string>& targets);
  TargetReport check(const std::string& target) { return check(std::vector{target}).targets[0]; }

  FixedClock clock{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22}};
  resolver::FixtureResolver dns;
  FakePolicies policies;
  CheckOptions options;
  Probes probes;
  int looks = 0;  // sessions that were opened

 private:
  struct Standing;
  tls::Authority authority_;
  std::vector<std::pair<Endpoint, TestServer>> servers_;
  net::DialMap map_;
};

// "starttls_missing mx2.example.org", one for each finding that is not good.
std::vector<std::string> complaints(const TargetReport& report);
bool has(const TargetReport& report, FindingId id, std::string_view subject = {});
// Good findings never stand beside bad ones of the same subject and topic.
bool contradicts_itself(const TargetReport& report);

}  // namespace pawl::check

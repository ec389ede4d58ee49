// The walk and its judgement together, over real sockets: each fault of a domain is found, and
// none is invented.
#include "check/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "check/test_world.h"

namespace pawl::check {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Check : public testing::Test {
 protected:
  Check() { world_.make_exemplary(); }

  TargetReport check(const std::string& target = "example.org") {
    auto report = world_.check(target);
    EXPECT_FALSE(contradicts_itself(report));
    return report;
  }
  // One more MX host, at 192.0.2.<last>, named by the policy.
  void add_mx(const std::string& host, int last) {
    const std::string address = "192.0.2." + std::to_string(last);
    world_.dns.add("example.org", dns::Type::mx, std::to_string(last) + " " + host);
    world_.dns.add(host, dns::Type::a, address);
    auto& policy = world_.policies.texts["example.org"];
    policy += "mx: " + host + "\r\n";
  }
  void add_tlsa(const std::string& host, const tls::Identity& identity) {
    world_.dns.add("_25._tcp." + host, dns::Type::tlsa,
                   tls::tlsa_for(identity.certificate_pem, 3, 1, 1).value().text());
    world_.dns.add("_25._tcp." + host, dns::Type::tlsa, "3 1 1 " + std::string(64, 'b'));
  }
  // An MX host that is served, with TLSA records for what it shows.
  void serve_mx(const std::string& host, int last, TestServer server) {
    add_mx(host, last);
    if (!server.identities.empty()) add_tlsa(host, server.identities[0]);
    world_.serve("192.0.2." + std::to_string(last), std::move(server));
  }

  TestWorld world_;
};

TEST_F(Check, a_domain_in_order_draws_no_complaint) {
  const auto report = check();
  EXPECT_THAT(complaints(report), IsEmpty());
  EXPECT_FALSE(report.error);
  ASSERT_EQ(report.hosts.size(), 1U);
  const HostReport& host = report.hosts[0];
  EXPECT_EQ(host.found_by, "MX 10");
  EXPECT_EQ(host.addresses.size(), 2U);
  EXPECT_FALSE(host.refused);
  EXPECT_EQ(host.tlsa_rollover, "current and next key (3 1 1 + 3 1 1)");
  ASSERT_EQ(host.stages.size(), 8U);
  for (const Stage& stage : host.stages) EXPECT_EQ(stage.state, Stage::State::good) << stage.text;
  for (FindingId id : {FindingId::mx_signed, FindingId::starttls_good, FindingId::tls13_good,
                       FindingId::certificate_good, FindingId::dane_good, FindingId::sts_good,
                       FindingId::tlsrpt_good}) {
    EXPECT_TRUE(has(report, id)) << row(id).name;
  }
  EXPECT_EQ(exit_status(Report{{}, 0, {report}}), 0);
  EXPECT_THAT(report.verdict, HasSubstr("is protected"));
  EXPECT_EQ(report.domain->sts.policy_sha256.size(), 64U);
}

TEST_F(Check, a_host_without_starttls_is_a_fault_and_refused_by_who_enforces) {
  add_mx("mx2.example.org", 20);
  TestServer plain;
  plain.replies = {{"EHLO", "250-mx2.example.org\r\n250 8BITMIME\r\n"},
                   {"STARTTLS", "502 5.5.1 not implemented\r\n"},
                   {"QUIT", "221 bye\r\n"}};
  world_.serve("192.0.2.20", plain);
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::starttls_missing, "mx2.example.org"));
  EXPECT_TRUE(has(report, FindingId::enforcing_sender_refuses, "mx2.example.org"));
  EXPECT_FALSE(has(report, FindingId::starttls_missing, "mx1.example.org"));
  EXPECT_THAT(report.verdict,
              HasSubstr("A sender that enforces would refuse mail to mx2.example.org because"));
  EXPECT_EQ(report.hosts[1].stages[2].text, "not offered");
  EXPECT_EQ(report.hosts[1].stages[2].state, Stage::State::fault);
}

TEST_F(Check, an_expired_certificate_is_a_fault_where_no_key_is_pinned) {
  auto leaf = tls::leaf_for({"mx2.example.org"}, world_.clock.now() - std::chrono::days(120));
  TestServer server;
  server.identities = {world_.identity(leaf)};
  add_mx("mx2.example.org", 20);
  world_.serve("192.0.2.20", server);
  auto report = check();
  EXPECT_TRUE(has(report, FindingId::certificate_expired, "mx2.example.org"));
  EXPECT_TRUE(has(report, FindingId::enforcing_sender_refuses, "mx2.example.org"));
  EXPECT_FALSE(has(report, FindingId::certificate_good, "mx2.example.org"));
  // rfc7672#3.1.1: with 3 1 1 dates do not count, and the TLSA check is what proves the host.
  add_tlsa("mx2.example.org", server.identities[0]);
  report = check();
  EXPECT_FALSE(has(report, FindingId::certificate_expired));
  EXPECT_TRUE(has(report, FindingId::certificate_not_public, "mx2.example.org"));
  EXPECT_FALSE(has(report, FindingId::enforcing_sender_refuses));
}

TEST_F(Check, days_asks_for_certificates_that_end_before) {
  world_.options.days = 30;
  EXPECT_THAT(complaints(check()), IsEmpty());
  world_.options.days = 120;
  EXPECT_THAT(complaints(check()), ElementsAre("certificate_expires_soon mx1.example.org"));
}

TEST_F(Check, a_certificate_for_another_name_and_a_self_signed_one_are_told_apart) {
  TestServer other = world_.good("mail.example.net");
  add_mx("mx2.example.org", 20);
  world_.serve("192.0.2.20", other);
  TestServer self;
  self.identities = {
      tls::self_signed(tls::leaf_for({"mx3.example.org"}, world_.clock.now())).value()};
  add_mx("mx3.example.org", 30);
  world_.serve("192.0.2.30", self);
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::certificate_other_name, "mx2.example.org"));
  EXPECT_TRUE(has(report, FindingId::certificate_self_signed, "mx3.example.org"));
  EXPECT_FALSE(has(report, FindingId::certificate_other_name, "mx3.example.org"));
  EXPECT_FALSE(has(report, FindingId::certificate_self_signed, "mx2.example.org"));
  EXPECT_EQ(report.hosts[1].refused->code, Code::certificate_host_mismatch);
  EXPECT_EQ(report.hosts[2].refused->code, Code::certificate_untrusted);
}

TEST_F(Check, tlsa_records_that_match_nothing_are_a_fault) {
  add_mx("mx2.example.org", 20);
  world_.serve("192.0.2.20", world_.good("mx2.example.org"));
  world_.dns.add("_25._tcp.mx2.example.org", dns::Type::tlsa, "3 1 1 " + std::string(64, '1'));
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::tlsa_mismatch, "mx2.example.org"));
  EXPECT_TRUE(has(report, FindingId::dane_sender_refuses, "mx2.example.org"));
  EXPECT_EQ(report.hosts[1].refused->code, Code::tlsa_mismatch);
  EXPECT_FALSE(has(report, FindingId::dane_good, "mx2.example.org"));
}

// The host has had enough of us when it is asked as a sender that enforces would ask it.
net::Task<probe::Look> look_but_break_off_the_demanding(probe::SessionOptions session) {
  if (session.client.mode != starttls::Mode::required) {
    co_return co_await probe::look(std::move(session));
  }
  probe::Look broken;
  broken.at = session.to;
  broken.timings.connected = std::chrono::milliseconds(1);
  broken.error = Error(Code::connection_reset, "by the host");
  co_return broken;
}

TEST_F(Check, a_session_that_breaks_off_before_tls_is_neither_a_refusal_nor_a_proof) {
  add_mx("mx2.example.org", 20);
  world_.serve("192.0.2.20", world_.good("mx2.example.org"));
  world_.dns.add("_25._tcp.mx2.example.org", dns::Type::tlsa, "3 1 1 " + std::string(64, '1'));
  world_.probes.look = look_but_break_off_the_demanding;
  const auto report = check();
  EXPECT_FALSE(has(report, FindingId::enforcing_sender_refuses));
  EXPECT_FALSE(has(report, FindingId::dane_sender_refuses));
  EXPECT_TRUE(has(report, FindingId::tlsa_mismatch, "mx2.example.org"));
  EXPECT_FALSE(has(report, FindingId::dane_good, "mx2.example.org"));
  EXPECT_TRUE(has(report, FindingId::dane_good, "mx1.example.org"));
}

TEST_F(Check, an_offer_that_was_taken_out_is_tampering_although_tls_came_to_be) {
  add_mx("mx2.example.org", 20);
  TestServer stripped = world_.good("mx2.example.org");
  stripped.replies["EHLO"] = "250-mx2.example.org\r\n250 8BITMIME\r\n";
  world_.serve("192.0.2.20", stripped);
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::tampered, "mx2.example.org [192.0.2.20]"));
}

TEST_F(Check, srv_records_that_cannot_be_looked_up_are_not_taken_for_none) {
  world_.options.services = true;
  EXPECT_FALSE(has(check(), FindingId::dns_unanswered));
  world_.dns.fail("_imaps._tcp.example.org", dns::Type::srv, Error(Code::dns_servfail, "SERVFAIL"));
  EXPECT_TRUE(has(check(), FindingId::dns_unanswered, "SRV records of example.org"));
}

TEST_F(Check, odd_tlsa_records_beside_a_good_one_are_named_each) {
  world_.dns.add("_25._tcp.mx1.example.org", dns::Type::tlsa, "1 0 1 " + std::string(64, '1'));
  world_.dns.add("_25._tcp.mx1.example.org", dns::Type::tlsa,
                 "3 1 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  auto report = check();
  EXPECT_TRUE(has(report, FindingId::tlsa_unusable, "mx1.example.org"));
  EXPECT_TRUE(has(report, FindingId::tlsa_of_nothing, "mx1.example.org"));
  EXPECT_FALSE(has(report, FindingId::tlsa_stale));
  world_.dns.add("_25._tcp.mx1.example.org", dns::Type::tlsa, "3 1 1 " + std::string(64, '2'));
  report = check();
  EXPECT_TRUE(has(report, FindingId::tlsa_stale, "mx1.example.org"));
}

TEST_F(Check, one_tlsa_record_alone_leaves_no_room_for_the_next_key) {
  TestServer server = world_.good("mx2.example.org");
  add_mx("mx2.example.org", 20);
  world_.dns.add("_25._tcp.mx2.example.org", dns::Type::tlsa,
                 tls::tlsa_for(server.identities[0].certificate_pem, 3, 1, 1).value().text());
  world_.serve("192.0.2.20", server);
  EXPECT_THAT(complaints(check()), ElementsAre("tlsa_no_rollover mx2.example.org"));
}

TEST_F(Check, both_certificates_of_a_host_are_seen_and_held_against_tlsa) {
  TestServer server = world_.good("mx2.example.org");
  server.identities.push_back(world_.identity({"mx2.example.org"}, tls::KeyKind::rsa_2048));
  serve_mx("mx2.example.org", 20, server);
  auto report = check();
  ASSERT_EQ(report.hosts[1].addresses[0].certificates.size(), 2U);
  EXPECT_TRUE(has(report, FindingId::tlsa_one_kind, "mx2.example.org [192.0.2.20]"));
  add_tlsa("mx2.example.org", server.identities[1]);
  report = check();
  EXPECT_FALSE(has(report, FindingId::tlsa_one_kind));
  EXPECT_TRUE(has(report, FindingId::dane_good, "mx2.example.org"));
}

TEST_F(Check, a_host_that_the_policy_does_not_name_is_refused_by_who_enforces) {
  serve_mx("mx2.example.org", 20, world_.good("mx2.example.org"));
  world_.policies.texts["example.org"] =
      "version: STSv1\nmode: enforce\nmx: mx1.example.org\nmx: mx-2.example.org\nmax_age: 600\n";
  auto report = check();
  EXPECT_THAT(
      complaints(report),
      ElementsAre("sts_mx_not_covered mx2.example.org", "enforcing_sender_refuses mx2.example.org",
                  "sts_max_age_short example.org", "sts_pattern_unused example.org"));
  EXPECT_THAT(report.domain->sts.not_covered, ElementsAre("mx2.example.org"));
  EXPECT_THAT(report.domain->sts.unused, ElementsAre("mx-2.example.org"));
  world_.policies.texts["example.org"] =
      "version: STSv1\nmode: testing\nmx: mx1.example.org\nmax_age: 604800\n";
  report = check();
  EXPECT_THAT(complaints(report),
              ElementsAre("sts_mx_not_covered_yet mx2.example.org", "sts_testing example.org"));
}

TEST_F(Check, what_is_wrong_with_the_mta_sts_record_is_said) {
  const std::pair<std::vector<std::string>, FindingId> rows[] = {
      {{"v=STSv1; id=a_b;"}, FindingId::sts_record_invalid},
      {{"v=STSv1;"}, FindingId::sts_record_invalid},
      {{"v=STSv1; id=1;", "v=STSv1; id=2;"}, FindingId::sts_record_invalid},
      {{"id=1; v=STSv1;"}, FindingId::sts_record_ignored},
      {{"v=STSv12; id=1;"}, FindingId::sts_record_ignored},
  };
  for (const auto& [texts, id] : rows) {
    world_.dns.remove("_mta-sts.example.org", dns::Type::txt);
    for (const auto& text : texts) world_.dns.add("_mta-sts.example.org", dns::Type::txt, text);
    EXPECT_TRUE(has(check(), id, "example.org")) << texts[0];
  }
  world_.dns.remove("_mta-sts.example.org", dns::Type::txt);
  EXPECT_TRUE(has(check(), FindingId::sts_absent, "example.org"));
  world_.dns.add("mta-sts.example.org", dns::Type::a, "192.0.2.80");
  EXPECT_TRUE(has(check(), FindingId::sts_record_gone, "example.org"));
}

TEST_F(Check, what_is_wrong_with_the_policy_host_is_said) {
  const std::pair<Code, FindingId> rows[] = {
      {Code::sts_fetch, FindingId::sts_fetch_failed},
      {Code::sts_webpki, FindingId::sts_host_certificate},
      {Code::sts_policy_invalid, FindingId::sts_policy_invalid},
  };
  for (const auto& [code, id] : rows) {
    world_.policies.error = Error(code, "https://mta-sts.example.org/: seen");
    const auto report = check();
    EXPECT_THAT(complaints(report), ElementsAre(std::string(row(id).name) + " example.org"));
  }
}

TEST_F(Check, a_dns_that_does_not_answer_is_unknown_and_no_absence) {
  world_.dns.fail("_mta-sts.example.org", dns::Type::txt, Error(Code::dns_timeout, "no answer"));
  auto report = check();
  EXPECT_FALSE(has(report, FindingId::sts_absent));
  EXPECT_TRUE(has(report, FindingId::dns_unanswered, "_mta-sts.example.org"));
  world_.dns.fail("example.org", dns::Type::mx, Error(Code::dns_servfail, "SERVFAIL"));
  report = check();
  EXPECT_TRUE(report.error);
  EXPECT_TRUE(has(report, FindingId::dns_unanswered, "example.org"));
  EXPECT_EQ(exit_status(Report{{}, 0, {report}}), 75);
}

TEST_F(Check, a_tlsa_look_up_that_fails_makes_senders_skip_the_host) {
  serve_mx("mx2.example.org", 20, world_.good("mx2.example.org"));
  world_.dns.fail("_25._tcp.mx2.example.org", dns::Type::tlsa,
                  Error(Code::dns_servfail, "SERVFAIL"));
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::tlsa_lookup_failed, "mx2.example.org"));
  EXPECT_TRUE(has(report, FindingId::dane_sender_refuses, "mx2.example.org"));
}

TEST_F(Check, hosts_that_cannot_be_found_or_reached_are_said) {
  world_.dns.add("example.org", dns::Type::mx, "20 alias.example.org");
  world_.dns.add("alias.example.org", dns::Type::cname, "mx1.example.org");
  world_.dns.add("example.org", dns::Type::mx, "30 nowhere.example.org");
  add_mx("dead.example.org", 40);
  world_.policies.texts["example.org"] += "mx: *.example.org\r\n";
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::mx_is_alias, "alias.example.org"));
  EXPECT_TRUE(has(report, FindingId::mx_no_address, "nowhere.example.org"));
  EXPECT_TRUE(has(report, FindingId::host_unreachable, "dead.example.org"));
  EXPECT_FALSE(has(report, FindingId::starttls_missing, "dead.example.org"));
  EXPECT_EQ(report.hosts[3].stages[2].state, Stage::State::unknown);
}

TEST_F(Check, an_address_that_differs_from_the_others_is_named) {
  TestServer plain;
  plain.replies["EHLO"] = "250-mx1.example.org\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
  plain.replies["STARTTLS"] = "502 no\r\n";
  world_.serve("2001:db8::1", plain);
  auto report = check();
  EXPECT_TRUE(has(report, FindingId::starttls_missing, "mx1.example.org [2001:db8::1]"));
  EXPECT_TRUE(has(report, FindingId::starttls_on_some_addresses, "mx1.example.org"));
  EXPECT_FALSE(has(report, FindingId::enforcing_sender_refuses, "mx1.example.org"));
  EXPECT_TRUE(has(report, FindingId::enforcing_sender_refuses, "mx1.example.org [2001:db8::1]"));
}

TEST_F(Check, an_address_that_is_not_public_is_a_fault) {
  world_.dns.add("mx1.example.org", dns::Type::a, "10.1.2.3");
  EXPECT_TRUE(has(check(), FindingId::address_not_public, "mx1.example.org"));
}

TEST_F(Check, a_masked_offer_is_tampering_and_the_exit_status_says_so) {
  TestServer masked;
  masked.replies["EHLO"] = "250-mx1.example.org\r\n250-PIPELINING\r\n250 XXXXXXXA\r\n";
  masked.replies["STARTTLS"] = "500 5.5.1 Command unrecognized: \"XXXXXXXX\"\r\n";
  world_.serve("192.0.2.1", masked);
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::tampered, "mx1.example.org [192.0.2.1]"));
  EXPECT_FALSE(has(report, FindingId::starttls_missing)) << "the server is not at fault";
  EXPECT_EQ(exit_status(Report{{}, 0, {report}}), 3);
  EXPECT_THAT(report.verdict, HasSubstr("tampers with TLS"));
}

TEST_F(Check, an_offer_that_is_refused_is_told_from_none) {
  TestServer refusing = world_.good("mx2.example.org");
  refusing.replies["STARTTLS"] = "454 4.7.0 TLS not available\r\n";
  serve_mx("mx2.example.org", 20, refusing);
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::starttls_refused, "mx2.example.org"));
  EXPECT_FALSE(has(report, FindingId::starttls_missing));
}

TEST_F(Check, a_greeting_that_refuses_is_no_missing_starttls) {
  TestServer busy;
  busy.greeting = "421 4.3.2 try later\r\n";
  add_mx("mx2.example.org", 20);
  world_.serve("192.0.2.20", busy);
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::greeting_refused, "mx2.example.org"));
  EXPECT_FALSE(has(report, FindingId::starttls_missing));
}

TEST_F(Check, half_dane_and_hosts_without_tlsa_are_stated) {
  world_.dns.zone("example.net", dns::Security::insecure);
  world_.dns.add("example.net", dns::Type::mx, "10 mx1.example.org");
  world_.dns.add("example.net", dns::Type::mx, "20 mx.example.net");
  world_.dns.add("mx.example.net", dns::Type::a, "192.0.2.20");
  world_.serve("192.0.2.20", world_.good("mx.example.net"));
  const auto report = check("example.net");
  EXPECT_TRUE(has(report, FindingId::half_dane, "example.net"));
  EXPECT_TRUE(has(report, FindingId::dane_on_some_hosts, "mx.example.net"));
  EXPECT_TRUE(has(report, FindingId::mx_unsigned, "example.net"));
  EXPECT_TRUE(has(report, FindingId::sts_absent, "example.net"));
  EXPECT_TRUE(has(report, FindingId::tlsrpt_absent, "example.net"));
}

TEST_F(Check, a_domain_that_takes_no_mail_is_in_order) {
  world_.dns.add("nomail.example.org", dns::Type::mx, "0 .");
  const auto report = check("nomail.example.org");
  EXPECT_THAT(complaints(report), IsEmpty());
  EXPECT_FALSE(report.error);
  EXPECT_EQ(report.verdict, "nomail.example.org accepts no mail.");
}

TEST_F(Check, services_are_found_by_srv_and_logins_in_clear_are_a_fault) {
  world_.options.services = true;
  world_.dns.add("_imap._tcp.example.org", dns::Type::srv, "0 1 143 mail.example.org");
  world_.dns.add("_pop3._tcp.example.org", dns::Type::srv, "0 0 0 .");
  world_.dns.add("mail.example.org", dns::Type::a, "192.0.2.50");
  TestServer imap = world_.good("mail.example.org");
  imap.protocol = starttls::Protocol::imap;
  imap.greeting = "* OK ready\r\n";
  imap.replies = {{"CAPABILITY", "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\n%t OK done\r\n"},
                  {"STARTTLS", "%t OK begin\r\n"},
                  {"LOGOUT", "* BYE\r\n%t OK\r\n"}};
  imap.replies_in_tls = {{"CAPABILITY", "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%t OK done\r\n"},
                         {"LOGOUT", "* BYE\r\n%t OK\r\n"}};
  world_.serve("192.0.2.50", imap, 143);
  const auto report = check();
  ASSERT_EQ(report.hosts.size(), 2U);
  EXPECT_EQ(report.hosts[1].found_by, "SRV _imap._tcp");
  EXPECT_TRUE(has(report, FindingId::login_before_tls, "imap://mail.example.org"));
  EXPECT_TRUE(has(report, FindingId::implicit_tls_missing, "imap://mail.example.org"));
  EXPECT_TRUE(has(report, FindingId::starttls_good, "imap://mail.example.org"));
}

TEST_F(Check, services_that_nobody_named_and_that_do_not_answer_are_not_there) {
  world_.options.services = true;
  const auto report = check();
  EXPECT_EQ(report.hosts.size(), 1U);
  EXPECT_THAT(complaints(report), IsEmpty());
}

TEST_F(Check, a_host_by_itself_is_judged_without_a_domain) {
  const auto report = check("smtp://mx1.example.org");
  ASSERT_EQ(report.hosts.size(), 1U);
  EXPECT_THAT(complaints(report), IsEmpty());
  EXPECT_TRUE(has(report, FindingId::dane_good, "mx1.example.org"));
  EXPECT_EQ(report.hosts[0].found_by, "named");
  const auto address = check("smtp://192.0.2.1");
  EXPECT_TRUE(has(address, FindingId::starttls_good, "192.0.2.1"));
  EXPECT_FALSE(has(address, FindingId::certificate_good));
  EXPECT_TRUE(has(address, FindingId::certificate_of_address, "192.0.2.1"));
}

TEST_F(Check, another_path_is_compared) {
  resolver::FixtureResolver forged;
  forged.add("example.org", dns::Type::mx, "10 mx.evil.example");
  forged.add("mx.evil.example", dns::Type::a, "192.0.2.66");
  world_.options.via = {Path{"office", {}, &forged}};
  const auto report = check();
  EXPECT_TRUE(has(report, FindingId::dns_differs, "example.org"));
  world_.options.via = {Path{"home", IpAddress::v4(127, 0, 0, 1), nullptr}};
  const auto same = check();
  EXPECT_THAT(complaints(same), IsEmpty());
  EXPECT_EQ(same.hosts[0].addresses.size(), 3U) << "the IPv4 address twice";
}

// Nobody is answered before all have asked: one after the other they would wait for ever.
struct Barrier {
  std::size_t wanted = 0;
  std::size_t waiting = 0;
  bool met = true;
};

net::Task<probe::Look> look_when_all_ask(Barrier& barrier, probe::SessionOptions session) {
  probe::Look look;
  look.at = session.to;
  look.error = Error(Code::connect_refused, "");
  ++barrier.waiting;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (barrier.waiting < barrier.wanted && std::chrono::steady_clock::now() < deadline) {
    CO_TRY_VOID(co_await net::yield());
  }
  barrier.met = barrier.met && barrier.waiting == barrier.wanted;
  co_return look;
}

TEST_F(Check, hosts_and_addresses_are_asked_side_by_side) {
  for (int i = 2; i <= 9; ++i) add_mx("mx" + std::to_string(i) + ".example.org", i * 10);
  Barrier barrier;
  barrier.wanted = 10;  // nine hosts, one of them with two addresses
  world_.probes.look = [&](probe::SessionOptions session) {
    return look_when_all_ask(barrier, std::move(session));
  };
  const auto report = world_.check("example.org");
  EXPECT_EQ(report.hosts.size(), 9U);
  EXPECT_TRUE(barrier.met);
}

TEST_F(Check, no_more_hosts_at_a_time_than_allowed) {
  for (int i = 2; i <= 9; ++i) add_mx("mx" + std::to_string(i) + ".example.org", i * 10);
  world_.options.hosts_side_by_side = 1;
  EXPECT_EQ(world_.check("example.org").hosts.size(), 9U);
}

TEST_F(Check, targets_are_checked_side_by_side_and_each_is_reported) {
  const Report report =
      world_.check({"example.org", "missing.example.org", "smtp://mx1.example.org"});
  ASSERT_EQ(report.targets.size(), 3U);
  EXPECT_FALSE(report.targets[0].error);
  EXPECT_TRUE(has(report.targets[1], FindingId::domain_not_found, "missing.example.org"));
  EXPECT_EQ(exit_status(report), 2);
}

}  // namespace
}  // namespace pawl::check

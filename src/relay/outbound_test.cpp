// The rules of DESIGN section 3 as the relay's outgoing half keeps them, against hosts in memory
// that do what an attacker or a broken server would.
#include "relay/outbound.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "tls/authority.h"

namespace pawl::relay {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using State = RecipientOutcome::State;

MonoTime soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(10);
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().sentence());
  return *std::move(result);
}

dns::Name name(std::string_view text) {
  return must(dns::Name::parse(text));
}

struct Certificates {
  WallTime now = net::SystemClock().now();
  tls::Authority root = must(tls::Authority::make("Test Root", now));
  std::shared_ptr<tls::ClientContext> client = [this] {
    tls::ClientContextOptions options;
    options.ca_pem = root.certificate_pem();
    return must(tls::make_client_context(options));
  }();
  std::shared_ptr<tls::ServerContext> server(const char* host, tls::Version newest) const {
    tls::Identity identity = must(root.issue(tls::leaf_for({host}, now)));
    tls::ServerContextOptions options;
    options.max_version = newest;
    options.key_pairs.emplace_back();
    options.key_pairs[0].certificate_pem = identity.certificate_pem;
    options.key_pairs[0].key_pem = identity.key_pem;
    return must(tls::make_server_context(options));
  }
};

const Certificates& certificates() {
  static const Certificates kMade;
  return kMade;
}

// What one host does. Everything it reads stands in `heard`, one line each, "clear: " or "tls: ".
struct Host {
  bool refuses_connection = false;
  bool implicit_tls = false;
  bool offers_starttls = true;
  std::string starttls_reply = "220 go";
  bool breaks_handshake = false;
  tls::Version newest = tls::Version::tls1_3;
  std::string behind_handshake;
  std::string keywords = "250-PIPELINING\r\n";
  std::string certificate = "mx.example.org";
  std::map<std::string, std::string> replies;  // by the beginning of the command
  int messages_before_close = 1000;            // then it closes as if idle
  std::vector<std::string> heard;
  int connections = 0;
  int messages = 0;
};

net::Task<> say(net::Channel& channel, std::string text) {
  co_return co_await channel.write_all(text, soon());
}

std::string answer(const Host& host, const std::string& line, bool in_tls) {
  for (const auto& [command, reply] : host.replies) {
    if (line.starts_with(command)) return reply + "\r\n";
  }
  if (line.starts_with("EHLO")) {
    bool offers = host.offers_starttls && !in_tls;
    return "250-mx\r\n" + host.keywords + (offers ? "250-STARTTLS\r\n" : "") + "250 OK\r\n";
  }
  if (line == "DATA") return "354 go\r\n";
  return "250 2.0.0 ok\r\n";
}

net::Task<> serve(std::shared_ptr<Host> host, std::unique_ptr<net::Stream> stream) {
  ++host->connections;
  net::Channel channel(std::move(stream));
  auto context = certificates().server(host->certificate.c_str(), host->newest);
  bool in_data = false;
  int messages = 0;
  std::string in;
  std::string chunk(16384, '\0');
  if (host->implicit_tls) {
    CO_TRY_VOID(co_await channel.start_tls(must(tls::make_server_engine(context)), soon()));
  }
  CO_TRY_VOID(co_await say(channel, "220 mx\r\n"));
  while (true) {
    std::size_t end = in.find("\r\n");
    if (end == in.npos) {
      CO_TRY(std::size_t count, co_await channel.read_some(chunk, soon()));
      in.append(chunk, 0, count);
      continue;
    }
    std::string line = in.substr(0, end);
    in.erase(0, end + 2);
    host->heard.push_back((channel.is_tls() ? "tls: " : "clear: ") + line);
    if (in_data) {
      if (line != ".") continue;
      in_data = false;
      ++host->messages;
      auto reply = host->replies.find("after DATA");
      if (reply != host->replies.end() && reply->second == "close") co_return Result<>();
      CO_TRY_VOID(co_await say(
          channel, reply == host->replies.end() ? "250 2.0.0 queued\r\n" : reply->second + "\r\n"));
      if (++messages == host->messages_before_close) co_return Result<>();
      continue;
    }
    if (line == "STARTTLS") {
      CO_TRY_VOID(co_await say(channel, host->starttls_reply + "\r\n"));
      if (!host->starttls_reply.starts_with("220")) continue;
      if (host->breaks_handshake) co_return Result<>();
      CO_TRY_VOID(co_await channel.start_tls(must(tls::make_server_engine(context)), soon()));
      if (!host->behind_handshake.empty()) {
        CO_TRY_VOID(co_await say(channel, host->behind_handshake + "\r\n"));
      }
      continue;
    }
    std::string reply = answer(*host, line, channel.is_tls());
    in_data = line == "DATA" && reply.starts_with("354");
    CO_TRY_VOID(co_await say(channel, reply));
  }
}

class Events : public EventSink {
 public:
  void emit(const Event& event) override { names.push_back(event.name); }
  std::vector<std::string> names;
};

class OutboundTest : public testing::Test {
 protected:
  OutboundTest() {
    settings.helo = "relay.example.net";
    services.gather = [this](NextHop) { return gather(); };
    services.decide = [this](const policy::Facts&, const policy::Rules&,
                             const policy::MessageDemands&, WallTime) { return plan; };
    services.rules = [rules = std::make_shared<const policy::Rules>()] { return rules; };
    services.refetch_policy = [this](dns::Name) { return refetch(); };
    services.dial = [this](Endpoint to, MonoTime) { return dial(to); };
    services.tls = certificates().client;
    services.events = &events;
    services.clock = &clock;
  }

  // Host number n of the destination, at 192.0.2.n.
  Host& add_host(bool tls_required = false, std::size_t addresses = 1) {
    auto n = static_cast<std::uint8_t>(facts.mx.size() + 1);
    dns::Name host_name = name("mx.example.org");
    policy::MxFacts mx;
    mx.host = host_name;
    mx.preference = n;
    policy::Verdict verdict;
    verdict.host = host_name;
    verdict.profile.sni = host_name.text();
    verdict.reasons = {{policy::Source::nothing, "test", ""}};
    if (tls_required) {
      verdict.tls_required = true;
      verdict.profile.pkix = tls::PkixDemand{{host_name.text()}, {}};
      verdict.promised = policy::Protection::authenticated;
      verdict.promised_by = {policy::Source::mta_sts};
    }
    auto host = std::make_shared<Host>();
    for (std::size_t i = 0; i < addresses; ++i) {
      auto last = static_cast<std::uint8_t>(n + 100 * i);
      mx.addresses.push_back(IpAddress::v4(192, 0, 2, last));
      hosts[mx.addresses.back()] = host;
    }
    facts.mx.push_back(mx);
    plan.verdicts.push_back(verdict);
    return *host;
  }

  DeliveryJob job(std::size_t recipients = 1, int attempt = 1) {
    DeliveryJob made;
    made.next_hop.domain = name("example.org");
    made.attempt = attempt;
    made.message.envelope.sender = "joe@example.net";
    for (std::size_t i = 0; i < recipients; ++i) {
      store::QueuedRecipient r;
      r.index = static_cast<std::int32_t>(i);
      r.recipient.address = "r" + std::to_string(i) + "@example.org";
      made.message.recipients.push_back(r);
    }
    auto content = std::make_shared<const std::string>("Subject: x\r\n\r\n.secret\r\n");
    made.message.content.memory = content;
    made.message.content.size = content->size();
    return made;
  }

  DeliveryResult deliver(DeliveryJob made) {
    if (!outbound) outbound.emplace(settings, services);
    DeliveryResult result;
    auto run = [](Outbound* out, DeliveryJob* what, DeliveryResult* into) -> net::Task<> {
      CO_TRY(*into, co_await out->deliver(std::move(*what)));
      co_return Result<>();
    };
    auto done = loop.run_until_done(run(&*outbound, &made, &result));
    EXPECT_TRUE(done) << done.error().sentence();
    return result;
  }

  static Code code(const DeliveryResult& result, std::size_t recipient = 0) {
    return result.outcomes[recipient].error->code;
  }

  net::Task<policy::Facts> gather() {
    ++gathered;
    if (domain_error) co_return fail(*domain_error);
    co_return facts;
  }
  net::Task<bool> refetch() {
    ++refetched;
    if (!policy_changes) co_return false;
    plan.verdicts[0] = policy::Verdict();
    plan.verdicts[0].host = name("mx.example.org");
    co_return true;
  }
  net::Task<std::unique_ptr<net::Stream>> dial(Endpoint to) {
    dialled.push_back(to);
    auto host = hosts.at(to.address);
    if (host->refuses_connection) co_return fail(Code::connect_refused, to.text());
    auto [ours, theirs] = net::make_pipe();
    net::Loop::current().spawn(serve(host, std::move(theirs)));
    co_return std::move(ours);
  }

  policy::Facts facts;
  policy::Plan plan;
  std::map<IpAddress, std::shared_ptr<Host>> hosts;
  std::optional<Error> domain_error;
  bool policy_changes = false;
  int gathered = 0;
  int refetched = 0;
  std::vector<Endpoint> dialled;
  Events events;
  net::SystemClock clock;
  OutboundSettings settings;
  OutboundServices services;
  net::Loop loop;
  std::optional<Outbound> outbound;
};

MATCHER(IsEnvelope, "") {
  return arg.starts_with("clear: ") && arg != "clear: EHLO relay.example.net" &&
         arg != "clear: STARTTLS";
}

TEST_F(OutboundTest, DeliversOverTlsThatWasAuthenticated) {
  Host& host = add_host(true);
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::delivered);
  EXPECT_EQ(result.outcomes[0].remote_host, name("mx.example.org"));
  ASSERT_EQ(result.attempts.size(), 1U);
  EXPECT_FALSE(result.attempts[0].failure);
  EXPECT_FALSE(result.attempts[0].in_clear);
  EXPECT_EQ(result.attempts[0].reached, policy::Protection::authenticated);
  EXPECT_EQ(result.attempts[0].reply, "250 2.0.0 queued");
  EXPECT_THAT(host.heard, AllOf(Contains("tls: ..secret"), Not(Contains("clear: DATA"))));
}

TEST_F(OutboundTest, HalfDaneIsNotCountedAsAuthenticated) {
  add_host(true);
  plan.verdicts[0].promised = policy::Protection::half_dane;
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::delivered);
  EXPECT_EQ(result.attempts[0].reached, policy::Protection::half_dane);
}

TEST_F(OutboundTest, EachMessageIsDecidedByItsOwnDemands) {
  add_host().keywords = "250-REQUIRETLS\r\n";
  std::vector<std::string> decided;
  services.decide = [&](const policy::Facts&, const policy::Rules&,
                        const policy::MessageDemands& demands, WallTime) {
    decided.push_back(std::string(demands.require_tls ? "REQUIRETLS " : "") +
                      (demands.tls_required_no ? "TLS-Required: No" : ""));
    return plan;
  };
  for (bool require_tls : {false, true}) {
    for (bool tls_required_no : {false, true}) {
      DeliveryJob made = job();
      made.message.envelope.require_tls = require_tls;
      made.message.content.tls_required_no = tls_required_no;
      EXPECT_EQ(deliver(std::move(made)).outcomes[0].state, State::delivered);
    }
  }
  EXPECT_THAT(decided,
              ElementsAre("", "TLS-Required: No", "REQUIRETLS ", "REQUIRETLS TLS-Required: No"))
      << "no message travels under the plan of another kind";
}

TEST_F(OutboundTest, NothingLeavesToAHostWithAnotherCertificate) {
  Host& host = add_host(true);
  host.certificate = "evil.example.com";
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::deferred);
  EXPECT_EQ(code(result), Code::certificate_host_mismatch);
  ASSERT_TRUE(result.attempts[0].tls);
  EXPECT_THAT(host.heard, ElementsAre("clear: EHLO relay.example.net", "clear: STARTTLS"));
}

TEST_F(OutboundTest, ARefusedStarttlsUnderAPromiseDefersWhateverTheDigit) {
  for (const char* reply : {"454 4.7.0 later", "500 5.5.1 what", "554 5.7.0 never"}) {
    facts.mx.clear();
    plan.verdicts.clear();
    Host& host = add_host(true);
    host.starttls_reply = reply;
    DeliveryResult result = deliver(job());
    EXPECT_EQ(result.outcomes[0].state, State::deferred) << reply;
    EXPECT_EQ(result.outcomes[0].status, "4.7.4");
    EXPECT_EQ(code(result), Code::starttls_refused);
    EXPECT_THAT(host.heard, Not(Contains(IsEnvelope())));
    outbound.reset();
  }
}

TEST_F(OutboundTest, AStrippedStarttlsUnderAPromiseDefersAndNothingLeaves) {
  Host& host = add_host(true);
  host.offers_starttls = false;
  DeliveryResult result = deliver(job(1, 5));
  EXPECT_EQ(result.outcomes[0].state, State::deferred);
  EXPECT_EQ(code(result), Code::starttls_not_offered);
  EXPECT_THAT(host.heard, ElementsAre("clear: EHLO relay.example.net"));
}

TEST_F(OutboundTest, ABrokenHandshakeUnderAPromiseNeverFallsBackHoweverOften) {
  Host& host = add_host(true);
  host.breaks_handshake = true;
  for (int attempt = 1; attempt < 5; ++attempt) {
    DeliveryResult result = deliver(job(1, attempt));
    EXPECT_EQ(result.outcomes[0].state, State::deferred);
    EXPECT_EQ(code(result), Code::tls_handshake);
  }
  EXPECT_THAT(host.heard, Not(Contains(IsEnvelope())));
}

TEST_F(OutboundTest, AGreetingBehindTheHandshakeIsOpossumAndEndsTheSession) {
  Host& host = add_host();
  host.behind_handshake = "220 mx implicit";
  DeliveryResult result = deliver(job());
  EXPECT_EQ(code(result), Code::unexpected_greeting);
  EXPECT_THAT(host.heard, Not(Contains(HasSubstr("MAIL"))));
  // It is no broken handshake: clear text is not the remedy.
  deliver(job(1, 2));
  EXPECT_THAT(host.heard, Not(Contains(HasSubstr("MAIL"))));
}

// TLS 1.2 ends with the server's flight, so what the server says next is there when we look.
TEST_F(OutboundTest, APlausibleReplyBehindTheHandshakeIsNotTakenForTheAnswerToOurEhlo) {
  Host& host = add_host();
  host.newest = tls::Version::tls1_2;
  host.behind_handshake = "250 mx";
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::deferred);
  EXPECT_EQ(code(result), Code::unexpected_greeting);
  EXPECT_THAT(host.heard, ElementsAre("clear: EHLO relay.example.net", "clear: STARTTLS"));
}

TEST_F(OutboundTest, OpportunisticFallsBackToClearOnlyAfterADeferralOnAFreshConnection) {
  Host& host = add_host();
  host.breaks_handshake = true;
  DeliveryResult first = deliver(job());
  EXPECT_EQ(first.outcomes[0].state, State::deferred);
  EXPECT_EQ(host.connections, 1);
  // Another message is new: it tries TLS first.
  EXPECT_EQ(deliver(job()).outcomes[0].state, State::deferred);
  EXPECT_THAT(host.heard, Not(Contains(IsEnvelope())));
  DeliveryResult second = deliver(job(1, 2));
  EXPECT_EQ(second.outcomes[0].state, State::delivered);
  EXPECT_TRUE(second.attempts[0].in_clear);
  EXPECT_EQ(host.connections, 3);
  EXPECT_THAT(events.names,
              ElementsAre("tls.handshake_failed", "tls.handshake_failed", "tls.clear_fallback"));
}

TEST_F(OutboundTest, MailThatIsMerelyLateIsStillSealed) {
  Host& host = add_host();
  DeliveryResult result = deliver(job(1, 3));
  EXPECT_EQ(result.outcomes[0].state, State::delivered);
  EXPECT_FALSE(result.attempts[0].in_clear);
  EXPECT_THAT(host.heard, Not(Contains(IsEnvelope())));
}

TEST_F(OutboundTest, APromiseThatCameLaterEndsTheFallback) {
  Host& host = add_host();
  host.breaks_handshake = true;
  deliver(job());
  plan.verdicts[0].tls_required = true;
  DeliveryJob later = job(1, 2);
  later.message.content.tls_required_no = true;  // another plan than the one that is kept
  EXPECT_EQ(code(deliver(later)), Code::tls_handshake);
  host.breaks_handshake = false;
  EXPECT_EQ(deliver(later).outcomes[0].state, State::delivered);
  EXPECT_THAT(host.heard, Not(Contains(IsEnvelope())));
  EXPECT_THAT(events.names, ElementsAre("tls.handshake_failed"));
}

TEST_F(OutboundTest, OpportunisticTakesClearAtOnceWhereStarttlsIsRefusedAndSaysSo) {
  Host& host = add_host();
  host.starttls_reply = "454 no";
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::delivered);
  EXPECT_TRUE(result.attempts[0].in_clear);
  EXPECT_THAT(events.names, ElementsAre("tls.starttls_refused"));
}

TEST_F(OutboundTest, OpportunisticNeverFailsOnACertificate) {
  add_host().certificate = "other.example.com";
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::delivered);
  EXPECT_EQ(result.attempts[0].reached, policy::Protection::encrypted);
}

TEST_F(OutboundTest, ObserveDeliversAsBeforeAndRecords) {
  add_host(true).certificate = "evil.example.com";
  plan.verdicts[0].enforcement = policy::Enforcement::observe;
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::delivered);
  EXPECT_TRUE(result.attempts[0].observed_only);
  EXPECT_EQ(result.attempts[0].failure->code, Code::certificate_host_mismatch);
}

TEST_F(OutboundTest, ObserveDeliversInClearWhereStarttlsIsMissingAndRecords) {
  add_host(true).offers_starttls = false;
  plan.verdicts[0].enforcement = policy::Enforcement::observe;
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::delivered);
  EXPECT_TRUE(result.attempts[0].observed_only && result.attempts[0].in_clear);
  EXPECT_EQ(result.attempts[0].failure->code, Code::starttls_not_offered);
}

TEST_F(OutboundTest, AnUnusableHostIsSkippedAndTheNextOneTaken) {
  Host& forged = add_host(true);
  Host& good = add_host(true);
  plan.verdicts[0].usable = false;
  plan.verdicts[0].unusable = Error(Code::sts_mx_mismatch, "mx.evil");
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::delivered);
  EXPECT_EQ(forged.connections, 0);
  EXPECT_EQ(good.messages, 1);
  EXPECT_EQ(result.attempts[0].failure->code, Code::sts_mx_mismatch);
}

TEST_F(OutboundTest, TriesEachAddressAndEachHostInOrder) {
  add_host(false, 2).refuses_connection = true;
  Host& second = add_host();
  second.replies["RCPT TO:<r0"] = "450 4.2.1 busy";
  Host& third = add_host();
  DeliveryResult result = deliver(job(2));
  EXPECT_EQ(result.outcomes[0].state, State::delivered);
  EXPECT_EQ(result.outcomes[1].state, State::delivered);
  EXPECT_EQ(result.attempts.size(), 4U);
  EXPECT_EQ(second.messages, 1);
  EXPECT_EQ(third.messages, 1);
  EXPECT_THAT(third.heard, Not(Contains(HasSubstr("r1@"))));
}

TEST_F(OutboundTest, APermanentReplyIsFinalForItsRecipientAlone) {
  Host& host = add_host();
  host.replies["RCPT TO:<r0"] = "550 5.1.1 unknown";
  Host& next = add_host();
  DeliveryResult result = deliver(job(2));
  EXPECT_EQ(result.outcomes[0].state, State::failed);
  EXPECT_EQ(result.outcomes[0].status, "5.1.1");
  EXPECT_EQ(result.outcomes[0].reply, "550 5.1.1 unknown");
  EXPECT_EQ(result.outcomes[1].state, State::delivered);
  EXPECT_EQ(next.connections, 0);
}

TEST_F(OutboundTest, ALossAfterTheEndOfTheContentIsNotRepeatedElsewhereAtOnce) {
  add_host().replies["after DATA"] = "close";
  Host& next = add_host();
  DeliveryResult result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::deferred);
  EXPECT_EQ(next.connections, 0);
}

TEST_F(OutboundTest, ConnectionsAreReusedUnderAnEqualVerdictOnly) {
  Host& host = add_host();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(deliver(job()).outcomes[0].state, State::delivered);
  EXPECT_EQ(host.connections, 1);
  EXPECT_EQ(gathered, 1);
  // The same address, but now something is promised.
  plan.verdicts[0].tls_required = true;
  plan.verdicts[0].profile.pkix = tls::PkixDemand{{"mx.example.org"}, {}};
  DeliveryJob demanding = job();
  demanding.message.content.tls_required_no = true;  // another plan than the one that is kept
  EXPECT_EQ(deliver(std::move(demanding)).outcomes[0].state, State::delivered);
  EXPECT_EQ(host.connections, 2);
}

TEST_F(OutboundTest, AReusedConnectionThatItsHostGaveUpCostsOnlyANewOne) {
  Host& host = add_host();
  host.messages_before_close = 1;
  for (int i = 0; i < 3; ++i) {
    DeliveryResult result = deliver(job());
    EXPECT_EQ(result.outcomes[0].state, State::delivered);
    EXPECT_EQ(result.attempts.size(), 1U);
  }
  EXPECT_EQ(host.connections, 3);
  EXPECT_EQ(host.messages, 3);
}

TEST_F(OutboundTest, AConnectionCarriesNoMoreThanItsShare) {
  settings.pool.messages_per_connection = 2;
  Host& host = add_host();
  for (int i = 0; i < 4; ++i) deliver(job());
  EXPECT_EQ(host.connections, 2);
}

TEST_F(OutboundTest, RecipientsBeyondALimitGoInFurtherTransactions) {
  settings.recipients_per_transaction = 2;
  Host& host = add_host();
  DeliveryResult result = deliver(job(5));
  EXPECT_EQ(host.messages, 3);
  for (const auto& outcome : result.outcomes) EXPECT_EQ(outcome.state, State::delivered);
}

TEST_F(OutboundTest, APolicyThatBlocksIsFetchedAgainOnceBeforeMailIsHeld) {
  add_host(true).certificate = "new.example.org";
  EXPECT_EQ(deliver(job()).outcomes[0].state, State::deferred);
  EXPECT_EQ(refetched, 1);
  policy_changes = true;
  EXPECT_EQ(deliver(job()).outcomes[0].state, State::delivered);
  EXPECT_EQ(refetched, 2);
}

TEST_F(OutboundTest, ImplicitTlsIsJudgedBeforeAnythingIsSaid) {
  Host& host = add_host(true);
  host.implicit_tls = true;
  DeliveryJob made = job();
  made.next_hop.protocol = NextHop::Protocol::smtps;
  EXPECT_EQ(deliver(made).outcomes[0].state, State::delivered);
  EXPECT_EQ(host.heard.front(), "tls: EHLO relay.example.net");
  outbound.reset();
  host.heard.clear();
  host.certificate = "evil.example.com";
  EXPECT_EQ(code(deliver(made)), Code::certificate_host_mismatch);
  EXPECT_THAT(host.heard, IsEmpty());
}

// --- a smarthost with a password

class SmarthostTest : public OutboundTest {
 protected:
  SmarthostTest() {
    facts.mx_lookup = false;
    services.login = [this](const NextHop&) { return login; };
    login = std::make_shared<const Login>(
        Login{.credentials = {.user = "joe", .password = Secret("sesame")}, .origin = "a:1"});
    smarthost.keywords = "250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n";
    smarthost.replies["AUTH PLAIN AGpvZQBzZXNhbWU="] = "235 2.7.0 welcome";
  }
  static bool saw_password(const Host& host) {
    return std::ranges::any_of(
        host.heard, [](const std::string& line) { return line.find("AUTH") != std::string::npos; });
  }
  Host& smarthost = add_host();  // nobody promised anything for it
  std::shared_ptr<const Login> login;
};

TEST_F(SmarthostTest, ThePasswordIsSentInsideAuthenticatedTlsAndThenTheMail) {
  EXPECT_EQ(deliver(job()).outcomes[0].state, State::delivered);
  EXPECT_THAT(smarthost.heard, Contains("tls: AUTH PLAIN AGpvZQBzZXNhbWU="));
  EXPECT_THAT(smarthost.heard, Not(Contains(IsEnvelope())));
}

TEST_F(SmarthostTest, AStrippedStarttlsGetsNeitherPasswordNorMailHoweverOften) {
  smarthost.offers_starttls = false;
  for (int attempt = 1; attempt < 4; ++attempt) {
    auto result = deliver(job(1, attempt));
    EXPECT_EQ(result.outcomes[0].state, State::deferred);
    EXPECT_EQ(code(result), Code::starttls_not_offered);
  }
  EXPECT_FALSE(saw_password(smarthost));
  EXPECT_THAT(smarthost.heard, Not(Contains(IsEnvelope())));
}

TEST_F(SmarthostTest, AHostWithAnotherCertificateGetsNeitherEvenWhereOthersAreOnlyObserved) {
  plan.verdicts[0].enforcement = policy::Enforcement::observe;
  smarthost.certificate = "evil.example.com";
  auto result = deliver(job());
  EXPECT_EQ(result.outcomes[0].state, State::deferred);
  EXPECT_EQ(code(result), Code::certificate_host_mismatch);
  EXPECT_FALSE(saw_password(smarthost));
  EXPECT_EQ(smarthost.messages, 0);
}

TEST_F(SmarthostTest, AWrongPasswordOrNoAuthDefersTheMailAndNeverSendsItWithout) {
  smarthost.replies["AUTH"] = "535 5.7.8 no";
  smarthost.replies.erase("AUTH PLAIN AGpvZQBzZXNhbWU=");
  auto refused = deliver(job());
  EXPECT_EQ(refused.outcomes[0].state, State::deferred);
  EXPECT_EQ(code(refused), Code::auth_failed);
  smarthost.keywords = "";
  auto missing = deliver(job(1, 2));
  EXPECT_EQ(missing.outcomes[0].state, State::deferred);
  EXPECT_EQ(code(missing), Code::auth_failed);
  EXPECT_EQ(smarthost.messages, 0);
  EXPECT_THAT(smarthost.heard, Not(Contains(HasSubstr("MAIL"))));
}

TEST_F(SmarthostTest, AnotherNextHopGetsNoPassword) {
  login = nullptr;
  EXPECT_EQ(deliver(job()).outcomes[0].state, State::delivered);
  EXPECT_FALSE(saw_password(smarthost));
}

TEST_F(OutboundTest, OurselvesAndWorseHostsAreNotAsked) {
  Host& better = add_host();
  add_host();
  Host& worse = add_host();
  better.refuses_connection = true;
  settings.own_addresses = {IpAddress::v4(192, 0, 2, 2)};
  EXPECT_EQ(deliver(job()).outcomes[0].state, State::deferred);
  EXPECT_EQ(dialled.size(), 1U);
  EXPECT_EQ(worse.connections, 0);
  outbound.reset();
  settings.own_addresses = {IpAddress::v4(192, 0, 2, 1)};
  DeliveryResult loop_result = deliver(job());
  EXPECT_EQ(loop_result.outcomes[0].state, State::failed);
  EXPECT_EQ(code(loop_result), Code::mail_loop);
}

TEST_F(OutboundTest, ADomainWithoutMailIsReturnedAndADnsFailureWaits) {
  domain_error = Error(Code::null_mx, "example.org");
  EXPECT_EQ(deliver(job()).outcomes[0].state, State::failed);
  domain_error = Error(Code::dns_servfail, "example.org");
  EXPECT_EQ(deliver(job()).outcomes[0].state, State::deferred);
}

TEST_F(OutboundTest, AnAddressLiteralNeedsNoDns) {
  Host& host = add_host();
  DeliveryJob made = job();
  made.next_hop.literal = facts.mx[0].addresses[0];
  EXPECT_EQ(deliver(made).outcomes[0].state, State::delivered);
  EXPECT_EQ(gathered, 0);
  EXPECT_EQ(host.messages, 1);
}

TEST_F(OutboundTest, NoMoreConnectionsToADestinationThanAllowed) {
  settings.pool.connections_per_destination = 2;
  Host& host = add_host();
  outbound.emplace(settings, services);
  int left = 10;
  auto one = [](Outbound* out, DeliveryJob what, int* count, net::Loop* on) -> net::Task<> {
    CO_TRY(auto result, co_await out->deliver(std::move(what)));
    EXPECT_EQ(result.outcomes[0].state, State::delivered);
    if (--*count == 0) on->stop();
    co_return Result<>();
  };
  for (int i = 0; i < 10; ++i) loop.spawn(one(&*outbound, job(), &left, &loop));
  loop.run();
  EXPECT_EQ(left, 0);
  EXPECT_EQ(host.messages, 10);
  EXPECT_EQ(host.connections, 2);
}

}  // namespace
}  // namespace pawl::relay

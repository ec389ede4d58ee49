#include "resolver/unbound_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unbound.h>

#include <string>
#include <vector>

namespace pawl::resolver {
namespace {

using ::testing::HasSubstr;

const dns::Name kQuestion = *dns::Name::parse("_25._tcp.mx.example.org");

// A result of libunbound with one record of data.
struct Made {
  std::string rdata = std::string("\3\1\1", 3) + std::string(32, 'k');
  std::string why;
  std::string canonical;
  std::vector<char*> data = {rdata.data(), nullptr};
  std::vector<int> lengths = {static_cast<int>(rdata.size())};
  ub_result result{};

  Made() {
    result.data = data.data();
    result.len = lengths.data();
    result.havedata = 1;
    result.ttl = 300;
  }
  Result<dns::Answer> read(bool anchored = true) {
    if (!why.empty()) result.why_bogus = why.data();
    if (!canonical.empty()) result.canonname = canonical.data();
    return answer_of(kQuestion, dns::Type::tlsa, 0, &result, anchored);
  }
};

TEST(UnboundResult, SecureDataIsASecureAnswer) {
  Made made;
  made.result.secure = 1;
  const auto answer = made.read();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->secure());
  EXPECT_TRUE(answer->found());
  EXPECT_EQ(answer->rdata.front(), made.rdata);
  EXPECT_EQ(answer->ttl, Seconds(300));
  EXPECT_FALSE(answer->is_alias());
}

// libunbound hands out rcode 0, havedata 1 and the forged record along with `bogus`.
TEST(UnboundResult, BogusIsAnErrorAlthoughDataCameWithIt) {
  Made made;
  made.result.bogus = 1;
  made.why = "validation failure <mx.example.org. TLSA IN>: ECDSA signature verification failed";
  const auto answer = made.read();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::dnssec_bogus);
  EXPECT_THAT(answer.error().detail, HasSubstr("ECDSA signature verification failed"));
}

TEST(UnboundResult, BogusNamesTheCauseBehindARepeatedFailure) {
  Made made;
  made.result.bogus = 1;
  made.why =
      "validation failure <mx.example.org. A IN>: key for validation example.org. is marked as "
      "invalid because of a previous validation failure <validation failure <example.org. MX IN>: "
      "signature expired from 127.0.0.1>";
  const auto detail = made.read().error().detail;
  EXPECT_THAT(detail, HasSubstr(": validation failure <example.org. MX IN>: signature expired"));
  EXPECT_THAT(detail, ::testing::Not(HasSubstr("previous")));
}

TEST(UnboundResult, WhatIsNotSecureIsInsecureUnderAnAnchorAndElseUnknown) {
  Made made;
  EXPECT_EQ(made.read(true)->security, dns::Security::insecure);
  EXPECT_EQ(made.read(false)->security, dns::Security::indeterminate);
}

// "There is no TLSA" may be said by a proof or by an unsigned zone, never by a server's failure.
TEST(UnboundResult, NoFailureReadsAsNoSuchRecord) {
  for (int rcode : {1, 2, 4, 5, 9}) {
    Made made;
    made.result.havedata = 0;
    made.result.rcode = rcode;
    EXPECT_EQ(made.read().error().code, Code::dns_servfail) << rcode;
  }
  EXPECT_EQ(answer_of(kQuestion, dns::Type::tlsa, UB_SERVFAIL, nullptr, true).error().code,
            Code::dns_servfail);
}

TEST(UnboundResult, DenialsAreAnswers) {
  Made made;
  made.result.havedata = 0;
  made.result.secure = 1;
  EXPECT_EQ(made.read()->existence, dns::Existence::no_data);
  made.result.rcode = 3;
  made.result.nxdomain = 1;
  EXPECT_EQ(made.read()->existence, dns::Existence::no_domain);
  EXPECT_TRUE(made.read()->secure());
  EXPECT_TRUE(made.read()->rdata.empty());
}

TEST(UnboundResult, AliasesEndAtTheirCanonicalName) {
  Made made;
  made.canonical = "TLSA.example.net.";
  EXPECT_EQ(made.read()->canonical.text(), "tlsa.example.net");
  EXPECT_TRUE(made.read()->is_alias());
  made.canonical = "not\\032a\\032host.example.";
  EXPECT_EQ(made.read().error().code, Code::dns_malformed);
}

}  // namespace
}  // namespace pawl::resolver

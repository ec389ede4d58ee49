#include "relay/failure_text.h"

#include <gtest/gtest.h>

namespace pawl::relay {
namespace {

DeliveryResult held_by_dane() {
  Attempt attempt;
  attempt.host = *dns::Name::parse("mx1.example.org");
  attempt.address = *Endpoint::parse("192.0.2.1:25");
  attempt.reasons = {{policy::Source::dane, "dane: mx1.example.org has signed TLSA records", ""},
                     {policy::Source::nothing, "nothing else is known", ""}};
  attempt.promised = policy::Protection::authenticated;
  attempt.promised_by = {policy::Source::dane};
  attempt.failure = Error(Code::tlsa_mismatch, "3 1 1 0b9f...");
  RecipientOutcome outcome;
  outcome.state = RecipientOutcome::State::deferred;
  outcome.status = "4.7.5";
  outcome.error = attempt.failure;
  outcome.remote_host = attempt.host;
  DeliveryResult result;
  result.attempts = {attempt};
  result.outcomes = {outcome};
  return result;
}

TEST(FailureText, NamesHostPromiseObservationAndRemedy) {
  DeliveryResult result = held_by_dane();
  FailureText text = failure_text(result, result.outcomes[0]);
  EXPECT_EQ(text.host, "mx1.example.org [192.0.2.1]:25");
  EXPECT_EQ(text.promise, "dane: mx1.example.org has signed TLSA records");
  EXPECT_EQ(text.observation, "The certificate matches none of the TLSA records: 3 1 1 0b9f...");
  EXPECT_NE(text.remedy.find("operator of mx1.example.org"), std::string::npos);
  EXPECT_EQ(text.line(),
            "mx1.example.org [192.0.2.1]:25: The certificate matches none of the TLSA records: "
            "3 1 1 0b9f... [promised: dane: mx1.example.org has signed TLSA records]");
}

TEST(FailureText, EveryCodeHasARemedyInWords) {
#define PAWL_CODE(name, text, retry, status, report, exit)            \
  {                                                                   \
    DeliveryResult result = held_by_dane();                           \
    result.outcomes[0].error = Error(Code::name, "");                 \
    FailureText text_of = failure_text(result, result.outcomes[0]);   \
    EXPECT_FALSE(text_of.remedy.empty()) << #name;                    \
    EXPECT_EQ(text_of.remedy.find("{}"), std::string::npos) << #name; \
    EXPECT_TRUE(text_of.remedy.ends_with('.')) << #name;              \
  }
#include "base/error_codes.def"
#undef PAWL_CODE
}

TEST(FailureText, WithoutAnAttemptTheDomainsReasonsSpeak) {
  DeliveryResult result;
  result.reasons = {{policy::Source::mta_sts, "mta-sts: enforce, names no MX of the domain", ""}};
  RecipientOutcome outcome;
  outcome.error = Error(Code::no_mx_host_usable, "");
  result.outcomes = {outcome};
  FailureText text = failure_text(result, outcome);
  EXPECT_EQ(text.host, "");
  EXPECT_EQ(text.promise, "mta-sts: enforce, names no MX of the domain");
}

TEST(FailureText, RepliesAreShownSafely) {
  DeliveryResult result = held_by_dane();
  result.outcomes[0].reply = "550 \x1b[31mred";
  EXPECT_EQ(failure_text(result, result.outcomes[0]).line().find('\x1b'), std::string::npos);
}

TEST(DsnRecipient, AnExpiredDeferralIsAFailureOfClassFive) {
  DeliveryResult result = held_by_dane();
  smtp::Recipient recipient{.address = "joe@example.org", .domain = {}, .notify = {}, .orcpt = ""};
  auto failed =
      dsn_recipient(recipient, result, result.outcomes[0], smtp::DsnAction::failed, WallTime{});
  EXPECT_EQ(failed.status, "5.7.5");
  EXPECT_NE(failed.text.find("again and again"), std::string::npos);
  EXPECT_NE(failed.text.find("Nothing of the message left"), std::string::npos);
  auto delayed = dsn_recipient(recipient, result, result.outcomes[0], smtp::DsnAction::delayed,
                               WallTime{}, WallTime{});
  EXPECT_EQ(delayed.status, "4.7.5");
  EXPECT_EQ(delayed.remote_mta, "mx1.example.org");
}

}  // namespace
}  // namespace pawl::relay

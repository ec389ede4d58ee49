#include "dns/answer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "dns/presentation.h"

namespace pawl::dns {
namespace {

using namespace std::string_literals;

Answer answer_of(Type type, std::vector<std::string> rdata) {
  Answer answer;
  answer.question = *Name::parse("example.org");
  answer.type = type;
  answer.existence = Existence::found;
  answer.rdata = std::move(rdata);
  return answer;
}

std::string rdata(Type type, std::string_view text) {
  auto made = rdata_from_text(type, text);
  EXPECT_TRUE(made) << text;
  return made.value_or("");
}

TEST(Answer, DecodesWhatAZoneFileSays) {
  const auto mx = mx_records(
      answer_of(Type::mx, {rdata(Type::mx, "10 mx1.example.org."), rdata(Type::mx, "0 .")}));
  ASSERT_TRUE(mx);
  EXPECT_EQ((*mx)[0], (Mx{10, *Name::parse("mx1.example.org")}));
  EXPECT_TRUE((*mx)[1].exchange.is_root());  // null MX, rfc7505#3

  const auto tlsa = tlsa_records(answer_of(Type::tlsa, {rdata(Type::tlsa, "3 1 1 00ff")}));
  ASSERT_TRUE(tlsa);
  EXPECT_EQ(tlsa->front().text(), "3 1 1 00ff");

  EXPECT_EQ(addresses(answer_of(Type::a, {"\xc0\0\2\1"s}))->front().text(), "192.0.2.1");
  EXPECT_EQ(addresses(answer_of(Type::aaaa, {rdata(Type::aaaa, "2001:db8::1")}))->front().text(),
            "2001:db8::1");
  EXPECT_EQ(txt_records(answer_of(Type::txt, {"\2v=\4STS1"s}))->front(), "v=STS1");
  EXPECT_EQ(srv_records(answer_of(Type::srv, {rdata(Type::srv, "1 2 5269 x.example")}))->front(),
            (Srv{1, 2, 5269, *Name::parse("x.example")}));
  EXPECT_EQ(cname_records(answer_of(Type::cname, {rdata(Type::cname, "x.example")}))->front(),
            *Name::parse("x.example"));
}

TEST(Answer, OneMalformedRecordMakesTheWholeAnswerMalformed) {
  const auto good = rdata(Type::mx, "10 mx1.example.org");
  for (const auto& bad :
       {""s, "\0"s, "\0\x0a"s, "\0\x0a\3mx1"s, "\0\x0a\xc0\x0c"s, "\0\x0a\3a b\0"s, good + "x"}) {
    const auto records = mx_records(answer_of(Type::mx, {good, bad}));
    ASSERT_FALSE(records);
    EXPECT_EQ(records.error().code, Code::dns_malformed);
    EXPECT_NE(records.error().detail.find("MX record of example.org"), std::string::npos);
  }
  EXPECT_FALSE(addresses(answer_of(Type::a, {"\1\2\3"s})));
  EXPECT_FALSE(addresses(answer_of(Type::a, {std::string(16, 'a')})));
  EXPECT_FALSE(addresses(answer_of(Type::aaaa, {"\1\2\3\4"s})));
  EXPECT_FALSE(txt_records(answer_of(Type::txt, {""s})));
  EXPECT_FALSE(txt_records(answer_of(Type::txt, {"\5abc"s})));
  EXPECT_FALSE(srv_records(answer_of(Type::srv, {"\0\0\0\0\0"s})));
}

// Readers that trusted three bytes to be there have crashed on these (rfc6698#2.1).
TEST(Answer, ShortTlsaRecordsAreKeptForTheRulesToRefuse) {
  const auto records = tlsa_records(answer_of(Type::tlsa, {""s, "\3"s, "\3\1"s, "\3\1\1"s}));
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 4U);
  for (const auto& record : *records) EXPECT_TRUE(record.data.empty());
  EXPECT_EQ((*records)[2].selector, 1);
}

TEST(Answer, IsNotReadAsAnotherType) {
  EXPECT_EQ(tlsa_records(answer_of(Type::txt, {"\3\1\1abc"s})).error().code, Code::internal);
  EXPECT_EQ(addresses(answer_of(Type::mx, {"\1\2\3\4"s})).error().code, Code::internal);
}

TEST(Answer, TextThatIsNoRecordIsRefused) {
  for (auto [type, text] : {std::pair{Type::mx, "mx1.example.org"},
                            {Type::mx, "70000 a.b"},
                            {Type::tlsa, "3 1 1"},
                            {Type::tlsa, "3 1 256 00"},
                            {Type::tlsa, "3 1 1 0"},
                            {Type::a, "2001:db8::1"},
                            {Type::aaaa, "x"},
                            {Type::cname, "a b"},
                            {Type::ds, "1 2 3 00"}})
    EXPECT_FALSE(rdata_from_text(type, text)) << text;
}

RC_GTEST_PROP(Answer, TxtIsWhatWasPutIn, (const std::string& text)) {
  const auto back = txt_records(answer_of(Type::txt, {rdata(Type::txt, text)}));
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->front() == text);
}

RC_GTEST_PROP(Answer, AnyRdataIsDecodedOrMalformed, (const std::string& bytes)) {
  for (auto type : {Type::a, Type::aaaa}) (void)addresses(answer_of(type, {bytes}));
  const auto mx = mx_records(answer_of(Type::mx, {bytes}));
  if (mx) RC_ASSERT(bytes.size() == 2 + mx->front().exchange.wire().size());
  (void)srv_records(answer_of(Type::srv, {bytes}));
  (void)txt_records(answer_of(Type::txt, {bytes}));
  const auto tlsa = tlsa_records(answer_of(Type::tlsa, {bytes}));
  RC_ASSERT(tlsa->front().data.size() == (bytes.size() < 3 ? 0 : bytes.size() - 3));
}

}  // namespace
}  // namespace pawl::dns

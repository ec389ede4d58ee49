#include "dns/name.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"

namespace pawl::dns {
namespace {

std::string canonical(std::string_view text) {
  auto name = Name::parse(text);
  return name ? name->text() : "refused: " + name.error().detail;
}

TEST(Name, HasOneFormWhateverWasTyped) {
  EXPECT_EQ(canonical("Example.ORG"), "example.org");
  EXPECT_EQ(canonical("example.org."), "example.org");
  EXPECT_EQ(canonical("_25._tcp.mx1.example.org"), "_25._tcp.mx1.example.org");
  EXPECT_EQ(canonical("*.example.org"), "*.example.org");
  EXPECT_EQ(canonical("B\xc3\xbc"
                      "cher.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(canonical("_mta-sts.b\xc3\xbc"
                      "cher.example"),
            "_mta-sts.xn--bcher-kva.example");
  // The ideographic full stop separates labels (rfc3490#3.1).
  EXPECT_EQ(canonical("b\xc3\xbc"
                      "cher\xe3\x80\x82"
                      "example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(canonical("stra\xc3\x9f"
                      "e.example"),
            "xn--strae-oqa.example");  // non-transitional: not strasse
  EXPECT_TRUE(Name::parse(".")->is_root());
}

TEST(Name, RefusesWhatNoMailHostIsCalled) {
  for (std::string_view text :
       {std::string_view(""), std::string_view(".."), std::string_view(".a"),
        std::string_view("a..b"), std::string_view("a b"), std::string_view("a\0.b", 4),
        std::string_view("a\n"), std::string_view("a.*.b"), std::string_view("**.b"),
        std::string_view("a\\.b"), std::string_view("[192.0.2.1]"), std::string_view("a/b"),
        std::string_view("\xff\xfe"), std::string_view("a,b")})
    EXPECT_FALSE(Name::parse(text)) << text;
  EXPECT_FALSE(Name::parse(std::string_view("b\xc3\xbc\0.x", 6)));
}

TEST(Name, HoldsTheLengthsOfTheWire) {
  const std::string label(63, 'a');
  EXPECT_TRUE(Name::parse(label + ".org"));
  EXPECT_FALSE(Name::parse(label + "a.org"));
  const auto longest = label + '.' + label + '.' + label + '.' + std::string(61, 'a');  // 253
  ASSERT_TRUE(Name::parse(longest));
  EXPECT_EQ(Name::parse(longest)->wire().size(), 255U);
  EXPECT_TRUE(Name::from_wire(Name::parse(longest)->wire()));
  EXPECT_FALSE(Name::parse(longest + "a"));
  EXPECT_FALSE(Name::parse(longest)->prepend("_25"));
}

TEST(Name, FromWireRefusesPointersUnfinishedNamesAndForeignBytes) {
  using namespace std::string_literals;
  EXPECT_FALSE(Name::from_wire(""));
  EXPECT_FALSE(Name::from_wire("\3mx1"s));
  EXPECT_FALSE(Name::from_wire("\3mx"s));
  EXPECT_FALSE(Name::from_wire("\xc0\x0c"s));
  EXPECT_FALSE(Name::from_wire("\3a.b\0"s));  // a dot inside a label is no boundary
  EXPECT_FALSE(Name::from_wire("\3a b\0"s));
  EXPECT_FALSE(Name::from_wire("\3a\0b\0"s));
  EXPECT_EQ(Name::from_wire("\3MX1\3Org\0"s)->text(), "mx1.org");
  std::size_t consumed = 0;
  EXPECT_TRUE(Name::from_wire("\0rest"s, &consumed)->is_root());
  EXPECT_EQ(consumed, 1U);
}

TEST(Name, KnowsItsParentsAndWhatIsBelowIt) {
  const auto name = *Name::parse("a.example.org");
  const auto zone = *Name::parse("example.org");
  EXPECT_EQ(name.parent(), zone);
  EXPECT_EQ(name.label_count(), 3U);
  EXPECT_TRUE(Name().parent().is_root());
  EXPECT_TRUE(name.is_within(zone));
  EXPECT_TRUE(zone.is_within(zone));
  EXPECT_TRUE(zone.is_within(Name()));
  EXPECT_FALSE(zone.is_within(name));
  EXPECT_FALSE(Name::parse("badexample.org")->is_within(zone));
  EXPECT_EQ(zone.prepend("_25._TCP")->text(), "_25._tcp.example.org");
  EXPECT_FALSE(zone.prepend(""));
  EXPECT_FALSE(zone.prepend("a."));
}

RC_GTEST_PROP(Name, WireAndTextAreTheSameName, ()) {
  const auto labels = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
      rc::gen::resize(20, rc::gen::nonEmpty(rc::gen::container<std::string>(
                              rc::gen::elementOf(std::string("abcxyzABC019-_")))))));
  const auto text = join(labels, ".");
  RC_PRE(text.size() <= 253);
  const auto name = Name::parse(text);
  RC_ASSERT(name.has_value());
  std::size_t consumed = 0;
  const auto back = Name::from_wire(name->wire() + "more", &consumed);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == *name);
  RC_ASSERT(consumed == name->wire().size());
  RC_ASSERT(*Name::parse(name->text()) == *name);
}

RC_GTEST_PROP(Name, AnyBytesGiveANameThatReadsBackOrAnError, (const std::string& bytes)) {
  for (const auto& name : {Name::from_wire(bytes), Name::parse(bytes)}) {
    if (!name || name->is_root()) continue;
    RC_ASSERT(*Name::parse(name->text()) == *name);
    RC_ASSERT(*Name::from_wire(name->wire()) == *name);
  }
}

}  // namespace
}  // namespace pawl::dns

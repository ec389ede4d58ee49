#include "json/value.h"

#include <gtest/gtest.h>

namespace pawl::json {
namespace {

TEST(JsonWrite, KeepsTheOrderAndIndents) {
  Value value =
      Object{{"b", 1}, {"a", Array{true, Value(), "x"}}, {"empty", Object{}}, {"none", Array{}}};
  EXPECT_EQ(write(value),
            "{\n  \"b\": 1,\n  \"a\": [\n    true,\n    null,\n    \"x\"\n  ],\n"
            "  \"empty\": {},\n  \"none\": []\n}\n");
  EXPECT_EQ(write_line(value), R"({"b":1,"a":[true,null,"x"],"empty":{},"none":[]})");
}

TEST(JsonWrite, AnyBytesBecomeValidJson) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  all +=
      "b\xC3\xBC"
      "cher \xED\xA0\x80 \xF4\x90\x80\x80 \xC0\x80 \xE2\x82";
  auto back = parse(write_line(Value(all)));
  ASSERT_TRUE(back) << back.error().sentence();
  ASSERT_TRUE(back->if_string());
  EXPECT_NE(back->if_string()->find("b\xC3\xBC"
                                    "cher"),
            std::string::npos);
}

TEST(JsonParse, ReadsWhatWriteWrites) {
  Value value = Object{{"text", "a\"b\\c\n\x01"},
                       {"number", -9007199254740993LL},
                       {"list", Array{Object{{"x", false}}}}};
  auto back = parse(write(value));
  ASSERT_TRUE(back) << back.error().sentence();
  EXPECT_EQ(*back, value);
  ASSERT_TRUE(back->find("text"));
  EXPECT_EQ(back->find("nothing"), nullptr);
}

TEST(JsonParse, RefusesWhatIsNotJsonOrTooDeep) {
  for (const char* bad :
       {"", "{", "[1,]", "{\"a\":1} x", "1.5", "18446744073709551615", "\"\xC3\""}) {
    auto value = parse(bad);
    ASSERT_FALSE(value) << bad;
    EXPECT_EQ(value.error().code, Code::syntax);
  }
  EXPECT_FALSE(parse(std::string(40, '[') + std::string(40, ']')));
}

}  // namespace
}  // namespace pawl::json

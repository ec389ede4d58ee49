#include "relay/users.h"

#include <gtest/gtest.h>

namespace pawl::relay {
namespace {

// openssl passwd -6 -salt saltsalt secret; openssl passwd -5 -salt saltsalt secret
constexpr std::string_view kFile =
    "# who may submit\n"
    "\n"
    "joe:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq."
    "H91p5hVO1\n"
    "ann:$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA\r\n";

TEST(Users, KnowsThePasswordsThatOpensslHashed) {
  auto users = Users::parse(kFile, "users");
  ASSERT_TRUE(users) << users.error().sentence();
  EXPECT_TRUE(users->verify("joe", "secret"));
  EXPECT_TRUE(users->verify("ann", "secret"));
  EXPECT_FALSE(users->verify("joe", "Secret"));
  EXPECT_FALSE(users->verify("joe", ""));
  EXPECT_FALSE(users->verify("Joe", "secret"));
  EXPECT_FALSE(users->verify("eve", "secret"));
  EXPECT_FALSE(users->verify("joe", std::string_view("secret\0x", 8)));
  EXPECT_FALSE(Users().verify("joe", "secret"));
}

TEST(Users, AWrongLineIsNamedAndItsHashIsNot) {
  for (const char* bad :
       {"joe", "joe:", ":$6$a$b", "joe:plaintext", "joe:$1$salt$md5", "joe:DESdesDESdes1"}) {
    auto users = Users::parse(std::string("# x\n") + bad, "pawl.users");
    ASSERT_FALSE(users) << bad;
    EXPECT_EQ(users.error().code, Code::config_invalid);
    EXPECT_TRUE(users.error().detail.starts_with("pawl.users:2: ")) << users.error().detail;
    EXPECT_EQ(users.error().detail.find("plaintext"), std::string::npos);
  }
  EXPECT_FALSE(Users::parse("joe:$6$a$b\njoe:$6$a$b\n", "f"));
  EXPECT_FALSE(Users::load("/nonexistent/users"));
}

}  // namespace
}  // namespace pawl::relay

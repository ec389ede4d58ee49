#include "starttls/protocol.h"

#include <gtest/gtest.h>

#include <set>

#include "starttls/client.h"
#include "starttls/server.h"

namespace pawl::starttls {
namespace {

TEST(Protocols, EachStandsWhereItsNumberSays) {
  for (const ProtocolRow& each : protocols()) EXPECT_EQ(&row(each.protocol), &each);
}

TEST(Protocols, EachHasBothSidesAndSaysWhereItIsDefined) {
  for (const ProtocolRow& each : protocols()) {
    EXPECT_NE(each.make_client(each, ClientOptions()), nullptr) << each.name;
    EXPECT_NE(each.make_server(each, ServerOptions()), nullptr) << each.name;
    EXPECT_TRUE(each.reference.starts_with("rfc")) << each.name;
    EXPECT_EQ(each.implicit_name.empty(), each.implicit_port == 0) << each.name;
  }
}

TEST(Protocols, AreFoundByBothNamesWhateverTheirCase) {
  std::set<std::string_view> names;
  for (const ProtocolRow& each : protocols()) {
    EXPECT_TRUE(names.insert(each.name).second);
    EXPECT_EQ(find_protocol(each.name), &each);
    if (!each.implicit_name.empty()) EXPECT_EQ(find_protocol(each.implicit_name), &each);
  }
  EXPECT_EQ(find_protocol("IMAPS"), &row(Protocol::imap));
  EXPECT_EQ(find_protocol("gopher"), nullptr);
  EXPECT_EQ(find_protocol(""), nullptr);
}

}  // namespace
}  // namespace pawl::starttls

#include "lab/zones.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/child.h"
#include "lab/guard.h"
#include "lab/name_server.h"
#include "lab/namespace.h"

namespace pawl::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kTlsa = 52;

std::vector<Zone> small_tree() {
  Zone good("signed.test", Signing::secure);
  good.add("mx IN A 127.0.0.7");
  good.add("_25._tcp.mx IN TLSA 3 1 1 " + std::string(64, 'a'));
  Zone bad("bogus.test", Signing::secure);
  bad.add("_25._tcp.mx IN TLSA 3 1 1 " + std::string(64, 'a'));
  bad.add("mx IN A 127.0.0.7");
  bad.corrupt("_25._tcp.mx", "TLSA");
  Zone plain("plain.test", Signing::insecure);
  plain.add("mx IN A 127.0.0.7");
  return {good, bad, plain};
}

class Tree : public ::testing::Test {
 protected:
  void SetUp() override {
    auto scratch = Scratch::make();
    ASSERT_TRUE(scratch) << scratch.error().sentence();
    scratch_.emplace(std::move(*scratch));
    auto zones = sign_zones(small_tree(), IpAddress::v4(127, 0, 0, 53), *scratch_);
    ASSERT_TRUE(zones) << zones.error().sentence();
    zones_ = std::move(*zones);
  }
  std::string path_of(const std::string& zone) {
    for (const auto& file : zones_.files) {
      if (file.name == zone) return file.path;
    }
    return {};
  }
  std::optional<Scratch> scratch_;
  SignedZones zones_;
};

TEST_F(Tree, AnotherProgramFindsTheSignedZoneValidAndTheCorruptedOneNot) {
  auto verify = [&](const std::string& zone) {
    return run_program({"ldns-verify-zone", path_of(zone)}, scratch_->path().string());
  };
  EXPECT_TRUE(verify("signed.test"));
  EXPECT_TRUE(verify(""));
  EXPECT_FALSE(verify("bogus.test"));
}

TEST_F(Tree, TheParentVouchesForSecureZonesOnly) {
  auto parent = read_file(path_of("test"));
  ASSERT_TRUE(parent);
  EXPECT_THAT(*parent, HasSubstr("signed.test.\t3600\tIN\tDS"));
  EXPECT_THAT(*parent, Not(HasSubstr("plain.test.\t3600\tIN\tDS")));
  auto anchor = read_file(zones_.trust_anchor_file);
  ASSERT_TRUE(anchor);
  EXPECT_THAT(*anchor, HasSubstr("DNSKEY"));
}

TEST_F(Tree, NsdServesItAndWhoeverSitsInFrontForges) {
  auto server = NameServer::start(zones_, {IpAddress::v4(127, 0, 0, 53), 0}, *scratch_);
  ASSERT_TRUE(server) << server.error().sentence();
  auto ask = [&](std::uint16_t type) {
    const Endpoint& at = (*server)->endpoint();
    const std::string query = make_query("mx.signed.test", type, 7);
    auto tcp = connect_to(at);
    EXPECT_TRUE(tcp);
    std::string framed{'\0', static_cast<char>(query.size())};
    EXPECT_TRUE(tcp->write_all(framed + query));
    std::string got;
    while (got.size() < 2 || got.size() < 2U + static_cast<unsigned char>(got[1])) {
      auto more = tcp->read_some();
      if (!more) break;
      got += *more;
    }
    return got;
  };
  const std::string address("\x7f\0\0\x07", 4);
  EXPECT_THAT(ask(kA), HasSubstr(address));
  const std::string lie("\x7f\0\0\x42", 4);
  ASSERT_TRUE((*server)->forge("mx.signed.test", kA, {DnsForgery::Kind::records, {lie}}));
  EXPECT_THAT(ask(kA), HasSubstr(lie));
  (*server)->stop_forging("mx.signed.test", kA);
  EXPECT_THAT(ask(kA), HasSubstr(address));
  EXPECT_EQ((*server)->forge("mx.example.org", kTlsa, {}).error().code, Code::permission);
}

TEST(LabGuard, RefusesEveryAddressAndNameThatIsNotTheLabs) {
  EXPECT_TRUE(check_lab_address(IpAddress::v4(127, 1, 2, 3)));
  EXPECT_TRUE(check_lab_address(*IpAddress::parse("::1")));
  for (const char* outside :
       {"192.0.2.1", "10.0.0.1", "0.0.0.0", "2001:db8::1", "::", "::ffff:8.8.8.8", "169.254.1.1"}) {
    EXPECT_FALSE(check_lab_address(*IpAddress::parse(outside))) << outside;
    EXPECT_EQ(connect_to({*IpAddress::parse(outside), 25}).error().code, Code::permission);
    EXPECT_EQ(TcpServer().listen({*IpAddress::parse(outside), 0}, {}).error().code,
              Code::permission);
  }
  EXPECT_TRUE(check_lab_name("mx.signed.test."));
  EXPECT_FALSE(check_lab_name("example.org"));
  EXPECT_FALSE(check_lab_name("nottest"));
}

TEST(LabNamespace, HasItsOwnPort25AndItsOwnIpv6Addresses) {
  auto entered = enter_namespace();
  ASSERT_TRUE(entered) << entered.error().sentence();
  const IpAddress v6 = lab_v6(1, 7);
  EXPECT_EQ(v6.text(), "fd70:6177:6c:1::7");
  const std::vector<IpAddress> addresses = {v6};
  auto added = add_addresses(addresses);
  ASSERT_TRUE(added) << added.error().sentence();
  TcpServer server;
  for (const IpAddress& address : {v6, IpAddress::v4(127, 1, 0, 7)}) {
    auto at = server.listen({address, 25}, [](Socket& client) {
      auto sent = client.write_all("220 lab\r\n");
      EXPECT_TRUE(sent);
    });
    ASSERT_TRUE(at) << at.error().sentence();
    auto client = connect_to({address, 25});
    ASSERT_TRUE(client) << client.error().sentence();
    EXPECT_EQ(client->read_some().value_or(""), "220 lab\r\n");
    server.refuse(*at);
    EXPECT_EQ(connect_to({address, 25}).error().code, Code::connect_refused);
  }
}

}  // namespace
}  // namespace pawl::lab

#include "dane/base_domain.h"

#include <gtest/gtest.h>

namespace pawl::dane {
namespace {

using dns::Existence;
using dns::Security;

const dns::Name kHost = *dns::Name::parse("mx.example.org");
const dns::Name kTarget = *dns::Name::parse("host.example.net");

dns::Answer answer(Existence existence, Security security, const dns::Name& canonical = kHost) {
  dns::Answer made;
  made.question = kHost;
  made.existence = existence;
  made.security = security;
  made.canonical = canonical;
  return made;
}
std::vector<dns::Name> bases(const dns::Answer& a, const dns::Answer* alias = nullptr) {
  return tlsa_base_domains(address_security(kHost, &a, nullptr), alias);
}

TEST(TlsaBaseDomain, OfASecureHostIsTheHost) {
  EXPECT_EQ(bases(answer(Existence::found, Security::secure)), std::vector{kHost});
}

TEST(TlsaBaseDomain, IsNotAskedForWhereTheAddressesAreNotSecure) {
  EXPECT_TRUE(bases(answer(Existence::found, Security::insecure)).empty());
  EXPECT_TRUE(bases(answer(Existence::found, Security::indeterminate)).empty());
  EXPECT_TRUE(bases(answer(Existence::no_data, Security::secure)).empty());
}

TEST(TlsaBaseDomain, OfASecureChainIsTheExpandedNameThenTheOriginal) {
  EXPECT_EQ(bases(answer(Existence::found, Security::secure, kTarget)),
            (std::vector{kTarget, kHost}));
}

TEST(TlsaBaseDomain, OfASignedAliasIntoAnUnsignedZoneIsTheOriginal) {
  const auto addresses = answer(Existence::found, Security::insecure, kTarget);
  EXPECT_TRUE(needs_cname_query(address_security(kHost, &addresses, nullptr)));
  const auto secure = answer(Existence::found, Security::secure);
  EXPECT_EQ(bases(addresses, &secure), std::vector{kHost});
  const auto insecure = answer(Existence::found, Security::insecure);
  EXPECT_TRUE(bases(addresses, &insecure).empty());
  const auto denied = answer(Existence::no_data, Security::secure);
  EXPECT_TRUE(bases(addresses, &denied).empty());
  EXPECT_TRUE(bases(addresses, nullptr).empty());
}

TEST(TlsaBaseDomain, NoCnameIsAskedForWithoutNeed) {
  const auto secure_alias = answer(Existence::found, Security::secure, kTarget);
  const auto insecure_host = answer(Existence::found, Security::insecure);
  EXPECT_FALSE(needs_cname_query(address_security(kHost, &secure_alias, nullptr)));
  EXPECT_FALSE(needs_cname_query(address_security(kHost, &insecure_host, nullptr)));
}

TEST(TlsaBaseDomain, OneSecureFamilyIsEnough) {
  const auto secure = answer(Existence::found, Security::secure);
  const auto insecure = answer(Existence::found, Security::insecure);
  EXPECT_TRUE(address_security(kHost, &insecure, &secure).secure);
  EXPECT_TRUE(address_security(kHost, &secure, &insecure).secure);
  EXPECT_TRUE(address_security(kHost, nullptr, &secure).secure);
  EXPECT_FALSE(address_security(kHost, nullptr, nullptr).secure);
}

TEST(TlsaBaseDomain, InsecureRecordsAreNone) {
  EXPECT_TRUE(holds_secure_records(answer(Existence::found, Security::secure)));
  EXPECT_FALSE(holds_secure_records(answer(Existence::found, Security::insecure)));
  EXPECT_FALSE(holds_secure_records(answer(Existence::no_data, Security::secure)));
}

TEST(TlsaBaseDomain, OwnerNamesThePort) {
  EXPECT_EQ(tlsa_owner(kHost, 25)->text(), "_25._tcp.mx.example.org");
  EXPECT_EQ(tlsa_owner(kHost, 465)->text(), "_465._tcp.mx.example.org");
}

}  // namespace
}  // namespace pawl::dane

#include "dane/usable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/limits.h"

namespace pawl::dane {
namespace {

using ::testing::HasSubstr;

dns::Tlsa tlsa(int usage, int selector, int matching_type, std::string data) {
  return {static_cast<std::uint8_t>(usage), static_cast<std::uint8_t>(selector),
          static_cast<std::uint8_t>(matching_type), std::move(data)};
}
const std::string kSha256(32, 'h');
const std::string kSha512(64, 'h');

// A self-signed certificate and its public key, DER.
struct Der {
  std::string certificate, key;
  Der() {
    EVP_PKEY* pair = EVP_EC_gen("P-256");
    X509* x509 = X509_new();
    X509_set_pubkey(x509, pair);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_sign(x509, pair, EVP_sha256());
    certificate.resize(static_cast<std::size_t>(i2d_X509(x509, nullptr)));
    auto* at = reinterpret_cast<unsigned char*>(certificate.data());
    i2d_X509(x509, &at);
    key.resize(static_cast<std::size_t>(i2d_PUBKEY(pair, nullptr)));
    at = reinterpret_cast<unsigned char*>(key.data());
    i2d_PUBKEY(pair, &at);
    X509_free(x509);
    EVP_PKEY_free(pair);
  }
};

TEST(UsableTlsa, TwelveFormsCanBeUsed) {
  const Der der;
  for (int usage : {2, 3}) {
    EXPECT_FALSE(why_unusable(tlsa(usage, 0, 0, der.certificate)));
    EXPECT_FALSE(why_unusable(tlsa(usage, 1, 0, der.key)));
    for (int selector : {0, 1}) {
      EXPECT_FALSE(why_unusable(tlsa(usage, selector, 1, kSha256)));
      EXPECT_FALSE(why_unusable(tlsa(usage, selector, 2, kSha512)));
    }
  }
}

// OpenSSL takes usage 1 (and would take it for SMTP as well): the filter is ours.
TEST(UsableTlsa, PkixUsagesAreNotForSmtp) {
  EXPECT_THAT(*why_unusable(tlsa(0, 1, 1, kSha256)), HasSubstr("PKIX-TA"));
  EXPECT_THAT(*why_unusable(tlsa(1, 1, 1, kSha256)), HasSubstr("PKIX-EE"));
}

TEST(UsableTlsa, UnknownParametersAndWrongLengthsAreNot) {
  const Der der;
  EXPECT_TRUE(why_unusable(tlsa(4, 1, 1, kSha256)));
  EXPECT_TRUE(why_unusable(tlsa(255, 1, 1, kSha256)));
  EXPECT_TRUE(why_unusable(tlsa(3, 2, 1, kSha256)));
  EXPECT_TRUE(why_unusable(tlsa(3, 255, 1, kSha256)));
  EXPECT_TRUE(why_unusable(tlsa(3, 1, 3, kSha256)));
  EXPECT_TRUE(why_unusable(tlsa(3, 1, 255, kSha256)));
  EXPECT_TRUE(why_unusable(tlsa(3, 1, 1, "")));
  EXPECT_TRUE(why_unusable(tlsa(3, 1, 0, "")));
  EXPECT_THAT(*why_unusable(tlsa(3, 1, 1, kSha256.substr(1))), HasSubstr("31 bytes instead of 32"));
  EXPECT_TRUE(why_unusable(tlsa(3, 1, 1, kSha512)));
  EXPECT_TRUE(why_unusable(tlsa(3, 1, 2, kSha256)));
  EXPECT_TRUE(why_unusable(tlsa(3, 0, 0, der.key)));
  EXPECT_TRUE(why_unusable(tlsa(3, 1, 0, der.certificate)));
  EXPECT_TRUE(why_unusable(tlsa(3, 0, 0, der.certificate + "x")));
  EXPECT_TRUE(why_unusable(tlsa(2, 1, 0, der.key + "x")));
  EXPECT_TRUE(why_unusable(tlsa(2, 0, 0, der.certificate.substr(0, 100))));
}

TEST(UsableTlsa, SortsWithoutDuplicatesAndWithinTheLimit) {
  const auto good = tlsa(3, 1, 1, kSha256);
  const auto sorted = sort_out({good, tlsa(1, 1, 1, kSha256), good, tlsa(0, 0, 0, "")});
  EXPECT_EQ(sorted.usable, std::vector{good});
  ASSERT_EQ(sorted.unusable.size(), 2U);
  EXPECT_THAT(sorted.unusable[0].reason, HasSubstr("PKIX-EE"));

  std::vector<dns::Tlsa> many;
  for (std::size_t i = 0; i < limits::kTlsaRecords + 5; ++i)
    many.push_back(tlsa(3, 1, 1, std::string(31, 'x') + static_cast<char>(i)));
  EXPECT_EQ(sort_out(many).usable.size(), limits::kTlsaRecords);
  EXPECT_EQ(sort_out(many).unusable.size(), 5U);
}

}  // namespace
}  // namespace pawl::dane

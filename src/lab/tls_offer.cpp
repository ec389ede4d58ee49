#include "lab/tls_offer.h"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace pawl::lab {
namespace {

int wire(tls::Version version) {
  switch (version) {
    case tls::Version::tls1_0:
      return TLS1_VERSION;
    case tls::Version::tls1_1:
      return TLS1_1_VERSION;
    case tls::Version::tls1_2:
      return TLS1_2_VERSION;
    case tls::Version::tls1_3:
      return TLS1_3_VERSION;
  }
  return TLS1_3_VERSION;
}

// Each identity with its own chain, unlike TlsIdentity::make, which has one.
bool use_identity(SSL_CTX* context, const tls::Identity& identity) {
  BIO* chain = BIO_new_mem_buf(identity.certificate_pem.data(),
                               static_cast<int>(identity.certificate_pem.size()));
  bool good = true;
  for (int position = 0; X509* certificate = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
       ++position) {
    good = good && (position == 0 ? SSL_CTX_use_certificate(context, certificate)
                                  : SSL_CTX_add1_chain_cert(context, certificate)) == 1;
    X509_free(certificate);
  }
  ERR_clear_error();  // the end of the chain is an error to PEM_read
  BIO_free(chain);
  BIO* pem = BIO_new_mem_buf(identity.key_pem.data(), static_cast<int>(identity.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(pem, nullptr, nullptr, nullptr);
  BIO_free(pem);
  good = good && key != nullptr && SSL_CTX_use_PrivateKey(context, key) == 1;
  EVP_PKEY_free(key);
  return good;
}

// A group as old servers have it (Oakley group 2), below what rfc9325#4.1 takes.
bool use_small_dh(SSL_CTX* context) {
  BIGNUM* prime = BN_get_rfc2409_prime_1024(nullptr);
  BIGNUM* generator = BN_new();
  BN_set_word(generator, 2);
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_FFC_P, prime);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_FFC_G, generator);
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* maker = EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr);
  EVP_PKEY* group = nullptr;
  const bool made = EVP_PKEY_fromdata_init(maker) == 1 &&
                    EVP_PKEY_fromdata(maker, &group, EVP_PKEY_KEY_PARAMETERS, parameters) == 1;
  EVP_PKEY_CTX_free(maker);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(generator);
  BN_free(prime);
  if (made && SSL_CTX_set0_tmp_dh_pkey(context, group) == 1) return true;
  EVP_PKEY_free(group);
  return false;
}

}  // namespace

Result<std::shared_ptr<TlsIdentity>> make_offer(const TlsOffer& offer) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  auto server = TlsIdentity::adopt(context);
  SSL_CTX_set_security_level(context, 0);
  for (const tls::Identity& identity : offer.identities) {
    if (!use_identity(context, identity)) {
      return fail(Code::certificate_invalid, "OpenSSL does not take a lab certificate");
    }
  }
  const std::string ciphers =
      (offer.cipher_list.empty() ? "DEFAULT" : offer.cipher_list) + ":@SECLEVEL=0";
  const bool good =
      SSL_CTX_set_cipher_list(context, ciphers.c_str()) == 1 &&
      SSL_CTX_set_min_proto_version(context, wire(offer.oldest)) == 1 &&
      SSL_CTX_set_max_proto_version(context, wire(offer.newest)) == 1 &&
      (offer.groups.empty() || SSL_CTX_set1_groups_list(context, offer.groups.c_str()) == 1) &&
      (!offer.small_dh || use_small_dh(context));
  ERR_clear_error();
  if (good) return server;
  return fail(Code::invalid_argument,
              fmt::format("OpenSSL cannot offer \"{}\" with groups \"{}\"", ciphers, offer.groups));
}

}  // namespace pawl::lab

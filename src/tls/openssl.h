// Internal to tls/: OpenSSL's objects as owning pointers, and its error queue as words.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace pawl::tls {

template <auto Free>
struct OpensslDelete {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <class T, auto Free>
using OpensslPointer = std::unique_ptr<T, OpensslDelete<Free>>;

inline void free_certificates(STACK_OF(X509) * stack) {
  sk_X509_pop_free(stack, X509_free);
}

using BioPointer = OpensslPointer<BIO, BIO_free>;
using KeyPointer = OpensslPointer<EVP_PKEY, EVP_PKEY_free>;
using CertificatePointer = OpensslPointer<X509, X509_free>;
using CertificatesPointer = OpensslPointer<STACK_OF(X509), free_certificates>;
using StorePointer = OpensslPointer<X509_STORE, X509_STORE_free>;
using StoreContextPointer = OpensslPointer<X509_STORE_CTX, X509_STORE_CTX_free>;
using SslPointer = OpensslPointer<SSL, SSL_free>;
using SslContextPointer = OpensslPointer<SSL_CTX, SSL_CTX_free>;
using SessionPointer = OpensslPointer<SSL_SESSION, SSL_SESSION_free>;

// The oldest entry of this thread's queue in words, and the queue emptied.
std::string take_openssl_error();

BioPointer memory_bio(std::string_view bytes);  // reads `bytes`, which must outlive it
// Every certificate of a PEM text, in its order; Code::config_invalid if there is none.
Result<CertificatesPointer> read_certificates(std::string_view pem, const std::string& where);
Result<KeyPointer> read_private_key(std::string_view pem, const std::string& where);
Result<std::string> read_file(const std::string& path);

std::string certificate_der(const X509* certificate);
std::string public_key_der(const X509* certificate);  // SubjectPublicKeyInfo
WallTime to_wall_time(const ASN1_TIME* time);
std::string sha256(std::string_view bytes);  // 32 bytes
std::string sha512(std::string_view bytes);  // 64 bytes

}  // namespace pawl::tls

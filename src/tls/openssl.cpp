#include "tls/openssl.h"

#include <openssl/pem.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace pawl::tls {

std::string take_openssl_error() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(error);
  if (reason) return reason;
  char text[160];
  ERR_error_string_n(error, text, sizeof text);
  return text;
}

BioPointer memory_bio(std::string_view bytes) {
  return BioPointer(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Result<CertificatesPointer> read_certificates(std::string_view pem, const std::string& where) {
  auto bio = memory_bio(pem);
  CertificatesPointer found(sk_X509_new_null());
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    sk_X509_push(found.get(), certificate);
  }
  const unsigned long error = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!at_end) {
    return fail(Code::config_invalid,
                where + ": a certificate cannot be read: " + take_openssl_error());
  }
  ERR_clear_error();
  if (sk_X509_num(found.get()) == 0) {
    return fail(Code::config_invalid, where + ": no \"-----BEGIN CERTIFICATE-----\" was found");
  }
  return found;
}

Result<KeyPointer> read_private_key(std::string_view pem, const std::string& where) {
  auto bio = memory_bio(pem);
  ERR_clear_error();
  // An empty passphrase: a daemon has nobody to ask.
  char none[] = "";
  KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, none));
  if (!key) {
    return fail(Code::config_invalid, where +
                                          ": no private key (PEM, without a passphrase) can be "
                                          "read: " +
                                          take_openssl_error());
  }
  return key;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return fail(Code::config_invalid,
                path + ": cannot be read: " + std::generic_category().message(errno));
  }
  return text;
}

namespace {

template <auto Encode, class T>
std::string encode(T* object) {
  unsigned char* bytes = nullptr;
  const int size = Encode(object, &bytes);
  if (size < 0) return {};
  std::string text(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return text;
}

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), value, &size, algorithm, nullptr);
  return {reinterpret_cast<char*>(value), size};
}

}  // namespace

std::string certificate_der(const X509* certificate) {
  return encode<i2d_X509>(certificate);
}

std::string public_key_der(const X509* certificate) {
  return encode<i2d_X509_PUBKEY>(X509_get_X509_PUBKEY(certificate));
}

WallTime to_wall_time(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return {};
  const std::chrono::year_month_day date{
      std::chrono::year(fields.tm_year + 1900),
      std::chrono::month(static_cast<unsigned>(fields.tm_mon + 1)),
      std::chrono::day(static_cast<unsigned>(fields.tm_mday))};
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(fields.tm_hour) +
         std::chrono::minutes(fields.tm_min) + Seconds(fields.tm_sec);
}

std::string sha256(std::string_view bytes) {
  return digest(EVP_sha256(), bytes);
}
std::string sha512(std::string_view bytes) {
  return digest(EVP_sha512(), bytes);
}

}  // namespace pawl::tls

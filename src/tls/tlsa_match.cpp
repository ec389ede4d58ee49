#include "tls/tlsa_match.h"

#include "tls/openssl.h"

namespace pawl::tls {

std::optional<std::string> association_data(std::string_view der, std::uint8_t selector,
                                            std::uint8_t matching_type) {
  std::string selected(der);
  if (selector == 1) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const CertificatePointer certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
    if (!certificate) {
      ERR_clear_error();
      return std::nullopt;
    }
    selected = public_key_der(certificate.get());
  } else if (selector != 0) {
    return std::nullopt;
  }
  switch (matching_type) {
    case 0:
      return selected;
    case 1:
      return sha256(selected);
    case 2:
      return sha512(selected);
    default:
      return std::nullopt;
  }
}

bool matches(const dns::Tlsa& record, std::string_view der) {
  const auto data = association_data(der, record.selector, record.matching_type);
  return data && !data->empty() && *data == record.data;
}

std::optional<std::size_t> matching_certificate(const dns::Tlsa& record,
                                                std::span<const Certificate> chain) {
  if (record.usage > 3) return std::nullopt;
  const bool leaf = record.usage == 1 || record.usage == 3;
  const std::size_t end = leaf ? std::min<std::size_t>(chain.size(), 1) : chain.size();
  for (std::size_t at = leaf ? 0 : 1; at < end; ++at) {
    if (matches(record, chain[at].der)) return at;
  }
  return std::nullopt;
}

}  // namespace pawl::tls

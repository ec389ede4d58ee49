// Which certificate a TLSA record is about: the bytes compared, nothing proved. What a session
// proves by DANE is the engine's to say (Description::dane).
// Source: RFC 6698 section 2.1, RFC 7671 section 5. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dns/record.h"
#include "tls/description.h"

namespace pawl::tls {

// The certificate association data for a certificate (DER); nothing for a selector or matching
// type that is not known, or a certificate that cannot be read.
std::optional<std::string> association_data(std::string_view der, std::uint8_t selector,
                                            std::uint8_t matching_type);

// Do the record's data stand for this certificate (DER), whatever the usage?
bool matches(const dns::Tlsa& record, std::string_view der);

// The first certificate of the chain (with der, leaf first) that the record is about: the leaf for
// the usages PKIX-EE(1) and DANE-EE(3), one above it for PKIX-TA(0) and DANE-TA(2). Nothing if none
// is: a trust anchor that is not sent cannot be found.
std::optional<std::size_t> matching_certificate(const dns::Tlsa& record,
                                                std::span<const Certificate> chain);

}  // namespace pawl::tls

// Internal to tls/: what a certificate says, and whether a chain proves what a profile demands.
// Every failure is named by the code that reports need (RFC 8460 section 4.3).
#pragma once

#include <optional>

#include "tls/description.h"
#include "tls/openssl.h"

namespace pawl::tls {

// `whole`: with what ClientProfile::keep_chain asks for.
Certificate describe_certificate(X509* certificate, bool whole = false);

// Looks at a stapled response (DER; empty: none) about the first certificate of `chain`.
Ocsp describe_ocsp(std::string_view response, STACK_OF(X509) * chain, WallTime now);

// An X509_V_ERR_* as an Error; `where` names the certificate it is about.
Error verification_error(int error, const std::string& where);

// RFC 5280 path validation of the sent chain to a trust anchor of `store`, for a TLS server, then
// the names by RFC 9525. `now` is the time the dates are held against. The name that matched goes
// to `matched`.
Result<> verify_pkix(X509_STORE* store, STACK_OF(X509) * chain, const Certificate& leaf,
                     const PkixDemand& demand, WallTime now, std::string* matched);

Result<> verify_fingerprint(const Certificate& leaf, const std::vector<std::string>& fingerprints);

}  // namespace pawl::tls

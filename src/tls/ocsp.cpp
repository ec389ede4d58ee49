// Stapled OCSP responses. The responder is trusted when it is the leaf's issuer as sent, or carries
// a certificate for signing responses from it (rfc6960#4.2.2.2). Whether the issuer itself is to be
// trusted is PKIX's and DANE's question.
#include <openssl/ocsp.h>

#include "tls/verify.h"

namespace pawl::tls {

namespace {

using ResponsePointer = OpensslPointer<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using BasicPointer = OpensslPointer<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using IdPointer = OpensslPointer<OCSP_CERTID, OCSP_CERTID_free>;

inline void free_stack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}

// Servers and responders do not set their clocks by each other.
constexpr std::chrono::minutes kClockSkew{5};

Ocsp unreadable(std::string why) {
  ERR_clear_error();
  Ocsp ocsp;
  ocsp.state = Ocsp::State::unreadable;
  ocsp.detail = std::move(why);
  return ocsp;
}

// The certificate that was sent and did sign the leaf; null: none was sent.
X509* find_issuer(X509* leaf, STACK_OF(X509) * chain) {
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* candidate = sk_X509_value(chain, i);
    if (X509_check_issued(candidate, leaf) == X509_V_OK &&
        X509_verify(leaf, X509_get0_pubkey(candidate)) == 1) {
      return candidate;
    }
  }
  ERR_clear_error();
  return nullptr;
}

// Does this answer speak about the leaf? Without the issuer the serial number has to do.
bool is_about(OCSP_SINGLERESP* single, X509* leaf, X509* issuer) {
  const OCSP_CERTID* id = OCSP_SINGLERESP_get0_id(single);
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(nullptr, &algorithm, nullptr, &serial, const_cast<OCSP_CERTID*>(id));
  if (!issuer) return ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(leaf)) == 0;
  const EVP_MD* digest = EVP_get_digestbyobj(algorithm);
  if (!digest) return false;
  const IdPointer wanted(OCSP_cert_to_id(digest, leaf, issuer));
  return wanted && OCSP_id_cmp(wanted.get(), id) == 0;
}

bool signed_by(OCSP_BASICRESP* basic, X509* issuer, WallTime now) {
  const StorePointer store(X509_STORE_new());
  const OpensslPointer<STACK_OF(X509), free_stack> known(sk_X509_new_null());
  if (!store || !known || X509_STORE_add_cert(store.get(), issuer) != 1 ||
      sk_X509_push(known.get(), issuer) <= 0) {
    return false;
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(parameters,
                             std::chrono::floor<Seconds>(now).time_since_epoch().count());
  return OCSP_basic_verify(basic, known.get(), store.get(), OCSP_TRUSTOTHER) == 1;
}

}  // namespace

Ocsp describe_ocsp(std::string_view response, STACK_OF(X509) * chain, WallTime now) {
  if (response.empty() || sk_X509_num(chain) <= 0) return {};
  const auto* bytes = reinterpret_cast<const unsigned char*>(response.data());
  const ResponsePointer parsed(
      d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(response.size())));
  if (!parsed) return unreadable("it is no OCSP response");
  if (const int status = OCSP_response_status(parsed.get());
      status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return unreadable(std::string("the responder said ") + OCSP_response_status_str(status));
  }
  const BasicPointer basic(OCSP_response_get1_basic(parsed.get()));
  if (!basic) return unreadable("it is of an unknown kind");

  X509* leaf = sk_X509_value(chain, 0);
  X509* issuer = find_issuer(leaf, chain);
  OCSP_SINGLERESP* single = nullptr;
  for (int i = 0; i < OCSP_resp_count(basic.get()) && !single; ++i) {
    OCSP_SINGLERESP* candidate = OCSP_resp_get0(basic.get(), i);
    if (is_about(candidate, leaf, issuer)) single = candidate;
  }
  if (!single) return unreadable("it is about another certificate");

  Ocsp ocsp;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  switch (OCSP_single_get0_status(single, nullptr, nullptr, &this_update, &next_update)) {
    case V_OCSP_CERTSTATUS_GOOD:
      ocsp.state = Ocsp::State::good;
      break;
    case V_OCSP_CERTSTATUS_REVOKED:
      ocsp.state = Ocsp::State::revoked;
      break;
    default:
      ocsp.state = Ocsp::State::unknown;
      break;
  }
  if (this_update) ocsp.this_update = to_wall_time(this_update);
  if (next_update) ocsp.next_update = to_wall_time(next_update);
  if (!issuer) {
    ocsp.detail = "the issuer's certificate was not sent";
  } else if (signed_by(basic.get(), issuer, now)) {
    ocsp.verified = true;
  } else {
    ocsp.detail = "its signature is not the issuer's";
  }
  ERR_clear_error();
  if (ocsp.this_update > now + kClockSkew) {
    ocsp.state = Ocsp::State::unreadable;
    ocsp.detail = "it is valid from " + format_rfc3339(ocsp.this_update) + " only";
  } else if (ocsp.state == Ocsp::State::good && ocsp.next_update && *ocsp.next_update < now) {
    ocsp.state = Ocsp::State::expired;  // a revocation does not age
  }
  return ocsp;
}

}  // namespace pawl::tls

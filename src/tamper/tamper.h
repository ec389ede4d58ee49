// The detector: was this session tampered with? Signatures stand in signatures.def (T1 to T17).
// A server that simply has no TLS is `not_offered`, not tampered; a real server's banner and
// capabilities raise nothing. Values in, values out; any thread; never fails.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "starttls/transcript.h"

namespace pawl::tamper {

enum class Signature : std::uint8_t {
#define PAWL_SIGNATURE(id, code, confidence, sentence, source) id,
#include "tamper/signatures.def"
#undef PAWL_SIGNATURE
};

enum class Confidence : std::uint8_t { hint, likely, certain };
std::string_view name(Confidence confidence);

struct SignatureRow {
  Signature signature;
  std::string_view id;    // "capability_masked", stable: JSON carries it
  std::string_view code;  // "T1", of the catalogue in docs/tampering.md
  Confidence confidence;  // unless the circumstances say otherwise
  std::string_view sentence;
  std::string_view source;
};
std::span<const SignatureRow> signatures();
const SignatureRow& row(Signature signature);

struct Finding {
  Signature signature;
  Confidence confidence = Confidence::hint;
  std::string evidence;  // the bytes, as they came
  std::string sentence;  // what was seen, for a person
};

enum class Assessment : std::uint8_t {
  clean,        // nothing to remark; the session was, or could have been, upgraded
  not_offered,  // no TLS, and nothing says that there should be
  suspicious,   // differs from what is known, or a hint
  tampered,     // a likely or certain signature
};
std::string_view name(Assessment assessment);  // "not offered"

struct Examination {
  Assessment assessment = Assessment::clean;
  std::vector<Finding> findings;  // the surest first
};

// What is known besides the session.
struct Knowledge {
  std::vector<std::string> promised_by;  // "DANE", "MTA-STS", "list NAME": TLS is promised here
  bool offered_before = false;           // this host has offered TLS before
};

Examination examine(const starttls::Transcript& session, const Knowledge& knowledge = {});

// Two looks at one host: by another path, another address family, another time.
struct Look {
  const starttls::Transcript* session = nullptr;
  std::string path;         // "IPv4", "from 192.0.2.7", for the sentence
  std::string spki_sha256;  // of the certificate; empty: none was seen
};
Examination compare(const Look& one, const Look& other);

// The worse of the two, with the findings of both.
Examination merge(Examination one, Examination other);

}  // namespace pawl::tamper

#include "tls/profile.h"

namespace pawl::tls {

std::string_view name(Version version) {
  switch (version) {
    case Version::tls1_0:
      return "TLSv1";
    case Version::tls1_1:
      return "TLSv1.1";
    case Version::tls1_2:
      return "TLSv1.2";
    case Version::tls1_3:
      return "TLSv1.3";
  }
  return "";
}

namespace {

// Every part with its length, so that no two lists of parts read the same.
void part(std::string& key, std::string_view text) {
  key += std::to_string(text.size()) + ":" + std::string(text);
}
void list(std::string& key, const std::vector<std::string>& texts) {
  key += std::to_string(texts.size()) + "[";
  for (const std::string& text : texts) part(key, text);
  key += ']';
}
void demand(std::string& key, const std::optional<PkixDemand>& pkix) {
  key += pkix ? 'p' : '-';
  if (!pkix) return;
  list(key, pkix->names);
  list(key, pkix->also_names);
}

}  // namespace

std::string ClientProfile::key() const {
  std::string key;
  part(key, sni);
  part(key, name(min_version));
  list(key, alpn);
  list(key, fingerprints);
  demand(key, pkix);
  demand(key, pkix_observed);
  key += dane ? 'd' : '-';
  if (dane) {
    part(key, dane->base_domain);
    list(key, dane->other_names);
    for (const dns::Tlsa& record : dane->records) part(key, record.text());
  }
  return key;
}

}  // namespace pawl::tls

#include "tls/profile.h"

#include <algorithm>
#include <string>

#include "base/text.h"

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
  return "TLS";
}

Version ClientProfile::floor() const {
  return authenticated() ? std::max(min_version, Version::tls1_2) : min_version;
}

namespace {

// Each item carries its length, so that no two profiles can be written alike.
void put(std::string& key, std::string_view item) {
  key += std::to_string(item.size());
  key += ':';
  key += item;
}

// Order says nothing about what must be proved, except for ALPN.
void put_set(std::string& key, std::vector<std::string> items) {
  for (std::string& item : items) item = to_lower(item);
  std::sort(items.begin(), items.end());
  put(key, std::to_string(items.size()));
  for (const std::string& item : items) put(key, item);
}

void put_pkix(std::string& key, const std::optional<PkixDemand>& demand) {
  put(key, demand ? "pkix" : "");
  if (!demand) return;
  put_set(key, demand->names);
  put_set(key, demand->also_names);
}

}  // namespace

std::string ClientProfile::key() const {
  std::string key;
  put(key, name(floor()));
  put(key, to_lower(sni));
  put(key, dane ? "dane" : "");
  if (dane) {
    put(key, to_lower(dane->base_domain));
    put_set(key, dane->other_names);
    std::vector<std::string> records;
    for (const dns::Tlsa& record : dane->records) records.push_back(record.text());
    put_set(key, std::move(records));
  }
  put_pkix(key, pkix);
  put_pkix(key, pkix_observed);
  put_set(key, fingerprints);
  put(key, std::to_string(alpn.size()));
  for (const std::string& protocol : alpn) put(key, protocol);
  put(key, name(max_version));
  put(key, std::to_string(static_cast<int>(certificate_kind)));
  put(key, std::string(ask_ocsp ? "ocsp" : "") + (keep_chain ? "+chain" : ""));
  return key;
}

}  // namespace pawl::tls

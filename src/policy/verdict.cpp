#include "policy/verdict.h"

namespace pawl::policy {

std::string_view name(Source source) {
  switch (source) {
    case Source::local_rule:
      return "local-rule";
    case Source::exception:
      return "exception";
    case Source::dane:
      return "dane";
    case Source::mta_sts:
      return "mta-sts";
    case Source::list:
      return "list";
    case Source::requiretls:
      return "requiretls";
    case Source::memory:
      return "memory";
    case Source::nothing:
      return "nothing";
  }
  return "";
}

std::string_view name(Protection protection) {
  switch (protection) {
    case Protection::none:
      return "none";
    case Protection::encrypted:
      return "encrypted";
    case Protection::half_dane:
      return "half-dane";
    case Protection::authenticated:
      return "authenticated";
  }
  return "";
}

std::string Verdict::key() const {
  std::string key = host.text();
  key += usable ? "|u" : "|-";
  key += tls_forbidden ? "|plain" : tls_required ? "|required" : "|may";
  key += enforcement == Enforcement::observe ? "|observe|" : "|enforce|";
  return key + profile.key();
}

}  // namespace pawl::policy

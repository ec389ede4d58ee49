// What other people's tools say about a service, read from their output: to be held against what we
// say (docs/check-compared.md). Each runs to its end. Errors: not_found (not installed), io quoting
// the tool.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "tests/interop/every_peer.h"

namespace pawl::interop {

// Empty where a tool does not say.
struct ToolFindings {
  std::set<std::string> versions;                         // "TLSv1.2"
  std::map<std::string, std::set<std::uint16_t>> suites;  // by version; "" where it does not tell
  std::set<std::string> groups;                           // "x25519"
  std::set<std::string> fingerprints;  // SHA-256 of the certificates, lower-case hex
  std::string version;                 // negotiated
  std::string suite;                   // negotiated, as OpenSSL names it
  std::string group;                   // negotiated
  std::optional<bool> verified;
  std::string output;
};

// `name` is whom the certificate must be for.
Result<ToolFindings> ask_s_client(const Service& service, const std::string& ca_file,
                                  const std::string& name);
// All versions, a connection each.
Result<std::set<std::string>> ask_s_client_for_versions(const Service& service);
// All suites of TLS 1.2, a connection each: nothing that one does can hide another.
Result<std::set<std::uint16_t>> ask_s_client_for_suites(const Service& service);
bool sslscan_knows(const Service& service);
Result<ToolFindings> ask_sslscan(const Service& service);
// Versions, suites, groups, certificates: its -p -e -f -S.
Result<ToolFindings> ask_testssl(const Service& service, const lab::Scratch& scratch);
// SMTP and LMTP with STARTTLS only.
Result<ToolFindings> ask_posttls_finger(const Service& service, const std::string& ca_file,
                                        const std::string& name, const lab::Scratch& scratch);

}  // namespace pawl::interop

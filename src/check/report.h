// All that a check saw, as values: what its views are made from. Nothing in it is an opinion but
// `findings`, `stages` and `verdict`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/finding.h"
#include "check/target.h"
#include "policy/verdict.h"
#include "probe/enumeration.h"
#include "probe/look.h"
#include "tamper/tamper.h"

namespace pawl::check {

// The columns of the matrix.
enum class StageName : std::uint8_t {
  dns,
  connect,
  starttls,
  tls,
  certificate,
  dane,
  mta_sts,
  tampering
};
std::string_view name(StageName stage);  // "MTA-STS"

struct Stage {
  enum class State : std::uint8_t { good, note, warning, fault, unknown, not_applicable };
  State state = State::unknown;
  std::string text;  // a word or three: "TLSv1.3", "expired", "not offered"
};

// One certificate a host shows; a host with RSA and ECDSA shows two.
struct CertificateSeen {
  std::vector<tls::Certificate> chain;  // leaf first
  std::optional<Error> pkix;            // why a sender that validates would refuse it
  std::string matched_name;             // the host's name as the certificate has it
  std::string ocsp;  // tls::Ocsp::text(): "none", "good until 2026-12-01", "revoked", ...
  tls::Ocsp::State ocsp_state = tls::Ocsp::State::none;
  std::string ocsp_doubt{};  // why nobody vouches for what is stapled; empty: its issuer does
};

struct AddressReport {
  std::string via;  // Path::name of check.h; empty: the first path
  probe::Look look;
  std::vector<CertificateSeen> certificates;
  std::optional<probe::Enumeration> offered;  // nothing: TLS was not reached, or not asked for
  tamper::Examination tampering;
  // Why a sender that demands HostReport::verdict would refuse this address; nothing: it would not,
  // or nothing is demanded, or the address could not be asked.
  std::optional<Error> refused;
  bool satisfied = false;     // asked with those demands it met them all
  std::vector<Stage> stages;  // one per StageName, in its order
};

struct TlsaSeen {
  dns::Tlsa record;
  std::string unusable;              // why; empty: usable
  std::vector<std::string> matches;  // "the ECDSA leaf at 192.0.2.1", empty: nothing
};

// One host under one protocol: an MX host, or a submission, IMAP, POP3 or ManageSieve server.
struct HostReport {
  std::string host;
  starttls::Protocol protocol = starttls::Protocol::smtp;
  bool implicit_tls = false;
  std::uint16_t port = 0;
  std::string found_by;  // "MX 10", "SRV _imaps._tcp", "named"
  std::optional<policy::MxFacts> facts;
  std::vector<TlsaSeen> tlsa;
  std::string tlsa_rollover;  // the scheme in words: "current and next key (3 1 1 + 3 1 1)"
  std::optional<policy::Verdict> verdict;  // what a sender that enforces must demand here
  std::optional<Error> refused;  // why such a sender would refuse mail to it, at any address
  std::vector<AddressReport> addresses;
  std::vector<Stage> stages;  // the worst of its addresses
};

struct StsSeen {
  std::vector<std::string> txt;       // at _mta-sts, those that claim to be STSv1
  std::optional<std::string> id;      // of the one valid record
  std::optional<Error> record_error;  // not valid, or the DNS did not say
  std::string policy_text;            // as fetched
  std::string policy_sha256;          // of it, lower-case hex: to be held against `id` another time
  std::optional<mta_sts::Policy> policy;
  std::optional<Error> policy_error;     // fetch, certificate, grammar
  std::vector<std::string> not_covered;  // MX hosts that the policy does not name
  std::vector<std::string> unused;       // patterns that name no MX host
};

struct TlsrptSeen {
  std::vector<std::string> txt;
  std::vector<std::string> rua;
  std::optional<Error> error;  // not valid, or the DNS did not say
};

struct ListSeen {
  std::string list;  // file name or title
  std::string mode;  // "enforce", "testing", empty: the domain is not on it
  std::vector<std::string> not_covered;
  std::optional<Error> error;
};

// A service that the domain names by SRV record (RFC 6186, RFC 8314, RFC 5804).
struct ServiceSeen {
  std::string label;  // "_imaps._tcp"
  dns::Srv record;
  bool secure = false;  // the record is DNSSEC-secure
};

// What another path of check.h with a resolver of its own says about the domain.
struct PathSeen {
  std::string via;
  std::optional<policy::Facts> facts;
  std::optional<Error> error;
};

struct DomainReport {
  dns::Name domain;
  std::vector<dns::Mx> mx;  // as the DNS has them, a null MX included
  policy::Facts facts;      // MX, addresses, DANE; `sts` as fetched now
  std::vector<PathSeen> paths;
  std::vector<ServiceSeen> services;
  std::optional<Error> services_error;  // the first SRV question that was not answered
  StsSeen sts;
  TlsrptSeen tlsrpt;
  std::optional<ListSeen> list;
};

struct TargetReport {
  Target target;
  std::optional<Error> error;  // nothing could be checked
  std::optional<DomainReport> domain;
  std::vector<HostReport> hosts;  // MX hosts in their order, then the services
  std::vector<Finding> findings;  // the worst first
  std::string verdict;            // one sentence or three
  std::chrono::milliseconds took{};
};

struct Report {
  WallTime at{};
  int days = 0;  // --days: dates are held against this many days from now as well
  std::vector<TargetReport> targets;
};

// How findings name a host: "mx1.example.org" for an MX host, "imap://mail.example.org" for another
// service (with the port where it is not the usual one); and one of its addresses:
// "mx1.example.org [192.0.2.1]", "mx1.example.org [192.0.2.1] via office".
std::string subject_of(const HostReport& host);
std::string subject_of(const HostReport& host, const AddressReport& address);

Severity worst(const TargetReport& report);  // of its findings; good if there is none
// 0 nothing worse than a note, 1 a warning, 2 a fault, 3 tampering was seen; 75 a target could not
// be checked (and no fault was found).
int exit_status(const Report& report);

}  // namespace pawl::check

// docs/json/check.md describes every member; a test holds the two together.
#include "base/bytes.h"
#include "check/page.h"
#include "check/views.h"

namespace pawl::check {

namespace {

using json::Array;
using json::Object;
using json::Value;

template <class List, class Function>
Array each(const List& list, Function one) {
  Array array;
  for (const auto& item : list) array.push_back(one(item));
  return array;
}

// Empty is null: there is nothing.
Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value(text);
}

Value error_value(const std::optional<Error>& error) {
  if (!error) return {};
  return Object{{"code", row(error->code).name}, {"sentence", error->sentence()}};
}

Value milliseconds(const std::optional<std::chrono::milliseconds>& duration) {
  return duration ? Value(duration->count()) : Value();
}

Value stages_value(const std::vector<Stage>& stages) {
  Array array;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    array.push_back(Object{{"name", name(static_cast<StageName>(i))},
                           {"state", name(stages[i].state)},
                           {"text", stages[i].text}});
  }
  return array;
}

Value finding_value(const Finding& finding) {
  const FindingRow& row = check::row(finding.id);
  return Object{{"id", row.name},           {"severity", name(row.severity)},
                {"topic", name(row.topic)}, {"subject", finding.subject},
                {"sentence", row.sentence}, {"detail", finding.detail},
                {"remedy", row.remedy},     {"reference", row.reference}};
}

// --- The domain

Value sts_value(const StsSeen& sts) {
  Object object{{"txt", Value::array(sts.txt)},
                {"id", sts.id ? Value(*sts.id) : Value()},
                {"record_error", error_value(sts.record_error)},
                {"policy_text", text_or_null(sts.policy_text)},
                {"policy_sha256", text_or_null(sts.policy_sha256)},
                {"policy", {}},
                {"policy_error", error_value(sts.policy_error)},
                {"not_covered", Value::array(sts.not_covered)},
                {"unused", Value::array(sts.unused)}};
  if (sts.policy) {
    object[5].value = Object{{"mode", mta_sts::name(sts.policy->mode)},
                             {"max_age", sts.policy->max_age.count()},
                             {"mx", Value::array(sts.policy->mx)},
                             {"warnings", Value::array(sts.policy->warnings)}};
  }
  return object;
}

Value list_value(const std::optional<ListSeen>& list) {
  if (!list) return {};
  return Object{{"list", list->list},
                {"mode", text_or_null(list->mode)},
                {"not_covered", Value::array(list->not_covered)},
                {"error", error_value(list->error)}};
}

Value service_value(const ServiceSeen& service) {
  return Object{{"label", service.label},          {"target", service.record.target.text()},
                {"port", service.record.port},     {"priority", service.record.priority},
                {"weight", service.record.weight}, {"secure", service.secure}};
}

Value domain_value(const std::optional<DomainReport>& domain) {
  if (!domain) return {};
  return Object{{"domain", domain->domain.text()},
                {"mx_secure", domain->facts.mx_secure},
                {"implicit_mx", domain->facts.implicit_mx},
                {"mta_sts", sts_value(domain->sts)},
                {"tlsrpt", Object{{"txt", Value::array(domain->tlsrpt.txt)},
                                  {"rua", Value::array(domain->tlsrpt.rua)},
                                  {"error", error_value(domain->tlsrpt.error)}}},
                {"list", list_value(domain->list)},
                {"services", each(domain->services, service_value)}};
}

// --- A host

std::string_view name_of(policy::DaneFacts::State state) {
  using State = policy::DaneFacts::State;
  switch (state) {
    case State::not_applicable:
      return "not-applicable";
    case State::none:
      return "none";
    case State::usable:
      return "usable";
    case State::unusable:
      return "unusable";
    case State::failed:
      return "failed";
  }
  return "";
}

Value dns_value(const std::optional<policy::MxFacts>& facts) {
  if (!facts) return {};
  return Object{{"preference", facts->preference},
                {"canonical", facts->canonical.text()},
                {"addresses", each(facts->addresses,
                                   [](const IpAddress& address) { return Value(address.text()); })},
                {"address_errors", each(facts->address_errors,
                                        [](const Error& error) { return error_value(error); })},
                {"address_secure", facts->address_secure},
                {"tlsa", name_of(facts->dane.state)},
                {"tlsa_base_domain", text_or_null(facts->dane.base_domain)},
                {"tlsa_error", error_value(facts->dane.error)}};
}

Value tlsa_value(const TlsaSeen& seen) {
  return Object{{"record", seen.record.text()},
                {"unusable", text_or_null(seen.unusable)},
                {"matches", Value::array(seen.matches)}};
}

Value enforcement_value(const HostReport& host) {
  if (!host.verdict) return {};
  const policy::Verdict& verdict = *host.verdict;
  return Object{{"usable", verdict.usable},
                {"tls_required", verdict.tls_required},
                {"demanded", policy::demanded(verdict)},
                {"promised", policy::name(verdict.promised)},
                {"demanded_by", each(verdict.promised_by,
                                     [](policy::Source source) { return Value(name(source)); })},
                {"reasons", each(verdict.reasons,
                                 [](const policy::Reason& reason) {
                                   return Value(Object{{"source", name(reason.source)},
                                                       {"sentence", reason.sentence},
                                                       {"reference", reason.reference}});
                                 })},
                {"refused", error_value(host.refused)}};
}

Value certificate_value(const tls::Certificate& certificate) {
  return Object{{"subject", certificate.subject},
                {"issuer", certificate.issuer},
                {"dns_names", Value::array(certificate.dns_names)},
                {"not_before", format_rfc3339(certificate.not_before)},
                {"not_after", format_rfc3339(certificate.not_after)},
                {"key", certificate.key},
                {"sha256", certificate.sha256},
                {"spki_sha256", certificate.spki_sha256}};
}

Value seen_value(const CertificateSeen& seen) {
  return Object{{"chain", each(seen.chain, certificate_value)},
                {"refused", error_value(seen.pkix)},
                {"matched_name", text_or_null(seen.matched_name)},
                {"ocsp", text_or_null(seen.ocsp)}};
}

Value negotiated_value(const std::optional<tls::Description>& tls) {
  if (!tls) return {};
  return Object{{"version", tls->version ? Value(tls::name(*tls->version)) : Value()},
                {"cipher_suite", text_or_null(tls->cipher_suite)},
                {"group", text_or_null(tls->group)},
                {"forward_secrecy", tls->forward_secrecy},
                {"alpn", text_or_null(tls->alpn)},
                {"matched_tlsa", tls->matched_tlsa ? Value(tls->matched_tlsa->text()) : Value()},
                {"matched_name", text_or_null(tls->matched_name)}};
}

Value suite_value(const probe::SuiteSeen& suite) {
  return Object{{"id", suite.id},
                {"name", suite.name},
                {"key_exchange", suite.key_exchange},
                {"forward_secrecy", suite.forward_secrecy},
                {"weak", suite.weak}};
}

Value version_value(const probe::VersionSeen& version) {
  return Object{{"name", version.name},
                {"offered", version.offered},
                {"server_order", version.server_order ? Value(*version.server_order) : Value()},
                {"suites", each(version.suites, suite_value)}};
}

Value offered_value(const std::optional<probe::Enumeration>& offered) {
  if (!offered) return {};
  return Object{{"versions", each(offered->versions, version_value)},
                {"groups", Value::array(offered->groups)},
                {"rsa_certificate", offered->rsa_certificate},
                {"ecdsa_certificate", offered->ecdsa_certificate},
                {"ocsp_stapled", offered->ocsp_stapled},
                {"secure_renegotiation", offered->secure_renegotiation},
                {"extended_master_secret", offered->extended_master_secret},
                {"compression", offered->compression},
                {"fallback_scsv", offered->fallback_scsv},
                {"connections", offered->connections},
                {"took_ms", offered->took.count()},
                {"error", error_value(offered->error)}};
}

Value tampering_value(const tamper::Examination& examination) {
  return Object{{"assessment", tamper::name(examination.assessment)},
                {"signs", each(examination.findings, [](const tamper::Finding& finding) {
                   const auto& row = tamper::row(finding.signature);
                   return Value(Object{{"id", row.id},
                                       {"code", row.code},
                                       {"confidence", tamper::name(finding.confidence)},
                                       {"sentence", finding.sentence},
                                       {"evidence", finding.evidence},
                                       {"evidence_hex", to_hex(finding.evidence)}});
                 })}};
}

std::string_view name_of(starttls::TranscriptEntry::Kind kind) {
  using Kind = starttls::TranscriptEntry::Kind;
  switch (kind) {
    case Kind::client:
      return "client";
    case Kind::server:
      return "server";
    case Kind::tls_established:
      return "tls-established";
    case Kind::tls_failed:
      return "tls-failed";
    case Kind::closed:
      return "closed";
    case Kind::reset:
      return "reset";
    case Kind::timed_out:
      return "timed-out";
  }
  return "";
}

Value transcript_value(const starttls::Transcript& transcript) {
  return each(transcript.entries, [](const starttls::TranscriptEntry& entry) {
    return Value(Object{{"at_ms", entry.at.count()},
                        {"kind", name_of(entry.kind)},
                        {"tls", entry.tls},
                        {"text", entry.bytes}});
  });
}

Value address_value(const AddressReport& address) {
  const probe::Look& look = address.look;
  return Object{{"address", look.at.address.text()},
                {"via", text_or_null(address.via)},
                {"stages", stages_value(address.stages)},
                {"connected_ms", milliseconds(look.timings.connected)},
                {"greeted_ms", milliseconds(look.timings.greeted)},
                {"upgrading_ms", milliseconds(look.timings.upgrading)},
                {"established_ms", milliseconds(look.timings.established)},
                {"ready_ms", milliseconds(look.timings.ready)},
                {"banner", text_or_null(look.banner)},
                {"capabilities_in_clear", Value::array(look.capabilities_in_clear)},
                {"capabilities_in_tls", Value::array(look.capabilities_in_tls)},
                {"upgrade_offered", look.upgrade_offered},
                {"secure", look.secure},
                {"tls", negotiated_value(look.tls)},
                {"proof_failed", error_value(look.proof_failed)},
                {"downgrade", error_value(look.downgrade)},
                {"error", error_value(look.error)},
                {"refused", error_value(address.refused)},
                {"certificates", each(address.certificates, seen_value)},
                {"offered", offered_value(address.offered)},
                {"tampering", tampering_value(address.tampering)},
                {"transcript", transcript_value(look.transcript)}};
}

Value host_value(const HostReport& host) {
  return Object{{"host", host.host},
                {"protocol", starttls::row(host.protocol).name},
                {"implicit_tls", host.implicit_tls},
                {"port", host.port},
                {"found_by", host.found_by},
                {"stages", stages_value(host.stages)},
                {"dns", dns_value(host.facts)},
                {"tlsa", each(host.tlsa, tlsa_value)},
                {"tlsa_rollover", text_or_null(host.tlsa_rollover)},
                {"enforcement", enforcement_value(host)},
                {"addresses", each(host.addresses, address_value)}};
}

Value target_value(const TargetReport& report) {
  return Object{
      {"target", report.target.text},          {"verdict", report.verdict},
      {"worst", name(worst(report))},          {"error", error_value(report.error)},
      {"took_ms", report.took.count()},        {"findings", each(report.findings, finding_value)},
      {"domain", domain_value(report.domain)}, {"hosts", each(report.hosts, host_value)}};
}

}  // namespace

json::Value json_view(const Report& report) {
  return Object{{"schema", "pawl.check/1"},
                {"at", format_rfc3339(report.at)},
                {"days", report.days},
                {"exit_status", exit_status(report)},
                {"targets", each(report.targets, target_value)}};
}

}  // namespace pawl::check

#include "app/explanation.h"

#include "base/text.h"

namespace pawl::app {

namespace {

using policy::DaneFacts;
using policy::Verdict;

std::string reason_lines(const std::vector<policy::Reason>& reasons) {
  std::string text;
  for (const policy::Reason& reason : reasons) {
    text += "    - " + printable(reason.sentence, 1000);
    if (!reason.reference.empty()) text += " (" + citation(reason.reference) + ")";
    text += '\n';
  }
  return text;
}

std::string sources(const std::vector<policy::Source>& list) {
  std::vector<std::string> names;
  for (policy::Source source : list) names.emplace_back(name(source));
  return join(names, " and ");
}

std::string what_if(const Verdict& verdict) {
  if (verdict.enforcement == policy::Enforcement::observe) {
    return "    If that is not met: it is recorded, and mail is sent all the same.\n";
  }
  if (!verdict.usable) {
    return "    What then: the other hosts are tried; if there are none, mail waits, alerts, and "
           "is\n"
           "    returned when the queue lifetime ends.\n";
  }
  if (verdict.tls_forbidden) return "    What then: mail is sent in clear.\n";
  if (!verdict.tls_required) {
    return "    If STARTTLS is not offered or fails: mail is sent in clear, and that is recorded.\n"
           "    If the certificate is wrong: mail is sent encrypted, and that is recorded.\n";
  }
  std::string text =
      "    If STARTTLS is missing, masked or refused: not a byte of mail is sent to this host.\n";
  if (verdict.profile.authenticated()) {
    text += "    If the proof fails: the connection is closed before the envelope is sent.\n";
  }
  return text +
         "    Either way the next host is tried; then mail waits, alerts, and is returned\n"
         "    when the queue lifetime ends.\n";
}

std::string host_text(const policy::MxFacts& mx, const Verdict& verdict) {
  std::vector<std::string> addresses;
  for (const IpAddress& address : mx.addresses) addresses.push_back(address.text());
  std::string text = "\n  " + verdict.host.text() + ", preference " +
                     std::to_string(mx.preference) + ", " +
                     (addresses.empty() ? "no address" : join(addresses, ", ")) + "\n";
  for (const Error& error : mx.address_errors) {
    text += "    Address: " + printable(error.sentence(), 1000) + "\n";
  }
  text += "    Demanded: " + demanded(verdict) + "\n";
  if (verdict.unusable) {
    text += "    Skipped: " + printable(verdict.unusable->sentence(), 1000) + "\n";
  }
  text += "    Promised by the destination: " + std::string(name(verdict.promised));
  if (!verdict.promised_by.empty()) text += "; demanded by " + sources(verdict.promised_by);
  return text + "\n" + what_if(verdict) + "    Why:\n" + reason_lines(verdict.reasons);
}

json::Value error_json(const std::optional<Error>& error) {
  if (!error) return {};
  return json::Object{{"code", row(error->code).name}, {"sentence", error->sentence()}};
}

json::Value reasons_json(const std::vector<policy::Reason>& reasons) {
  json::Array list;
  for (const policy::Reason& reason : reasons) {
    list.push_back(json::Object{{"source", name(reason.source)},
                                {"sentence", reason.sentence},
                                {"reference", reason.reference}});
  }
  return list;
}

std::string_view name_of(DaneFacts::State state) {
  switch (state) {
    case DaneFacts::State::not_applicable:
      return "not-applicable";
    case DaneFacts::State::none:
      return "none";
    case DaneFacts::State::usable:
      return "usable";
    case DaneFacts::State::unusable:
      return "unusable";
    case DaneFacts::State::failed:
      return "failed";
  }
  return "";
}

std::string_view name_of(policy::StsFacts::State state) {
  switch (state) {
    case policy::StsFacts::State::none:
      return "none";
    case policy::StsFacts::State::policy:
      return "policy";
    case policy::StsFacts::State::unavailable:
      return "unavailable";
  }
  return "";
}

json::Value dane_json(const DaneFacts& dane) {
  std::vector<std::string> records;
  for (const dns::Tlsa& record : dane.records) records.push_back(record.text());
  return json::Object{{"state", name_of(dane.state)},
                      {"base_domain", dane.base_domain},
                      {"records", json::Value::array(records)},
                      {"unusable_records", dane.unusable_records},
                      {"error", error_json(dane.error)}};
}

json::Value names_json(const std::optional<tls::PkixDemand>& demand) {
  return demand ? json::Value::array(demand->names) : json::Value();
}

json::Value host_json(const policy::MxFacts& mx, const Verdict& verdict) {
  json::Array addresses;
  for (const IpAddress& address : mx.addresses) addresses.emplace_back(address.text());
  json::Array address_errors;
  for (const Error& error : mx.address_errors) address_errors.push_back(error_json(error));
  json::Array promised_by;
  for (policy::Source source : verdict.promised_by) promised_by.emplace_back(name(source));
  const auto& profile = verdict.profile;
  return json::Object{
      {"host", verdict.host.text()},
      {"preference", mx.preference},
      {"addresses", addresses},
      {"address_errors", address_errors},
      {"address_secure", mx.address_secure},
      {"dane", dane_json(mx.dane)},
      {"usable", verdict.usable},
      {"unusable", error_json(verdict.unusable)},
      {"tls", verdict.tls_forbidden  ? "forbidden"
              : verdict.tls_required ? "required"
                                     : "opportunistic"},
      {"min_version", name(profile.min_version)},
      {"sni", profile.sni},
      {"authenticated_by_tlsa", profile.dane.has_value()},
      {"certificate_names", names_json(profile.pkix)},
      {"certificate_also_names", profile.pkix && !profile.pkix->also_names.empty()
                                     ? json::Value::array(profile.pkix->also_names)
                                     : json::Value()},
      {"certificate_observed_names", names_json(profile.pkix_observed)},
      {"fingerprints", json::Value::array(profile.fingerprints)},
      {"enforcement", verdict.enforcement == policy::Enforcement::observe ? "observe" : "enforce"},
      {"promised", name(verdict.promised)},
      {"demanded_by", promised_by},
      {"reasons", reasons_json(verdict.reasons)}};
}

json::Value sts_json(const policy::StsFacts& sts) {
  json::Object object{{"state", name_of(sts.state)}};
  if (sts.policy) {
    object.push_back({"mode", mta_sts::name(sts.policy->mode)});
    object.push_back({"id", sts.id});
    object.push_back({"max_age", sts.policy->max_age.count()});
    object.push_back({"mx", json::Value::array(sts.policy->mx)});
    object.push_back({"warnings", json::Value::array(sts.policy->warnings)});
    object.push_back({"source", sts.source});
  }
  object.push_back({"error", error_json(sts.error)});
  return object;
}

}  // namespace

std::string explanation_text(const Explanation& explanation) {
  const policy::Plan& plan = explanation.plan;
  const std::size_t count = plan.verdicts.size();
  std::string text = explanation.domain + ": mail goes to " + std::to_string(count) +
                     (count == 1 ? " host" : " hosts") + " (" + explanation.next_hop + ")\n" +
                     reason_lines(plan.reasons);
  if (explanation.facts.sts.policy) {
    for (const std::string& warning : explanation.facts.sts.policy->warnings) {
      text += "    - the MTA-STS policy: " + printable(warning, 300) + "\n";
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    text += host_text(explanation.facts.mx[i], plan.verdicts[i]);
  }
  if (plan.impossible) {
    text += "\n  Mail cannot leave now: " + printable(plan.impossible->sentence(), 2000) + "\n";
  }
  return text;
}

json::Value explanation_json(const Explanation& explanation) {
  const policy::Facts& facts = explanation.facts;
  json::Array hosts;
  for (std::size_t i = 0; i < explanation.plan.verdicts.size(); ++i) {
    hosts.push_back(host_json(facts.mx[i], explanation.plan.verdicts[i]));
  }
  return json::Object{{"domain", explanation.domain},
                      {"next_hop", explanation.next_hop},
                      {"policy_domain", facts.policy_domain.text()},
                      {"mx_secure", facts.mx_secure},
                      {"implicit_mx", facts.implicit_mx},
                      {"mta_sts", sts_json(facts.sts)},
                      {"reasons", reasons_json(explanation.plan.reasons)},
                      {"hosts", hosts},
                      {"impossible", error_json(explanation.plan.impossible)}};
}

}  // namespace pawl::app

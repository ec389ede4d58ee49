#include "relay/failure_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pawl::relay {

namespace {

struct Remedy {
  Code code;
  std::string_view text;  // "{}" is the host, or "the host" if none is known
};

// Who can fix it, and how. A code that is not here gets the remedy of its retry class.
constexpr Remedy kRemedies[] = {
    {Code::starttls_not_offered,
     "The operator of {} should offer STARTTLS. If they do offer it, somebody between here and "
     "there removes it, and holding the message back is what protects it."},
    {Code::starttls_refused,
     "The operator of {} should repair its STARTTLS. If it works for others, somebody between here "
     "and there breaks it, and holding the message back is what protects it."},
    {Code::starttls_injection,
     "Somebody between here and {} may be tampering with the connection, or its software is "
     "faulty: its operator should find out which."},
    {Code::unexpected_greeting,
     "Somebody between here and {} may be splicing connections together, or its software is "
     "faulty: its operator should find out which."},
    {Code::tls_handshake,
     "The operator of {} should repair its TLS; if it works for others, somebody between here and "
     "there breaks it."},
    {Code::tls_version, "The operator of {} should enable TLS 1.2 or newer."},
    {Code::certificate_untrusted,
     "The operator of {} should install a certificate from an authority that is publicly trusted, "
     "with its whole chain."},
    {Code::certificate_expired, "The operator of {} should renew its certificate."},
    {Code::certificate_host_mismatch,
     "The operator of {} should install a certificate for that name."},
    {Code::certificate_invalid, "The operator of {} should repair its certificate."},
    {Code::tlsa_mismatch,
     "The operator of {} should publish TLSA records for the certificate it uses, or use the "
     "certificate that its records name."},
    {Code::tlsa_lookup,
     "The operator of the DNS zone of {} should see why its TLSA records cannot be looked up "
     "securely."},
    {Code::dnssec_bogus,
     "The operator of the DNS zone should repair its DNSSEC signatures; until then its answers "
     "cannot be told from forged ones."},
    {Code::sts_mx_mismatch,
     "The postmaster of the recipient's domain should name {} in the domain's MTA-STS policy, or "
     "take it out of the MX records."},
    {Code::dane_required,
     "A rule of this relay demands DANE: the operator of {} should publish TLSA records in a "
     "signed "
     "zone, or the postmaster here may change the rule."},
    {Code::fingerprint_mismatch,
     "A rule of this relay names the certificates that {} may have: the postmaster here should ask "
     "its operator whether it was changed."},
    {Code::no_mx_host_usable,
     "The postmaster of the recipient's domain should repair at least one of its mail exchangers."},
    {Code::domain_not_found, "Check how the address is spelled."},
    {Code::null_mx, "The domain says that it takes no mail at all: check the address."},
    {Code::mail_loop,
     "The postmaster here should say where the domain's mail goes (a route), or its MX records "
     "should name another host."},
    {Code::too_many_hops, "The postmasters on its way should find the loop that it went through."},
    {Code::smtp_no_8bitmime, "Send it again in 7-bit form (quoted-printable or base64)."},
    {Code::smtp_no_smtputf8, "Send it to an address in ASCII, if the recipient has one."},
    {Code::smtp_size, "Send a smaller message, or a link to what is large."},
    {Code::smtp_permanent, "The host's reply says why; its postmaster can say more."},
    {Code::smtp_temporary, "Usually nothing: it is tried again. Its postmaster can say more."},
};

std::string_view remedy_of_class(Retry retry) {
  switch (retry) {
    case Retry::policy:
      return "The operator of {} should see why it does not keep what it promises.";
    case Retry::temporary:
      return "Usually nothing: it is tried again. If it lasts, the operator of {} should know.";
    case Retry::internal:
      return "The postmaster here should look into the log.";
    case Retry::permanent:
    case Retry::usage:
      break;
  }
  return "The postmaster of the recipient's domain can say more.";
}

std::string remedy_for(Code code, std::string_view host) {
  std::string_view text = remedy_of_class(row(code).retry);
  for (const Remedy& remedy : kRemedies) {
    if (remedy.code == code) text = remedy.text;
  }
  std::string out(text);
  if (std::size_t at = out.find("{}"); at != std::string::npos) out.replace(at, 2, host);
  return out;
}

std::string host_text(const Attempt& attempt) {
  std::string text = attempt.host.text();
  if (attempt.address) {
    text += fmt::format("{}[{}]:{}", text.empty() ? "" : " ", attempt.address->address.text(),
                        attempt.address->port);
  }
  return text;
}

// The sentences of those who raised the demand, once each.
std::string promise_text(const Attempt* attempt, const DeliveryResult& result) {
  std::vector<std::string> sentences;
  auto take = [&](const std::vector<policy::Reason>& reasons) {
    for (const policy::Reason& reason : reasons) {
      bool promised = attempt == nullptr ? reason.source != policy::Source::nothing &&
                                               reason.source != policy::Source::exception
                                         : std::ranges::find(attempt->promised_by, reason.source) !=
                                               attempt->promised_by.end();
      if (promised && std::ranges::find(sentences, reason.sentence) == sentences.end()) {
        sentences.push_back(reason.sentence);
      }
    }
  };
  if (attempt != nullptr) take(attempt->reasons);
  if (sentences.empty()) take(result.reasons);
  return join(sentences, "; ");
}

std::string first_upper(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

}  // namespace

const Attempt* deciding_attempt(const DeliveryResult& result, const RecipientOutcome& outcome) {
  bool delivered = outcome.state == RecipientOutcome::State::delivered;
  const Attempt* last = nullptr;
  const Attempt* best = nullptr;
  for (const Attempt& attempt : result.attempts) {
    last = &attempt;
    bool fits = delivered ? !attempt.failure || attempt.observed_only
                          : outcome.remote_host.is_root() || attempt.host == outcome.remote_host;
    if (fits) best = &attempt;
  }
  return best != nullptr ? best : last;
}

FailureText failure_text(const DeliveryResult& result, const RecipientOutcome& outcome) {
  FailureText text;
  const Attempt* attempt = deciding_attempt(result, outcome);
  if (attempt != nullptr) text.host = host_text(*attempt);
  text.promise = promise_text(attempt, result);
  std::optional<Error> error = outcome.error;
  if (!error && attempt != nullptr) error = attempt->failure;
  if (error) {
    text.observation = first_upper(error->sentence());
    std::string host = attempt != nullptr ? attempt->host.text() : outcome.remote_host.text();
    text.remedy = remedy_for(error->code, host.empty() ? "the host" : host);
  } else {
    text.observation = "It was not delivered";
  }
  // A reply that the sentence does not carry already.
  if (!outcome.reply.empty() && text.observation.find(outcome.reply) == std::string::npos) {
    text.observation += fmt::format(" (it said: \"{}\")", printable(outcome.reply, 500));
  }
  return text;
}

std::string FailureText::line() const {
  std::string text = host.empty() ? observation : fmt::format("{}: {}", host, observation);
  if (!promise.empty()) text += fmt::format(" [promised: {}]", promise);
  return text;
}

std::string FailureText::paragraphs() const {
  std::string text;
  auto add = [&](std::string_view title, const std::string& sentence) {
    if (sentence.empty()) return;
    text += fmt::format("{}{}: {}{}", text.empty() ? "" : "\n\n", title, sentence,
                        sentence.ends_with('.') ? "" : ".");
  };
  if (!host.empty()) text = "Host: " + host;
  add("Promised", promise);
  add("Seen", observation);
  add("What can be done", remedy);
  return text;
}

smtp::DsnRecipient dsn_recipient(const smtp::Recipient& recipient, const DeliveryResult& result,
                                 const RecipientOutcome& outcome, smtp::DsnAction action,
                                 WallTime now, std::optional<WallTime> retry_until) {
  smtp::DsnRecipient to;
  to.address = recipient.address;
  to.orcpt = recipient.orcpt;
  to.action = action;
  to.status = outcome.status;
  to.remote_mta = outcome.remote_host.text();
  to.reply = outcome.reply;
  to.last_attempt = now;
  to.will_retry_until = retry_until;
  const Attempt* attempt = deciding_attempt(result, outcome);
  if (action == smtp::DsnAction::delivered || action == smtp::DsnAction::relayed) {
    if (attempt != nullptr) {
      std::string how = attempt->tls && !attempt->in_clear ? attempt->tls->sentence() : "in clear";
      to.text = fmt::format("{} took it: {}.", host_text(*attempt), how);
    }
    return to;
  }
  to.text = failure_text(result, outcome).paragraphs();
  bool sealed = outcome.error && row(outcome.error->code).retry == Retry::policy;
  // A policy failure fails a recipient only when its time is over (relay/settlement.h).
  bool expired = action == smtp::DsnAction::failed &&
                 (sealed || outcome.state == RecipientOutcome::State::deferred);
  if (expired) {
    // rfc3464#2.3.4: the status of a final failure is of class 5, whatever the last attempt's was.
    if (to.status.starts_with('4')) to.status[0] = '5';
    to.text += "\n\nIt was tried again and again for as long as this relay keeps a message.";
  }
  if (sealed) to.text += "\n\nNothing of the message left this relay unprotected.";
  return to;
}

}  // namespace pawl::relay

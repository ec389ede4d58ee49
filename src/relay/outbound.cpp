#include "relay/outbound.h"

#include <algorithm>

#include "relay/job_outcomes.h"
#include "relay/message_content.h"

namespace pawl::relay {

namespace {

constexpr std::size_t kPlans = 2000;

MonoTime now() {
  return std::chrono::steady_clock::now();
}

bool enforced(const policy::Verdict& verdict) {
  return verdict.enforcement == policy::Enforcement::enforce;
}

bool is_policy(const Error& error) {
  return row(error.code).retry == Retry::policy;
}

bool promised_by_sts(const policy::Verdict& verdict) {
  return std::ranges::find(verdict.promised_by, policy::Source::mta_sts) !=
         verdict.promised_by.end();
}

policy::MessageDemands demands_of(const store::QueuedMessage& message) {
  policy::MessageDemands demands;
  demands.require_tls = message.envelope.require_tls;
  demands.tls_required_no = message.content.tls_required_no;
  return demands;
}

policy::Facts facts_of_literal(const IpAddress& address) {
  policy::Facts facts;
  facts.mx_lookup = false;
  facts.mx.emplace_back().addresses = {address};
  return facts;
}

bool is_us(const policy::MxFacts& mx, const OutboundSettings& settings) {
  if (std::ranges::find(settings.own_names, mx.host) != settings.own_names.end()) return true;
  return std::ranges::any_of(mx.addresses, [&](const IpAddress& address) {
    return std::ranges::find(settings.own_addresses, address) != settings.own_addresses.end();
  });
}

// rfc5321#5.1: if we are an MX host ourselves, only better ones may be asked, or mail goes round.
Result<> cut_at_ourselves(policy::Facts& facts, const OutboundSettings& settings) {
  if (!facts.mx_lookup) return {};
  auto us = std::ranges::find_if(facts.mx, [&](const auto& mx) { return is_us(mx, settings); });
  if (us == facts.mx.end()) return {};
  std::string name = us->host.text();
  std::uint16_t preference = us->preference;
  std::erase_if(facts.mx, [preference](const auto& mx) { return mx.preference >= preference; });
  if (!facts.mx.empty()) return {};
  return fail(Code::mail_loop, facts.policy_domain.text() + " names " + name);
}

}  // namespace

struct Outbound::Planned {
  policy::Facts facts;
  policy::Plan plan;
  std::vector<std::string> keys;  // Verdict::key() of each
  std::shared_ptr<const policy::Rules> rules;
  std::shared_ptr<const Login>
      login;  // the plan was made for it: never another one under this plan
  MonoTime until;
};

struct Outbound::Work {
  explicit Work(DeliveryJob j)
      : job(std::move(j)), destination(job.next_hop.key()), outcomes(job.message) {}
  DeliveryJob job;
  std::string destination;
  JobOutcomes outcomes;
  DeliveryResult result;
  std::shared_ptr<const Planned> planned;
  std::size_t connections = 0;
  bool sts_blocked = false;  // an MTA-STS policy held mail back: it may be out of date
  std::string plan_key;
};

Outbound::Outbound(OutboundSettings settings, OutboundServices services)
    : settings_(std::move(settings)), services_(std::move(services)), pool_(settings_.pool) {}

net::Task<policy::Facts> Outbound::facts_for(const NextHop& next_hop) {
  if (next_hop.literal) co_return facts_of_literal(*next_hop.literal);
  CO_TRY(policy::Facts facts, co_await services_.gather(next_hop));
  CO_TRY_VOID(cut_at_ourselves(facts, settings_));
  co_return facts;
}

net::Task<std::shared_ptr<const Outbound::Planned>> Outbound::plan_for(const DeliveryJob& job) {
  policy::MessageDemands demands = demands_of(job.message);
  std::string key = job.next_hop.key() + (demands.require_tls ? " requiretls" : "") +
                    (demands.tls_required_no ? " tls-required: no" : "");
  auto rules = services_.rules();
  if (auto it = plans_.find(key); it != plans_.end()) {
    if (it->second->until > now() && it->second->rules == rules) co_return it->second;
    plans_.erase(it);
  }
  auto planned = std::make_shared<Planned>();
  CO_TRY(planned->facts, co_await facts_for(job.next_hop));
  planned->plan = services_.decide(planned->facts, *rules, demands, services_.clock->now());
  if (services_.login) planned->login = services_.login(job.next_hop);
  if (planned->login) {
    policy::protect_credentials(planned->plan, planned->facts, planned->login->origin);
  }
  for (const policy::Verdict& verdict : planned->plan.verdicts) {
    planned->keys.push_back(verdict.key());
  }
  planned->rules = rules;
  planned->until = now() + settings_.plan_lifetime;
  if (plans_.size() >= kPlans) plans_.clear();
  std::shared_ptr<const Planned> kept = std::move(planned);
  plans_[key] = kept;
  co_return kept;
}

net::Task<DeliveryResult> Outbound::deliver(DeliveryJob job) {
  Work work(std::move(job));
  auto slot = co_await pool_.acquire(work.destination);
  if (!slot) work.outcomes.settle_all(slot.error());
  auto planned = co_await plan_for(work.job);
  for (int round = 0; planned && round < 2; ++round) {
    work.planned = *planned;
    work.sts_blocked = false;
    if (auto tried = co_await try_hosts(work); !tried) {
      work.outcomes.settle_all(tried.error());
      break;
    }
    if (work.outcomes.all_settled() || !work.sts_blocked || round > 0) break;
    auto changed = co_await try_refetch(work);
    if (!changed || !*changed) break;
    planned = co_await plan_for(work.job);
  }
  if (!planned) work.outcomes.settle_all(planned.error());
  if (work.planned) work.result.reasons = work.planned->plan.reasons;
  work.result.outcomes = work.outcomes.take();
  co_return std::move(work.result);
}

// Before mail is held back for a policy that may have changed without a new id, it is fetched
// again, once (DESIGN section 3).
net::Task<bool> Outbound::try_refetch(Work& work) {
  if (!services_.refetch_policy) co_return false;
  CO_TRY(bool changed, co_await services_.refetch_policy(work.planned->facts.policy_domain));
  if (changed) {
    std::erase_if(plans_, [&](const auto& entry) { return entry.second == work.planned; });
  }
  co_return changed;
}

net::Task<> Outbound::try_hosts(Work& work) {
  const Planned& planned = *work.planned;
  for (std::size_t host = 0; host < planned.facts.mx.size(); ++host) {
    if (work.outcomes.all_settled()) break;
    if (work.connections >= settings_.connections_per_attempt) break;
    CO_TRY_VOID(co_await try_host(work, host));
  }
  if (planned.plan.impossible) {
    work.outcomes.not_used(*planned.plan.impossible, {}, dns::Name());
  } else if (planned.facts.mx.empty()) {
    work.outcomes.not_used(Error(Code::no_mx_host_usable, "there is none to try"), {}, dns::Name());
  }
  bool failed = std::ranges::any_of(work.result.attempts, [](const Attempt& a) {
    return a.failure.has_value() && !a.observed_only;
  });
  // The next message asks the DNS again instead of repeating what just failed.
  if (failed) {
    std::erase_if(plans_, [&](const auto& entry) { return entry.second == work.planned; });
  }
  co_return Result<>();
}

namespace {

Attempt new_attempt(const policy::Verdict& verdict) {
  Attempt attempt;
  attempt.host = verdict.host;
  attempt.reasons = verdict.reasons;
  attempt.promised = verdict.promised;
  attempt.promised_by = verdict.promised_by;
  return attempt;
}

}  // namespace

net::Task<> Outbound::try_host(Work& work, std::size_t host) {
  const policy::MxFacts& mx = work.planned->facts.mx[host];
  const policy::Verdict& verdict = work.planned->plan.verdicts[host];
  auto skip = [&](const Error& error) {
    Attempt attempt = new_attempt(verdict);
    attempt.failure = error;
    work.result.attempts.push_back(std::move(attempt));
    work.outcomes.not_used(error, {}, verdict.host);
  };
  if (!verdict.usable && enforced(verdict)) {
    skip(verdict.unusable.value_or(Error(Code::no_mx_host_usable, verdict.host.text())));
    work.sts_blocked |= promised_by_sts(verdict);
    co_return Result<>();
  }
  if (mx.addresses.empty()) {
    skip(mx.address_errors.empty()
             ? Error(Code::connect_unreachable, mx.host.text() + " has no address")
             : mx.address_errors.front());
    co_return Result<>();
  }
  for (const IpAddress& address : mx.addresses) {
    if (work.outcomes.all_settled()) break;
    if (work.connections++ >= settings_.connections_per_attempt) break;
    CO_TRY_VOID(co_await try_address(work, host, address));
  }
  co_return Result<>();
}

net::Task<> Outbound::try_address(Work& work, std::size_t host, IpAddress address) {
  const policy::Verdict& verdict = work.planned->plan.verdicts[host];
  const NextHop& next_hop = work.job.next_hop;
  MonoTime start = now();
  SessionRequest request;
  request.to = Endpoint{address, next_hop.port};
  request.protocol = next_hop.protocol;
  request.verdict = &verdict;
  request.helo = settings_.helo;
  if (const auto& login = work.planned->login) {
    request.credentials = std::shared_ptr<const smtp::Credentials>(login, &login->credentials);
  }
  bool required = verdict.tls_required && enforced(verdict);
  request.clear_fallback = !required && work.job.attempt > 1 &&
                           handshakes_.has_failed(work.destination, verdict.host, start);

  std::string key = request.to.text() + ' ' + std::to_string(static_cast<int>(next_hop.protocol)) +
                    (request.clear_fallback ? " clear " : " ") + work.planned->keys[host];
  if (request.credentials) key += ' ' + work.destination;

  Attempt attempt;
  auto session = pool_.take(key, start);
  if (session) {
    attempt = session->opened_as();
    CO_TRY_VOID(co_await transact(work, *session, attempt));
    // An idle connection that its host had given up costs nothing but a new one.
    if (session->lost_while_idle()) session.reset();
  }
  if (!session) {
    attempt = new_attempt(verdict);
    attempt.address = request.to;
    if (!verdict.usable) {
      attempt.failure = verdict.unusable;
      attempt.observed_only = true;
    }
    auto opened = co_await OutboundSession::open(services_.dial, services_.tls, request,
                                                 settings_.timeouts, attempt);
    if (!opened) {
      Error error = std::move(opened).error();
      attempt.failure = error;
      attempt.observed_only = false;
      attempt.duration = std::chrono::floor<std::chrono::milliseconds>(now() - start);
      bool handshake = error.code == Code::tls_handshake || error.code == Code::tls_version;
      if (handshake && !required) {
        handshakes_.failed(work.destination, verdict.host, now());
        emit(Severity::warning, "tls.handshake_failed", work, attempt);
      }
      work.sts_blocked |= is_policy(error) && promised_by_sts(verdict);
      work.outcomes.not_used(error, attempt.reply, verdict.host);
      work.result.attempts.push_back(std::move(attempt));
      co_return Result<>();
    }
    session = *std::move(opened);
    if (session->client().secure()) handshakes_.succeeded(work.destination, verdict.host);
    if (request.clear_fallback) emit(Severity::warning, "tls.clear_fallback", work, attempt);
    if (session->client().starttls_refused()) {
      emit(Severity::warning, "tls.starttls_refused", work, attempt);
    }
    CO_TRY_VOID(co_await transact(work, *session, attempt));
  }
  attempt.duration = std::chrono::floor<std::chrono::milliseconds>(now() - start);
  work.result.attempts.push_back(std::move(attempt));
  pool_.put(std::move(key), std::move(session), now());
  co_return Result<>();
}

net::Task<> Outbound::transact(Work& work, OutboundSession& session, Attempt& attempt) {
  const store::QueuedMessage& message = work.job.message;
  auto utf8_header = co_await has_utf8_header(message, services_.queue);
  auto record = [&](const Error& error, const std::string& reply) {
    attempt.failure = error;
    attempt.observed_only = false;
    attempt.reply = reply;
  };
  if (!utf8_header) {
    record(utf8_header.error(), {});
    work.outcomes.not_used(utf8_header.error(), {}, attempt.host);
    co_return Result<>();
  }
  std::vector<std::size_t> open = work.outcomes.open();
  std::optional<std::string> taken;
  for (std::size_t at = 0; at < open.size() && session.usable();) {
    std::size_t count = std::min(settings_.recipients_per_transaction, open.size() - at);
    std::vector<std::size_t> places(open.begin() + static_cast<std::ptrdiff_t>(at),
                                    open.begin() + static_cast<std::ptrdiff_t>(at + count));
    smtp::Transaction transaction;
    transaction.envelope = &message.envelope;
    for (std::size_t place : places) {
      transaction.recipients.push_back(&message.recipients[place].recipient);
    }
    transaction.size = message.content.size;
    transaction.eight_bit = message.content.eight_bit;
    transaction.utf8_header = *utf8_header;
    MessageContent content(message, services_.queue);
    CO_TRY(auto result, co_await session.send(std::move(transaction), content));
    if (session.lost_while_idle()) co_return Result<>();
    work.outcomes.answered(places, result, attempt.host);
    for (const smtp::RecipientResult& r : result.recipients) {
      if (!r.error) taken = r.reply;
      if (r.error && !taken) record(*r.error, r.reply);
    }
    at += count;
  }
  if (session.failure()) {
    record(*session.failure(), session.client().last_reply());
    work.outcomes.not_used(*session.failure(), {}, attempt.host);
  } else if (taken) {
    if (!attempt.observed_only) attempt.failure.reset();
    attempt.reply = *taken;
  }
  co_return Result<>();
}

void Outbound::emit(Severity severity, std::string name, const Work& work, const Attempt& attempt) {
  if (!services_.events) return;
  Event event;
  event.severity = severity;
  event.name = std::move(name);
  event.fields = {{"queue_id", store::queue_id(work.job.message.id)},
                  {"next_hop", work.destination},
                  {"host", attempt.host.text()}};
  if (attempt.address) event.fields.emplace_back("address", attempt.address->text());
  if (!attempt.reply.empty()) event.fields.emplace_back("reply", attempt.reply);
  if (attempt.failure) event.fields.emplace_back("error", attempt.failure->sentence());
  services_.events->emit(event);
}

}  // namespace pawl::relay

#include "discovery/sts.h"

namespace pawl::discovery {

namespace {

constexpr std::size_t kRefreshedAtOnce = 100;  // per round; more wait for the next one

policy::StsFacts unavailable(std::optional<Error> error) {
  policy::StsFacts facts;
  facts.state = policy::StsFacts::State::unavailable;
  facts.error = std::move(error);
  return facts;
}

}  // namespace

net::Task<StsDiscovery::Held> StsDiscovery::load(dns::Name domain) {
  Held held;
  CO_TRY(held.row, co_await cache_.load(domain));
  if (held.row && held.row->holds_policy()) {
    auto policy = mta_sts::parse_policy(held.row->policy_text);
    if (policy) {
      held.policy = *std::move(policy);
    } else {
      // Written by a version that understood more: as if it had never been fetched.
      held.row->policy_text.clear();
    }
  }
  co_return held;
}

net::Task<mta_sts::TxtOutcome> StsDiscovery::ask_txt(dns::Name domain) {
  mta_sts::TxtOutcome outcome;
  auto owner = domain.prepend("_mta-sts");
  if (!owner) co_return outcome;  // too long a name to have a record
  auto answer = co_await resolver_.lookup(*owner, dns::Type::txt);
  if (!answer) {
    outcome.error = std::move(answer).error();
    co_return outcome;
  }
  auto texts = dns::txt_records(*answer);
  if (!texts) {
    outcome.error = std::move(texts).error();
    co_return outcome;
  }
  auto record = mta_sts::choose_record(*texts);
  if (record) {
    outcome.record = *std::move(record);
  } else {
    outcome.error = std::move(record).error();
  }
  co_return outcome;
}

policy::StsFacts StsDiscovery::held_facts(const Held& held, const std::string& note,
                                          std::optional<Error> error) {
  policy::StsFacts facts;
  facts.state = policy::StsFacts::State::policy;
  facts.policy = held.policy;
  facts.id = held.row->id;
  facts.source = "remembered since " + format_rfc3339(held.row->fetched);
  if (!note.empty()) facts.source += "; " + note;
  facts.error = std::move(error);
  return facts;
}

bool StsDiscovery::begin_fetch(const dns::Name& domain, net::Completion<bool>& ended) {
  std::lock_guard lock(mutex_);
  auto [entry, first] = fetching_.try_emplace(domain);
  if (!first) entry->second.push_back(ended);
  return first;
}

void StsDiscovery::end_fetch(const dns::Name& domain) {
  std::vector<net::Completion<bool>> waiting;
  {
    std::lock_guard lock(mutex_);
    waiting.swap(fetching_[domain]);
    fetching_.erase(domain);
  }
  for (auto& one : waiting) one.complete(true);
}

void StsDiscovery::tell_fetched(const Held& before, const mta_sts::StoredPolicy& after,
                                const mta_sts::Policy& policy) {
  const bool weaker = before.policy && mta_sts::is_in_force(*before.row, clock_.now()) &&
                      before.policy->mode == mta_sts::Mode::enforce &&
                      policy.mode != mta_sts::Mode::enforce;
  Event event{weaker ? Severity::warning : Severity::info,
              weaker ? "mta_sts.policy_weaker" : "mta_sts.policy_fetched",
              {{"domain", after.domain.text()},
               {"id", after.id},
               {"mode", std::string(mta_sts::name(policy.mode))},
               {"max_age", std::to_string(policy.max_age.count())}}};
  if (weaker) event.fields.emplace_back("mode_before", mta_sts::name(before.policy->mode));
  for (const std::string& warning : policy.warnings) event.fields.emplace_back("warning", warning);
  events_.emit(event);
}

// Asks the policy host and stores what came of it. The facts are those after it.
net::Task<policy::StsFacts> StsDiscovery::fetch(dns::Name domain, std::string id, Held held,
                                                bool for_mail) {
  auto fetched = co_await source_.fetch(domain);
  const WallTime now = clock_.now();
  mta_sts::StoredPolicy row =
      fetched ? mta_sts::after_success(held.row, domain, id, fetched->text, fetched->policy, now)
              : mta_sts::after_failure(held.row, domain, id, fetched.error(), now);
  if (for_mail) row.last_used = now;
  auto saved = co_await cache_.save(row);
  if (!saved) {
    events_.emit({Severity::error,
                  "mta_sts.policy_not_stored",
                  {{"domain", domain.text()}, {"error", saved.error().sentence()}}});
  }
  if (fetched) {
    tell_fetched(held, row, fetched->policy);
    policy::StsFacts facts;
    facts.state = policy::StsFacts::State::policy;
    facts.policy = std::move(fetched->policy);
    facts.id = id;
    facts.source = "fetched now";
    co_return facts;
  }
  events_.emit({Severity::warning,
                "mta_sts.fetch_failed",
                {{"domain", domain.text()},
                 {"id", id},
                 {"error", fetched.error().sentence()},
                 {"failures", std::to_string(row.failures)}}});
  if (held.policy && mta_sts::is_in_force(*held.row, now)) {
    co_return held_facts(held, "the policy host did not give a new one", fetched.error());
  }
  co_return unavailable(fetched.error());
}

net::Task<policy::StsFacts> StsDiscovery::find(dns::Name domain) {
  CO_TRY(const mta_sts::TxtOutcome txt, co_await ask_txt(domain));
  // Twice at most: whoever waited for another's fetch looks at its outcome, and asks no more.
  for (bool waited = false;; waited = true) {
    CO_TRY(Held held, co_await load(domain));
    const WallTime now = clock_.now();
    mta_sts::Decision decision = mta_sts::next_step(held.row, txt, now);
    if (decision.step == mta_sts::Step::no_policy) co_return policy::StsFacts();
    if (held.row && mta_sts::should_touch(*held.row, now)) {
      CO_TRY_VOID(co_await cache_.touch(domain, now));
    }
    if (decision.step == mta_sts::Step::use_held) {
      co_return held_facts(held, decision.note, decision.error);
    }
    if (decision.step == mta_sts::Step::unavailable) co_return unavailable(decision.error);
    net::Completion<bool> ended;
    if (!waited && !begin_fetch(domain, ended)) {
      CO_TRY_VOID(co_await ended.wait());
      continue;
    }
    auto facts = co_await fetch(domain, txt.record->id, std::move(held), true);
    if (!waited) end_fetch(domain);
    co_return facts;
  }
}

net::Task<std::optional<policy::StsFacts>> StsDiscovery::find_after_mismatch(dns::Name domain) {
  std::optional<policy::StsFacts> changed;
  CO_TRY(Held held, co_await load(domain));
  if (!held.row || !held.policy || !mta_sts::may_force(*held.row, clock_.now())) co_return changed;
  net::Completion<bool> ended;
  if (!begin_fetch(domain, ended)) {
    CO_TRY_VOID(co_await ended.wait());
    CO_TRY(Held now_held, co_await load(domain));
    if (now_held.policy && now_held.row->policy_text != held.row->policy_text) {
      changed = held_facts(now_held, "", {});
    }
    co_return changed;
  }
  held.row->forced = clock_.now();
  const std::string before = held.row->policy_text;
  // The record may be as stale as the policy: the id known is kept if there is no other.
  auto txt = co_await ask_txt(domain);
  const std::string id = txt && txt->record ? txt->record->id : held.row->id;
  auto facts = co_await fetch(domain, id, std::move(held), true);
  end_fetch(domain);
  CO_TRY(Held after, co_await load(domain));
  if (facts && after.row && after.row->failures == 0 && after.row->policy_text != before) {
    changed = *std::move(facts);
  }
  co_return changed;
}

net::Task<std::size_t> StsDiscovery::refresh_due() {
  const WallTime now = clock_.now();
  CO_TRY_VOID(co_await cache_.forget_unused(now, now - mta_sts::kForgetAfter));
  CO_TRY(auto rows, co_await cache_.due(now, now - mta_sts::kStillUsed, kRefreshedAtOnce));
  std::size_t asked = 0;
  for (const mta_sts::StoredPolicy& row : rows) {
    auto txt = co_await ask_txt(row.domain);
    CO_TRY(Held held, co_await load(row.domain));
    if (!held.row) continue;
    if (txt && !txt->record && !txt->error) {
      // The owner took the record away: what is held runs out in its own time.
      held.row->refresh_due = now + mta_sts::kRefreshAtLeastEvery;
      CO_TRY_VOID(co_await cache_.save(*held.row));
      continue;
    }
    net::Completion<bool> ended;
    if (!begin_fetch(row.domain, ended)) continue;  // mail is fetching it just now
    const std::string id = txt && txt->record
                               ? txt->record->id
                               : (held.row->id.empty() ? held.row->attempted_id : held.row->id);
    auto facts = co_await fetch(row.domain, id, std::move(held), false);
    end_fetch(row.domain);
    CO_TRY_VOID(std::move(facts));
    ++asked;
  }
  co_return asked;
}

}  // namespace pawl::discovery

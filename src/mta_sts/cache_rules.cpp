#include "mta_sts/cache_rules.h"

#include <algorithm>

#include "base/text.h"

namespace pawl::mta_sts {

namespace {

Seconds back_off(int failures) {
  Seconds wait = kFirstBackOff;
  for (int i = 1; i < failures && wait < kLongestBackOff; ++i) wait *= 2;
  return std::min(wait, kLongestBackOff);
}

// A time in the future is a clock that was set back: it must not stop us until then.
bool within(WallTime since, Seconds interval, WallTime now) {
  return since <= now && now < since + interval;
}

bool may_fetch(const StoredPolicy& stored, const std::string& id, WallTime now) {
  if (stored.failures > 0 && stored.attempted_id == id) {
    return !within(stored.attempted, back_off(stored.failures), now);
  }
  bool fresh = stored.failures == 0 && !is_in_force(stored, now);  // max_age 0: ask every time
  return fresh || !within(stored.attempted, kFetchInterval, now);
}

std::optional<Error> stored_failure(const StoredPolicy& stored) {
  if (stored.failures == 0) return std::nullopt;
  for (Code code : {Code::sts_webpki, Code::sts_policy_invalid}) {
    if (row(code).name == stored.failure_code) return Error(code, stored.failure_detail);
  }
  return Error(Code::sts_fetch, stored.failure_detail);
}

Decision with_record(const std::optional<StoredPolicy>& stored, const Record& record,
                     WallTime now) {
  bool in_force = stored && is_in_force(*stored, now);
  if (in_force && stored->id == record.id) return {Step::use_held, "", stored_failure(*stored)};
  if (!stored || may_fetch(*stored, record.id, now)) return {Step::fetch, "", {}};
  if (in_force) {
    return {
        Step::use_held,
        "the TXT record announces id " + record.id + ", and the policy host is not asked again yet",
        stored_failure(*stored)};
  }
  return {Step::unavailable, "the policy host is not asked again yet",
          stored_failure(*stored).value_or(Error(Code::sts_fetch, "asked less than a minute ago"))};
}

}  // namespace

bool is_in_force(const StoredPolicy& stored, WallTime now) {
  return stored.holds_policy() && now < stored.expires;
}

Decision next_step(const std::optional<StoredPolicy>& stored, const TxtOutcome& txt, WallTime now) {
  if (txt.record) return with_record(stored, *txt.record, now);
  // The absence of a usable record is not by itself enough to remove a policy (rfc8461#3.1).
  if (stored && is_in_force(*stored, now)) {
    return {Step::use_held,
            txt.error ? "the TXT record could not be used" : "the TXT record is gone", txt.error};
  }
  if (txt.error) return {Step::unavailable, "", txt.error};
  return {Step::no_policy, "", {}};
}

StoredPolicy after_success(const std::optional<StoredPolicy>& stored, const dns::Name& domain,
                           const std::string& id, std::string text, const Policy& policy,
                           WallTime now) {
  StoredPolicy next = stored.value_or(StoredPolicy{});
  next.domain = domain;
  next.id = id;
  next.policy_text = std::move(text);
  next.fetched = now;
  next.expires = now + policy.max_age;
  next.attempted_id = id;
  next.attempted = now;
  next.failures = 0;
  next.failure_code.clear();
  next.failure_detail.clear();
  next.refresh_due =
      now + std::clamp<Seconds>(policy.max_age / 2, kFetchInterval, kRefreshAtLeastEvery);
  return next;
}

StoredPolicy after_failure(const std::optional<StoredPolicy>& stored, const dns::Name& domain,
                           const std::string& id, const Error& error, WallTime now) {
  StoredPolicy next = stored.value_or(StoredPolicy{});
  next.domain = domain;
  bool again = next.failures > 0 && next.attempted_id == id;
  next.failures = again ? std::min(next.failures + 1, 1000) : 1;
  next.attempted_id = id;
  next.attempted = now;
  next.failure_code = row(error.code).name;
  next.failure_detail = printable(error.detail, 1000);
  next.refresh_due = now + back_off(next.failures);
  return next;
}

bool may_force(const StoredPolicy& stored, WallTime now) {
  return !within(stored.forced, kForceInterval, now);
}

bool should_touch(const StoredPolicy& stored, WallTime now) {
  return !within(stored.last_used, kTouchInterval, now);
}

}  // namespace pawl::mta_sts

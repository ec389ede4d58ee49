#include "tls/session_cache.h"

#include <algorithm>

namespace pawl::tls {

namespace {

// The lock of the library whose objects it guards; this folder knows no threads of its own.
class Locked {
 public:
  explicit Locked(CRYPTO_RWLOCK* lock) : lock_(lock) { CRYPTO_THREAD_write_lock(lock_); }
  ~Locked() { CRYPTO_THREAD_unlock(lock_); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  CRYPTO_RWLOCK* lock_;
};

}  // namespace

WallTime usable_until(const Description& proof, WallTime now) {
  WallTime until = now + kProofLifetime;
  const bool dates_count =
      proof.pkix || proof.pkix_observed || (proof.matched_tlsa && proof.matched_tlsa->usage != 3);
  if (dates_count) {
    for (const Certificate& certificate : proof.chain) {
      until = std::min(until, certificate.not_after);
    }
  }
  return until;
}

void SessionCache::put(const std::string& key, ResumableSession session) {
  const Locked locked(lock_.get());
  if (auto found = by_key_.find(key); found != by_key_.end()) {
    entries_.erase(found->second);
    by_key_.erase(found);
  }
  entries_.emplace_front(key, std::move(session));
  by_key_[key] = entries_.begin();
  if (entries_.size() > limit_) {
    by_key_.erase(entries_.back().first);
    entries_.pop_back();
  }
}

std::optional<ResumableSession> SessionCache::find(const std::string& key, WallTime now) {
  const Locked locked(lock_.get());
  auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const ResumableSession& entry = found->second->second;
  if (now >= entry.usable_until) {
    entries_.erase(found->second);
    by_key_.erase(found);
    return std::nullopt;
  }
  SSL_SESSION_up_ref(entry.session.get());
  return ResumableSession{SessionPointer(entry.session.get()), entry.proof, entry.usable_until};
}

}  // namespace pawl::tls

// Internal to tls/: sessions to resume, each with the proof of the full handshake it came from.
// A key is everything the peer had to prove, and who it is; so a session never crosses from one
// demand, one set of TLSA records or one peer to another. Any thread.
#pragma once

#include <openssl/crypto.h>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "tls/description.h"
#include "tls/openssl.h"

namespace pawl::tls {

struct ResumableSession {
  SessionPointer session;
  std::shared_ptr<const Description> proof;
  WallTime usable_until{};
};

// How long one full handshake's proof may be relied on, however often its session is renewed.
constexpr std::chrono::hours kProofLifetime{1};

// Until when what this handshake proved stays true: the proof's lifetime, and the dates of the
// certificates where dates were part of it (DANE-EE has none, rfc7672#3.1.1).
WallTime usable_until(const Description& proof, WallTime now);

class SessionCache {
 public:
  explicit SessionCache(std::size_t limit) : limit_(limit), lock_(CRYPTO_THREAD_lock_new()) {}

  void put(const std::string& key, ResumableSession session);
  // A further reference to the newest session under the key; nothing if none is still good.
  std::optional<ResumableSession> find(const std::string& key, WallTime now);

 private:
  using Entries = std::list<std::pair<std::string, ResumableSession>>;  // latest first

  std::size_t limit_;
  OpensslPointer<CRYPTO_RWLOCK, CRYPTO_THREAD_lock_free> lock_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> by_key_;
};

}  // namespace pawl::tls

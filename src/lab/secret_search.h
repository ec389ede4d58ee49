// Looks for what only the lab knows in everything that crossed in clear, both ways: the user name,
// the password, marked words of the envelope and of the message. As they are, in base64 wherever it
// begins and however its lines are cut, and in UTF-16; also what is made of a password (CRAM-MD5,
// APOP, DIGEST-MD5, SCRAM, NTLM), which can be guessed at leisure.
// Knows nothing of protocols: the count beside it (eavesdropper.h) knows no secrets; a leak that
// only one of them sees is a mistake of the lab. Thread-safe.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace pawl::lab {

struct KnownSecrets {
  std::string user;
  std::string password;
  std::vector<std::string> envelope;  // marked words: addresses
  std::vector<std::string> content;
};

struct Leak {
  bool user = false;
  bool password = false;
  bool proof = false;  // made of the password
  bool envelope = false;
  bool content = false;

  bool any() const { return user || password || proof || envelope || content; }
  std::string text() const;  // "user name, password"; "nothing"
};

class SecretSearch {
 public:
  explicit SecretSearch(KnownSecrets secrets) : secrets_(std::move(secrets)) {}

  // Plaintext of one side. Of each side the first 4 MiB are kept.
  void from_client(std::string_view bytes);
  void from_server(std::string_view bytes);
  Leak found() const;

 private:
  KnownSecrets secrets_;
  mutable std::mutex mutex_;
  std::string client_;
  std::string server_;
};

}  // namespace pawl::lab

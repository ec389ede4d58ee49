// A receiving mail server of the lab: speaks as much SMTP as a sender needs and keeps exactly what
// arrived, and how. A value of settings and one function per connection; who listens where is the
// caller's (socket.h).
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lab/connection.h"

namespace pawl::lab {

struct ReceivedMail {
  std::string server;  // MailServer::name of who took it
  std::string from;
  std::vector<std::string> to;
  std::string content;  // dots unstuffed
  bool over_tls = false;
  std::string sni;
  std::string hello;  // what the client called itself
};

// Where servers put what they took. Thread-safe.
class Mailbox {
 public:
  void add(ReceivedMail mail);
  std::vector<ReceivedMail> all() const;
  std::size_t count() const;
  std::vector<ReceivedMail> to(std::string_view recipient) const;
  // Waits until a mail to the recipient is there; false: the time came first.
  bool wait_for(std::string_view recipient, std::chrono::milliseconds patience) const;

 private:
  std::vector<ReceivedMail> find(std::string_view recipient) const;  // under the lock

  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  std::vector<ReceivedMail> mails_;
};

struct MailServer {
  std::string name;                                // greeting and EHLO
  std::shared_ptr<TlsIdentity> identity;           // null: STARTTLS is not offered
  Mailbox* mailbox = nullptr;                      // not null
  std::function<void(std::string_view)> overhear;  // every plaintext byte of the client, if set
  std::function<void()> before_reply = {};         // may keep the client waiting, if set
  bool lmtp = false;                               // LHLO, and an answer for each recipient
  std::function<void(const ReceivedMail&)> taken = {};  // before it is answered, if set
};

enum class TlsStart : unsigned char {
  starttls,  // in clear; STARTTLS if there is an identity
  implicit,  // TLS before the greeting (port 465)
  inside,    // TLS is on already, and the greeting was given before it
};

void serve_mail(const MailServer& server, Connection& client, TlsStart start);

}  // namespace pawl::lab

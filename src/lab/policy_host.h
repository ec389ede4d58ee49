// The HTTPS host mta-sts.DOMAIN of one policy domain (RFC 8461 section 3.3): answers one path with
// one text. What it serves may be exchanged while it runs, by its owner or by the attacker.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "lab/connection.h"
#include "lab/socket.h"

namespace pawl::lab {

class PolicyHost {
 public:
  struct Content {
    std::shared_ptr<TlsIdentity> identity;
    std::string policy;
    int status = 200;
    std::string content_type = "text/plain";
  };
  explicit PolicyHost(Content content) : content_(std::move(content)) {}

  void set(Content content);
  Content content();
  void serve(Socket& client);  // one connection, one request; a TcpServer::Handler
  int requests() const { return requests_; }

 private:
  std::mutex mutex_;
  Content content_;
  std::atomic<int> requests_ = 0;
};

}  // namespace pawl::lab

// Debian's Postfix and Exim (Dovecot: dovecot.h), started from where tools/setup.sh unpacked them.
// Their programs want to live in /usr and /etc: the calling process, inside the lab's namespace,
// gets overlays of both.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip_address.h"
#include "lab/child.h"
#include "lab/scratch.h"
#include "tests/interop/daemon.h"

namespace pawl::interop {

// Lays the overlays, with the users the servers need, once per process. After
// lab::enter_namespace(). Errors: permission (not root), not_found (not unpacked).
Result<> mount_peers();

class Postfix {
 public:
  struct Options {
    std::string name;  // of its private directory
    std::string hostname;
    Endpoint listen;
    std::string relay_host;  // "[127.0.0.1]:2525"; empty: it keeps what it takes
    Identity identity;
    std::vector<std::string> settings;  // further lines of main.cf
    // Submission on 587 and, with TLS from the first byte, on 465 of the same address. Logins are
    // asked of Dovecot (Dovecot::auth_socket()), inside TLS only.
    std::string submission_auth_socket;
  };
  static Result<std::unique_ptr<Postfix>> start(const lab::Scratch& scratch, Options options);
  ~Postfix();
  pid_t pid() const { return master_.pid(); }
  std::string log() const;
  // The messages that arrived for its own destinations.
  std::vector<std::string> delivered() const;

 private:
  Postfix(lab::Child master, std::string directory)
      : master_(std::move(master)), directory_(std::move(directory)) {}
  lab::Child master_;
  std::string directory_;
};

class Exim {
 public:
  struct Options {
    std::string name;
    std::string hostname;
    Endpoint listen;
    std::string smarthost;  // "127.0.0.1::2525" as Exim writes ports; empty: it keeps what it takes
    Identity identity;
    std::vector<std::string> settings;  // further lines of the main section
    // Submission on 587 and, with TLS from the first byte, on 465 of the same address, for the
    // user of Dovecot::kUser, inside TLS only.
    bool submission = false;
  };
  static Result<std::unique_ptr<Exim>> start(const lab::Scratch& scratch, Options options);
  std::string log() const;
  std::vector<std::string> delivered() const;

 private:
  Exim(lab::Child daemon, std::string directory)
      : daemon_(std::move(daemon)), directory_(std::move(directory)) {}
  lab::Child daemon_;
  std::string directory_;
};

// Hands one message to a server as a foreign client does (swaks); its output, or an error quoting
// it.
Result<std::string> swaks(const Endpoint& server, const std::string& from, const std::string& to,
                          std::vector<std::string> more = {});

}  // namespace pawl::interop

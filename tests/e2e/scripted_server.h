// A server that answers by a table: for what no good server of the lab would say. One connection,
// blocking, on the lab's own TLS.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lab/connection.h"

namespace pawl::e2e {

struct ScriptedServer {
  // Line endings are added; "{tag}" is the first word of an IMAP command.
  struct Answer {
    std::string command;  // how the line begins, after the tag; case is ignored
    std::string reply;
  };
  std::string greeting;
  std::vector<Answer> in_clear;
  std::vector<Answer> in_tls;
  std::string otherwise;  // to any other line
  std::string upgrade;    // the command that begins TLS, with its reply; empty: none
  std::string upgrade_reply;
  bool tagged = false;  // IMAP
  bool implicit_tls = false;
  std::shared_ptr<lab::TlsIdentity> identity;
};

// Until the client leaves.
void serve_script(const ScriptedServer& server, lab::Connection& client);

}  // namespace pawl::e2e

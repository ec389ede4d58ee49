// What a client may do once the session is his (protocol_server.h): one function per protocol, from
// behind the login until he leaves. Errors are those of the connection.
#pragma once

#include <string>
#include <utility>

#include "lab/protocol_server.h"

namespace pawl::lab {

struct SessionOwner {
  const ProtocolServer& server;
  Connection& client;
  std::string user;  // empty: nobody logged in

  void deposit(Deposit::Kind kind, std::string place, std::string content) const {
    server.deposits->add({.kind = kind,
                          .protocol = server.protocol,
                          .server = server.name,
                          .user = user,
                          .place = std::move(place),
                          .content = std::move(content),
                          .over_tls = client.is_tls(),
                          .sni = client.sni()});
  }
};

Result<> serve_imap_account(SessionOwner account);
Result<> serve_pop3_account(SessionOwner account);
Result<> serve_sieve_account(SessionOwner account);

}  // namespace pawl::lab

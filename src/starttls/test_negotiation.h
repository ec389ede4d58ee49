// What a client may say in clear while it still wants TLS: for tests and fuzzers.
#pragma once

#include <cstddef>
#include <string_view>

#include "starttls/protocol.h"

namespace pawl::starttls {

// Whether `sent` is nothing but whole commands of the negotiation, by a client called
// `client_name`.
inline bool is_negotiation(Protocol protocol, std::string_view sent, std::string_view client_name) {
  constexpr std::size_t kTag = 12;
  while (!sent.empty()) {
    std::size_t end = sent.find("\r\n");
    if (end == std::string_view::npos) return false;
    std::string_view line = sent.substr(0, end);
    sent.remove_prefix(end + 2);
    switch (protocol) {
      case Protocol::smtp:
      case Protocol::submission:
      case Protocol::lmtp: {
        std::string_view verb = protocol == Protocol::lmtp ? "LHLO " : "EHLO ";
        bool hello = line.starts_with(verb) && line.substr(verb.size()) == client_name;
        if (!hello && line != "STARTTLS" && line != "QUIT") return false;
        break;
      }
      case Protocol::imap: {
        if (line.size() <= kTag || line.find(' ') != kTag) return false;
        std::string_view command = line.substr(kTag + 1);
        if (command != "CAPABILITY" && command != "STARTTLS" && command != "LOGOUT") return false;
        break;
      }
      case Protocol::pop3:
        if (line != "CAPA" && line != "STLS" && line != "QUIT") return false;
        break;
      case Protocol::sieve:
        if (line != "STARTTLS" && line != "LOGOUT") return false;
        break;
    }
  }
  return true;
}

}  // namespace pawl::starttls

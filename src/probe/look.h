// A session opened, looked at and closed again, as a value.
#pragma once

#include "probe/session.h"

namespace pawl::probe {

struct Look {
  Endpoint at;
  starttls::Protocol protocol = starttls::Protocol::smtp;
  bool implicit_tls = false;
  starttls::Transcript transcript;
  Timings timings;
  std::string banner;
  std::vector<std::string> capabilities_in_clear;
  std::vector<std::string> capabilities_in_tls;
  bool upgrade_offered = false;
  bool secure = false;                  // TLS was established
  std::optional<tls::Description> tls;  // as far as the handshake came
  std::optional<Error> proof_failed;    // what the peer did not prove (tls::judge)
  std::optional<Error> downgrade;       // the session went on in clear
  std::optional<Error> error;           // why it did not come to its end
};

net::Task<Look> look(SessionOptions options);  // never fails

}  // namespace pawl::probe

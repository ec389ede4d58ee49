// What our own client does in one session of the matrix: opens it, logs in where the protocol has
// users, and leaves or fetches the message.
#pragma once

#include "lab/attacked_server.h"
#include "lab/dialog_matrix.h"

namespace pawl::lab {

// What it is left with; the judgement is the lab's business.
struct SessionAccount {
  std::optional<Error> error;
  std::optional<Error> downgrade;
  bool identity_doubted = false;
  starttls::Transcript transcript;
};

net::Task<SessionAccount> run_session(probe::SessionOptions options, const Grounds& grounds);

}  // namespace pawl::lab

// A user name and a password: what a client logs in with and a server is shown. RFC 4954.
#pragma once

#include <string>

#include "base/secret.h"

namespace pawl::smtp {

struct Credentials {
  std::string user;
  Secret password;
};

}  // namespace pawl::smtp

// How the relay logs in at a smarthost: per next hop a user and a password, the password from a
// file that nobody else may read. Immutable once filled; a reload makes a new one. What such a
// connection must prove first is policy::protect_credentials.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "relay/next_hop.h"
#include "smtp/credentials.h"

namespace pawl::relay {

struct Login {
  smtp::Credentials credentials;
  std::string origin;  // "pawl.toml:31", for the reason
};

class Logins {
 public:
  void add(const NextHop& next_hop, Login login);
  std::shared_ptr<const Login> find(const NextHop& next_hop) const;  // null: without AUTH

 private:
  std::map<std::string, std::shared_ptr<const Login>> by_next_hop_;
};

// The file's first line. Errors: config_invalid, the file cannot be read, its mode lets others in
// (named), or the line is empty.
Result<Secret> read_password_file(const std::string& file);

}  // namespace pawl::relay

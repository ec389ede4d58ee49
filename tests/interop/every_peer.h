// All foreign servers at once, each with every service it has, as a table: what the tests about
// upgrades and the comparisons with other tools go through. One process may have one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lab/scratch.h"
#include "starttls/protocol.h"
#include "tests/interop/dovecot.h"
#include "tests/interop/peers.h"
#include "tls/authority.h"

namespace pawl::interop {

struct Service {
  std::string peer;  // "dovecot"
  std::string host;  // the name its certificate is for
  Endpoint at;
  starttls::Protocol protocol = starttls::Protocol::smtp;
  bool implicit_tls = false;
  bool logins = true;        // users log in here; otherwise mail is taken from anybody
  std::string text() const;  // "imaps of dovecot at 127.0.0.40:993", for messages
};

class EveryPeer {
 public:
  struct Options {
    bool tls = true;
    bool both_kinds = false;             // RSA beside ECDSA, where a server can
    std::string certificates_for;        // another name than the hosts'; empty: their own
    std::vector<std::string> postfix{};  // further settings
    std::vector<std::string> dovecot{};
    std::vector<std::string> exim{};
  };
  // Errors: as mount_peers(); io, quoting the log of the server that does not start.
  static Result<std::unique_ptr<EveryPeer>> start(Options options);
  static Result<std::unique_ptr<EveryPeer>> start() { return start(Options()); }

  const std::vector<Service>& services() const { return services_; }
  const std::string& ca_file() const { return ca_file_; }
  const lab::Scratch& scratch() const { return scratch_; }
  Dovecot& dovecot() { return *dovecot_; }
  Postfix& postfix() { return *postfix_; }
  Exim& exim() { return *exim_; }
  std::size_t delivered(const Service& service) const;
  std::string log(const Service& service) const;

 private:
  EveryPeer(lab::Scratch scratch, tls::Authority authority)
      : scratch_(std::move(scratch)), authority_(std::move(authority)) {}
  Result<Identity> identity(const std::string& name, tls::KeyKind key);
  Result<> start_servers(const Options& options);

  lab::Scratch scratch_;
  tls::Authority authority_;
  std::string ca_file_;
  std::vector<Service> services_;
  std::unique_ptr<Dovecot> dovecot_;
  std::unique_ptr<Postfix> postfix_;
  std::unique_ptr<Exim> exim_;
};

}  // namespace pawl::interop

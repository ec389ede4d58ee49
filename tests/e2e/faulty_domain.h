// Domains with known faults, on the loopback internet of the lab: what `pawl check` must find, all
// of it and nothing else. And a healthy one, where it must find nothing.
//
//   faulty.unsigned.test   thirty faults of hosts, certificates, TLS, policies and services
//   faulty.signed.test     the faults of DANE, and MTA-STS enforced
//   stray.unsigned.test, astray.unsigned.test, lost.unsigned.test   policies that do not arrive
//   healthy.signed.test    DANE, MTA-STS, TLSRPT and services as they should be
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "lab/socket.h"
#include "lab/tls_offer.h"
#include "lab/world.h"
#include "tests/e2e/scripted_server.h"

namespace pawl::e2e {

struct KnownFault {
  std::string target;   // the domain that is checked
  std::string finding;  // of src/check/findings.def
  std::string about;    // the host, the service's host, or the domain
  auto operator<=>(const KnownFault&) const = default;
};

class FaultyDomains {
 public:
  // Enters the lab's namespace. The checks are to be made with kDays.
  static Result<std::unique_ptr<FaultyDomains>> start();
  static constexpr int kDays = 30;

  const std::vector<KnownFault>& faults() const { return faults_; }
  // A note, not a warning: to be found all the same.
  const std::vector<KnownFault>& notes() const { return notes_; }
  std::vector<std::string> faulty_targets() const;
  static std::string healthy_target() { return "healthy.signed.test"; }
  lab::World& world() { return *world_; }
  // For `pawl check -c`.
  Result<std::string> config_file() const;

 private:
  explicit FaultyDomains(std::unique_ptr<lab::World> world) : world_(std::move(world)) {}

  Result<> make_main();
  Result<> make_main_certificates();
  Result<> make_main_tls();
  Result<> make_main_dialogs();
  Result<> make_main_services();
  Result<> make_signed();
  Result<> make_strays();
  Result<> make_healthy();
  Result<> listen();

  lab::MailHost& add_mx(lab::Zone& zone, const std::string& domain, const std::string& owner,
                        const std::optional<lab::LabIdentity>& identity,
                        lab::World::Families families = {true, false});
  void add_script(const Endpoint& at, ScriptedServer server);
  Result<tls::Identity> certificate(const std::string& name,
                                    tls::KeyKind key = tls::KeyKind::ec_p256) const;
  void fault(const std::string& target, const std::string& finding, const std::string& about);
  void note(const std::string& target, const std::string& finding, const std::string& about);

  std::unique_ptr<lab::World> world_;
  std::vector<KnownFault> faults_;
  std::vector<KnownFault> notes_;
  struct Script {
    Endpoint at;
    ScriptedServer server;
  };
  std::deque<Script> scripts_;
  lab::TcpServer server_;  // last: its handlers use the rest
};

}  // namespace pawl::e2e

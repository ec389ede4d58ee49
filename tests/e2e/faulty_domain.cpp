#include "tests/e2e/faulty_domain.h"

#include <fmt/format.h>

#include "lab/namespace.h"

namespace pawl::e2e {

using lab::LabIdentity;
using lab::Signing;
using lab::Zone;

Result<std::unique_ptr<FaultyDomains>> FaultyDomains::start() {
  TRY_VOID(lab::enter_namespace());
  TRY(auto world, lab::World::make());
  std::unique_ptr<FaultyDomains> made(new FaultyDomains(std::move(world)));
  TRY_VOID(made->make_main());
  TRY_VOID(made->make_signed());
  TRY_VOID(made->make_strays());
  TRY_VOID(made->make_healthy());
  TRY_VOID(made->world_->start());
  TRY_VOID(made->listen());
  return made;
}

std::vector<std::string> FaultyDomains::faulty_targets() const {
  return {"faulty.unsigned.test", "faulty.signed.test", "stray.unsigned.test",
          "astray.unsigned.test", "lost.unsigned.test"};
}

void FaultyDomains::fault(const std::string& target, const std::string& finding,
                          const std::string& about) {
  faults_.push_back({target, finding, about});
}

void FaultyDomains::note(const std::string& target, const std::string& finding,
                         const std::string& about) {
  notes_.push_back({target, finding, about});
}

lab::MailHost& FaultyDomains::add_mx(Zone& zone, const std::string& domain,
                                     const std::string& owner,
                                     const std::optional<LabIdentity>& identity,
                                     lab::World::Families families) {
  zone.add(fmt::format("{} IN MX 10 {}", domain, owner));
  return world_->add_mail_host(zone, owner, identity, families);
}

void FaultyDomains::add_script(const Endpoint& at, ScriptedServer server) {
  scripts_.push_back({at, std::move(server)});
}

Result<> FaultyDomains::listen() {
  for (const Script& script : scripts_) {
    TRY_VOID(server_.listen(script.at, [&script](lab::Socket& client) {
      lab::Connection connection(client);
      serve_script(script.server, connection);
    }));
  }
  return {};
}

Result<tls::Identity> FaultyDomains::certificate(const std::string& name, tls::KeyKind key) const {
  auto leaf = tls::leaf_for({name}, lab::World::now());
  leaf.key = key;
  TRY(LabIdentity issued, world_->issued(leaf));
  return issued.pem;
}

Result<std::string> FaultyDomains::config_file() const {
  return world_->scratch().write(
      "check.toml",
      fmt::format("[dns]\ntrust_anchor = \"{}\"\n"
                  "[[dns.stub]]\nzone = \".\"\nservers = [\"{}\"]\n"
                  "[mta_sts]\nprivate_networks = [\"127.0.0.0/8\", \"fd70:6177:6c::/48\"]\n"
                  "[tls]\nca_file = \"{}\"\n",
                  world_->trust_anchor_file(), world_->dns_endpoint().text(), world_->ca_file()));
}

}  // namespace pawl::e2e

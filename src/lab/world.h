// A small internet of one's own: zones, mail hosts with an attacker on the path to each, policy
// hosts, a private CA. Described first, then started; whatever is in it stops when it goes.
//
//   TRY(auto world, World::make());
//   Zone& zone = world->zone("signed.test", Signing::secure);
//   zone.add("example IN MX 10 mx.example");
//   TRY(auto identity, world->self_signed("mx.example.signed.test"));
//   MailHost& mx = world->add_mail_host(zone, "mx.example", identity);
//   TRY_VOID(world->start());
//   mx.path.set(PathTrick::remove_capability);
//
// In a namespace (namespace.h) everything stands on its own port: 25, 53, 443. Elsewhere it stands
// on high ports, and dial_map() says where; names, TLSA owners and URLs are the same.
// Not thread-safe; what is told to a path or a policy host is.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lab/identity.h"
#include "lab/mail_path.h"
#include "lab/name_server.h"
#include "lab/policy_host.h"
#include "lab/scratch.h"
#include "lab/zones.h"
#include "net/dial.h"
#include "tls/authority.h"

namespace pawl::lab {

struct MailHost {
  MailHost(std::string host_name, std::vector<Endpoint> at, MailServer behind, Mailbox* stolen)
      : name(std::move(host_name)),
        addresses(std::move(at)),
        server(std::move(behind)),
        path({{}, {}, name, stolen}) {}

  std::string name;                 // full
  std::vector<Endpoint> addresses;  // port 25, as the DNS says
  MailServer server;
  MailPath path;
};

struct PolicySite {
  PolicySite(Endpoint at, PolicyHost::Content content) : address(at), host(std::move(content)) {}

  Endpoint address;
  PolicyHost host;
};

class World {
 public:
  static Result<std::unique_ptr<World>> make();
  ~World();

  // The zone of this name, made at the first call. The reference stays good until start().
  Zone& zone(const std::string& name, Signing signing);

  struct Families {
    bool v4 = true;
    bool v6 = true;
  };
  // Adds the address records. `owner` is relative to the zone. No identity: no STARTTLS.
  MailHost& add_mail_host(Zone& zone, const std::string& owner,
                          const std::optional<LabIdentity>& identity, Families families);
  MailHost& add_mail_host(Zone& zone, const std::string& owner,
                          const std::optional<LabIdentity>& identity) {
    return add_mail_host(zone, owner, identity, Families());
  }
  // The host mta-sts.DOMAIN with its address record and the TXT record of `id`; its certificate is
  // the private CA's. `owner` is the domain relative to the zone.
  Result<PolicySite*> add_policy(Zone& zone, const std::string& owner, const std::string& id,
                                 std::string policy);
  // A mail host of the attacker's own, with a certificate that the private CA issued to it in good
  // faith. What it reads counts on this ear.
  Result<MailHost*> add_attacker_host(Zone& zone, const std::string& owner);

  // After this the world answers.
  Result<> start();

  // Connections are refused from now on / taken again.
  void refuse(const Endpoint& at);
  Result<> accept_again(MailHost& host);
  Result<> accept_again(PolicySite& site);
  void hang_up_all();  // every connection to a mail host

  Result<LabIdentity> issued(const std::string& name) const;  // by the private CA
  Result<LabIdentity> issued(const tls::LeafOptions& options) const;
  static Result<LabIdentity> self_signed(const std::string& name);
  static Result<LabIdentity> self_signed(const tls::LeafOptions& options);
  static WallTime now();

  const tls::Authority& authority() const { return authority_; }  // the private CA
  Mailbox& delivered() { return delivered_; }                     // what real hosts took
  Mailbox& stolen() { return stolen_; }                           // what the attacker took
  NameServer& dns() { return *name_server_; }
  std::vector<dns::Name> zone_names() const;                          // with the root
  Endpoint dns_endpoint() const { return name_server_->endpoint(); }  // where resolvers ask
  const Scratch& scratch() const { return scratch_; }
  const std::string& ca_file() const { return ca_file_; }  // of the private CA
  const std::string& trust_anchor_file() const { return zones_.trust_anchor_file; }
  const net::DialMap& dial_map() const { return dial_map_; }  // empty in a namespace

 private:
  World(Scratch scratch, tls::Authority authority);
  IpAddress next_v4();
  std::vector<Endpoint> place_host(Zone& zone, const std::string& owner, Families families);
  Result<> listen(TcpServer& server, const Endpoint& at, const TcpServer::Handler& handler);
  Result<> open(MailHost& host);

  Scratch scratch_;
  tls::Authority authority_;
  std::string ca_file_;
  std::deque<Zone> plan_;
  SignedZones zones_;
  std::vector<IpAddress> v6_addresses_;
  unsigned placed_ = 0;
  Mailbox delivered_;
  Mailbox stolen_;
  std::deque<MailHost> hosts_;
  std::deque<PolicySite> policies_;
  net::DialMap dial_map_;
  std::unique_ptr<NameServer> name_server_;
  // Last, so that their threads are gone before what they serve.
  TcpServer back_;    // the real servers
  TcpServer path_;    // the attacker before them
  TcpServer policy_;  // policy hosts
};

}  // namespace pawl::lab

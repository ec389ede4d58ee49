#include "lab/world.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/guard.h"
#include "lab/namespace.h"

namespace pawl::lab {
namespace {

constexpr std::uint16_t kSmtp = 25;
constexpr std::uint16_t kHttps = 443;
constexpr std::uint16_t kDomain = 53;
const IpAddress kNameServer = IpAddress::v4(127, 0, 0, 53);

std::string full_name(const Zone& zone, const std::string& owner) {
  return owner == "@" ? zone.name() : owner + "." + zone.name();
}

}  // namespace

WallTime World::now() {
  return lab_now();
}

World::World(Scratch scratch, tls::Authority authority)
    : scratch_(std::move(scratch)), authority_(std::move(authority)) {}

World::~World() = default;

Result<std::unique_ptr<World>> World::make() {
  TRY(Scratch scratch, Scratch::make());
  TRY(tls::Authority authority, tls::Authority::make("Pawl lab authority", now()));
  std::unique_ptr<World> world(new World(std::move(scratch), std::move(authority)));
  TRY(world->ca_file_, world->scratch_.write("ca.pem", world->authority_.certificate_pem()));
  return world;
}

Zone& World::zone(const std::string& name, Signing signing) {
  auto found = std::ranges::find(plan_, name, &Zone::name);
  return found != plan_.end() ? *found : plan_.emplace_back(name, signing);
}

Result<LabIdentity> World::issued(const std::string& name) const {
  return issued(tls::leaf_for({name}, now()));
}

Result<LabIdentity> World::issued(const tls::LeafOptions& options) const {
  return issue_identity(authority_, options);
}

Result<LabIdentity> World::self_signed(const std::string& name) {
  return self_signed(tls::leaf_for({name}, now()));
}

Result<LabIdentity> World::self_signed(const tls::LeafOptions& options) {
  TRY(tls::Identity pem, tls::self_signed(options));
  return load_identity(std::move(pem));
}

IpAddress World::next_v4() {
  ++placed_;
  return IpAddress::v4(127, static_cast<std::uint8_t>(16 + placed_ / 62'500),
                       static_cast<std::uint8_t>(1 + placed_ / 250 % 250),
                       static_cast<std::uint8_t>(1 + placed_ % 250));
}

std::vector<Endpoint> World::place_host(Zone& zone, const std::string& owner, Families families) {
  std::vector<Endpoint> addresses;
  const IpAddress v4 = next_v4();
  if (families.v4) {
    zone.add(fmt::format("{} IN A {}", owner, v4.text()));
    addresses.push_back({v4, kSmtp});
  }
  if (families.v6) {
    const IpAddress v6 = lab_v6(1, placed_);
    zone.add(fmt::format("{} IN AAAA {}", owner, v6.text()));
    addresses.push_back({v6, kSmtp});
    v6_addresses_.push_back(v6);
  }
  return addresses;
}

MailHost& World::add_mail_host(Zone& zone, const std::string& owner,
                               const std::optional<LabIdentity>& identity, Families families) {
  const std::string name = full_name(zone, owner);
  MailServer server{name, identity ? identity->server : nullptr, &delivered_, {}};
  return hosts_.emplace_back(name, place_host(zone, owner, families), std::move(server), &stolen_);
}

Result<MailHost*> World::add_attacker_host(Zone& zone, const std::string& owner) {
  const std::string name = full_name(zone, owner);
  TRY(LabIdentity identity, issued(name));
  MailHost& host = add_mail_host(zone, owner, identity, {true, false});
  host.server.mailbox = &stolen_;
  host.path.set(PathTrick::swap_certificate, identity.server);
  return &host;
}

Result<PolicySite*> World::add_policy(Zone& zone, const std::string& owner, const std::string& id,
                                      std::string policy) {
  const std::string domain = full_name(zone, owner);
  TRY(LabIdentity identity, issued("mta-sts." + domain));
  const IpAddress v4 = next_v4();
  zone.add(fmt::format("mta-sts.{} IN A {}", owner, v4.text()));
  zone.add(fmt::format("_mta-sts.{} IN TXT \"v=STSv1; id={};\"", owner, id));
  return &policies_.emplace_back(
      Endpoint{v4, kHttps},
      PolicyHost::Content{identity.server, std::move(policy), 200, "text/plain"});
}

Result<> World::listen(TcpServer& server, const Endpoint& at, const TcpServer::Handler& handler) {
  if (in_namespace()) {
    TRY_VOID(server.listen(at, handler));
    return {};
  }
  const IpAddress here = at.address.is_v4() ? at.address : *IpAddress::parse("::1");
  auto known = dial_map_.find(at);
  const std::uint16_t port = known != dial_map_.end() ? known->second.port : std::uint16_t(0);
  TRY(dial_map_[at], server.listen({here, port}, handler));
  return {};
}

Result<> World::open(MailHost& host) {
  for (const Endpoint& at : host.addresses) {
    TRY_VOID(listen(path_, at, [&host](Socket& client) { host.path.serve(client); }));
  }
  return {};
}

Result<> World::start() {
  if (in_namespace()) {
    TRY_VOID(add_addresses(v6_addresses_));
    TRY(std::string resolv_conf,
        scratch_.write("resolv.conf", fmt::format("nameserver {}\n", kNameServer.text())));
    TRY_VOID(use_resolv_conf(resolv_conf));
  }
  std::vector<Zone> zones(plan_.begin(), plan_.end());
  TRY(zones_, sign_zones(zones, kNameServer, scratch_));
  const std::uint16_t port = in_namespace() ? kDomain : std::uint16_t(0);
  TRY(name_server_, NameServer::start(zones_, {kNameServer, port}, scratch_));
  const Endpoint any{IpAddress::v4(127, 0, 0, 1), 0};
  for (MailHost& host : hosts_) {
    TRY(Endpoint clear, back_.listen(any, [&host](Socket& client) {
      Connection connection(client);
      serve_mail(host.server, connection, TlsStart::starttls);
    }));
    Endpoint implicit;
    if (host.server.identity) {
      TRY(implicit, back_.listen(any, [&host](Socket& client) {
        Connection connection(client);
        serve_mail(host.server, connection, TlsStart::implicit);
      }));
    }
    host.path.lead_to(clear, implicit);
    TRY_VOID(open(host));
  }
  for (PolicySite& site : policies_) TRY_VOID(accept_again(site));
  return {};
}

std::vector<dns::Name> World::zone_names() const {
  std::vector<dns::Name> names;
  for (const auto& file : zones_.files) names.push_back(*dns::Name::parse(file.name + "."));
  return names;
}

void World::refuse(const Endpoint& at) {
  auto mapped = dial_map_.find(at);
  const Endpoint& real = mapped != dial_map_.end() ? mapped->second : at;
  path_.refuse(real);
  policy_.refuse(real);
}

Result<> World::accept_again(MailHost& host) {
  for (const Endpoint& at : host.addresses) refuse(at);
  return open(host);
}

Result<> World::accept_again(PolicySite& site) {
  refuse(site.address);
  return listen(policy_, site.address, [&site](Socket& client) { site.host.serve(client); });
}

void World::hang_up_all() {
  path_.hang_up_all();
}

}  // namespace pawl::lab

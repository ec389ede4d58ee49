#include "tests/interop/every_peer.h"

#include <fmt/format.h>

#include "lab/namespace.h"

namespace pawl::interop {
namespace {

using starttls::Protocol;

const IpAddress kDovecot = IpAddress::v4(127, 0, 0, 40);
const IpAddress kPostfix = IpAddress::v4(127, 0, 0, 41);
const IpAddress kExim = IpAddress::v4(127, 0, 0, 42);

WallTime now() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::vector<Service> all_services(bool tls) {
  std::vector<Service> all;
  const auto add = [&](const char* peer, const IpAddress& address, Protocol protocol, bool implicit,
                       bool logins) {
    const auto& row = starttls::row(protocol);
    if (implicit && !tls) return;
    all.push_back({peer,
                   fmt::format("{}.test", peer),
                   {address, implicit ? row.implicit_port : row.port},
                   protocol,
                   implicit,
                   logins});
  };
  for (Protocol protocol : {Protocol::imap, Protocol::pop3, Protocol::submission}) {
    add("dovecot", kDovecot, protocol, false, true);
    add("dovecot", kDovecot, protocol, true, true);
  }
  add("dovecot", kDovecot, Protocol::sieve, false, true);
  add("dovecot", kDovecot, Protocol::lmtp, false, false);
  for (auto [peer, address] : {std::pair{"postfix", kPostfix}, {"exim", kExim}}) {
    add(peer, address, Protocol::smtp, false, false);
    if (!tls) continue;
    add(peer, address, Protocol::submission, false, true);
    add(peer, address, Protocol::submission, true, true);
  }
  return all;
}

}  // namespace

std::string Service::text() const {
  const auto& row = starttls::row(protocol);
  return fmt::format("{} of {} at {}", implicit_tls ? row.implicit_name : row.name, peer,
                     at.text());
}

Result<Identity> EveryPeer::identity(const std::string& name, tls::KeyKind key) {
  auto leaf = tls::leaf_for({name}, now());
  leaf.key = key;
  TRY(auto issued, authority_.issue(leaf));
  const auto file = fmt::format("{}-{}", name, key == tls::KeyKind::rsa_2048 ? "rsa" : "ec");
  TRY(auto certificate, scratch_.write(file + ".pem", issued.certificate_pem));
  TRY(auto key_file, scratch_.write(file + ".key", issued.key_pem));
  return Identity{std::move(certificate), std::move(key_file)};
}

Result<> EveryPeer::start_servers(const Options& options) {
  Identity ec[3];
  Identity rsa[3];
  const char* const names[] = {"dovecot.test", "postfix.test", "exim.test"};
  for (std::size_t i = 0; options.tls && i < 3; ++i) {
    const std::string name = options.certificates_for.empty() ? names[i] : options.certificates_for;
    TRY(ec[i], identity(name, tls::KeyKind::ec_p256));
    if (options.both_kinds) {
      TRY(rsa[i], identity(name, tls::KeyKind::rsa_2048));
    }
  }
  std::vector<std::string> exim = options.exim;
  exim.push_back("smtp_accept_max = 0");  // scanners come often, and from one address
  TRY(exim_, Exim::start(scratch_, {.name = "exim",
                                    .hostname = "exim.test",
                                    .listen = {kExim, 25},
                                    .identity = ec[2],
                                    .settings = exim,
                                    .submission = options.tls}));
  Dovecot::Options dovecot{.name = "dovecot",
                           .hostname = "dovecot.test",
                           .address = kDovecot,
                           .identity = ec[0],
                           .relay = Endpoint{kExim, 25},
                           .settings = options.dovecot};
  dovecot.settings.push_back("service submission-login {\n  process_limit = 1000\n}");
  if (options.tls && options.both_kinds) dovecot.alternate = rsa[0];
  TRY(dovecot_, Dovecot::start(scratch_, std::move(dovecot)));
  std::vector<std::string> postfix = options.postfix;
  postfix.push_back("smtpd_client_connection_count_limit = 0");
  if (options.tls && options.both_kinds) {
    postfix.push_back("smtpd_tls_eccert_file = " + ec[1].certificate_file);
    postfix.push_back("smtpd_tls_eckey_file = " + ec[1].key_file);
  }
  TRY(postfix_,
      Postfix::start(scratch_, {.name = "postfix",
                                .hostname = "postfix.test",
                                .listen = {kPostfix, 25},
                                .identity = options.both_kinds ? rsa[1] : ec[1],
                                .settings = postfix,
                                .submission_auth_socket =
                                    options.tls ? dovecot_->auth_socket() : std::string()}));
  return {};
}

Result<std::unique_ptr<EveryPeer>> EveryPeer::start(Options options) {
  TRY_VOID(lab::enter_namespace());
  TRY_VOID(mount_peers());
  TRY(lab::Scratch scratch, lab::Scratch::make());
  TRY(auto authority, tls::Authority::make("Interop authority", now()));
  std::unique_ptr<EveryPeer> made(new EveryPeer(std::move(scratch), std::move(authority)));
  TRY(made->ca_file_, made->scratch_.write("ca.pem", made->authority_.certificate_pem()));
  TRY_VOID(made->start_servers(options));
  made->services_ = all_services(options.tls);
  return made;
}

std::size_t EveryPeer::delivered(const Service& service) const {
  if (service.peer == "postfix") return postfix_->delivered().size();
  if (service.peer == "exim") return exim_->delivered().size();
  // Dovecot's submission hands on to Exim.
  if (service.protocol == Protocol::submission) return exim_->delivered().size();
  return dovecot_->delivered().size();
}

std::string EveryPeer::log(const Service& service) const {
  if (service.peer == "postfix") return postfix_->log();
  if (service.peer == "exim") return exim_->log();
  return dovecot_->log();
}

}  // namespace pawl::interop

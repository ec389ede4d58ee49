#include "tests/interop/dovecot.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pawl::interop {
namespace {

namespace fs = std::filesystem;

std::string tls_settings(const Dovecot::Options& options) {
  if (options.identity.certificate_file.empty()) return "ssl = no\ndisable_plaintext_auth = no\n";
  auto text = fmt::format(
      "ssl = yes\ndisable_plaintext_auth = yes\nssl_min_protocol = TLSv1.2\n"
      "ssl_cert = <{}\nssl_key = <{}\nssl_dh = </usr/share/dovecot/dh.pem\n",
      options.identity.certificate_file, options.identity.key_file);
  if (options.alternate) {
    text += fmt::format("ssl_alt_cert = <{}\nssl_alt_key = <{}\n",
                        options.alternate->certificate_file, options.alternate->key_file);
  }
  return text;
}

struct Listener {
  const char* service;
  const char* name;
  int port;
  bool tls;  // from the first byte
};
constexpr Listener kListeners[] = {
    {"imap-login", "imap", 143, false},
    {"imap-login", "imaps", 993, true},
    {"pop3-login", "pop3", 110, false},
    {"pop3-login", "pop3s", 995, true},
    {"managesieve-login", "sieve", 4190, false},
    {"submission-login", "submission", 587, false},
    {"submission-login", "submissions", 465, true},
    {"lmtp", "lmtp", 24, false},
};

std::string listeners(const IpAddress& address, bool tls) {
  std::string text;
  for (const Listener& each : kListeners) {
    const bool off = each.tls && !tls;
    text += fmt::format(
        "service {} {{\n  inet_listener {} {{\n    address = {}\n    port = {}\n    ssl = {}\n"
        "  }}\n}}\n",
        each.service, each.name, address.text(), off ? 0 : each.port, each.tls ? "yes" : "no");
  }
  return text;
}

Result<> own(const fs::path& path, uid_t user) {
  if (chown(path.c_str(), user, user) == 0) return {};
  return fail(Code::permission, fmt::format("chown {}: {}", path.string(), std::strerror(errno)));
}

}  // namespace

Result<std::unique_ptr<Dovecot>> Dovecot::start(const lab::Scratch& scratch, Options options) {
  const fs::path home = scratch.path() / options.name;
  for (const char* part : {"run", "state", "mail"}) fs::create_directories(home / part);
  chmod(scratch.path().c_str(), 0755);
  TRY_VOID(own(home / "mail", kDovecotMailUser));
  TRY_VOID(write_file(home / "users", fmt::format("{}:{{PLAIN}}{}\n", kUser, kPassword)));
  const std::string log = home / "dovecot.log";
  auto config = fmt::format(
      "base_dir = {0}/run\n"
      "state_dir = {0}/state\n"
      "log_path = {0}/dovecot.log\n"
      "hostname = {1}\n"
      "listen = {2}\n"
      "protocols = imap pop3 lmtp sieve submission\n"
      "auth_mechanisms = plain login\n"
      "mail_location = maildir:~/mail\n"
      "mail_uid = {3}\nmail_gid = {3}\nfirst_valid_uid = {3}\n"
      "passdb {{\n  driver = passwd-file\n  args = username_format=%n {0}/users\n}}\n"
      "userdb {{\n  driver = static\n  args = uid={3} gid={3} home={0}/mail/%n\n}}\n"
      "service auth {{\n  unix_listener auth-for-postfix {{\n    mode = 0666\n  }}\n}}\n"
      "plugin {{\n  sieve = file:~/sieve;active=~/.dovecot.sieve\n}}\n",
      home.string(), options.hostname, options.address.text(), kDovecotMailUser);
  config += tls_settings(options);
  config += listeners(options.address, !options.identity.certificate_file.empty());
  if (options.relay) {
    config += fmt::format("submission_relay_host = {}\nsubmission_relay_port = {}\n",
                          options.relay->address.text(), options.relay->port);
  }
  for (const std::string& line : options.settings) config += line + "\n";
  TRY_VOID(write_file(home / "dovecot.conf", config));

  TRY(lab::Child child,
      lab::Child::start({"/usr/sbin/dovecot", "-F", "-c", home / "dovecot.conf"}, home / "output"));
  if (auto up = wait_for_port({options.address, 143}, child, log); !up) {
    return fail(up.error().code, up.error().detail + read_all(home / "output"));
  }
  return std::unique_ptr<Dovecot>(new Dovecot(std::move(child), home));
}

std::string Dovecot::log() const {
  return read_all(directory_ + "/dovecot.log");
}
std::vector<std::string> Dovecot::delivered() const {
  return maildir(fmt::format("{}/mail/{}/mail", directory_, kUser));
}

}  // namespace pawl::interop

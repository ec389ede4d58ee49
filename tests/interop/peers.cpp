#include "tests/interop/peers.h"

#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/text.h"
#include "tests/interop/dovecot.h"

namespace pawl::interop {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kPostfixUser = 65501;
constexpr uid_t kEximUser = 65502;

// Unpacked by tools/setup.sh --peers.
constexpr const char* kPackages[] = {
    "postfix",       "exim4-daemon-light",  "exim4-base",    "dovecot-core",
    "dovecot-imapd", "dovecot-pop3d",       "dovecot-lmtpd", "dovecot-submissiond",
    "dovecot-sieve", "dovecot-managesieved"};

Result<> overlay(const std::string& over, const std::vector<std::string>& layers) {
  std::string option = "lowerdir=" + join(layers, ":") + ":" + over;
  if (mount("overlay", over.c_str(), "overlay", 0, option.c_str()) != 0) {
    return fail(Code::permission,
                fmt::format("overlay on {} ({}): {}", over, option, std::strerror(errno)));
  }
  return {};
}

std::string submission_services(const IpAddress& address, const std::string& auth_socket) {
  std::string text;
  for (auto [port, wrapper] : {std::pair{587, "no"}, {465, "yes"}}) {
    text += fmt::format(
        "{}:{} inet n - n - - smtpd\n"
        "  -o smtpd_tls_wrappermode={}\n"
        "  -o smtpd_tls_security_level=encrypt\n"
        "  -o smtpd_tls_auth_only=yes\n"
        "  -o smtpd_sasl_auth_enable=yes\n"
        "  -o smtpd_sasl_type=dovecot\n"
        "  -o smtpd_sasl_path={}\n"
        "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n",
        address.text(), port, wrapper, auth_socket);
  }
  return text;
}

// Exim's own table of users, which holds one.
std::string exim_authenticators() {
  return fmt::format(
      "begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n"
      "  server_advertise_condition = ${{if def:tls_in_cipher}}\n"
      "  server_prompts = :\n"
      "  server_condition = ${{if and{{{{eq{{$auth2}}{{{}}}}}{{eq{{$auth3}}{{{}}}}}}}}}\n"
      "  server_set_id = $auth2\n",
      Dovecot::kUser, Dovecot::kPassword);
}

}  // namespace

Result<> mount_peers() {
  static std::optional<lab::Scratch> layer;  // as long as the overlays, which is as long as we
  if (layer) return {};
  if (geteuid() != 0) {
    return fail(Code::permission,
                "the tests with real mail servers need root (Postfix changes its user); run "
                "'make test' as root or as a user with sudo");
  }
  fs::path peers = fs::path(PAWL_SOURCE_DIR) / "build/peers";
  std::vector<std::string> layers;
  for (const char* package : kPackages) {
    if (!fs::exists(peers / package / ".unpacked")) {
      return fail(Code::not_found,
                  fmt::format("{} is not unpacked in {}; run tools/setup.sh --peers", package,
                              peers.string()));
    }
    layers.push_back(peers / package / "usr");
  }
  TRY(lab::Scratch scratch, lab::Scratch::make());
  layer.emplace(std::move(scratch));
  fs::path etc = layer->path() / "etc";
  fs::create_directory(etc);
  TRY_VOID(write_file(
      etc / "passwd",
      read_all("/etc/passwd") +
          fmt::format("postfix:x:{0}:{0}::/:/bin/false\nDebian-exim:x:{1}:{1}::/:/bin/false\n"
                      "dovecot:x:{2}:{2}::/:/bin/false\ndovenull:x:{3}:{3}::/:/bin/false\n"
                      "vmail:x:{4}:{4}::/:/bin/false\n",
                      kPostfixUser, kEximUser, kDovecotUser, kDovecotLoginUser, kDovecotMailUser)));
  TRY_VOID(write_file(
      etc / "group",
      read_all("/etc/group") + fmt::format("postfix:x:{}:\npostdrop:x:65503:\nDebian-exim:x:{}:\n"
                                           "dovecot:x:{}:\ndovenull:x:{}:\nvmail:x:{}:\n",
                                           kPostfixUser, kEximUser, kDovecotUser, kDovecotLoginUser,
                                           kDovecotMailUser)));
  // Some foreign tools look names up whatever they are told.
  TRY_VOID(write_file(etc / "hosts",
                      "127.0.0.1 localhost\n127.0.0.40 dovecot.test\n127.0.0.41 postfix.test\n"
                      "127.0.0.42 exim.test\n"));
  TRY_VOID(overlay("/usr", layers));
  TRY_VOID(overlay("/etc", {etc, peers / "postfix/etc"}));
  return {};
}

Result<std::unique_ptr<Postfix>> Postfix::start(const lab::Scratch& scratch, Options options) {
  fs::path home = scratch.path() / options.name;
  for (const char* part : {"conf", "spool", "data", "mail"}) fs::create_directories(home / part);
  // Postfix's own processes walk in from outside the scratch directory's owner.
  chmod(scratch.path().c_str(), 0755);
  for (const char* part : {"data", "mail"}) {
    if (chown((home / part).c_str(), kPostfixUser, kPostfixUser) != 0) {
      return fail(Code::permission, fmt::format("chown: {}", std::strerror(errno)));
    }
  }
  std::string log = home / "mail.log";
  std::string main = fmt::format(
      "compatibility_level = 3.7\n"
      "command_directory = /usr/sbin\n"
      "daemon_directory = /usr/lib/postfix/sbin\n"
      "mail_owner = postfix\n"
      "setgid_group = postdrop\n"
      "myhostname = {}\n"
      "inet_interfaces = loopback-only\n"
      "inet_protocols = ipv4\n"
      "mynetworks = 127.0.0.0/8\n"
      "queue_directory = {}/spool\n"
      "data_directory = {}/data\n"
      "maillog_file = {}\n"
      "maillog_file_prefixes = {}\n"
      "smtp_dns_support_level = disabled\n"
      "alias_maps =\n"
      "alias_database =\n"
      "local_recipient_maps =\n"
      "mydestination =\n"
      "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n",
      options.hostname, home.string(), home.string(), log, scratch.path().string());
  if (!options.relay_host.empty()) {
    main += "relayhost = " + options.relay_host + "\n";
  } else {
    main += fmt::format(
        "virtual_mailbox_domains = static:all\n"
        "virtual_mailbox_maps = static:mail/\n"
        "virtual_mailbox_base = {}\n"
        "virtual_uid_maps = static:{}\n"
        "virtual_gid_maps = static:{}\n"
        "virtual_minimum_uid = 1\n",
        home.string(), kPostfixUser, kPostfixUser);
  }
  if (!options.identity.certificate_file.empty()) {
    main += fmt::format(
        "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}\n",
        options.identity.certificate_file, options.identity.key_file);
  }
  for (const std::string& line : options.settings) main += line + "\n";
  TRY_VOID(write_file(home / "conf/main.cf", main));

  std::string master = read_all("/usr/share/postfix/master.cf.dist");
  constexpr std::string_view kSmtp = "\nsmtp      inet";
  std::size_t at = master.find(kSmtp);
  if (at == std::string::npos)
    return fail(Code::not_found, "no smtp service in Postfix's master.cf.dist");
  master.replace(at, kSmtp.size(), fmt::format("\n{}  inet", options.listen.text()));
  // What keeps TLS connections for reuse; Debian ships it commented out.
  constexpr std::string_view kTlsProxy = "\n#tlsproxy";
  if (std::size_t proxy = master.find(kTlsProxy); proxy != std::string::npos) {
    master.erase(proxy + 1, 1);
  }
  if (!options.submission_auth_socket.empty())
    master += submission_services(options.listen.address, options.submission_auth_socket);
  TRY_VOID(write_file(home / "conf/master.cf", master));

  std::string output = home / "output";
  TRY(lab::Child child,
      lab::Child::start({"/usr/sbin/postfix", "-c", home / "conf", "start-fg"}, output));
  TRY_VOID(wait_for_port(options.listen, child, log));
  return std::unique_ptr<Postfix>(new Postfix(std::move(child), home));
}

Postfix::~Postfix() {
  // start-fg leaves master in a session of its own; it is asked to go as its operator would.
  auto stopped = lab::run_program({"/usr/sbin/postfix", "-c", directory_ + "/conf", "abort"}, "/");
  if (!stopped) master_.kill();
}

std::string Postfix::log() const {
  return read_all(directory_ + "/mail.log");
}
std::vector<std::string> Postfix::delivered() const {
  return maildir(directory_ + "/mail");
}

Result<std::unique_ptr<Exim>> Exim::start(const lab::Scratch& scratch, Options options) {
  fs::path home = scratch.path() / options.name;
  fs::create_directories(home);
  chmod(scratch.path().c_str(), 0755);
  for (const char* part : {"spool", "log", "mail"}) {
    fs::create_directory(home / part);
    if (chown((home / part).c_str(), kEximUser, kEximUser) != 0) {
      return fail(Code::permission, fmt::format("chown: {}", std::strerror(errno)));
    }
  }
  std::string config = fmt::format(
      "primary_hostname = {}\n"
      "spool_directory = {}/spool\n"
      "log_file_path = {}/log/%slog\n"
      "keep_environment =\n"
      "exim_user = {}\n"
      "exim_group = {}\n"
      "acl_smtp_rcpt = accept\n"
      "acl_smtp_data = accept\n"
      "log_selector = +tls_cipher +received_recipients\n",
      options.hostname, home.string(), home.string(), kEximUser, kEximUser);
  if (options.identity.certificate_file.empty()) {
    config += "tls_advertise_hosts =\n";
  } else {
    // Exim reads the key as its own user.
    fs::path key = home / "key.pem";
    fs::copy_file(options.identity.key_file, key);
    if (chown(key.c_str(), kEximUser, kEximUser) != 0)
      return fail(Code::permission, "chown of the key");
    config += fmt::format("tls_advertise_hosts = *\ntls_certificate = {}\ntls_privatekey = {}\n",
                          options.identity.certificate_file, key.string());
  }
  if (options.submission) config += "tls_on_connect_ports = 465\n";
  for (const std::string& line : options.settings) config += line + "\n";
  if (options.submission) config += exim_authenticators();
  config += "begin routers\nall:\n";
  config += options.smarthost.empty()
                ? "  driver = accept\n  transport = keep\n"
                : fmt::format(
                      "  driver = manualroute\n  route_list = * {}\n  transport = out\n"
                      "  host_find_failed = defer\n  self = send\n",
                      options.smarthost);
  config += fmt::format(
      "begin transports\nkeep:\n  driver = appendfile\n  directory = {}/mail\n  maildir_format\n"
      "  user = {}\n  group = {}\nout:\n  driver = smtp\n  hosts_try_dane =\nbegin retry\n* * "
      "F,1h,1s\n",
      home.string(), kEximUser, kEximUser);
  TRY_VOID(write_file(home / "exim.conf", config));
  std::string output = home / "output";
  auto ports = fmt::format("<; [{}]:{}", options.listen.address.text(), options.listen.port);
  if (options.submission)
    ports += fmt::format("; [{0}]:587; [{0}]:465", options.listen.address.text());
  TRY(lab::Child child,
      lab::Child::start({"/usr/sbin/exim4", "-C", home / "exim.conf", "-bdf", "-q1s", "-oX", ports},
                        output));
  TRY_VOID(wait_for_port(options.listen, child, output));
  return std::unique_ptr<Exim>(new Exim(std::move(child), home));
}

std::string Exim::log() const {
  return read_all(directory_ + "/log/mainlog");
}
std::vector<std::string> Exim::delivered() const {
  return maildir(directory_ + "/mail");
}

Result<std::string> swaks(const Endpoint& server, const std::string& from, const std::string& to,
                          std::vector<std::string> more) {
  std::vector<std::string> command = {"swaks",
                                      "--server",
                                      server.address.text(),
                                      "--port",
                                      fmt::format("{}", server.port),
                                      "--from",
                                      from,
                                      "--to",
                                      to,
                                      "--helo",
                                      "client.test"};
  command.insert(command.end(), more.begin(), more.end());
  return lab::run_program(command, "/");
}

}  // namespace pawl::interop

#include "app/settings_table.h"

#include <algorithm>

namespace pawl::app {

namespace {

constexpr std::array kSections = {
    Section{"", false, ""},
    Section{"listen", true, "Where mail is taken in. Without one: 127.0.0.1:25.",
            [](const Settings& s) { return s.listeners.size(); },
            [](Settings& s, const std::string&) { s.listeners.emplace_back(); }},
    Section{"certificate", true,
            "What listeners show. Two at most, one RSA and one ECDSA; read again on SIGHUP.",
            [](const Settings& s) { return s.certificates.size(); },
            [](Settings& s, const std::string&) { s.certificates.emplace_back(); }},
    Section{"route", true, "Where a domain's mail goes instead of its MX hosts.",
            [](const Settings& s) { return s.routes.size(); },
            [](Settings& s, const std::string&) { s.routes.emplace_back(); }},
    Section{"credentials", true,
            "How to log in at a next hop that a route or the relayhost names. The password is sent "
            "over TLS only, to a host whose certificate (or TLSA record, or configured "
            "fingerprint) proved its name; neither exceptions nor \"observe\" change that. If the "
            "host cannot be authenticated or refuses the password, mail waits.",
            [](const Settings& s) { return s.credentials.size(); },
            [](Settings& s, const std::string& origin) {
              s.credentials.emplace_back().origin = origin;
            }},
    Section{"rule", true,
            "What is demanded of a destination: a floor, that what others publish may raise and "
            "never lower. The most specific match counts.",
            [](const Settings& s) { return s.rules.size(); },
            [](Settings& s, const std::string& origin) { s.rules.emplace_back().origin = origin; }},
    Section{"exception", true,
            "Lowers what it names, for a reason and until a day; each use is logged.",
            [](const Settings& s) { return s.exceptions.size(); },
            [](Settings& s, const std::string& origin) {
              s.exceptions.emplace_back().origin = origin;
            }},
    Section{"dns", false, "How the DNS is asked. Answers are always validated here."},
    Section{"dns.forwarder", true, "A resolver that is asked instead of recursing from the root.",
            [](const Settings& s) { return s.dns.forwarders.size(); },
            [](Settings& s, const std::string&) { s.dns.forwarders.emplace_back(); }},
    Section{"dns.stub", true, "A zone that is asked at servers of its own.",
            [](const Settings& s) { return s.dns.stub_zones.size(); },
            [](Settings& s, const std::string&) { s.dns.stub_zones.emplace_back(); }},
    Section{"mta_sts", false, "How MTA-STS policies are fetched."},
    Section{"tls", false, "TLS towards others."},
    Section{"retry", false, "What happens to mail that cannot be delivered at once."},
    Section{"limits", false, "How much at a time."},
    Section{"log", false, "The log."},
    Section{"metrics", false, "Metrics for Prometheus, in its text format over HTTP."},
    Section{"alert", false, "What the postmaster is told."},
};

// A row: `field` is a path from Settings `s`, with `i` the place in a section that repeats.
#define PAWL_ROW_(section, key, required, kind, field, help)                      \
  Setting {                                                                       \
    section, key, required, [] { return kind::allowed(); },                       \
        [](Settings& s, [[maybe_unused]] std::size_t i, const ConfigNode& node) { \
          return kind::read(node, s.field);                                       \
        },                                                                        \
        [](const Settings& s, [[maybe_unused]] std::size_t i) -> std::string {    \
          return kind::show(s.field);                                             \
        },                                                                        \
        help                                                                      \
  }
#define ROW(section, key, kind, field, help) PAWL_ROW_(section, key, false, kind, field, help)
#define REQUIRED(section, key, kind, field, help) PAWL_ROW_(section, key, true, kind, field, help)

using Strings = List<Text>;
using Tls = Choice<ListenTls>;
using Level = Choice<policy::Level>;
using MaybeLevel = Optional<Choice<policy::Level>>;
using Enforce = Choice<policy::Enforcement>;
using MaybeEnforce = Optional<Choice<policy::Enforcement>>;

constexpr std::array kSettings = {
    ROW("", "hostname", Text, hostname,
        "The name given in greetings, EHLO and Received fields. Empty: the system's full name."),
    ROW("", "store", StoreUrl, store, "Where the queue and the policy cache are kept."),
    ROW("", "postmaster", Text, postmaster,
        "Who is told about held mail. Empty: postmaster at the host name."),
    ROW("", "threads", Count, threads, "Event loops. 0: one per core."),
    ROW("", "client_networks", List<AddressRange>, client_networks,
        "Clients that may relay without AUTH. Empty: this host only (loopback)."),
    ROW("", "users_file", Text, users_file,
        "Users for AUTH, one NAME:HASH per line as `openssl passwd -6` makes the hash."),
    ROW("", "line_endings", Choice<LineEndings>, line_endings,
        "What is done with a bare CR or LF in a message: refuse it (550), or repair it."),
    ROW("", "relayhost", Optional<Hop>, relayhost,
        "Where all mail goes that no route names. Unset: by the recipient domain's MX hosts."),
    ROW("", "enforcement", Enforce, enforcement,
        "observe: verdicts are logged and counted, delivery goes on as before."),

    REQUIRED("listen", "address", Address, listeners[i].address, "Address and port."),
    ROW("listen", "tls", Tls, listeners[i].tls,
        "starttls: offered; implicit: from the first byte (port 465); none: not offered."),
    ROW("listen", "auth", Flag, listeners[i].auth, "Offer AUTH PLAIN and LOGIN, after TLS only."),

    REQUIRED("certificate", "file", Text, certificates[i].certificate_file,
             "The chain, leaf first, PEM."),
    REQUIRED("certificate", "key", Text, certificates[i].key_file, "Its private key, PEM."),

    REQUIRED("route", "domain", Pattern, routes[i].pattern, "Whose mail."),
    REQUIRED("route", "to", Hop, routes[i].to,
             "The next hop. Brackets: this host, without MX look-up."),

    REQUIRED("credentials", "next_hop", Hop, credentials[i].next_hop,
             "The next hop, written as the route or the relayhost writes it; a name, no address."),
    REQUIRED("credentials", "user", Text, credentials[i].user, "The user name."),
    REQUIRED("credentials", "password_file", Text, credentials[i].password_file,
             "A file whose first line is the password. Only its owner may have access (mode 0600 "
             "or 0400)."),

    REQUIRED("rule", "match", Pattern, rules[i].pattern, "The destination, or one MX host."),
    ROW("rule", "level", MaybeLevel, rules[i].level,
        "The least that is accepted: none (no TLS), may (take what is offered), encrypt (TLS, "
        "nobody is authenticated), dane-only, verify and secure (a certificate for the MX host / "
        "for the domain), fingerprint."),
    ROW("rule", "names", Strings, rules[i].match_names,
        "For verify and secure: names the certificate may have instead."),
    ROW("rule", "fingerprints", List<Fingerprint>, rules[i].fingerprints,
        "For fingerprint: of the certificate or of its public key."),
    ROW("rule", "enforcement", MaybeEnforce, rules[i].enforcement,
        "As the setting at the top level, for this destination."),

    REQUIRED("exception", "match", Pattern, exceptions[i].pattern,
             "The destination, or one MX host."),
    ROW("exception", "level", Level, exceptions[i].level, "What is demanded instead."),
    REQUIRED("exception", "reason", Text, exceptions[i].reason, "Why; it stands in the log."),
    REQUIRED("exception", "until", Date, exceptions[i].until, "When it ends."),
    ROW("exception", "by", Text, exceptions[i].by, "Who decided it."),

    ROW("dns", "trust_anchor", Text, dns.root_trust_anchor_file,
        "The root's key, a file in zone-file text. Empty: the root is not believed to be signed."),
    ROW("dns", "more_trust_anchors", Strings, dns.trust_anchor_files,
        "Files with keys of other zones."),
    ROW("dns", "root_hints", Text, dns.root_hints_file,
        "The root's servers, a file in zone-file text. Empty: those that are built in."),

    REQUIRED("dns.forwarder", "address", Address, dns.forwarders[i].endpoint,
             "Its address; port 53, or 853 with TLS."),
    ROW("dns.forwarder", "tls_name", Text, dns.forwarders[i].tls_name,
        "Ask over TLS only, and check that its certificate has this name."),

    REQUIRED("dns.stub", "zone", Domain, dns.stub_zones[i].zone, "The zone."),
    REQUIRED("dns.stub", "servers", List<Address>, dns.stub_zones[i].servers, "Its servers."),
    ROW("dns.stub", "insecure", Flag, dns.stub_zones[i].insecure,
        "Its answers count as unsigned, whatever is signed."),
    ROW("dns.stub", "trust_anchors", Strings, dns.stub_zones[i].trust_anchors,
        "Its DS or DNSKEY records, in zone-file text."),

    ROW("mta_sts", "private_networks", List<AddressRange>, sts_private_networks,
        "Networks that are not public where policy hosts may be all the same."),

    ROW("tls", "ca_file", Text, ca_file,
        "Trusted authorities, PEM. Empty: /etc/ssl/certs/ca-certificates.crt."),

    ROW("retry", "schedule", List<Duration>, retry.waits,
        "How long to wait after each attempt; the last one repeats."),
    ROW("retry", "queue_lifetime", Duration, retry.lifetime,
        "When a message that could not be delivered is returned to its sender."),
    ROW("retry", "delay_warning", Duration, retry.delay_warning,
        "When its sender is told that it is late. \"0s\": never."),

    ROW("limits", "message_size", Size, limits.message_size, "The largest message."),
    ROW("limits", "recipients", Count, limits.recipients, "Recipients of a message."),
    ROW("limits", "sessions", Count, limits.sessions, "Clients at a time."),
    ROW("limits", "sessions_per_client", Count, limits.sessions_per_client,
        "Sessions of one client address at a time."),
    ROW("limits", "deliveries", Count, limits.deliveries, "Deliveries at a time."),
    ROW("limits", "connections_per_destination", Count, limits.connections_per_destination,
        "Connections to one destination at a time."),

    ROW("log", "format", Choice<LogFormat>, log_format, "For people (key=value) or for programs."),
    ROW("log", "level", Choice<Severity>, log_level, "The least severe events that are logged."),
    ROW("log", "file", Text, log_file, "Appended to; opened again on SIGHUP. Empty: stderr."),

    ROW("metrics", "listen", Optional<Address>, metrics_listen,
        "Where GET /metrics is answered; a local address. Unset: nowhere."),

    ROW("alert", "mail", Flag, alert_mail, "Write to the postmaster when mail is held back."),
    ROW("alert", "interval", Duration, alert_interval,
        "One mail per domain and cause within this time."),
};

#undef ROW
#undef REQUIRED
#undef PAWL_ROW_

}  // namespace

bool reloads(const Setting& setting) {
  static constexpr std::array kReloaded = {"certificate", "route", "credentials", "rule",
                                           "exception",   "retry", "log"};
  static constexpr std::array kReloadedAtTheTop = {"client_networks", "users_file", "relayhost",
                                                   "enforcement"};
  if (setting.section.empty()) {
    return std::ranges::find(kReloadedAtTheTop, setting.key) != kReloadedAtTheTop.end();
  }
  return std::ranges::find(kReloaded, setting.section) != kReloaded.end();
}

std::span<const Section> sections() {
  return kSections;
}

std::span<const Setting> settings_table() {
  return kSettings;
}

}  // namespace pawl::app

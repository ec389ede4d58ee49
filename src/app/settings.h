// What the operator configured, as plain values with sane defaults: `pawl relay` runs without a
// file. The table in settings_table.cpp says how each is written, read, shown and documented; what
// is not in the table cannot be configured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/config_node.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/ip_address.h"
#include "base/limits.h"
#include "policy/rule.h"
#include "relay/next_hop.h"

namespace pawl::app {

enum class ListenTls : unsigned char { starttls, implicit, none };
enum class LineEndings : unsigned char { refuse, normalize };
enum class LogFormat : unsigned char { text, json };

struct ListenSettings {
  Endpoint address{IpAddress::v4(127, 0, 0, 1), 25};
  ListenTls tls = ListenTls::starttls;
  bool auth = false;  // offer AUTH, after TLS only
};

struct CertificateSettings {
  std::string certificate_file;
  std::string key_file;
};

struct RouteSettings {
  std::string domain;  // example.org, .example.org (any subdomain), or * for all
  relay::NextHop to;
};

struct StubSettings {
  dns::Name zone;
  std::vector<Endpoint> servers;
};

struct DnsSettings {
  std::string trust_anchor;          // a file; empty: Debian's dns-root-data
  std::vector<Endpoint> forwarders;  // empty: full recursion
  std::string forward_tls_name;      // DNS over TLS to the forwarders, with this name checked
  std::vector<StubSettings> stubs;
};

struct RetrySettings {
  std::vector<Seconds> schedule = {std::chrono::minutes(5),  std::chrono::minutes(15),
                                   std::chrono::minutes(30), std::chrono::hours(1),
                                   std::chrono::hours(2),    std::chrono::hours(4)};
  Seconds queue_lifetime = std::chrono::days(5);  // rfc5321#4.5.4.1: at least 4 or 5 days
  Seconds delay_warning = std::chrono::hours(4);  // 0: no such notice
};

struct LimitSettings {
  std::uint64_t message_size = limits::kMessageSize;
  std::uint64_t recipients = limits::kSmtpRecipients;
  std::uint64_t sessions = 1000;
  std::uint64_t sessions_per_client = 100;
  std::uint64_t deliveries = 200;  // at a time
  std::uint64_t connections_per_destination = 20;
};

struct Settings {
  std::string hostname;  // empty: the system's
  std::string store = "sqlite:/var/lib/pawl/pawl.db";
  std::string postmaster;                 // empty: postmaster@hostname
  std::uint64_t threads = 0;              // 0: one per core
  std::vector<ListenSettings> listeners;  // empty in the file: one on 127.0.0.1:25
  std::vector<CertificateSettings> certificates;
  std::vector<Network> client_networks;  // who may relay without AUTH
  std::string users_file;
  LineEndings line_endings = LineEndings::refuse;
  std::optional<relay::NextHop> relayhost;
  std::vector<RouteSettings> routes;
  policy::Enforcement enforcement = policy::Enforcement::enforce;
  std::vector<policy::Rule> rules;
  std::vector<policy::Exception> exceptions;
  DnsSettings dns;
  std::vector<Network> sts_private_networks;  // where policy hosts may be though not public
  std::string ca_file;
  RetrySettings retry;
  LimitSettings limits;
  LogFormat log_format = LogFormat::text;
  Severity log_level = Severity::info;
  std::string log_file;  // empty: stderr
  std::optional<Endpoint> metrics_listen;
  bool alert_mail = true;
  Seconds alert_interval = std::chrono::days(1);  // one mail per domain and cause within it
};

struct LoadedSettings {
  Settings settings;                    // what could be read; to be used only without problems
  std::vector<ConfigProblem> problems;  // in the order of the file
};

// `file` is named in origins ("pawl.toml:31").
LoadedSettings read_settings(std::string_view text, std::string_view file);

// Fills what the system knows (host name) and the default listener.
void complete_settings(Settings& settings);

// The file's settings, complete. Errors: io, config_invalid (its detail has one problem per line).
Result<Settings> load_settings(const std::string& file);

// /etc/pawl/pawl.toml; used where a command got no -c, if it exists.
extern const char* const kDefaultConfigFile;
// What -c said, or the default file, or the defaults if there is none.
Result<Settings> load_settings_or_default(const std::optional<std::string>& file);

std::string show_settings(const Settings& settings);  // as TOML, each value with its default
std::string settings_page();                          // docs/settings.md
std::string settings_man_page();                      // pawl.toml(5)

}  // namespace pawl::app

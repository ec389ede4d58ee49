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
#include "relay/retry_schedule.h"
#include "relay/routes.h"
#include "resolver/options.h"
#include "tls/engine.h"

namespace pawl::app {

enum class ListenTls : unsigned char { starttls, implicit, none };
enum class LineEndings : unsigned char { refuse, normalize };
enum class LogFormat : unsigned char { text, json };

struct ListenSettings {
  Endpoint address{IpAddress::v4(127, 0, 0, 1), 25};
  ListenTls tls = ListenTls::starttls;
  bool auth = false;  // offer AUTH, after TLS only
};

struct CredentialSettings {
  relay::NextHop next_hop;
  std::string user;
  std::string password_file;
  std::string origin;  // "pawl.toml:31"
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
  std::vector<tls::ServerContextOptions::KeyPair> certificates;
  std::vector<Network> client_networks;  // who may relay without AUTH
  std::string users_file;
  LineEndings line_endings = LineEndings::refuse;
  std::optional<relay::NextHop> relayhost;
  std::vector<relay::Route> routes;
  std::vector<CredentialSettings> credentials;
  policy::Enforcement enforcement = policy::Enforcement::enforce;
  std::vector<policy::Rule> rules;
  std::vector<policy::Exception> exceptions;
  resolver::Options dns;
  std::vector<Network> sts_private_networks;  // where policy hosts may be though not public
  std::string ca_file;
  relay::RetrySchedule retry;
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

// Holds a configuration file against the table of settings.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <tuple>

#include "app/command.h"
#include "app/settings_table.h"
#include "base/text.h"

namespace pawl::app {

namespace {

class Filler {
 public:
  Filler(std::string_view file, LoadedSettings& loaded) : file_(file), loaded_(loaded) {}

  // One table of the file that belongs to `section`; `index` is its place if the section repeats.
  void fill(std::string_view section, std::size_t index, const ConfigNode& table) {
    for (const ConfigMember& member : table.members) {
      std::string inner = joined(section, member.key);
      if (const Setting* setting = find_setting(section, member.key)) {
        read(*setting, index, member);
      } else if (const Section* found = find_section(inner)) {
        open(*found, member);
      } else {
        unknown(section, member);
      }
    }
    for (const Setting& setting : settings_table()) {
      if (setting.section != section || !setting.required) continue;
      bool there = std::ranges::any_of(
          table.members, [&](const ConfigMember& member) { return member.key == setting.key; });
      if (!there) {
        add(table.place, joined(section, setting.key), "nothing", setting.allowed(), "");
      }
    }
  }

  void add(Place place, std::string key, std::string found, std::string allowed,
           std::string meant) {
    loaded_.problems.push_back(
        {place, std::move(key), std::move(found), std::move(allowed), std::move(meant)});
  }

 private:
  static std::string joined(std::string_view section, std::string_view key) {
    return section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
  }

  static const Setting* find_setting(std::string_view section, std::string_view key) {
    for (const Setting& setting : settings_table()) {
      if (setting.section == section && setting.key == key) return &setting;
    }
    return nullptr;
  }

  static const Section* find_section(std::string_view name) {
    for (const Section& section : sections()) {
      if (!section.name.empty() && section.name == name) return &section;
    }
    return nullptr;
  }

  void read(const Setting& setting, std::size_t index, const ConfigMember& member) {
    Wrong wrong = setting.read(loaded_.settings, index, member.value);
    if (!wrong) return;
    std::string allowed = setting.allowed();
    // Only where the texts allowed are all there are ("none", "may"), not examples.
    bool closed = allowed.starts_with('"') && allowed.find_first_of("(:") == std::string::npos;
    std::vector<std::string_view> choices;
    if (closed && member.value.kind == ConfigNode::Kind::text) choices = split(allowed, '"');
    std::string meant = nearest(member.value.text, choices);
    add(member.value.place, joined(setting.section, setting.key), std::move(*wrong),
        std::move(allowed), std::move(meant));
  }

  void open(const Section& section, const ConfigMember& member) {
    std::string line =
        section.repeats ? fmt::format("[[{}]]", section.name) : fmt::format("[{}]", section.name);
    auto wrong = [&] {
      std::string found =
          member.value.kind == ConfigNode::Kind::table  ? fmt::format("[{}]", section.name)
          : member.value.kind == ConfigNode::Kind::list ? fmt::format("[[{}]]", section.name)
                                                        : found_text(member.value);
      add(member.place, std::string(section.name), std::move(found), line, "");
    };
    if (!section.repeats) {
      if (member.value.kind != ConfigNode::Kind::table) return wrong();
      return fill(section.name, 0, member.value);
    }
    if (member.value.kind != ConfigNode::Kind::list) return wrong();
    for (const ConfigNode& item : member.value.items) {
      if (item.kind != ConfigNode::Kind::table) return wrong();
      section.append(loaded_.settings, fmt::format("{}:{}", file_, item.place.line));
      fill(section.name, section.count(loaded_.settings) - 1, item);
    }
  }

  void unknown(std::string_view section, const ConfigMember& member) {
    std::vector<std::string_view> names;
    for (const Setting& setting : settings_table()) {
      if (setting.section == section) names.push_back(setting.key);
    }
    for (const Section& other : sections()) {
      std::size_t dot = other.name.rfind('.');
      std::string_view parent = dot == std::string_view::npos ? "" : other.name.substr(0, dot);
      if (!other.name.empty() && parent == section) {
        names.push_back(dot == std::string_view::npos ? other.name : other.name.substr(dot + 1));
      }
    }
    std::string allowed;
    for (std::string_view name : names) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(name);
    }
    add(member.place, joined(section, member.key), "a key that does not exist", std::move(allowed),
        nearest(member.key, names));
  }

  std::string file_;
  LoadedSettings& loaded_;
};

bool is_next_hop(const Settings& settings, const relay::NextHop& hop) {
  return settings.relayhost == hop ||
         std::ranges::any_of(settings.routes, [&](const auto& route) { return route.to == hop; });
}

// What is wrong with the login at place `i`: where, what was found, what is allowed.
std::optional<std::array<std::string, 3>> wrong_login(const Settings& settings, std::size_t i) {
  const CredentialSettings& login = settings.credentials[i];
  std::string quoted = Hop::show(login.next_hop);
  if (login.user.empty()) return {{"credentials.user", "an empty name", Text::allowed()}};
  if (login.user.find('\0') != std::string::npos) {
    return {{"credentials.user", "a name with a zero byte", Text::allowed()}};
  }
  if (login.next_hop.literal) {
    return {{"credentials.next_hop", quoted,
             "a host's name, like \"[smtp.example.org]:587\": its certificate is checked for it"}};
  }
  if (!is_next_hop(settings, login.next_hop)) {
    return {{"credentials.next_hop", quoted + ", which neither relayhost nor a route names",
             "the same text as there"}};
  }
  for (std::size_t other = 0; other < i; ++other) {
    if (settings.credentials[other].next_hop != login.next_hop) continue;
    return {{"credentials.next_hop", quoted + " a second time", "one [[credentials]] for each"}};
  }
  return std::nullopt;
}

// What is only wrong together with something else.
void check_together(Filler& filler, const Settings& settings, const ConfigNode& root) {
  auto place_of = [&](std::string_view key, std::size_t index = 0) {
    for (const ConfigMember& member : root.members) {
      if (member.key != key) continue;
      return index < member.value.items.size() ? member.value.items[index].place : member.place;
    }
    return Place{1, 1};
  };
  for (std::size_t i = 0; i < settings.listeners.size(); ++i) {
    const ListenSettings& listener = settings.listeners[i];
    if (listener.tls == ListenTls::implicit && settings.certificates.empty()) {
      filler.add(place_of("listen", i), "listen.tls", "\"implicit\" without a certificate",
                 "a [[certificate]] section, or \"none\"", "");
    }
    if (listener.auth && listener.tls == ListenTls::none) {
      filler.add(place_of("listen", i), "listen.auth", "true where there is no TLS",
                 "AUTH after TLS only: tls = \"starttls\" or \"implicit\"", "");
    }
    if (listener.auth && settings.users_file.empty()) {
      filler.add(place_of("listen", i), "listen.auth", "true without users",
                 "users_file = \"FILE\" at the top level", "");
    }
    if (listener.auth && settings.certificates.empty()) {
      filler.add(place_of("listen", i), "listen.auth", "true without a certificate",
                 "a [[certificate]] section: AUTH is offered after TLS only", "");
    }
  }
  if (settings.certificates.size() > 2) {
    filler.add(place_of("certificate", 2), "certificate", "a third certificate",
               "one RSA and one ECDSA", "");
  }
  for (std::size_t i = 0; i < settings.credentials.size(); ++i) {
    if (auto wrong = wrong_login(settings, i)) {
      auto& [key, found, allowed] = *wrong;
      filler.add(place_of("credentials", i), key, found, allowed, "");
    }
  }
  for (std::size_t i = 0; i < settings.rules.size(); ++i) {
    const policy::Rule& rule = settings.rules[i];
    bool needs = rule.level == policy::Level::fingerprint;
    if (needs && rule.fingerprints.empty()) {
      filler.add(place_of("rule", i), "rule.fingerprints", "nothing", List<Fingerprint>::allowed(),
                 "");
    }
    if (!rule.level && !rule.enforcement) {
      filler.add(place_of("rule", i), "rule", "neither level nor enforcement", "at least one", "");
    }
  }
  if (settings.retry.waits.empty()) {
    filler.add(place_of("retry"), "retry.schedule", "an empty list", List<Duration>::allowed(), "");
  }
}

std::string system_hostname() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost.localdomain";
  return name;
}

}  // namespace

LoadedSettings read_settings(std::string_view text, std::string_view file) {
  LoadedSettings loaded;
  auto root = parse_toml(text);
  if (!root) {
    loaded.problems.push_back(std::move(root).error());
    return loaded;
  }
  Filler filler(file, loaded);
  filler.fill("", 0, *root);
  if (loaded.problems.empty()) check_together(filler, loaded.settings, *root);
  std::ranges::sort(loaded.problems, {}, [](const ConfigProblem& problem) {
    return std::tuple(problem.place.line, problem.place.column, problem.key);
  });
  return loaded;
}

void complete_settings(Settings& settings) {
  if (settings.hostname.empty()) settings.hostname = system_hostname();
  if (settings.postmaster.empty()) settings.postmaster = "postmaster@" + settings.hostname;
  if (!settings.ca_file.empty()) settings.dns.ca_file = settings.ca_file;
  if (settings.listeners.empty()) settings.listeners.emplace_back();
  if (settings.client_networks.empty()) {
    settings.client_networks = {*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")};
  }
}

const char* const kDefaultConfigFile = "/etc/pawl/pawl.toml";

Result<Settings> load_settings(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return fail(Code::config_invalid, fmt::format("{} cannot be read ({})", file,
                                                  std::generic_category().message(errno)));
  }
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  LoadedSettings loaded = read_settings(text, file);
  if (!loaded.problems.empty()) {
    std::string lines;
    for (const ConfigProblem& problem : loaded.problems) {
      lines += (lines.empty() ? "" : "\n") + problem.sentence(file);
    }
    return fail(Code::config_invalid, std::move(lines));
  }
  complete_settings(loaded.settings);
  return std::move(loaded.settings);
}

Result<Settings> load_settings_or_default(const std::optional<std::string>& file) {
  if (file) return load_settings(*file);
  if (access(kDefaultConfigFile, F_OK) == 0) return load_settings(kDefaultConfigFile);
  Settings settings;
  complete_settings(settings);
  return settings;
}

}  // namespace pawl::app

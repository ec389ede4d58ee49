// Local rules: what the operator's configuration demands of a destination. A floor: remote data may
// raise it, never lower it (DESIGN section 2, promise 6).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "dns/name.h"

namespace pawl::policy {

// Postfix's names and meanings (TLS_README), "may" upwards is a floor.
enum class Level : unsigned char { none, may, encrypt, dane_only, verify, secure, fingerprint };
std::string_view name(Level level);  // "dane-only"
std::optional<Level> parse_level(std::string_view text);

// What happens when a verdict is not met: held back, or only logged and counted, delivery as
// before.
enum class Enforcement : unsigned char { enforce, observe };

struct Rule {
  std::string pattern;  // example.org, .example.org (any subdomain), an MX host, or * for all
  std::optional<Level> level;
  std::vector<std::string> match_names;  // for verify and secure; empty: the MX host / the next hop
  std::vector<std::string> fingerprints;  // SHA-256, lower-case hex
  std::optional<Enforcement> enforcement;
  std::string origin;  // "pawl.toml:31", for the reason
};

// Lowers what it names, with a reason, until its end; each use is logged.
struct Exception {
  std::string pattern;
  Level level = Level::may;  // what is demanded instead: none, may or encrypt
  std::string reason;
  WallTime until{};
  std::string by;
  std::string origin;
};

}  // namespace pawl::policy

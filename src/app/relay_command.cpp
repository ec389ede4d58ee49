#include "app/commands.h"
#include "app/settings.h"

namespace pawl::app {

namespace {

constexpr Option kOptions[] = {
    {"config", 'c', "FILE", "read this file (default: /etc/pawl/pawl.toml)"},
};

int run_relay(const Arguments& arguments) {
  auto settings = load_settings_or_default(arguments.value("config"));
  if (!settings) return complain("relay", settings.error());
  return complain("relay", Error(Code::unsupported, "the relay is not wired yet"));
}

}  // namespace

constinit const Command relay_command{
    .name = "relay",
    .summary = "Take mail in, keep it safe, deliver it under what its destination promised",
    .description =
        "Stops gracefully on SIGTERM; SIGHUP reads the configuration and the "
        "certificates again.",
    .options = kOptions,
    .run = run_relay,
};

}  // namespace pawl::app

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "app/commands.h"
#include "app/composition.h"
#include "app/relay_service.h"
#include "base/text.h"

namespace pawl::app {

namespace {

constexpr Option kOptions[] = {
    {"config", 'c', "FILE", "read this file (default: /etc/pawl/pawl.toml)"},
    {"test-dial", 0, "FROM=TO", "test only: connect to TO where FROM was meant"},
};

// Sockets that systemd opened for us, sd_listen_fds(3).
std::vector<int> given_sockets() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  std::vector<int> sockets;
  if (pid == nullptr || count == nullptr) return sockets;
  if (parse_decimal(pid, 1U << 30U) != static_cast<std::uint64_t>(getpid())) return sockets;
  for (std::uint64_t i = 0; i < parse_decimal(count, 64).value_or(0); ++i) {
    sockets.push_back(3 + static_cast<int>(i));
  }
  return sockets;
}

int run_relay(const Arguments& arguments) {
  std::optional<std::string> file = arguments.value("config");
  if (!file && access(kDefaultConfigFile, F_OK) == 0) file = kDefaultConfigFile;
  auto settings = load_settings_or_default(file);
  if (!settings) return complain("relay", settings.error());
  auto dial_map = parse_dial_map(arguments.values("test-dial"));
  if (!dial_map) return complain("relay", dial_map.error());
  RelayOptions options{
      .config_file = file, .dial_map = *std::move(dial_map), .adopted = given_sockets()};
  RelayService service(*std::move(settings), std::move(options));
  if (auto started = service.start(); !started) return complain("relay", started.error());
  service.wait();
  return 0;
}

}  // namespace

constinit const Command relay_command{
    .name = "relay",
    .summary = "Take mail in, keep it safe, deliver it under what its destination promised",
    .description =
        "Without a configuration file it listens on 127.0.0.1:25 and keeps its queue in\n"
        "/var/lib/pawl. SIGTERM stops it gracefully, a second one at once. SIGHUP reads the\n"
        "configuration, the certificates and the users again; a file that is wrong changes "
        "nothing.",
    .options = kOptions,
    .run = run_relay,
};

}  // namespace pawl::app

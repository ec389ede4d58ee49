// What systemd is told (sd_notify(3)): READY=1, RELOADING=1, STOPPING=1, WATCHDOG=1, STATUS=...
// Without NOTIFY_SOCKET nothing happens.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace pawl::app {

void service_notify(std::string_view state);
// How often WATCHDOG=1 is expected; nothing if it is not.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace pawl::app

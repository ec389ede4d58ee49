// The program's version: one place, CMake's project() line.
#pragma once

#include <string_view>

namespace pawl::app {
inline constexpr std::string_view kVersion = PAWL_VERSION;
}

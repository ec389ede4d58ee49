#include "starttls/client.h"

#include <array>

namespace pawl::starttls {

std::string_view name(Mode mode) {
  constexpr std::array<std::string_view, 3> kNames = {"never", "if available", "required"};
  return kNames[static_cast<std::size_t>(mode)];
}

std::string_view name(ClientEvent event) {
  constexpr std::array<std::string_view, 6> kNames = {"upgrade", "ready",  "logged_in",
                                                      "reply",   "failed", "closed"};
  return kNames[static_cast<std::size_t>(event)];
}

}  // namespace pawl::starttls

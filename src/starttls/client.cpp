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

Result<> check_login(std::string_view user, const Secret& password) {
  for (std::string_view part : {user, password.reveal()}) {
    if (part.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
      return fail(Code::auth_failed, "a line break or NUL in a user name or a password");
    }
  }
  return {};
}

}  // namespace pawl::starttls

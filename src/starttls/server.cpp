#include "starttls/server.h"

namespace pawl::starttls {

std::string_view name(ServerEvent event) {
  switch (event) {
    case ServerEvent::need_input:
      return "need_input";
    case ServerEvent::start_tls:
      return "start_tls";
    case ServerEvent::authenticate:
      return "authenticate";
    case ServerEvent::established:
      return "established";
    case ServerEvent::injection:
      return "injection";
    case ServerEvent::closed:
      return "closed";
  }
  return "";
}

}  // namespace pawl::starttls

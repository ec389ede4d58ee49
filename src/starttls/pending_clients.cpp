// Holds the place of the clients that are still to come.
#include "starttls/dialogs.h"

namespace pawl::starttls {

std::unique_ptr<ClientDialog> make_smtp_client(const ProtocolRow&, ClientOptions) {
  return nullptr;
}
std::unique_ptr<ClientDialog> make_pop3_client(const ProtocolRow&, ClientOptions) {
  return nullptr;
}
std::unique_ptr<ClientDialog> make_sieve_client(const ProtocolRow&, ClientOptions) {
  return nullptr;
}

}  // namespace pawl::starttls

// The server dialogs, all protocols: what each vulnerability class of the field does to them.
#include "starttls/server.h"

#include <gtest/gtest.h>

namespace pawl::starttls {
namespace {

ServerOptions options() {
  return {.hostname = "mail.example.org"};
}

class Server : public testing::TestWithParam<Protocol> {};

TEST_P(Server, GreetsAndBeginsTls) {
  const ProtocolRow& protocol = row(GetParam());
  auto server = protocol.make_server(protocol, options());
  EXPECT_EQ(server->next(), ServerEvent::need_input);
  EXPECT_NE(server->output(), "");
  server->sent();
}

INSTANTIATE_TEST_SUITE_P(All, Server,
                         testing::Values(Protocol::smtp, Protocol::submission, Protocol::lmtp,
                                         Protocol::imap, Protocol::pop3, Protocol::sieve),
                         [](const auto& info) { return std::string(row(info.param).name); });

}  // namespace
}  // namespace pawl::starttls

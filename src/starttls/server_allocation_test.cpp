// A command and its answer allocate nothing once the buffers have grown: every operator new of this
// program is counted.
#include <gtest/gtest.h>

#include "starttls/test_allocations.h"
#include "starttls/test_server.h"

namespace pawl::starttls {
namespace {

class ServerAllocation : public testing::TestWithParam<test::Words> {};

void converse(ServerDialog& server, std::string_view bytes) {
  server.feed(bytes);
  server.next();
  server.sent();
}

TEST_P(ServerAllocation, ACommandAllocatesNothing) {
  const ProtocolRow& protocol = row(GetParam().protocol);
  for (bool tls : {false, true}) {
    auto server = protocol.make_server(
        protocol, {.hostname = "mail.example.org", .implicit_tls = tls, .max_errors = 1'000'000});
    auto round = [&] {
      converse(*server, GetParam().hello);
      converse(*server, GetParam().idle);
      converse(*server, "l nonsense\r\n");
      if (!tls) converse(*server, GetParam().logins[0]);
    };
    for (int i = 0; i < 3; ++i) round();
    std::size_t before = allocations();
    for (int i = 0; i < 20; ++i) round();
    EXPECT_EQ(allocations() - before, 0U);
    EXPECT_EQ(server->next(), ServerEvent::need_input);
  }
}

INSTANTIATE_TEST_SUITE_P(All, ServerAllocation, testing::ValuesIn(test::kWords),
                         [](const auto& info) {
                           return std::string(row(info.param.protocol).name);
                         });

}  // namespace
}  // namespace pawl::starttls

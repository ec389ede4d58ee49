// Once connected, a command and its reply allocate nothing.
#include <gtest/gtest.h>

#include "starttls/test_allocations.h"
#include "starttls/test_client.h"
#include "starttls/test_dialogs.h"

namespace pawl::starttls {
namespace {

class ClientAllocation : public testing::TestWithParam<ServerWords> {};

INSTANTIATE_TEST_SUITE_P(Of, ClientAllocation, testing::ValuesIn(all_words()),
                         [](const auto& param) { return name_of(param.param); });

TEST_P(ClientAllocation, ACommandAndItsReplyAllocateNothing) {
  const ServerWords& words = GetParam();
  ClientOptions options;
  options.implicit_tls = true;
  auto dialog = row(words.protocol).make_client(row(words.protocol), options);
  std::string tag;
  auto say = [&](std::string text) {
    for (std::size_t at = 0; (at = text.find("TAG")) != std::string::npos;) {
      text.replace(at, 3, tag);
    }
    dialog->feed(text);
    while (dialog->next_event()) {
    }
    tag = dialog->output().substr(0, 12);
    dialog->sent();
  };
  if (!words.capabilities.empty()) say(words.greeting);
  say(words.in_tls);

  std::string answer = words.answer;
  std::size_t at = answer.find("TAG");
  if (at != std::string::npos) answer.replace(at, 3, 12, 'x');
  for (int i = 0; i < 200; ++i) {
    std::size_t before = allocations();
    dialog->send(words.command);
    std::size_t sending = allocations() - before;
    std::string_view output = dialog->output();
    EXPECT_TRUE(output.ends_with(words.command));
    if (at != std::string::npos) answer.replace(at, 12, output.substr(0, 12));
    before = allocations();
    dialog->sent();
    // In two pieces, as a network may have it.
    dialog->feed(std::string_view(answer).substr(0, 3));
    dialog->feed(std::string_view(answer).substr(3));
    auto event = dialog->next_event();
    std::string_view reply = dialog->reply();
    bool more = dialog->next_event().has_value();
    EXPECT_EQ(sending + allocations() - before, 0U);
    ASSERT_EQ(event, ClientEvent::reply);
    EXPECT_FALSE(more);
    EXPECT_TRUE(reply.ends_with(std::string_view(answer).substr(3)));
  }
}

}  // namespace
}  // namespace pawl::starttls

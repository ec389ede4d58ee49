// Once connected, a command and its reply allocate nothing: counted by an operator new of our own,
// which counts for this thread and only while told to.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "starttls/test_client.h"
#include "starttls/test_dialogs.h"

namespace {
thread_local bool counting = false;
thread_local std::size_t allocations = 0;
}  // namespace

// NOLINTBEGIN(cppcoreguidelines-no-malloc, cppcoreguidelines-owning-memory)
void* operator new(std::size_t size) {
  if (counting) ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
// NOLINTEND(cppcoreguidelines-no-malloc, cppcoreguidelines-owning-memory)

namespace pawl::starttls {
namespace {

class ClientAllocation : public testing::TestWithParam<ServerWords> {};

INSTANTIATE_TEST_SUITE_P(Of, ClientAllocation, testing::ValuesIn(all_words()),
                         [](const auto& param) { return name_of(param.param); });

TEST(AllocationCounter, Counts) {
  std::size_t before = allocations;
  counting = true;
  std::string text(100, 'x');
  counting = false;
  EXPECT_EQ(allocations, before + 1);
  allocations = 0;
}

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
    counting = true;
    dialog->send(words.command);
    counting = false;
    std::string_view output = dialog->output();
    EXPECT_TRUE(output.ends_with(words.command));
    if (at != std::string::npos) answer.replace(at, 12, output.substr(0, 12));
    counting = true;
    dialog->sent();
    // In two pieces, as a network may have it.
    dialog->feed(std::string_view(answer).substr(0, 3));
    dialog->feed(std::string_view(answer).substr(3));
    auto event = dialog->next_event();
    std::string_view reply = dialog->reply();
    bool more = dialog->next_event().has_value();
    counting = false;
    ASSERT_EQ(event, ClientEvent::reply);
    EXPECT_FALSE(more);
    EXPECT_TRUE(reply.ends_with(std::string_view(answer).substr(3)));
  }
  EXPECT_EQ(allocations, 0U);
}

}  // namespace
}  // namespace pawl::starttls

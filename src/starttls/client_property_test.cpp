// What holds for every client whatever a server says.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "starttls/test_client.h"
#include "starttls/test_dialogs.h"
#include "starttls/test_negotiation.h"

namespace pawl::starttls {
namespace {

// Everything the words hold, as pieces for a hostile server.
std::vector<std::string> pieces(const ServerWords& words) {
  std::vector<std::string> all = {words.greeting,
                                  words.capabilities,
                                  words.stripped,
                                  words.granted,
                                  words.in_tls,
                                  words.without_login,
                                  words.unknown_question,
                                  words.spliced,
                                  words.answer,
                                  words.goodbye,
                                  "* PREAUTH hello\r\n",
                                  "* BYE\r\n",
                                  "250 ok\r\n",
                                  "+ \r\n",
                                  "\r\n"};
  for (const auto* more : {&words.login, &words.refusals, &words.nonsense}) {
    all.insert(all.end(), more->begin(), more->end());
  }
  return all;
}

std::string with_tag(std::string text, const std::string& tag) {
  for (std::size_t at = 0; (at = text.find("TAG")) != std::string::npos;) text.replace(at, 3, tag);
  return text;
}

// A good dialog up to somewhere, then anything; some bytes are wrong, some are late.
std::vector<std::string> script(const ServerWords& words) {
  std::vector<std::string> good = {words.greeting, words.capabilities, words.granted, words.in_tls};
  good.resize(*rc::gen::inRange<std::size_t>(0, good.size() + 1));
  std::vector<std::string> pool = pieces(words);
  auto more = *rc::gen::resize(12, rc::gen::container<std::vector<std::size_t>>(
                                       rc::gen::inRange<std::size_t>(0, pool.size())));
  for (std::size_t which : more) good.push_back(pool[which]);
  return good;
}

std::string mutated(std::string text) {
  if (text.empty() || *rc::gen::inRange(0, 8) != 0) return text;
  auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      text[at] = *rc::gen::arbitrary<char>();
      break;
    case 1:
      text.erase(at, *rc::gen::inRange<std::size_t>(1, 9));
      break;
    default:
      text.insert(at, text.substr(0, *rc::gen::inRange<std::size_t>(0, 40)));
  }
  return text;
}

void run(TestClient& client, const ServerWords& words, const std::string& name) {
  std::size_t seen = 0;
  auto react = [&] {
    while (seen < client.events.size()) {
      ClientEvent event = client.events[seen++];
      if (event == ClientEvent::upgrade && *rc::gen::inRange(0, 4) != 0) client.tls();
      if (event == ClientEvent::ready) client.log_in();
      if (event == ClientEvent::logged_in || event == ClientEvent::reply) client.send("SECRET\r\n");
    }
  };
  for (const std::string& piece : script(words)) {
    std::string bytes = with_tag(mutated(piece), client.tag);
    auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size() + 1);
    client.says(std::string_view(bytes).substr(0, cut));
    react();
    client.says(std::string_view(bytes).substr(cut));
    react();
    if (*rc::gen::inRange(0, 30) == 0) client.log_in();
    if (*rc::gen::inRange(0, 30) == 0) client.send("SECRET\r\n");
    RC_ASSERT(is_negotiation(words.protocol, client.in_clear, name));
  }
}

constexpr int kSessions = 30;  // in one case of rapidcheck

RC_GTEST_PROP(ClientProperty, RequiredNeverLetsACredentialOut, ()) {
  const ServerWords words = *rc::gen::elementOf(all_words());
  bool upgraded = false;
  for (int i = 0; i < kSessions; ++i) {
    ClientOptions options;
    options.client_name = "mail.example.net";
    options.tag_seed = *rc::gen::arbitrary<std::uint64_t>();
    options.ask_unoffered = *rc::gen::arbitrary<bool>();
    TestClient client(words.protocol, options);
    run(client, words, options.client_name);
    upgraded = upgraded || client.dialog().secure();
    RC_ASSERT(!client.dialog().downgrade());
  }
  RC_CLASSIFY(upgraded, "some upgraded");
}

// In the other modes a session in clear goes on, but never without saying so first.
RC_GTEST_PROP(ClientProperty, IfAvailableNeverLogsInInClearWithoutADowngrade, ()) {
  const ServerWords words = *rc::gen::elementOf(all_words());
  for (int i = 0; i < kSessions; ++i) {
    ClientOptions options;
    options.mode = Mode::if_available;
    TestClient client(words.protocol, options);
    for (const std::string& piece : script(words)) {
      client.says(with_tag(mutated(piece), client.tag));
      if (client.events.empty()) continue;
      if (client.events.back() == ClientEvent::upgrade) client.tls();
      if (client.events.back() != ClientEvent::ready || client.dialog().secure()) continue;
      RC_ASSERT(client.dialog().downgrade().has_value());
    }
  }
}

}  // namespace
}  // namespace pawl::starttls

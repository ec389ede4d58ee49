#include "tests/e2e/scripted_server.h"

#include "base/text.h"

namespace pawl::e2e {
namespace {

std::string with_tag(std::string text, const std::string& tag) {
  constexpr std::string_view kTag = "{tag}";
  for (std::size_t at = 0; (at = text.find(kTag, at)) != std::string::npos;)
    text.replace(at, kTag.size(), tag);
  return text + "\r\n";
}

const std::string& answer_to(const ScriptedServer& server, std::string_view command, bool tls) {
  for (const auto& each : tls ? server.in_tls : server.in_clear) {
    if (starts_with_ignoring_case(command, each.command)) return each.reply;
  }
  return server.otherwise;
}

Result<> serve(const ScriptedServer& server, lab::Connection& client) {
  if (server.implicit_tls) TRY_VOID(client.start_tls(*server.identity));
  TRY_VOID(client.write(server.greeting + "\r\n"));
  while (true) {
    TRY(std::string line, client.read_line());
    std::string tag;
    if (server.tagged) {
      tag = line.substr(0, line.find(' '));
      line.erase(0, tag.size() + 1);
    }
    const bool upgrade =
        !server.upgrade.empty() && !client.is_tls() && equal_ignoring_case(line, server.upgrade);
    TRY_VOID(client.write(
        with_tag(upgrade ? server.upgrade_reply : answer_to(server, line, client.is_tls()), tag)));
    if (upgrade) TRY_VOID(client.start_tls(*server.identity));
  }
}

}  // namespace

void serve_script(const ScriptedServer& server, lab::Connection& client) {
  // It ends when the client has left.
  [[maybe_unused]] auto ended = serve(server, client);
}

}  // namespace pawl::e2e

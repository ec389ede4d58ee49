// ManageSieve's authenticated state (rfc5804#2): scripts are kept, not run.
#include <map>

#include "base/text.h"
#include "lab/client_command.h"
#include "lab/session_owner.h"

namespace pawl::lab {
namespace {

std::string literal(std::string_view text) {
  return '{' + std::to_string(text.size()) + "}\r\n" + std::string(text);
}

}  // namespace

Result<> serve_sieve_account(SessionOwner account) {
  std::map<std::string, std::string> scripts;
  std::string active;
  auto say = [&account](const std::string& text) { return account.client.write(text + "\r\n"); };
  while (true) {
    TRY(std::string command, read_command(account.client, {}));
    auto words = arguments_of(command);
    words.resize(std::max<std::size_t>(words.size(), 3));
    auto is = [&](std::string_view verb) { return equal_ignoring_case(words[0], verb); };
    const std::string& name = words[1];
    if (is("LOGOUT")) return say("OK \"goodbye\"");
    if (is("CAPABILITY")) {
      TRY_VOID(
          say("\"IMPLEMENTATION\" \"Pawl\"\r\n\"SIEVE\" \"fileinto\"\r\n\"SASL\" \"\"\r\n"
              "\"VERSION\" \"1.0\"\r\nOK"));
    } else if (is("NOOP") || is("HAVESPACE") || is("CHECKSCRIPT")) {
      TRY_VOID(say("OK"));
    } else if (is("LISTSCRIPTS")) {
      std::string list;
      for (const auto& [script, text] : scripts) {
        list += literal(script) + (script == active ? " ACTIVE\r\n" : "\r\n");
      }
      TRY_VOID(say(list + "OK"));
    } else if (is("PUTSCRIPT") && !name.empty()) {
      scripts[name] = words[2];
      account.deposit(Deposit::Kind::script, name, words[2]);
      TRY_VOID(say("OK"));
    } else if (is("SETACTIVE") && (name.empty() || scripts.contains(name))) {
      active = name;
      TRY_VOID(say("OK"));
    } else if (is("GETSCRIPT") && scripts.contains(name)) {
      TRY_VOID(say(literal(scripts[name]) + "\r\nOK"));
    } else if (is("DELETESCRIPT") && scripts.erase(name) > 0) {
      TRY_VOID(say("OK"));
    } else {
      TRY_VOID(say("NO \"no such command or script\""));
    }
  }
}

}  // namespace pawl::lab

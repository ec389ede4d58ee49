#include "lab/foreign_client.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/text.h"
#include "json/value.h"
#include "lab/forgery.h"
#include "lab/namespace.h"

namespace pawl::lab {
namespace {

constexpr int kTimedOut = 124;  // of timeout(1)

struct Parameter {
  std::string_view name;      // {host}
  std::string_view variable;  // PAWL_LAB_HOST
  std::string value;
};

std::vector<Parameter> parameters(const Grounds& grounds, const Endpoint& front) {
  return {
      {"{host}", "PAWL_LAB_HOST", std::string(kLabHost)},
      {"{port}", "PAWL_LAB_PORT", std::to_string(front.port)},
      {"{user}", "PAWL_LAB_USER", grounds.secrets.user},
      {"{password}", "PAWL_LAB_PASSWORD", grounds.secrets.password},
      {"{ca}", "PAWL_LAB_CA", grounds.ca_file},
      {"{message}", "PAWL_LAB_MESSAGE", grounds.message_file},
  };
}

std::string filled_in(std::string word, const std::vector<Parameter>& with) {
  for (const Parameter& parameter : with) {
    for (auto at = word.find(parameter.name); at != std::string::npos;
         at = word.find(parameter.name, at + parameter.value.size())) {
      word.replace(at, parameter.name.size(), parameter.value);
    }
  }
  return word;
}

// timeout(1) also ends what the program started.
std::vector<std::string> command_line(const ForeignClient& client,
                                      const std::vector<Parameter>& with) {
  std::vector<std::string> words = {"timeout", "-k", "2", std::to_string(client.time_limit.count()),
                                    "env"};
  for (const Parameter& parameter : with) {
    words.push_back(fmt::format("{}={}", parameter.variable, parameter.value));
  }
  for (const std::string& word : client.command) words.push_back(filled_in(word, with));
  return words;
}

std::string_view yes_or_no(bool yes) {
  return yes ? "yes" : "no";
}

std::string_view forged_word(const std::optional<bool>& used) {
  return !used ? "-" : *used ? "used" : "not used";
}

std::string taken_by_server(const Judgement& judgement) {
  std::vector<std::string> parts;
  if (judgement.got(Deposit::Kind::login)) parts.emplace_back("login");
  if (judgement.got(Deposit::Kind::message)) parts.emplace_back("message");
  if (judgement.got(Deposit::Kind::script)) parts.emplace_back("script");
  if (judgement.got(Deposit::Kind::fetched)) parts.emplace_back("fetch");
  return parts.empty() ? "-" : join(parts, ", ");
}

}  // namespace

std::string ForeignRun::verdict() const {
  if (judgement.connections == 0) return "it never connected: nothing is proved";
  std::vector<std::string> parts;
  if (judgement.leaked()) {
    const std::string what = judgement.leak.any() ? judgement.leak.text() : "commands of a session";
    parts.push_back(fmt::format("leaked: {} ({} bytes)", what, judgement.bytes_leaked));
  } else {
    parts.emplace_back("leaked nothing");
  }
  if (judgement.used_forged == true) parts.emplace_back("went on with forged data");
  if (timed_out) parts.emplace_back("had to be stopped");
  return join(parts, "; ");
}

Result<> name_lab_hosts(const Grounds& grounds) {
  TRY(const std::string file,
      grounds.scratch.write(
          "hosts", fmt::format("127.0.0.1 localhost\n{} {}\n{} {}\n", kLabAddress.text(), kLabHost,
                               kAttackerAddress.text(), kAttackerHost)));
  return use_hosts(file);
}

Result<ForeignRun> run_foreign_client(const Grounds& grounds, const ForeignClient& client,
                                      const UpgradeAttackRow& attack) {
  const starttls::ProtocolRow& protocol = starttls::row(client.protocol);
  const std::uint16_t port = client.implicit_tls ? protocol.implicit_port : protocol.port;
  if (port == 0) {
    return fail(Code::invalid_argument,
                fmt::format("{} has no port for TLS from the first byte", protocol.title));
  }
  TRY(auto attacked, AttackedServer::open(grounds, {.protocol = client.protocol,
                                                    .implicit_tls = client.implicit_tls,
                                                    .attack = &attack,
                                                    .at = {kLabAddress, port}}));
  const std::string directory = grounds.scratch.file("client");
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  std::filesystem::create_directories(directory, error);
  if (error) return fail(Code::io, fmt::format("{}: {}", directory, error.message()));
  ForeignRun run{client.protocol, client.implicit_tls, &attack, {}, {}, false};
  TRY(run.ran, run_to_end(command_line(client, parameters(grounds, attacked->front())), directory));
  if (run.ran.status == kNotFound) {
    return fail(Code::not_found,
                fmt::format("{} is not installed or not in PATH", client.command[0]));
  }
  run.timed_out = run.ran.status == kTimedOut;
  run.judgement = attacked->judge();
  return run;
}

std::vector<const UpgradeAttackRow*> attacks_on(starttls::Protocol protocol, bool implicit_tls) {
  std::vector<const UpgradeAttackRow*> rows;
  for (const UpgradeAttackRow& row : upgrade_attacks()) {
    if (applies(row, protocol, implicit_tls)) rows.push_back(&row);
  }
  return rows;
}

std::string foreign_table(const std::vector<ForeignRun>& runs) {
  std::string out = fmt::format("  {:<20} {:<4} {:<9} {:<15} {:>4}  {}\n", "attack", "TLS",
                                "forged", "server took", "exit", "verdict");
  for (const ForeignRun& run : runs) {
    const Judgement& judged = run.judgement;
    out += fmt::format("{} {:<20} {:<4} {:<9} {:<15} {:>4}  {}\n", run.harmed() ? '!' : ' ',
                       run.attack->name, yes_or_no(judged.handshakes > 0),
                       forged_word(judged.used_forged), taken_by_server(judged), run.ran.status,
                       run.verdict());
    if (!judged.excerpt.empty()) {
      out += fmt::format("    the attacker read: {}\n", printable(judged.excerpt, 100));
    }
    if (!judged.consistent()) {
      out += "    the lab contradicts itself: words were found where no bytes were counted\n";
    }
  }
  return out;
}

std::string foreign_json(const std::vector<ForeignRun>& runs) {
  json::Array array;
  for (const ForeignRun& run : runs) {
    const Judgement& judged = run.judgement;
    json::Value forged;
    if (judged.used_forged) forged = json::Value(*judged.used_forged);
    array.push_back(json::Object{
        {"protocol", starttls::row(run.protocol).name},
        {"implicit_tls", run.implicit_tls},
        {"attack", run.attack->name},
        {"leaked", judged.leaked()},
        {"bytes_leaked", judged.bytes_leaked},
        {"user_leaked", judged.leak.user},
        {"password_leaked", judged.leak.password},
        {"digest_leaked", judged.leak.proof},
        {"envelope_leaked", judged.leak.envelope},
        {"content_leaked", judged.leak.content},
        {"excerpt", printable(judged.excerpt, 200)},
        {"used_forged", forged},
        {"connections", judged.connections},
        {"handshakes", judged.handshakes},
        {"spoke_in_tls", judged.spoke_in_tls},
        {"logged_in", judged.got(Deposit::Kind::login)},
        {"message_taken", judged.got(Deposit::Kind::message)},
        {"script_taken", judged.got(Deposit::Kind::script)},
        {"message_fetched", judged.got(Deposit::Kind::fetched)},
        {"exit_status", run.ran.status},
        {"timed_out", run.timed_out},
        {"output", printable(run.ran.printed, 2000)},
        {"verdict", run.verdict()},
    });
  }
  return json::write(array);
}

}  // namespace pawl::lab

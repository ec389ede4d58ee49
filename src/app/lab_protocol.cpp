#include "app/lab_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "lab/dialog_matrix.h"
#include "lab/foreign_client.h"
#include "lab/namespace.h"

namespace pawl::app {

namespace {

constexpr int kNothingProved = 69;  // EX_UNAVAILABLE: the program never met the attacker

Result<const starttls::ProtocolRow*> find_protocol(const std::string& name) {
  const starttls::ProtocolRow* found = starttls::find_protocol(name);
  if (found != nullptr) return found;
  std::vector<std::string> names;
  for (const starttls::ProtocolRow& row : starttls::protocols()) names.emplace_back(row.name);
  return fail(Code::invalid_argument, fmt::format("no protocol '{}' in the lab; there are {}",
                                                  printable(name, 40), join(names, ", ")));
}

Result<const lab::UpgradeAttackRow*> find_attack(const std::string& name) {
  const lab::UpgradeAttackRow* found = lab::find_upgrade_attack(name);
  if (found != nullptr) return found;
  return fail(Code::invalid_argument, fmt::format("no attack '{}' on a protocol; 'pawl lab --list' "
                                                  "names them",
                                                  printable(name, 40)));
}

Result<lab::ForeignClient> foreign_client(const Arguments& arguments) {
  lab::ForeignClient client;
  const std::string name = arguments.value("protocol").value_or("");
  TRY(const starttls::ProtocolRow* protocol, find_protocol(name));
  client.protocol = protocol->protocol;
  client.implicit_tls = arguments.has("implicit") || name == protocol->implicit_name;
  client.command = arguments.operands();
  if (auto limit = arguments.value("time-limit")) {
    auto seconds = parse_decimal(*limit, 3600);
    if (!seconds || *seconds == 0) {
      return fail(Code::invalid_argument, "--time-limit takes seconds, from 1 to 3600");
    }
    client.time_limit = std::chrono::seconds(*seconds);
  }
  return client;
}

Result<std::vector<lab::ForeignRun>> run_foreign(const Arguments& arguments) {
  TRY(const lab::ForeignClient client, foreign_client(arguments));
  const std::string wanted = arguments.value("attack").value_or("all");
  std::vector<const lab::UpgradeAttackRow*> attacks;
  if (wanted == "all") {
    attacks = lab::attacks_on(client.protocol, client.implicit_tls);
  } else {
    TRY(const lab::UpgradeAttackRow* attack, find_attack(wanted));
    attacks.push_back(attack);
  }
  TRY_VOID(lab::enter_namespace());
  TRY(auto grounds, lab::Grounds::make());
  TRY_VOID(lab::name_lab_hosts(*grounds));
  std::vector<lab::ForeignRun> runs;
  for (const lab::UpgradeAttackRow* attack : attacks) {
    fmt::print(stderr, "{}: {}\n", attack->name, attack->sentence);
    TRY(lab::ForeignRun run, lab::run_foreign_client(*grounds, client, *attack));
    runs.push_back(std::move(run));
  }
  return runs;
}

int judge_foreign(const Arguments& arguments) {
  auto runs = run_foreign(arguments);
  if (!runs) return complain("lab", runs.error());
  if (arguments.has("json")) {
    fmt::print("{}", lab::foreign_json(*runs));
  } else {
    fmt::print("{}", lab::foreign_table(*runs));
    if (runs->size() == 1 && !runs->front().ran.printed.empty()) {
      fmt::print("The program said: {}\n", printable(runs->front().ran.printed, 600));
    }
  }
  if (std::ranges::any_of(*runs, &lab::ForeignRun::harmed)) return 1;
  const bool met = std::ranges::all_of(
      *runs, [](const lab::ForeignRun& run) { return run.judgement.connections > 0; });
  return met ? 0 : kNothingProved;
}

Result<std::vector<lab::DialogRow>> run_ours(const Arguments& arguments,
                                             const LabProgress& progress) {
  lab::DialogMatrixOptions options;
  options.progress = progress;
  if (const std::string name = arguments.value("protocol").value_or("all"); name != "all") {
    TRY(const starttls::ProtocolRow* protocol, find_protocol(name));
    options.protocol = protocol->protocol;
  }
  if (const std::string name = arguments.value("attack").value_or("all"); name != "all") {
    TRY(options.attack, find_attack(name));
  }
  if (auto wanted = arguments.value("mode")) {
    for (auto mode :
         {starttls::Mode::never, starttls::Mode::if_available, starttls::Mode::required}) {
      std::string spelt(starttls::name(mode));
      std::ranges::replace(spelt, ' ', '-');
      if (spelt == *wanted) options.mode = mode;
    }
    if (!options.mode) {
      return fail(Code::invalid_argument, "--mode is never, if-available or required");
    }
  }
  return lab::run_dialog_matrix(options);
}

int judge_ours(const Arguments& arguments, const LabProgress& progress) {
  auto rows = run_ours(arguments, progress);
  if (!rows) return complain("lab", rows.error());
  if (arguments.has("json")) {
    fmt::print("{}", lab::dialog_json(*rows));
  } else {
    // One protocol or attack is looked at line by line.
    const bool all = arguments.value("protocol") == "all" && !arguments.has("attack");
    fmt::print("{}\n{}", all ? lab::dialog_overview(*rows) : lab::dialog_table(*rows),
               lab::dialog_summary(*rows));
  }
  return lab::count(*rows).good() ? 0 : 1;
}

}  // namespace

int run_lab_protocol(const Arguments& arguments, const LabProgress& progress) {
  return arguments.operands().empty() ? judge_ours(arguments, progress) : judge_foreign(arguments);
}

}  // namespace pawl::app

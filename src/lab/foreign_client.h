// Any mail program at all, run against a server of the lab with the attacker before it, and what
// came of it: by bytes, never by what the program says (`pawl lab --protocol NAME -- CMD...`).
// In the lab's namespace only (namespace.h): the program gets the standard port and the name of the
// host, and nothing else is reachable for it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lab/attacked_server.h"
#include "lab/child.h"

namespace pawl::lab {

struct ForeignClient {
  starttls::Protocol protocol = starttls::Protocol::imap;
  bool implicit_tls = false;
  // {host} {port} {user} {password} {ca} {message} are replaced in each word; the same stands in
  // PAWL_LAB_HOST and so on. {ca} and {message} are files.
  std::vector<std::string> command;
  std::chrono::seconds time_limit{20};
};

struct ForeignRun {
  starttls::Protocol protocol = starttls::Protocol::imap;
  bool implicit_tls = false;
  const UpgradeAttackRow* attack = nullptr;
  Judgement judgement;
  Ran ran;
  bool timed_out = false;

  bool harmed() const { return judgement.leaked() || judgement.used_forged == true; }
  std::string verdict() const;  // one sentence
};

// Binds the lab's names over /etc/hosts. Once, before the first run.
Result<> name_lab_hosts(const Grounds& grounds);

// Errors: invalid_argument (the attack cannot be played there), not_found (no such program).
Result<ForeignRun> run_foreign_client(const Grounds& grounds, const ForeignClient& client,
                                      const UpgradeAttackRow& attack);
// The rows of `upgrade_attacks` that can be played there.
std::vector<const UpgradeAttackRow*> attacks_on(starttls::Protocol protocol, bool implicit_tls);

std::string foreign_table(const std::vector<ForeignRun>& runs);  // for a person
std::string foreign_json(const std::vector<ForeignRun>& runs);   // an array, docs/json/lab.md

}  // namespace pawl::lab

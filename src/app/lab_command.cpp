// pawl lab: the relay against an attacker on every path of a small internet of its own, and the
// matrix of what came of it.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "app/commands.h"
#include "app/lab_protocol.h"
#include "lab/matrix.h"
#include "lab/namespace.h"
#include "lab/relay_postman.h"

namespace pawl::app {

namespace {

constexpr Option kOptions[] = {
    {"message", 'm', "FILE", "send this message (default: a small one of the lab's own)"},
    {"destination", 'd', "NAME", "only this destination"},
    {"attack", 'a', "NAME", "only this attack; with a command also \"all\""},
    {"protocol", 'p', "NAME",
     "attack sessions of smtp, submission, lmtp, imap, pop3, sieve or all"},
    {"implicit", 0, "", "with --protocol: TLS from the first byte"},
    {"mode", 0, "MODE", "with --protocol: only never, if-available or required"},
    {"time-limit", 0, "SECONDS", "with a command: how long it may take under each attack (20)"},
    {"json", 0, "", "print a JSON array of rows (docs/json/lab.md)"},
    {"list", 0, "", "list destinations and attacks, and run nothing"},
    {"high-ports", 0, "", "use no namespace, but high ports of this host's loopback"},
};

void list() {
  fmt::print("Destinations:\n");
  for (const lab::DestinationRow& row : lab::destinations()) {
    fmt::print("  {:<24} {}\n", row.name, row.sentence);
  }
  fmt::print("Attacks:\n");
  for (const lab::AttackRow& row : lab::attacks()) {
    fmt::print("  {:<24} {}\n", row.name, row.sentence);
  }
  fmt::print("Attacks with --protocol:\n");
  for (const lab::UpgradeAttackRow& row : lab::upgrade_attacks()) {
    fmt::print("  {:<24} {}\n", row.name, row.sentence);
  }
}

// One line that moves on a terminal; elsewhere one line a phase.
class Progress {
 public:
  void operator()(std::string_view phase, std::size_t done, std::size_t of) {
    if (terminal_) {
      fmt::print(stderr, "\r\x1b[K{}: {} of {}", phase, done, of);
      if (done == of) fmt::print(stderr, "\n");
    } else if (phase != phase_) {
      fmt::print(stderr, "{}: {}\n", phase, of);
    }
    phase_ = phase;
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  std::string phase_;
};

Result<std::vector<lab::MatrixRow>> run_matrix(const Arguments& arguments) {
  lab::MatrixOptions options;
  options.destination = arguments.value("destination").value_or("");
  options.attack = arguments.value("attack").value_or("");
  if (auto file = arguments.value("message")) {
    TRY(options.content, lab::read_file(*file));
  }
  options.progress = Progress();
  if (!arguments.has("high-ports")) {
    if (auto entered = lab::enter_namespace(); !entered) {
      fmt::print(stderr, "No namespace of our own: {}. Going on with high ports.\n",
                 entered.error().detail);
    }
  }
  fmt::print(stderr, "Building the internet: signed zones, NSD, authorities, hosts ({})\n",
             lab::in_namespace() ? "ports 25, 53 and 443 in a namespace" : "high ports");
  TRY(auto matrix, lab::Matrix::make(std::move(options)));
  TRY(auto relay, lab::start_relay(matrix->world()));
  fmt::print(stderr, "The relay takes mail in; {} destinations are waiting for it\n",
             matrix->size());
  return matrix->run(*relay);
}

int run(const Arguments& arguments) {
  if (arguments.has("list")) {
    list();
    return 0;
  }
  if (arguments.has("protocol")) return run_lab_protocol(arguments, Progress());
  if (!arguments.operands().empty()) {
    return complain(
        "lab", Error(Code::invalid_argument, "a command needs --protocol: what does it speak?"));
  }
  auto rows = run_matrix(arguments);
  if (!rows) return complain("lab", rows.error());
  if (arguments.has("json")) {
    fmt::print("{}", lab::matrix_json(*rows));
  } else {
    fmt::print("{}\n{}", lab::matrix_table(*rows), lab::matrix_summary(*rows));
  }
  return lab::all_promises_kept(*rows) && lab::all_as_expected(*rows) ? 0 : 1;
}

}  // namespace

constinit const Command lab_command{
    .name = "lab",
    .operands = "[-- COMMAND...]",
    .max_operands = 1000,
    .summary = "Run the relay against an attacker on a small internet of its own",
    .description =
        "Builds a DNSSEC-signed DNS, a private authority, policy hosts and receiving servers in a "
        "namespace of its own, without root, and puts an attacker on every path. One relay sends "
        "one message to every destination under every attack. Prints what each destination "
        "promised, what happened, the bytes that the attacker could read, and a verdict.\n"
        "With --protocol it attacks sessions of mail clients instead. With a COMMAND, of that "
        "program: {host} {port} {user} {password} {ca} {message} are replaced in its words and "
        "stand in PAWL_LAB_HOST and so on. It says by the bytes on the wire whether user name, "
        "password, envelope or content leaked and whether forged data was used: exit status 0 if "
        "not, 1 if so, 69 if it never connected. Without, of our own client: every protocol, "
        "attack and mode.\n"
        "Nothing outside loopback and the names under test. is touched.\n"
        "Otherwise exit status 0 only if every promise held and every row came out as the reviewed "
        "table "
        "says (src/lab/expected_outcomes.inc).",
    .options = kOptions,
    .run = run,
};

}  // namespace pawl::app

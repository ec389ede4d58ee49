// pawl lab: the relay against an attacker on every path of a small internet of its own, and the
// matrix of what came of it.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "app/commands.h"
#include "lab/matrix.h"
#include "lab/namespace.h"
#include "lab/relay_postman.h"

namespace pawl::app {

namespace {

constexpr Option kOptions[] = {
    {"message", 'm', "FILE", "send this message (default: a small one of the lab's own)"},
    {"destination", 'd', "NAME", "only this destination"},
    {"attack", 'a', "NAME", "only this attack"},
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
    .summary = "Run the relay against an attacker on a small internet of its own",
    .description =
        "Builds a DNSSEC-signed DNS, a private authority, policy hosts and receiving servers in a "
        "namespace of its own, without root, and puts an attacker on every path. One relay sends "
        "one message to every destination under every attack. Prints what each destination "
        "promised, what happened, the bytes that the attacker could read, and a verdict.\n"
        "Nothing outside loopback and the names under test. is touched.\n"
        "Exit status 0 only if every promise held and every row came out as the reviewed table "
        "says (src/lab/expected_outcomes.inc).",
    .options = kOptions,
    .run = run,
};

}  // namespace pawl::app

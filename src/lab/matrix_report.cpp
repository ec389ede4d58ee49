// What the matrix looks like to a person and to a program.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "json/value.h"
#include "lab/matrix.h"

namespace pawl::lab {

std::string matrix_table(const std::vector<MatrixRow>& rows) {
  std::string out;
  const DestinationRow* last = nullptr;
  for (const MatrixRow& row : rows) {
    const DestinationRow* destination = row.expected.destination;
    if (destination != last) {
      out += fmt::format("\n{} - {}\n  promised: {}\n", destination->name, destination->sentence,
                         destination->promised.empty() ? "nothing" : destination->promised);
      out += fmt::format("  {:<31} {:<8} {:>6}  {}\n", "attack", "outcome", "bytes", "verdict");
    }
    last = destination;
    out +=
        fmt::format("{} {:<31} {:<8} {:>6}  {}\n", row.as_expected ? ' ' : '!', row.attack_name(),
                    name(row.outcome), row.bytes_leaked, printable(row.verdict, 160));
    if (!row.as_expected) {
      out += fmt::format("    expected: {}{}\n", name(row.expected.outcome),
                         row.leaked_excerpt.empty()
                             ? ""
                             : "; the attacker read: " + printable(row.leaked_excerpt, 80));
    }
  }
  return out;
}

std::string matrix_summary(const std::vector<MatrixRow>& rows) {
  auto count = [&](auto&& what) { return std::ranges::count_if(rows, what); };
  const auto kept = count([](const MatrixRow& row) { return row.promise_kept == true; });
  const auto broken = count([](const MatrixRow& row) { return row.promise_kept == false; });
  const auto unexpected = count([](const MatrixRow& row) { return !row.as_expected; });
  std::string text = fmt::format(
      "{} rows: {} promises kept, {} broken; in {} rows nothing was promised against the attack, "
      "or it could not be heard.",
      rows.size(), kept, broken, static_cast<std::ptrdiff_t>(rows.size()) - kept - broken);
  if (unexpected > 0) {
    text += fmt::format(" {} rows came out otherwise than the reviewed table says (marked !).",
                        unexpected);
  }
  return text + (broken == 0 && unexpected == 0 ? " Every promise held.\n" : "\n");
}

std::string matrix_json(const std::vector<MatrixRow>& rows) {
  json::Array array;
  for (const MatrixRow& row : rows) {
    json::Value kept;
    if (row.promise_kept) kept = json::Value(*row.promise_kept);
    array.push_back(json::Object{
        {"destination", row.expected.destination->name},
        {"promised", row.expected.destination->promised.empty()
                         ? std::string_view("nothing")
                         : row.expected.destination->promised},
        {"promise_known", row.expected.promise_known},
        {"attack", lab::row(row.expected.attack).name},
        {"contact", name(row.expected.contact)},
        {"outcome", name(row.outcome)},
        {"promise_kept", kept},
        {"bytes_leaked", row.bytes_leaked},
        {"verdict", row.verdict},
        {"expected_outcome", name(row.expected.outcome)},
        {"as_expected", row.as_expected},
        {"attempts_deferred", row.account.deferrals},
        {"alerted", row.account.alerted},
        {"reason", row.account.reason},
    });
  }
  return json::write(array);
}

}  // namespace pawl::lab

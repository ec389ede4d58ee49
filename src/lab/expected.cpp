#include "lab/expected.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace pawl::lab {
namespace {

constexpr std::string_view kTable =
#include "lab/expected_outcomes.inc"
    ;

constexpr std::array<std::string_view, 6> kOutcomes = {"sealed", "clear",    "stolen",
                                                       "held",   "returned", "nothing"};
constexpr std::array<std::string_view, 3> kContacts = {"first", "cold", "warm"};

std::vector<std::string_view> words(std::string_view line) {
  auto all = split(line, ' ');
  std::erase(all, "");
  return all;
}

template <class Names>
std::optional<std::size_t> index_of(const Names& names, std::string_view word) {
  auto found = std::ranges::find(names, word);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

Result<> add_line(std::string_view line, const std::vector<const AttackRow*>& columns,
                  std::vector<ExpectedRow>& rows) {
  auto cells = words(line);
  auto wrong = [&](std::string_view what) {
    return fail(Code::syntax, fmt::format("expected outcomes: {} in line '{}'", what, line));
  };
  if (cells.size() != columns.size() + 2) return wrong("not one word for each attack");
  const DestinationRow* destination = find_destination(cells[0]);
  if (destination == nullptr) return wrong("an unknown destination");
  auto contact = index_of(kContacts, cells[1]);
  if (!contact) return wrong("an unknown contact");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::string_view cell = cells[i + 2];
    if (cell == "-") continue;
    const bool unknown = cell.ends_with('?');
    if (unknown) cell.remove_suffix(1);
    auto alternatives = split(cell, '/');
    auto outcome = index_of(kOutcomes, alternatives.front());
    auto or_outcome = index_of(kOutcomes, alternatives.back());
    if (!outcome || !or_outcome) return wrong(fmt::format("an unknown outcome '{}'", cell));
    rows.push_back({destination, columns[i]->attack, static_cast<Contact>(*contact),
                    static_cast<Outcome>(*outcome), static_cast<Outcome>(*or_outcome), !unknown});
  }
  return {};
}

}  // namespace

std::string_view name(Outcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}
std::string_view name(Contact contact) {
  return kContacts[static_cast<std::size_t>(contact)];
}

Result<std::vector<ExpectedRow>> expected_rows() {
  std::vector<ExpectedRow> rows;
  std::vector<const AttackRow*> columns;
  for (std::string_view line : split(kTable, '\n')) {
    if (trim(line).empty()) continue;
    if (!columns.empty()) {
      TRY_VOID(add_line(line, columns, rows));
      continue;
    }
    for (std::string_view word : words(line)) {
      if (word == "destination" || word == "contact") continue;
      columns.push_back(find_attack(word));
      if (columns.back() == nullptr) {
        return fail(Code::syntax, fmt::format("expected outcomes: unknown attack '{}'", word));
      }
    }
  }
  for (const DestinationRow& destination : destinations()) {
    if (std::ranges::find(rows, &destination, &ExpectedRow::destination) == rows.end()) {
      return fail(Code::syntax,
                  fmt::format("expected outcomes: no line for '{}'", destination.name));
    }
  }
  return rows;
}

}  // namespace pawl::lab

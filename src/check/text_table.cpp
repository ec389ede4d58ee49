#include "check/text_table.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/text.h"

namespace pawl::check {

namespace {

constexpr std::size_t kGlyph = 2;    // with the space behind it
constexpr std::size_t kGap = 2;      // between columns
constexpr std::size_t kNarrow = 24;  // a column that is best left as it is
constexpr std::size_t kWord = 40;    // no column insists on a longer word: it is cut
constexpr std::size_t kCell = 4000;  // characters of one cell, whatever was sent

// A cell ready to be laid out.
struct Box {
  std::string text;
  std::optional<Stage::State> state;
  std::size_t indent = 0;
};

Box box_of(const Cell& cell) {
  Box box{printable(cell.text, kCell), cell.state, 0};
  box.indent = std::min(box.text.find_first_not_of(' '), box.text.size());
  if (cell.state) box.indent = kGlyph;
  box.text.erase(0, std::min(box.text.find_first_not_of(' '), box.text.size()));
  if (cell.state == Stage::State::not_applicable && box.text.empty()) box.indent = 1;
  return box;
}

std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  for (std::string_view word : split(text, ' ')) longest = std::max(longest, word.size());
  return longest;
}

// At spaces; a word that is longer than a line is cut.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 1);
  std::vector<std::string> lines;
  std::string line;
  for (std::string_view word : split(text, ' ')) {
    if (!line.empty() && line.size() + 1 + word.size() <= width) {
      line.append(" ").append(word);
      continue;
    }
    if (!line.empty()) lines.push_back(std::move(line));
    while (word.size() > width) {
      lines.emplace_back(word.substr(0, width));
      word.remove_prefix(width);
    }
    line = word;
  }
  if (!line.empty() || lines.empty()) lines.push_back(std::move(line));
  return lines;
}

struct Grid {
  std::vector<std::vector<Box>> rows;
  std::vector<std::string> headers;
  std::vector<std::size_t> natural;
  std::vector<std::size_t> least;
};

Grid grid_of(const Table& table) {
  Grid grid;
  grid.headers = table.headers;
  std::size_t columns = table.headers.size();
  for (const auto& row : table.rows) columns = std::max(columns, row.size());
  grid.headers.resize(columns);
  grid.natural.assign(columns, 0);
  grid.least.assign(columns, 0);
  for (std::size_t i = 0; i < columns; ++i) {
    grid.natural[i] = grid.headers[i].size();
    grid.least[i] = std::min(longest_word(grid.headers[i]), kWord);
  }
  for (const auto& row : table.rows) {
    auto& boxes = grid.rows.emplace_back();
    for (std::size_t i = 0; i < columns; ++i) {
      const Box& box = boxes.emplace_back(box_of(i < row.size() ? row[i] : Cell{}));
      grid.natural[i] = std::max(grid.natural[i], box.indent + box.text.size());
      grid.least[i] = std::max(grid.least[i], box.indent + std::min(longest_word(box.text), kWord));
    }
  }
  return grid;
}

// Widths of the columns from `first` on that fit into `room`, the widest made narrower first, and
// those that are narrow by nature only where nothing else helps; empty: they do not fit.
std::vector<std::size_t> fit(const Grid& grid, std::size_t first, std::size_t room) {
  bool spare_narrow = true;
  std::vector<std::size_t> widths(grid.natural.begin() + static_cast<std::ptrdiff_t>(first),
                                  grid.natural.end());
  if (widths.empty()) return widths;
  std::size_t sum =
      std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + kGap * (widths.size() - 1);
  while (sum > room) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] <= grid.least[first + i]) continue;
      if (spare_narrow && widths[i] <= kNarrow) continue;
      if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == widths.size() && !spare_narrow) return {};
    if (widest == widths.size()) {
      spare_narrow = false;
      continue;
    }
    --widths[widest];
    --sum;
  }
  return widths;
}

// Drops the spaces at a line's end, which only a terminal does not see.
void end_line(std::string& out) {
  while (out.ends_with(' ')) out.pop_back();
  out += '\n';
}

void add_row(std::string& out, const std::vector<Box>& boxes, std::size_t first,
             const std::vector<std::size_t>& widths, std::size_t indent, const TextStyle& style) {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 1;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const Box& box = boxes[first + i];
    cells.push_back(wrapped(box.text, widths[i] - std::min(widths[i], box.indent)));
    height = std::max(height, cells.back().size());
  }
  for (std::size_t line = 0; line < height; ++line) {
    out.append(indent, ' ');
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const Box& box = boxes[first + i];
      const std::string text = line < cells[i].size() ? cells[i][line] : "";
      std::size_t used = box.indent;
      const Ink ink = box.state ? ink_of(*box.state) : Ink::plain;
      if (box.state && line == 0) {
        out += paint(glyph(*box.state, style), ink, style);
        out.append(box.indent - 1, ' ');
      } else {
        out.append(box.indent, ' ');
      }
      out += paint(text, ink == Ink::good ? Ink::plain : ink, style);
      used += text.size();
      if (i + 1 < widths.size()) out.append(widths[i] + kGap - std::min(used, widths[i]), ' ');
    }
    end_line(out);
  }
}

void add_header(std::string& out, const Grid& grid, std::size_t first,
                const std::vector<std::size_t>& widths, std::size_t indent,
                const TextStyle& style) {
  if (std::ranges::all_of(grid.headers, &std::string::empty)) return;
  out.append(indent, ' ');
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string& header = grid.headers[first + i];
    out += paint(header, Ink::dim, style);
    if (i + 1 < widths.size()) {
      out.append(widths[i] + kGap - std::min(header.size(), widths[i]), ' ');
    }
  }
  end_line(out);
}

void add_name(std::string& out, const Box& name, const TextStyle& style) {
  if (name.text.empty()) return;
  const std::string before(2 + name.indent, ' ');
  out += paragraph(before, before.size(), name.text, style);
}

std::string with_header(const Grid& grid, const std::vector<Box>& row, std::size_t column) {
  std::string text = grid.headers[column];
  if (!text.empty() && !row[column].text.empty()) text += ": ";
  return text + row[column].text;
}

bool is_matrix(const Grid& grid) {
  return grid.natural.size() > 2 && std::ranges::all_of(grid.rows, [](const auto& row) {
           return std::all_of(row.begin() + 1, row.end(), [](const Box& box) {
             return box.state.has_value() || box.text.empty();
           });
         });
}

// A matrix that is too wide for its words: marks alone, and below each row the words of what is not
// good.
Grid marks_of(const Grid& grid) {
  Grid marks = grid;
  for (std::size_t i = 1; i < marks.natural.size(); ++i) {
    marks.natural[i] = marks.least[i] = std::max(grid.headers[i].size(), kGlyph);
    for (auto& row : marks.rows) row[i].text.clear();
  }
  return marks;
}

void add_words(std::string& out, const Grid& grid, std::size_t row, const TextStyle& style) {
  std::vector<std::string> words;
  for (std::size_t i = 1; i < grid.rows[row].size(); ++i) {
    const auto& state = grid.rows[row][i].state;
    if (!state || grid.rows[row][i].text.empty()) continue;
    if (*state == Stage::State::good || *state == Stage::State::not_applicable) continue;
    words.push_back(with_header(grid, grid.rows[row], i));
  }
  if (!words.empty()) out += paragraph("      ", 6, join(words, "; "), style);
}

// The last resort: a line or more for each cell.
void add_list(std::string& out, const Grid& grid, const TextStyle& style) {
  for (const auto& row : grid.rows) {
    add_name(out, row.front(), style);
    for (std::size_t i = 1; i < row.size(); ++i) {
      const Box& box = row[i];
      if (box.text.empty() && (!box.state || *box.state == Stage::State::not_applicable)) continue;
      const std::string text = with_header(grid, row, i);
      if (box.state) {
        const std::string mark = paint(glyph(*box.state, style), ink_of(*box.state), style);
        out += paragraph("    " + mark + " ", 4 + kGlyph, text, style);
      } else {
        out += paragraph("      ", 6, text, style);
      }
    }
  }
}

// Side by side, or with the first column on lines of its own; false: neither fits. `words`: the
// grid whose words stand below the rows.
bool add_grid(std::string& out, const Grid& grid, const Grid* words, const TextStyle& style) {
  constexpr std::size_t kIndent = 2;
  constexpr std::size_t kDeep = 4;
  std::size_t first = 0;
  std::size_t indent = kIndent;
  auto widths = fit(grid, first, style.width - kIndent);
  if (widths.empty()) {
    first = 1;
    indent = kDeep;
    widths = fit(grid, first, style.width - kDeep);
  }
  if (widths.empty()) return false;
  add_header(out, grid, first, widths, indent, style);
  for (std::size_t i = 0; i < grid.rows.size(); ++i) {
    if (first == 1) add_name(out, grid.rows[i].front(), style);
    add_row(out, grid.rows[i], first, widths, indent, style);
    if (words != nullptr) add_words(out, *words, i, style);
  }
  return true;
}

}  // namespace

Ink ink_of(Stage::State state) {
  constexpr std::array<Ink, 6> kInks = {Ink::good,  Ink::note, Ink::warning,
                                        Ink::fault, Ink::dim,  Ink::dim};
  return kInks[static_cast<std::size_t>(state)];
}

std::string_view glyph(Stage::State state, const TextStyle& style) {
  constexpr std::array<std::string_view, 6> kUnicode = {"✓", "·", "!", "✗", "?", "–"};
  constexpr std::array<std::string_view, 6> kAscii = {"+", ".", "!", "X", "?", "-"};
  return (style.ascii ? kAscii : kUnicode)[static_cast<std::size_t>(state)];
}

std::string paint(std::string_view text, Ink ink, const TextStyle& style) {
  if (!style.colour || ink == Ink::plain || text.empty()) return std::string(text);
  constexpr std::array<std::string_view, 7> kCodes = {"", "1", "2", "32", "36", "33", "1;31"};
  return "\x1b[" + std::string(kCodes[static_cast<std::size_t>(ink)]) + "m" + std::string(text) +
         "\x1b[0m";
}

std::string paragraph(std::string_view first, std::size_t first_width, std::string_view text,
                      const TextStyle& style) {
  const std::size_t room = style.width > first_width + 20 ? style.width - first_width : 20;
  std::string out(first);
  bool more = false;
  for (const std::string& line : wrapped(printable(text, kCell), room)) {
    if (more) out.append(first_width, ' ');
    out += line;
    end_line(out);
    more = true;
  }
  return out;
}

std::string table_text(const Table& table, const TextStyle& style) {
  std::string out;
  if (!table.title.empty()) {
    out += paint(printable(table.title), Ink::bold, style) + "\n";
  }
  const Grid grid = grid_of(table);
  if (add_grid(out, grid, nullptr, style)) return out;
  if (is_matrix(grid) && add_grid(out, marks_of(grid), &grid, style)) return out;
  add_list(out, grid, style);
  return out;
}

}  // namespace pawl::check

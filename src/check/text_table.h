// Paragraphs and tables as lines of a terminal: wrapped, aligned, coloured or not. Internal to the
// text view. All text that is given is made printable here.
#pragma once

#include <string>
#include <string_view>

#include "check/page.h"

namespace pawl::check {

struct TextStyle {
  bool colour = false;
  bool ascii = false;
  std::size_t width = 100;
};

enum class Ink : std::uint8_t { plain, bold, dim, good, note, warning, fault };
Ink ink_of(Stage::State state);
// Readable without colour, and without Unicode.
std::string_view glyph(Stage::State state, const TextStyle& style);
std::string paint(std::string_view text, Ink ink, const TextStyle& style);

// Lines of at most the style's width, the first behind `first`, the others indented as far; `first`
// is a glyph or ASCII of `first_width` columns.
std::string paragraph(std::string_view first, std::size_t first_width, std::string_view text,
                      const TextStyle& style);

// Title, header, rows. Columns shrink to their longest word; where that is not narrow enough the
// first column gets lines of its own, and at last every cell does.
std::string table_text(const Table& table, const TextStyle& style);

}  // namespace pawl::check

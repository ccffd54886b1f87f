// Tables: made once, shown as aligned plain text on a terminal or as HTML in a report.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace pbgen {

// Rows may be shorter than the header: what is missing is empty.  Longer ones are std::logic_error.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::size_t label_columns = 1;  // leading columns that name a row: they are repeated where a table is cut to a terminal's width

  // The cell's text, or an empty one where the row is too short.
  std::string_view cell(std::size_t row, std::size_t column) const;
  // Whether the column holds numbers (then it is right-aligned): every cell starts with a number that is followed by no
  // further digit ("-128", "1,024", "3.5x", "12 MB", "nan"), or is empty or "-"; one number at least.
  bool is_numeric(std::size_t column) const;
};

inline constexpr std::int64_t kAnyWidth = std::numeric_limits<std::int64_t>::max();

// Columns two spaces apart, cells as shown() (shown.h), the header underlined; every line ends with a newline and without trailing spaces.
// Empty where there is no header.  A table wider than max_width first breaks its headers into lines, after spaces, slashes and hyphens;
// where that is not enough it is cut into tables of fewer columns, one below the other, each with the label columns.  Cells are never
// broken, so that one of them may still be too wide.
std::string text_table(const Table& table, std::int64_t max_width = kAnyWidth);

// The table as standard output takes it: as wide as its terminal (terminal.h).
std::string printed_table(const Table& table);

// Code points of UTF-8 text: its columns on a terminal as long as no character is wide or combining.
std::int64_t text_width(std::string_view text);

}  // namespace pbgen

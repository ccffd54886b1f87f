#include "tools/lib/cli/text_table.h"

#include <algorithm>

#include "core/base/check.h"
#include "tools/lib/cli/shown.h"

namespace pbgen {
namespace {

constexpr std::int64_t kGap = 2;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) {
  if (text == "nan" || text == "inf" || text == "-inf") return true;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  if (i == text.size() || !is_digit(text[i])) return false;
  while (i < text.size() && (is_digit(text[i]) || text[i] == ',' || text[i] == '.')) ++i;
  if (i + 2 < text.size() && text[i] == 'e' && (text[i + 1] == '-' || text[i + 1] == '+') && is_digit(text[i + 2])) {
    i += 2;
    while (i < text.size() && is_digit(text[i])) ++i;
  }
  return std::none_of(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), is_digit);
}

// Appends the cell and what fills its column; the spaces after a line's last cell are cut by end_line.
void append_cell(std::string& out, std::string_view text, std::int64_t width, bool right) {
  const std::string fill(static_cast<std::size_t>(width - text_width(text)), ' ');
  if (right) out += fill;
  out += text;
  if (!right) out += fill;
  out.append(kGap, ' ');
}

Table shown_table(Table table) {
  for (std::string& cell : table.header) cell = shown(cell);
  for (std::vector<std::string>& row : table.rows)
    for (std::string& cell : row) cell = shown(cell);
  return table;
}

void end_line(std::string& out) {
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

}  // namespace

std::string_view Table::cell(std::size_t row, std::size_t column) const {
  const std::vector<std::string>& cells = rows.at(row);
  check(cells.size() <= header.size(), "row ", row, " has ", cells.size(), " cells, the header ", header.size());
  return column < cells.size() ? std::string_view(cells[column]) : std::string_view();
}

bool Table::is_numeric(std::size_t column) const {
  bool found = false;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::string_view text = cell(row, column);
    if (text.empty() || text == "-") continue;
    if (!is_number(text)) return false;
    found = true;
  }
  return found;
}

std::int64_t text_width(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; });
}

std::string text_table(const Table& cells) {
  const Table table = shown_table(cells);
  const std::size_t columns = table.header.size();
  std::vector<std::int64_t> widths(columns);
  std::vector<bool> right(columns);
  std::int64_t total = 0;
  for (std::size_t column = 0; column < columns; ++column) {
    right[column] = table.is_numeric(column);
    widths[column] = text_width(table.header[column]);
    for (std::size_t row = 0; row < table.rows.size(); ++row)
      widths[column] = std::max(widths[column], text_width(table.cell(row, column)));
    total += widths[column] + (column > 0 ? kGap : 0);
  }
  std::string out;
  if (columns == 0) return out;
  for (std::size_t column = 0; column < columns; ++column) append_cell(out, table.header[column], widths[column], right[column]);
  end_line(out);
  out += std::string(static_cast<std::size_t>(total), '-') + '\n';
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    for (std::size_t column = 0; column < columns; ++column) append_cell(out, table.cell(row, column), widths[column], right[column]);
    end_line(out);
  }
  return out;
}

}  // namespace pbgen

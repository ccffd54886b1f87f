#include "tools/lib/cli/text_table.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "core/base/check.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/terminal.h"

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

// What a line of a header may end with: up to and with the next space, slash or hyphen; a minus stays with what it is taken from.
std::string_view first_piece(std::string_view text) {
  constexpr std::string_view kMinus = " - ";
  const std::size_t end = text.find_first_of(" /-");
  if (end == std::string_view::npos) return text;
  return text.substr(0, end + (text.substr(end).starts_with(kMinus) ? kMinus.size() : 1));
}

std::int64_t width_at_end(std::string_view text) { return text_width(text) - (text.ends_with(' ') ? 1 : 0); }

std::int64_t widest_piece(std::string_view text) {
  std::int64_t widest = 0;
  while (!text.empty()) {
    const std::string_view piece = first_piece(text);
    widest = std::max(widest, width_at_end(piece));
    text.remove_prefix(piece.size());
  }
  return widest;
}

// The text in lines of at most `width` characters, which is no less than its widest piece.
std::vector<std::string> lines_of(std::string_view text, std::int64_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::string_view piece = first_piece(text);
    if (!lines.back().empty() && text_width(lines.back()) + width_at_end(piece) > width) lines.emplace_back();
    lines.back() += piece;
    text.remove_prefix(piece.size());
  }
  for (std::string& line : lines)
    if (line.ends_with(' ')) line.pop_back();
  return lines;
}

struct Column {
  std::size_t index = 0;
  bool right = false;
  std::int64_t width = 0;
  std::vector<std::string> header;  // lines
};

std::vector<Column> columns_of(const Table& table, bool break_headers) {
  std::vector<Column> columns(table.header.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string& header = table.header[i];
    std::int64_t width = break_headers ? widest_piece(header) : text_width(header);
    for (std::size_t row = 0; row < table.rows.size(); ++row) width = std::max(width, text_width(table.cell(row, i)));
    columns[i] = {i, table.is_numeric(i), width, lines_of(header, width)};
  }
  return columns;
}

std::int64_t total_width(const std::vector<Column>& columns) {
  std::int64_t total = -kGap;
  for (const Column& column : columns) total += column.width + kGap;
  return total;
}

// The label columns with as many others as fit, at least one, and so on.
std::vector<std::vector<Column>> blocks_of(const std::vector<Column>& columns, std::size_t label_columns, std::int64_t max_width) {
  const auto others = columns.begin() + static_cast<std::ptrdiff_t>(std::min(label_columns, columns.size()));
  const std::vector<Column> labels(columns.begin(), others);
  std::vector<std::vector<Column>> blocks(1, labels);
  for (auto column = others; column != columns.end(); ++column) {
    if (blocks.back().size() > labels.size() && total_width(blocks.back()) + kGap + column->width > max_width) blocks.push_back(labels);
    blocks.back().push_back(*column);
  }
  return blocks;
}

std::string block_text(const Table& table, const std::vector<Column>& columns) {
  std::size_t header_lines = 0;
  for (const Column& column : columns) header_lines = std::max(header_lines, column.header.size());
  std::string out;
  for (std::size_t left = header_lines; left > 0; --left) {
    for (const Column& column : columns) {
      const std::size_t lines = column.header.size();
      append_cell(out, left > lines ? std::string_view() : column.header[lines - left], column.width, column.right);
    }
    end_line(out);
  }
  out += std::string(static_cast<std::size_t>(total_width(columns)), '-') + '\n';
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    for (const Column& column : columns) append_cell(out, table.cell(row, column.index), column.width, column.right);
    end_line(out);
  }
  return out;
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

std::string text_table(const Table& cells, std::int64_t max_width) {
  const Table table = shown_table(cells);
  if (table.header.empty()) return {};
  const std::vector<Column> columns = columns_of(table, false);
  if (total_width(columns) <= max_width) return block_text(table, columns);
  std::string out;
  for (const std::vector<Column>& block : blocks_of(columns_of(table, true), table.label_columns, max_width))
    out += concat(out.empty() ? "" : "\n", block_text(table, block));
  return out;
}

std::string printed_table(const Table& table) { return text_table(table, line_columns(stdout).value_or(kAnyWidth)); }

}  // namespace pbgen

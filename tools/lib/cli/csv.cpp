#include "tools/lib/cli/csv.h"

#include "core/base/check.h"

namespace pbgen {
namespace {

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    const std::string& cell = cells[i];
    if (cell.find_first_of(",\"\r\n") == std::string::npos) {
      line += cell;
      continue;
    }
    line += '"';
    for (const char c : cell) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line + "\n";
}

// Takes one record off the text; false where its last quote is open.
bool take_record(std::string_view& text, std::vector<std::string>& cells) {
  cells.assign(1, "");
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') cells.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"') cells.back() += text[i++];
      else quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      cells.emplace_back();
    } else if (c == '\n') {
      break;
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  text.remove_prefix(i < text.size() ? i + 1 : i);
  return !quoted;
}

}  // namespace

std::string csv_text(const Table& table) {
  std::string text = csv_line(table.header);
  for (const auto& row : table.rows) text += csv_line(row);
  return text;
}

Table parse_csv(std::string_view text, std::string_view path) {
  Table table;
  for (std::int64_t line = 1; !text.empty(); ++line) {
    std::vector<std::string> cells;
    if (!take_record(text, cells)) fail(ErrorKind::data, path, ": record ", line, ": a quote is never closed");
    if (line == 1) {
      table.header = std::move(cells);
      continue;
    }
    if (cells.size() > table.header.size())
      fail(ErrorKind::data, path, ": record ", line, " has ", cells.size(), " cells, the header ", table.header.size());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace pbgen

// Tables as CSV files (RFC 4180, but lines end with '\n').
#pragma once

#include <string>
#include <string_view>

#include "tools/lib/cli/text_table.h"

namespace pbgen {

// A header line and a line a row; cells with a comma, a quote or a line break are quoted.
std::string csv_text(const Table& table);
// The inverse; short rows stay short.  Error(data) naming `path` and the line where a quote is left open or a row is longer
// than the header.
Table parse_csv(std::string_view text, std::string_view path);

}  // namespace pbgen

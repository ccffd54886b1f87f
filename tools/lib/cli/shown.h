// Text that strangers chose (names of files, keys, values), as a person may see it: on a terminal, in a table, on a page.
//
// Whoever prints calls say(), for a line, or text_table(); Progress and escape_markup() do it by themselves.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "core/base/check.h"

namespace pbgen {

// Valid UTF-8 in one line that does what it says: control characters (C0, DEL, C1), characters that hide, break the line or turn the
// direction of writing, and bytes that are no UTF-8 become the escapes that bash's $'..' reads: \n, \x1b, \u202e, \xe9.  Everything
// else, the backslash too, stays as it is, so that text that was shown once is not changed again.
std::string shown(std::string_view text);

// As shown, but the ends of lines and the tabs stay: for text of several lines that is ours.
std::string shown_lines(std::string_view text);

// Whether shown would change it.
bool is_showable(std::string_view text);

// One line to a person, and its end; all parts, one after the other, are shown().
template <class... Parts>
void say(std::FILE* out, const Parts&... parts) {
  const std::string line = shown(concat(parts...)) + '\n';
  std::fwrite(line.data(), 1, line.size(), out);
}

}  // namespace pbgen

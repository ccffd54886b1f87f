// What a tool has written, as text and line by line, for tests.
#pragma once

#include <string>

#include "core/files/file.h"

namespace pbgen {

// A whole file of at most 16 MiB.
inline std::string text_of(const std::string& path) { return read_text_file(path, 1 << 24); }

// The last line that is not empty, without its end.
inline std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n') + 1;
  const std::size_t begin = end == 0 ? 0 : text.rfind('\n', end - 1) + 1;
  return text.substr(begin, end - begin);
}

}  // namespace pbgen

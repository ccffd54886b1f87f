#include "tools/lib/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace pbgen {

std::optional<std::int64_t> line_columns(std::FILE* out) {
  if (const char* text = std::getenv("COLUMNS"); text != nullptr) {
    const std::string_view digits = text;
    std::int64_t columns = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), columns);
    if (error == std::errc() && end == digits.data() + digits.size() && columns > 0) return columns;
  }
  winsize size = {};
  if (::isatty(::fileno(out)) != 1 || ::ioctl(::fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

bool can_rewrite_lines(std::FILE* out) {
  const char* terminal = std::getenv("TERM");
  return ::isatty(::fileno(out)) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace pbgen

#include "tools/lib/cli/format.h"

#include <array>
#include <charconv>
#include <cstdio>

#include "core/base/check.h"

namespace pbgen {

std::string fixed_text(double value, int decimals) {
  check(decimals >= 0 && decimals <= 17, "decimals is ", decimals, ", expected 0 to 17");
  std::array<char, 512> digits;  // the longest double has 309 digits before the point
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed, decimals).ptr;
  std::string text(digits.data(), end);
  if (text.starts_with('-') && text.find_first_of("123456789an") == std::string::npos) text.erase(0, 1);
  return text;
}

std::string grouped_text(std::int64_t value) {
  std::string text = std::to_string(value);
  const std::size_t first_digit = value < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first_digit + 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string format_duration(double seconds) {
  constexpr double kLongest = 1e12;  // beyond, a count of seconds says nothing
  if (!(seconds >= 0.0 && seconds < kLongest)) return "?";
  const auto total = static_cast<long long>(seconds);
  char text[64];
  if (total < 3600) std::snprintf(text, sizeof text, "%lld:%02lld", total / 60, total % 60);
  else if (total < 24 * 3600) std::snprintf(text, sizeof text, "%lld h %02lld min", total / 3600, total / 60 % 60);
  else std::snprintf(text, sizeof text, "%lld d %02lld h", total / (24 * 3600), total / 3600 % 24);
  return text;
}

std::string format_bytes(std::int64_t bytes) {
  if (bytes < 1000) return concat(bytes, " B");
  double value = static_cast<double>(bytes);
  const char* unit = "B";
  for (const char* larger : {"kB", "MB", "GB", "TB"}) {
    if (value < 999.5) break;  // 999.5 would be shown as 1000
    value /= 1000.0;
    unit = larger;
  }
  return fixed_text(value, value < 9.95 ? 1 : 0) + " " + unit;
}

std::string format_rate(double per_second) {
  if (!(per_second >= 0.0 && per_second < 1e15)) return "?";
  const int decimals = per_second >= 9.95 ? 0 : per_second >= 0.995 ? 1 : per_second >= 0.0995 ? 2 : 3;
  return fixed_text(per_second, decimals);
}

}  // namespace pbgen

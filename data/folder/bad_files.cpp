#include "data/folder/bad_files.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/check.h"

namespace pbgen {
namespace {

std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

struct Kind {
  std::string reason;  // without its numbers
  const BadFile* first;
  std::int64_t count;
};

}  // namespace

std::string name_bad_files(std::span<const BadFile> bad) {
  constexpr std::size_t kMostNamed = 3;
  std::vector<Kind> kinds;
  for (const BadFile& file : bad) {
    const std::string reason = without_digits(file.reason);
    const auto same = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& kind) { return kind.reason == reason; });
    if (same != kinds.end()) ++same->count;
    else kinds.push_back({reason, &file, 1});
  }
  std::stable_sort(kinds.begin(), kinds.end(), [](const Kind& a, const Kind& b) { return a.count > b.count; });
  std::string text;
  for (std::size_t i = 0; i < std::min(kinds.size(), kMostNamed); ++i) {
    const Kind& kind = kinds[i];
    text += concat(i == 0 ? "" : ", ", kind.count == 1 ? "" : concat(kind.count, " as "), kind.first->path, " (", kind.first->reason, ")");
  }
  return kinds.size() > kMostNamed ? text + ", ..." : text;
}

}  // namespace pbgen

// A run of whole numbers.
#pragma once

#include <cstdint>

namespace pbgen {

// [begin, end); none where end is not above begin.
struct Range {
  std::int64_t begin;
  std::int64_t end;
  std::int64_t size() const { return end > begin ? end - begin : 0; }
};

}  // namespace pbgen

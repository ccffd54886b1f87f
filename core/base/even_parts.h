// Cutting a count into blocks without a small rest.
#pragma once

#include <cstdint>

#include "core/freestanding/ints.h"

namespace pbgen {

// The fewest parts of at most `most`, their sizes at most one apart.
struct EvenParts {
  EvenParts(std::int64_t count_, std::int64_t most) : count(count_), parts(ceil_div(count_, most)) {}
  std::int64_t begin(std::int64_t part) const { return count * part / parts; }
  std::int64_t end(std::int64_t part) const { return begin(part + 1); }
  std::int64_t size(std::int64_t part) const { return end(part) - begin(part); }

  std::int64_t count;
  std::int64_t parts;
};

}  // namespace pbgen

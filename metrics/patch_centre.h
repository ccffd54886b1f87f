// Where a patch lies.
#pragma once

#include <cstdint>

namespace pbgen {

// The middle pixel of a patch.
struct PatchCentre {
  std::uint16_t x = 0;
  std::uint16_t y = 0;
};

}  // namespace pbgen

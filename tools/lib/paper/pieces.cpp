#include <array>

#include "tools/lib/paper/piece.h"

namespace pbgen {

std::span<const Piece* const> pieces() {
  static constexpr std::array<const Piece*, 0> kAll{};
  return kAll;
}

}  // namespace pbgen

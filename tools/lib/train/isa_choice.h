// What a run says of the instruction set that it computes with.
#pragma once

#include <optional>

#include "core/base/cpu.h"

namespace pbgen {

struct IsaChoice {
  std::optional<Isa> path;  // nothing: `auto`
  bool operator==(const IsaChoice&) const = default;
};

}  // namespace pbgen

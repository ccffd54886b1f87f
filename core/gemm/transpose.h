// Whether a matrix is taken as it lies or turned.
#pragma once

namespace pbgen {

enum class Transpose { no, yes };

}  // namespace pbgen

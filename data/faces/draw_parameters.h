// The parameters of a face, drawn at random.
#pragma once

#include <cstdint>

#include "data/faces/face_parameters.h"

namespace pbgen::faces {

// The face of that number: a pure function of seed and number.
FaceParameters draw_parameters(std::uint64_t seed, std::uint64_t number);

}  // namespace pbgen::faces

// Synthetic faces: pictures drawn by our own code from random parameters, the training set when no data is given.
//
// Unlimited and seeded: face `number` of a seed is always the same face, at every size, on every machine.
#pragma once

#include <cstdint>

#include "data/image_set.h"

namespace pbgen {

inline constexpr int kMinFaceSize = 8;
inline constexpr int kMaxFaceSize = 4096;

// Overwrites rgb[size][size][3] with face `number`.  A pure function of (seed, number, size); allocates nothing.
// size in kMinFaceSize .. kMaxFaceSize, else std::logic_error.
void draw_face(std::uint64_t seed, std::uint64_t number, int size, std::uint8_t* rgb);

// Faces first .. first + count - 1 of a seed, drawn in parallel; channels 3 (red, green, blue) or 1 (luma, BT.601).
// first, count >= 0; a size as in draw_face; else std::logic_error.
ImageSet synthetic_faces(std::uint64_t seed, std::int64_t first, std::int64_t count, int size, int channels);

}  // namespace pbgen

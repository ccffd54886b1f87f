// Resizing with the antialiased triangle filter.
//
//   out[o] = sum_i w[o][i] in[i],   w[o][i] ~ max(0, 1 - |i + 1/2 - centre| / support),   sum_i w[o][i] = 1,
//   centre = (o + 1/2) * n_in / n_out,   support = max(1, n_in / n_out)
//
// along each axis; pixels beyond the border take no part.  Where it enlarges, this is plain bilinear interpolation.
// Source: what "bilinear" means in Pillow and what the reference DCGAN's scipy.misc.imresize called.
#pragma once

#include "data/image.h"

namespace pbgen {

// width, height >= 1 and a source that is not empty, else std::logic_error.  A size that does not change is a copy.
Image resize_triangle(const Image& source, int width, int height);

}  // namespace pbgen

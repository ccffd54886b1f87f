// How rough images are, as a part of the generator's loss: total variation of second order, the mean absolute second difference along rows
// and columns.  A slope has none, an edge a little, and dots two pixels apart the most that there is.
//
// Source: Lysaker, Lundervold and Tai, "Noise removal using fourth-order partial differential equation with applications to medical
// magnetic resonance images in space and time", IEEE Transactions on Image Processing 12 (2003): the first of their two functionals.
#pragma once

#include "core/tensor/tensor.h"

namespace pbgen {

// gradient += weight * dR/dimages of
//   R = 1/N * sum over images, channels and pixels of |x[r][c-1] - 2 x[r][c] + x[r][c+1]| + |x[r-1][c] - 2 x[r][c] + x[r+1][c]|,
// N the number of values, terms only where all three pixels lie in the image; the derivative of |d| at d = 0 is 0.
// std::logic_error where the shapes differ.
void add_roughness_gradient(double weight, ConstTensorView images, TensorView gradient);

}  // namespace pbgen

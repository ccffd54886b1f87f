// A lattice: dots two pixels apart, which stride-2 deconvolutions leave on images and no photograph has.  All of its energy is at the
// Nyquist frequencies.
#pragma once

#include <cstdint>

#include "metrics/image_source.h"

namespace pbgen {

// Mean over images, channels, rows and columns of (sum of w[x] (-1)^x line[x])^2 / sum of w[x]^2, in squared grey levels, where
// w[x] = sin^2(pi (x + 1/2) / size) keeps what the borders cut off out of it: white noise of variance v has v, a constant image 0.
// Counts the first `count` images, 1 <= count <= images.count, else std::logic_error.
double nyquist_energy(const ImageSource& images, std::int64_t count);

}  // namespace pbgen

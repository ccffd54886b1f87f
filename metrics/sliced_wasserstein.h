// The sliced Wasserstein distance (SWD) of two sets of images.
//
// Per level of the Laplacian pyramid: nhood_size^2 patches at random places are descriptors; each set's descriptors are
// normalised per channel by their own mean and population standard deviation (a deviation of 0 divides by 1); both sets
// are projected on random unit directions; the mean absolute difference of the sorted projections, averaged over the
// directions, is the level's distance.  Figures are raw; Karras's code prints them times 1000.
//
// Source: Karras, Aila, Laine, Lehtinen, "Progressive growing of GANs", ICLR 2018, section 5 and its published code.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/ranks.h"
#include "metrics/image_source.h"
#include "metrics/patch_centre.h"

namespace pbgen {

struct SwdOptions {
  std::uint64_t seed = 1;
  int nhood_size = 7;  // odd, 1 .. 15
  int nhoods_per_image = 128;
  int dir_repeats = 4;
  int dirs_per_repeat = 128;
  Ranks* ranks = &one_process();  // each of which computes a part of the directions; all have the same images
};

struct SwdLevel {
  int size = 0;  // side of the level in pixels
  double swd = 0.0;
  // Channels that do not vary in a set: normalising turns them to nothing, whatever their value, so that the distance cannot see it.
  int constant_a = 0;
  int constant_b = 0;
};

// The distance of a and b, per level from the images' size down to 16 (Laplacian levels, the last one Gaussian).
// Both sets have one count >= 1, one size (16 * 2^k) and one number of channels, else std::logic_error.
// A pure function of the images and the options: the same bits for any number of threads and ranks.  Images are streamed several times
// through read().  Beside what the sources hold it takes at most 600 MB, less where the sets are large: with three sets of
// 16,384 images of 64x64 in memory, below 1 GB in all.
std::vector<SwdLevel> sliced_wasserstein(const ImageSource& a, const ImageSource& b, const SwdOptions& options);

double mean_swd(std::span<const SwdLevel> levels);

// What is random about one level.
struct SwdDraws {
  std::vector<PatchCentre> centres_a;  // [image][nhoods_per_image]
  std::vector<PatchCentre> centres_b;
  std::vector<float> directions;       // [direction][channels * nhood_size^2], unit norm; within one: [channel][dx][dy]
};

// The draws of one level for sets of count images: centres uniform over [nhood_size/2, side - nhood_size/2), directions
// uniform on the sphere.
SwdDraws draw_swd(const SwdOptions& options, int level, int side, std::int64_t count, int channels);

// The projections of both sets on a block of directions are kept while the block is worked on, and a third as many bytes of
// planes; every block costs one more pass over the images.  The result does not depend on it.
inline constexpr std::int64_t kProjectionBytes = 192 << 20;

// The distance at one level (0: full size) under given draws; all their extents must fit the sources and each other, else
// std::logic_error.  Zero where both sets and both centres are the same.
double sliced_wasserstein_level(const ImageSource& a, const ImageSource& b, int level, int nhood_size, const SwdDraws& draws,
                                std::int64_t projection_bytes = kProjectionBytes);

}  // namespace pbgen

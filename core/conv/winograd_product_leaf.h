// Between the winograd_*.cpp and the leaves of the products of transformed tiles.  Not for anybody else.
//
// Vectors hold one channel of one column (winograd_transform_leaf.h).  All are aligned to a vector; steps are in floats.
#pragma once

#include <cstdint>

namespace pbgen::winograd_product_leaf {

// Channels of the big side in a panel of weights; also rows of the small side that the adjoint takes together.
inline constexpr std::int64_t kPanel = 16;

// sums[column][panel channel] (+)= sum over k < depth of weights[k][panel channel] * x[column][k]
struct Product {
  std::int64_t depth = 0;
  std::int64_t columns = 0;
  const float* weights = nullptr;  // [depth][kPanel]
  const float* x = nullptr;        // of a column [depth][lanes]
  std::int64_t x_step = 0;         // to the next column
  float* sums = nullptr;           // of a column [kPanel][lanes]
  std::int64_t sums_step = 0;
  bool adds = false;
};

// sums[column][row] (+)= sum over c < channels of weights[c / kPanel][row][c % kPanel] * x[column][c]
struct AdjointProduct {
  std::int64_t channels = 0;  // a multiple of kPanel
  std::int64_t columns = 0;
  const float* weights = nullptr;  // of a panel [kPanel rows][kPanel]
  std::int64_t panel_step = 0;
  const float* x = nullptr;  // of a column [channels][lanes]
  std::int64_t x_step = 0;
  float* sums = nullptr;  // of a column [kPanel rows][lanes]
  std::int64_t sums_step = 0;
  bool adds = false;
};

// sums[channel][k] (+)= sum over columns and lanes of big[column][channel][lane] * small[column][lane][k], for kPanel channels and 2*lanes
// of k.
struct GradientProduct {
  std::int64_t columns = 0;
  const float* big = nullptr;  // of a column [kPanel][lanes]
  std::int64_t big_step = 0;
  const float* small = nullptr;  // of a column [lanes][2*lanes]
  std::int64_t small_step = 0;
  float* sums = nullptr;
  std::int64_t sums_step = 0;  // to the next channel
  bool adds = false;
};

// Sums begin at 0, run in the order of k, c, or column and lane by fused multiply-adds, and are then added to what is there.
struct Leaves {
  // next: what another call will read as weights, kPanel*depth floats (adjoint: kPanel*kPanel of each panel), asked for meanwhile.
  void (*multiply)(const Product& product, const float* next);
  void (*multiply_adjoint)(const AdjointProduct& product, const float* next);
  // next_big: what another call will read as big; next_small: lanes of its small side's columns, a quarter of them all.
  void (*multiply_gradient)(const GradientProduct& product, const float* next_big, const float* next_small);
};
extern const Leaves kAvx2;    // x86-64 alone
extern const Leaves kAvx512;  // x86-64 alone

}  // namespace pbgen::winograd_product_leaf

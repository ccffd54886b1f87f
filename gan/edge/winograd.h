// Winograd's algorithm for float deconvolutions: half of the multiplications, for twice as many weights.
//
// Along one axis a deconvolution of kernel 5 and stride 2 is a convolution of two taps for the even outputs and one of three for the odd
// ones (kRowOffset of generator_leaf.h).  Outputs t and t + 1 of either read the inputs d = x[t - 1], x[t], x[t + 1], x[t + 2]:
//
//   even  y0 = d0 w3 + d1 w1            m0 = (d0 - d1) w3               y0 = m0 + m1
//         y1 = d1 w3 + d2 w1            m1 = d1 (w3 + w1)               y1 = m1 + m2
//                                       m2 = (d2 - d1) w1
//   odd   y0 = d0 w4 + d1 w2 + d2 w0    m3 = (d0 - d2) w4               y0 = m3 + m4 + m5
//         y1 = d1 w4 + d2 w2 + d3 w0    m4 = (d1 + d2) (w4 + w2 + w0)/2   y1 = m4 - m5 - m6
//                                       m5 = (d2 - d1) (w4 - w2 + w0)/2
//                                       m6 = (d1 - d3) w0
//
// m is the product at a point.  (m4 + m5 = d2 (w4 + w0) + d1 w2, m4 - m5 = d1 (w4 + w0) + d2 w2.)  Seven points stand for ten
// multiplications, 49 for 100 where rows and columns are taken so: Lavin and Gray, Fast algorithms for convolutional neural networks
// (2016), F(2, 2) and F(2, 3).  Points are 0, 1 and infinity, and -1 besides: all factors of inputs and products are 1 or -1.
#pragma once

#include "gan/edge/generator_leaf.h"

namespace pbgen::edge {

inline constexpr int kTileInputs = 4;   // along an axis, that a tile reads; the next tile's begin two further on
inline constexpr int kTileOutputs = 2;  // along an axis, of each phase
inline constexpr int kAxisPoints = 7;
inline constexpr int kPoints = kAxisPoints * kAxisPoints;
inline constexpr int kPhasePoints[3] = {0, 3, 7};  // phase p has the points [p, p + 1) of these along an axis

inline constexpr float kPointOfInputs[kAxisPoints][kTileInputs] = {{1, -1, 0, 0},  // m0
                                                                   {0, 1, 0, 0},   // m1
                                                                   {0, -1, 1, 0},  // m2
                                                                   {1, 0, -1, 0},  // m3
                                                                   {0, 1, 1, 0},   // m4
                                                                   {0, -1, 1, 0},  // m5
                                                                   {0, 1, 0, -1}};
inline constexpr float kPointOfWeights[kAxisPoints][kKernel] = {{0, 0, 0, 1, 0},            // m0
                                                                {0, 1, 0, 1, 0},            // m1
                                                                {0, 1, 0, 0, 0},            // m2
                                                                {0, 0, 0, 0, 1},            // m3
                                                                {0.5f, 0, 0.5f, 0, 0.5f},   // m4
                                                                {0.5f, 0, -0.5f, 0, 0.5f},  // m5
                                                                {1, 0, 0, 0, 0}};
inline constexpr float kOutputOfPoints[kAxisPoints][kTileOutputs] = {{1, 0}, {1, 1}, {0, 1}, {1, 0}, {1, 1}, {1, -1}, {0, -1}};

}  // namespace pbgen::edge

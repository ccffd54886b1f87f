// How convolutions and linear layers are computed.
#pragma once

#include <string_view>

namespace pbgen {

// im2col: column matrices and gemm, the engine's definition.  direct: kernels of each product, straight from the lane
// layout, with looked-up sums where weights are signs; equal to the definition within the bounds of their headers.  winograd: direct, but
// winograd.h where it takes the map, which rounds more.  automatic, named auto: winograd where the table in winograd.cpp says so.
enum class ConvAlgorithm { direct, winograd, im2col, automatic };

inline constexpr ConvAlgorithm kConvAlgorithms[] = {ConvAlgorithm::direct, ConvAlgorithm::winograd, ConvAlgorithm::im2col,
                                                    ConvAlgorithm::automatic};

const char* name(ConvAlgorithm algorithm);
// InvalidOption for a text that is no algorithm's name.
ConvAlgorithm conv_algorithm_named(std::string_view text);

// What layers made from now on use, in the whole process; direct unless set.  A layer keeps what it was made with.
ConvAlgorithm conv_algorithm();
void set_conv_algorithm(ConvAlgorithm algorithm);

}  // namespace pbgen

// Weights in the orders in which the loops read them, from the layouts of the checkpoint.
//
// Sizes are in elements.  Lanes that hold no weight get 0.  sign(w) is +1 for w >= 0, -1 else.  Signs are taken from floats, or from bits:
// bit i % 8 of byte i / 8, the least significant being bit 0, is weight i: 1 is +1, 0 is -1.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pbgen::edge {

// from: [channels * side * side][z_dim], feature c*side*side + y*side + x.
std::size_t linear_floats_size(int z_dim, int channels, int side);
void pack_linear_floats(const float* from, int z_dim, int channels, int side, float* to);
// One of its tiles, [z_dim][64], also from half precision.
void pack_linear_tile(const float* from, int z_dim, int channels, int side, std::ptrdiff_t tile, float* to);
void pack_linear_tile(const std::uint16_t* from, int z_dim, int channels, int side, std::ptrdiff_t tile, float* to);
std::size_t linear_signs_size(int z_dim, int channels, int side);  // 32-bit words, thirty weights in each
void pack_linear_signs(const float* from, int z_dim, int channels, int side, std::uint32_t* to);
void pack_linear_signs(const std::uint8_t* bits, int z_dim, int channels, int side, std::uint32_t* to);
// from: one shift a feature.
std::size_t linear_shift_size(int channels, int side);
void pack_linear_shift(const float* from, int channels, int side, float* to);

// from: [c_in][c_out][5][5].
// side: of the layer's input, on which the layout depends.
std::size_t deconv_floats_size(int c_in, int c_out, int side);
void pack_deconv_floats(const float* from, int c_in, int c_out, int side, float* to);
std::size_t deconv_signs_size(int c_in, int c_out);  // bytes, up to six weights in each
void pack_deconv_signs(const float* from, int c_in, int c_out, std::uint8_t* to);
void pack_deconv_signs(const std::uint8_t* bits, int c_in, int c_out, std::uint8_t* to);
// Whether each of deconv_signs_size numbers, of whoever wrote them, is that of a row of its group's table: another would be read where
// there is none.  Words of the linear layer need no such look: whatever their bits, they stay within their tables.
bool are_row_numbers(const std::uint8_t* numbers, int c_in, int c_out);

}  // namespace pbgen::edge

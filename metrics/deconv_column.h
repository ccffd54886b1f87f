// One output column of a deconvolution as a matrix product, drawn at random: the layers of the paper's numerical example.
//
// Source: the paper's section III, eq. (2): the column D^I K_j, D^I of s_i pixels by c_i channels, K_j the c_i weights that lead
// to one output channel and kernel tap.  The paper says s_i = 20 and not how D^I and K_j were made: hence several constructions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pbgen {

struct DeconvColumn {
  int s_in = 0;                 // pixels of the input
  int c_in = 0;                 // its channels
  std::vector<double> inputs;   // D [s_in][c_in]
  std::vector<double> weights;  // k [c_in]
};

// How D and k are made.  Weights times t make every distance t times as large and leave relative ones as they are: a fixed
// scaling of the weights is no construction of its own.  (Gaussian with weights of variance 1/c_in: distances / sqrt(c_in).)
enum class ColumnConstruction : std::uint32_t {
  // D and k standard normal: the least that can be assumed.  The output's norm grows like sqrt(s_in c_in).
  gaussian = 1,
  // A layer as it stands in a generator: inputs max(0, standard normal), as batch normalization and ReLU leave them, and normal
  // weights of variance 1/c_in: the output's norm is about sqrt(s_in / 2) for every c_in.
  rectified = 2,
  // The paper's argument to the letter: an arbitrary input (D standard normal), an arbitrary desired output (s_in standard
  // normal numbers), and the weights that make it: those of least norm where c_in >= s_in, else of least squares.  D k is
  // then the desired output, or what of it lies in the span of D's columns.  Near c_in = s_in the weights are large.
  desired_output = 3,
};

inline constexpr std::array kColumnConstructions = {ColumnConstruction::gaussian, ColumnConstruction::rectified,
                                                    ColumnConstruction::desired_output};

// "gaussian", "rectified", "desired-output".
std::string_view name(ColumnConstruction construction);

// The column with this number: a function of all arguments.  s_in and c_in in [1, 64], draw in [0, 2^32), else std::logic_error.
DeconvColumn draw_column(ColumnConstruction construction, int s_in, int c_in, std::uint64_t seed, std::int64_t draw);

}  // namespace pbgen

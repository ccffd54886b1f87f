// An exported model's file (gan/packed_model.h), read in place.  Its bytes may be hostile.
//
// read_header finds what the header names, of a model of this version, verify_checksum compares the bytes, read_model learns the network
// and finds the arrays.  Each returns PBGEN_OK or what is wrong.  Each takes what the one before it gave.
#pragma once

#include <cstddef>
#include <cstdint>

#include "gan/edge/header_text.h"
#include "gan/edge/pbgen.h"

// The digits of a macro's number.
#define PBGEN_TEXT_OF(number) #number
#define PBGEN_NUMBER_TEXT(number) PBGEN_TEXT_OF(number)

namespace pbgen::edge {

inline constexpr int kModelLayers = 5;                // linear, deconv1 .. deconv4
inline constexpr int kModelArrays = 3 * kModelLayers;  // weights, scales, shifts

// Of an activation: 256 MB.  Sizes derived from it fit into 32 bits.
inline constexpr std::uint64_t kMaxActivationFloats = std::uint64_t{1} << 26;

struct HeaderArray {
  Text name;
  Text dtype;
  std::uint64_t dims[8];
  int dim_count;
  std::uint64_t begin;  // in the data
  std::uint64_t end;
};

// What a header says; texts null where it does not.
struct Header {
  const std::uint8_t* bytes;
  std::size_t size;
  std::size_t data_begin;
  Text checksum, format, version, network, shapes, bits;
  HeaderArray arrays[kModelArrays];
  int array_count;  // of the header: more than kModelArrays are not kept
};

enum class Weights : std::uint8_t { floats, halves, signs };

struct ModelLayer {
  int c_in;   // z_dim of the linear layer
  int c_out;
  int side;   // of a deconvolution's input, of the linear layer's output
  Weights kind;
  const std::uint8_t* weights;  // at a multiple of 64 from the file's start
  std::uint64_t weight_count;
  const float* scale;           // [c_out]
  const float* shift;           // [shift_count]
  std::uint64_t shift_count;
};

struct Model {
  int size;
  int channels;
  int z_dim;
  ModelLayer layers[kModelLayers];
};

int read_header(const void* bytes, std::size_t size, Header& header);
int verify_checksum(const Header& header);
int read_model(const Header& header, Model& model);
// PBGEN_NOT_FINITE where a weight, scale or shift is infinite or no number.
int verify_values(const Model& model);

}  // namespace pbgen::edge

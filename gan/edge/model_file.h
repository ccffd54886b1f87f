// An exported model's file (gan/packed_model.h), read in place.  Its bytes may be hostile.
//
// The one reader of them, of devices and of the tools.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/freestanding/model_format.h"
#include "core/freestanding/safetensors_layout.h"
#include "gan/edge/header_text.h"
#include "gan/edge/pbgen.h"

// The digits of a macro's number.
#define PBGEN_TEXT_OF(number) #number
#define PBGEN_NUMBER_TEXT(number) PBGEN_TEXT_OF(number)

namespace pbgen::edge {

inline constexpr int kModelArrays = 3 * kModelLayers;  // weights, scales, shifts

struct HeaderArray {
  Text name;
  Text dtype;
  std::uint64_t dims[safetensors_layout::kMaxDims];
  int dim_count;
  std::uint64_t begin;  // in the data
  std::uint64_t end;
};

// What a header says; texts null where it does not.
struct Header {
  const std::uint8_t* bytes;
  std::size_t size;
  std::size_t data_begin;
  bool prepacked;  // of version 2
  Text checksum, format, version, network, shapes, bits;
  HeaderArray arrays[kModelArrays];
  int array_count;  // of the header: more than kModelArrays are not kept
};

// signs: a bit each; packed_signs: in the orders of pack.h, as pack_linear_signs and pack_deconv_signs make them.
enum class Weights : std::uint8_t { floats, halves, signs, packed_signs };

constexpr bool in_one_bit(Weights kind) { return kind == Weights::signs || kind == Weights::packed_signs; }

struct ModelLayer {
  int c_in;   // z_dim of the linear layer
  int c_out;
  int side;   // of a deconvolution's input, of the linear layer's output
  Weights kind;
  const std::uint8_t* weights;  // at a multiple of 64 from the file's start
  std::uint64_t weight_count;
  std::uint64_t weight_bytes;   // that hold them, without the zeros behind
  const float* scale;           // [c_out]
  const float* shift;           // [shift_count]
  std::uint64_t shift_count;
};

// What of a file is at fault: an array, as ("deconv1", ".scale"), or an entry of the metadata, as ("shapes", ""); both "" where
// there is no more to tell than the code.
struct Fault {
  const char* of = "";
  const char* what = "";
};

struct Model {
  int size;
  int channels;
  int z_dim;
  ModelLayer layers[kModelLayers];
};

// Each returns PBGEN_OK or what is wrong, and takes what the one before it gave.
// Finds what the header names, of a model of a version that is read.
int read_header(const void* bytes, std::size_t size, Header& header);
// Compares the bytes.
int verify_checksum(const Header& header);
// Learns the network and finds the arrays.
int read_model(const Header& header, Model& model, Fault& fault);

// The same, and compares the checksum and looks at all values: PBGEN_NOT_FINITE where a weight, scale or shift is infinite or no number,
// PBGEN_ROW_NUMBERS where a row number leads out of its table.
// bytes: at a multiple of 4; the model points into them.
int read_whole_model(const void* bytes, std::size_t size, Model& model, Fault& fault);

}  // namespace pbgen::edge

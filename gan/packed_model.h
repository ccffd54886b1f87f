// Exported models: the generator alone, folded (gan/folded_generator.h), in as few bytes as it runs in.  For other programs
// there are plain float weights: gan/expanded_generator.h.
//
// A valid safetensors file (core/files/safetensors.h), so that Python's safetensors opens it; to be used in place by mmap.
//
// Arrays, for each NAME of linear, deconv1 .. deconv4:
//   NAME.weight  F32, of the linear layer also F16    where the layer is in floats
//   NAME.signs   U8                                   where it is in one bit a weight; in version 2 in its place
//   NAME.words   U8                                   of the linear layer
//   NAME.rows    U8                                   of a deconvolution
//   NAME.scale   F32 [c_out]
//   NAME.shift   F32 [c_out], of the linear layer one for each feature: [c_out * side * side]
// Weights and signs are those of the row-major logical shape, linear [c_out * side * side, z_dim] with feature
// c*side*side + y*side + x, deconvolution [c_in, c_out, 5, 5].  Bit i % 8 of byte i / 8, the least significant bit being bit 0, is
// weight i: 1 is +1, 0 is -1.
// Version 2, which export --prepacked writes, holds one-bit layers as the kernels read them on every path, so that nothing is made of them
// in memory (pbgen.h).  Divisions round down unless ceil() says otherwise; c_in is z_dim of the linear layer.
//   rows    The c_in channels are cut into G = ceil(c_in / 6) groups, group g from channel g c_in / G on; the groups into B = ceil(G / 11)
//           blocks, block b from group b G / B on.  Kernel row ky has R = 8 ceil(5 c_out / 8) rows, of which row 5 o + kx is output
//           channel o at kx.  [block][ky][R / 8][group of the block][8] bytes, one a row: bit 2 + i is the weight of the group's channel i,
//           0 and 1 and all that stand for no channel are 0, as are rows from 5 c_out on.  A 1 among bits 0 and 1 or those of no channel,
//           of whatever row, is refused: it would lead out of a table of sums.  The other bits of rows from 5 c_out on are not looked at.
//   words   V = 8 ceil(c_out ceil(side^2 / 8) / 8) vectors of eight lanes; lane l of vector v is the feature of channel v % c_out and
//           pixel 8 (v / c_out) + l.  [V / 4][ceil(c_in / 30)][4 vectors][8 lanes] words of 32 bits, least significant byte first: bit i of
//           word w is the weight of z[30 w + i].  Bits and lanes that stand for no weight are 0, and not looked at.
// Shapes name the logical shape all the same.
//
// Every array is stored flat and followed by zeros up to a multiple of 64 bytes, which belong to the stored array because
// safetensors has no holes: so each begins at a multiple of 64 from the file's start.  Readers do not look at the zeros.
//
// Metadata: format "pbgen-generator"; version, "1" or "2"; network, JSON {"size", "channels", "z_dim", "g_widths", "binarize_g"} as
// in checkpoints; shapes, JSON {NAME: logical shape}; bits, the order of bits and what they are; checksum, the CRC-64/XZ of the whole
// file with zeros in its own place.
//
//   with safetensors.safe_open(path, "numpy") as file:
//     shapes = json.loads(file.metadata()["shapes"])
//     signs = numpy.unpackbits(file.get_tensor("deconv1.signs"), bitorder="little")[:math.prod(shapes["deconv1.signs"])]
//     weight = 2.0 * signs.reshape(shapes["deconv1.signs"]) - 1.0
//
// Versions: a change that a reader of the old version would refuse or misread gets a new number, and a build reads the
// versions that it names, exactly these.  Metadata that a reader does not know may be added without one, up to 32 entries in all and
// in ASCII; arrays may not.  Otherwise the header is as export writes it, to the space: what is not is refused by libpbgen's reader
// (gan/edge/model_file.h), through which the tools read as well.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/files/file.h"
#include "gan/edge/model_file.h"
#include "gan/edge/pbgen.h"
#include "gan/folded_generator.h"
#include "gan/networks.h"

namespace pbgen {

// The newest version that this build writes; it reads all from 1 on.
inline constexpr int kPackedModelVersion = PBGEN_MODEL_VERSION;

enum class LinearPrecision { single, half };

struct PackedModelOptions {
  LinearPrecision linear = LinearPrecision::single;  // of the linear layer's weights, where they are floats
  bool prepacked = false;                            // one-bit layers as the kernels' numbers: version 2, where there are such layers
};

// Bytes of a file's parts; the zeros behind an array are counted with the array.
struct PackedModelSize {
  std::int64_t header = 0;
  std::int64_t linear_weights = 0;
  std::int64_t deconv_weights = 0;
  std::int64_t scales_and_shifts = 0;
  std::int64_t total() const { return header + linear_weights + deconv_weights + scales_and_shifts; }
};

// To the byte what save_packed_model writes for any generator of that configuration; needs no weights.  Nothing of the
// configuration that belongs to the discriminator changes it.
PackedModelSize packed_model_size(const NetworkConfig& config, const PackedModelOptions& options = {});
inline std::int64_t packed_model_bytes(const NetworkConfig& config, const PackedModelOptions& options = {}) {
  return packed_model_size(config, options).total();
}

// The file's bytes.  Error(diverged) naming the array where a value is not finite, or too large for half precision.
std::vector<std::uint8_t> encode_packed_model(const FoldedGenerator& generator, const PackedModelOptions& options);
// The same, written as AtomicFile writes.  Error as that; Error(usage) where a layer's output is larger than kMaxModelActivation
// (core/freestanding/model_format.h): nobody would read the file.
void save_packed_model(const std::string& path, const FoldedGenerator& generator, const PackedModelOptions& options,
                       Existing existing = Existing::replace);

// The metadata's network: what network_description says of the generator.
std::string exported_network_text(const NetworkConfig& config);

// A file that was read and verified, as libpbgen reads and verifies it.
class PackedModel {
 public:
  // Error(input_output) where the file cannot be read; Error(model_file), with the path, what is at fault and libpbgen's sentence, where it
  // is no exported model, is damaged, is of another version or is too large to draw; Error(diverged) naming the array where a value
  // is not finite.  Memory: the file's bytes; load has them twice.
  static PackedModel load(const std::string& path);
  static PackedModel parse(std::span<const std::uint8_t> bytes, const std::string& path);

  // Whether a file claims to be an exported model, of whatever version.
  static bool is_format_of(std::span<const std::uint8_t> bytes);

  // What belongs to the discriminator is as in NetworkConfig{}: it is not exported.
  const NetworkConfig& network() const { return network_; }
  const PackedModelOptions& options() const { return options_; }

  // The bytes of the whole file; at a multiple of 64.
  std::span<const std::uint8_t> bytes() const { return bytes_.span(); }
  // Where in them the layers lie; as long as this object lives.
  const edge::Model& layers() const { return layers_; }

 private:
  PackedModel() = default;

  AlignedBuffer<std::uint8_t> bytes_;
  edge::Model layers_{};
  NetworkConfig network_;
  PackedModelOptions options_;
};

}  // namespace pbgen

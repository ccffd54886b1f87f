// Exported generators for other programs: plain float weights into which everything is folded (gan/folded_generator.h), the
// one-bit weights' alpha and the batch normalisation included.  Written, not read; tools/load_generator.py reads them.
//
// Arrays, all F32 and row-major, in the layouts of PyTorch's Linear and ConvTranspose2d:
//   linear.weight   [c0 * side * side, z_dim]   feature c*side*side + y*side + x; side = size / 16
//   linear.bias     [c0 * side * side]
//   deconvN.weight  [c_in, c_out, 5, 5]         N = 1 .. 4
//   deconvN.bias    [c_out]
// and what is computed with them, z in [-1, 1]:
//   x = relu(linear z), as [c0][side][side];  x = relu(deconv1 x), .., relu(deconv3 x);  image = tanh(deconv4 x)
// deconvN doubles the map: out[2i + k - 1] += in[i] * weight[k] in both directions.  That is TensorFlow's SAME, the transposed
// convolution of stride 2 whose full output of 2n + 3 pixels loses 1 before and 2 after; PyTorch's padding=2,
// output_padding=1 would lose 2 and 1, one pixel off.  Bytes are round(127.5 x + 127.5).
//
// Metadata: format "pbgen-generator-expanded"; version; network, as in gan/packed_model.h.  A safetensors file
// (core/files/safetensors.h) has it in its header, a .npz file (core/files/npz.h) as arrays: numpy.load(path)["format"].item().decode().
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/files/file.h"
#include "gan/folded_generator.h"
#include "gan/networks.h"

namespace pbgen {

inline constexpr int kExpandedGeneratorVersion = 1;

enum class ExpandedFormat { safetensors, npz };

struct ExpandedLayer {
  FoldedShape shape;
  AlignedBuffer<float> weight;  // row-major in shape.dims
  AlignedBuffer<float> bias;    // [shape.shifts]
};

using ExpandedGenerator = std::array<ExpandedLayer, FoldedGenerator::kLayers>;

// Error(diverged) naming the array where a value is not finite.
ExpandedGenerator expand_generator(const FoldedGenerator& folded);

// To the byte what save_expanded_generator writes for any generator of that configuration; needs no weights.  Error(usage)
// where the format cannot hold so much.
std::int64_t expanded_generator_bytes(const NetworkConfig& config, ExpandedFormat format);

// The file's bytes.  Error as the two above.
std::vector<std::uint8_t> encode_expanded_generator(const FoldedGenerator& folded, ExpandedFormat format);
// The same, written as AtomicFile writes.  Error as that.
void save_expanded_generator(const std::string& path, const FoldedGenerator& folded, ExpandedFormat format,
                             Existing existing = Existing::replace);

// Whether a file is of either format; false where it cannot be read.
bool is_expanded_generator(const std::string& path);

}  // namespace pbgen

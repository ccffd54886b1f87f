// Exported models (gan/packed_model.h): names, texts and limits of the format, for who writes them and for who reads them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pbgen {

inline constexpr char kModelFormat[] = "pbgen-generator";
// The first version holds one-bit layers as bits, the second as the kernels' numbers.
inline constexpr char kModelVersion[] = "1";
inline constexpr char kPrepackedModelVersion[] = "2";
inline constexpr char kModelBitOrder[] = "least significant first, 1 is +1, 0 is -1";

// linear, then the deconvolutions: numbered as the paper does.
inline constexpr int kModelLayers = 5;
inline constexpr const char* kModelLayerNames[kModelLayers] = {"linear", "deconv1", "deconv2", "deconv3", "deconv4"};

// What follows a layer's name in those of its arrays.
inline constexpr char kModelWeights[] = ".weight";  // floats
inline constexpr char kModelSigns[] = ".signs";     // one bit a weight
inline constexpr char kModelRows[] = ".rows";       // row numbers of a deconvolution, up to six weights in each
inline constexpr char kModelWords[] = ".words";     // words of the linear layer, thirty weights in each
inline constexpr char kModelScale[] = ".scale";
inline constexpr char kModelShift[] = ".shift";
inline constexpr std::size_t kModelArrayAlignment = 64;  // zeros follow an array up to a multiple of it

// The networks' limits: a side is a power of two, the base map is a 16th of it, a deconvolution's kernel is square.
inline constexpr int kMinModelSide = 16;
inline constexpr int kMaxModelSide = 1024;
inline constexpr int kMaxModelWidth = 4096;  // channels between layers
inline constexpr int kMaxModelLatent = 4096;
inline constexpr int kModelKernel = 5;
// The largest output of a layer: 256 MB.  Sizes derived from it fit into 32 bits.
inline constexpr std::int64_t kMaxModelActivation = std::int64_t{1} << 26;

}  // namespace pbgen

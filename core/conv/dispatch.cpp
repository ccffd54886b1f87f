// Which functions a path has.  Another instruction set is its leaves, a table here, and a line in conv_kernels.
#include "core/base/cache.h"
#include "core/base/cpu.h"
#include "core/conv/binary_blocked.h"
#include "core/conv/binary_conv.h"
#include "core/conv/binary_pack.h"
#include "core/conv/conv_blocked.h"
#include "core/conv/conv_direct.h"
#include "core/conv/conv_kernels.h"
#include "core/conv/winograd_blocked.h"

namespace pbgen {
namespace {

using namespace conv_blocked;

// The definitions read the weights as they are.
constexpr ConvKernels kRef = {
    .path = Isa::ref,
    .packs = false,
    .packed_floats = [](const ConvWeightShape&) { return PackedSizes{}; },
    .pack = [](const ConvWeightShape&, const float*, float*, float*) {},
    .to_small = [](const ConvGeometry& g, const ConvOperand<float>& weights, const float* bias, ConstTensorView big,
                   TensorView small) { conv_to_small_ref(g, weights.shape, weights.plain, bias, big, small); },
    .to_big = [](const ConvGeometry& g, const ConvOperand<float>& weights, const float* bias, ConstTensorView small,
                 TensorView big) { conv_to_big_ref(g, weights.shape, weights.plain, bias, small, big); },
    .weight_gradient_floats = [](const ConvGeometry&, const LaneShape&, const LaneShape&) { return std::int64_t{0}; },
    .weight_gradient = [](const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                          Workspace&) { conv_weight_gradient_ref(g, small, big, beta, dw); },
    .packed_sign_bytes = [](const ConvWeightShape&) { return PackedSizes{}; },
    .pack_signs = [](const ConvWeightShape&, const float*, std::uint8_t*, std::uint8_t*) {},
    .signs_to_small = [](const ConvGeometry& g, const ConvOperand<std::uint8_t>& weights, const ConvScales& scales, ConstTensorView big,
                         TensorView small) { binary_conv_to_small_ref(g, weights.shape, weights.plain, scales, big, small); },
    .signs_to_big = [](const ConvGeometry& g, const ConvOperand<std::uint8_t>& weights, const ConvScales& scales, ConstTensorView small,
                       TensorView big) { binary_conv_to_big_ref(g, weights.shape, weights.plain, scales, small, big); },
    .dealt = [](ConvProduct, const ConvGeometry&, const LaneShape&, const LaneShape&) { return DealtWork{.whole = 1, .regions = {{1}}}; },
    .streaming = nullptr,
};

// The leaves of one instruction set.
struct ConvLeaves {
  Isa path;
  const conv_direct_leaf::Leaves& wide;
  NarrowLeaves narrow;
  const conv_weight_gradient_leaf::Leaves& weight_gradient;
  binary_leaf::Leaves signs;
  const im2col_leaf::Leaves& streaming;
};

// Blocked algorithms over them.
template <const ConvLeaves& k>
constexpr ConvKernels kBlocked = {
    .path = k.path,
    .packs = true,
    .packed_floats =
        [](const ConvWeightShape& shape) {
          return is_narrow(shape) ? PackedSizes{narrow_for_big_floats(shape), narrow_for_small_floats(shape)}
                                  : PackedSizes{wide_for_big_floats(k.wide, shape), wide_for_small_floats(k.wide, shape)};
        },
    .pack =
        [](const ConvWeightShape& shape, const float* w, float* for_big, float* for_small) {
          is_narrow(shape) ? narrow_pack(k.narrow, shape, w, for_big, for_small) : wide_pack(k.wide, shape, w, for_big, for_small);
        },
    .to_small =
        [](const ConvGeometry& g, const ConvOperand<float>& weights, const float* bias, ConstTensorView big, TensorView small) {
          is_narrow(weights.shape) ? narrow_to_small(k.narrow, g, weights.packed, bias, big, small)
                                   : wide_to_small(k.wide, g, weights.packed, bias, big, small);
        },
    .to_big =
        [](const ConvGeometry& g, const ConvOperand<float>& weights, const float* bias, ConstTensorView small, TensorView big) {
          is_narrow(weights.shape) ? narrow_to_big(k.narrow, g, weights.packed, bias, small, big)
                                   : wide_to_big(k.wide, g, weights.packed, bias, small, big);
        },
    .weight_gradient_floats =
        [](const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
          return is_narrow({small.channels, big.channels, g.kernel}) ? narrow_weight_gradient_floats(g, small, big)
                                                                     : wide_weight_gradient_floats(k.weight_gradient, g, small, big);
        },
    .weight_gradient =
        [](const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw, Workspace& workspace) {
          is_narrow({small.shape.channels, big.shape.channels, g.kernel})
              ? narrow_weight_gradient(k.narrow, g, small, big, beta, dw, workspace)
              : wide_weight_gradient(k.weight_gradient, g, small, big, beta, dw, workspace);
        },
    .packed_sign_bytes =
        [](const ConvWeightShape& shape) {
          return PackedSizes{binary_pack::packed_bytes(shape.c_small, shape.c_big, shape.taps()),
                             binary_pack::packed_bytes(shape.c_big, shape.c_small, shape.taps())};
        },
    .pack_signs = [](const ConvWeightShape& shape, const float* w, std::uint8_t* for_big,
                     std::uint8_t* for_small) { binary_pack::pack(k.signs, shape, w, for_big, for_small); },
    .signs_to_small = [](const ConvGeometry& g, const ConvOperand<std::uint8_t>& weights, const ConvScales& scales, ConstTensorView big,
                         TensorView small) { binary_blocked::to_small(k.signs, g, weights.packed, scales, big, small); },
    .signs_to_big = [](const ConvGeometry& g, const ConvOperand<std::uint8_t>& weights, const ConvScales& scales, ConstTensorView small,
                       TensorView big) { binary_blocked::to_big(k.signs, g, weights.packed, scales, small, big); },
    .dealt =
        [](ConvProduct product, const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
          const bool signs = product == ConvProduct::signs_to_small || product == ConvProduct::signs_to_big;
          if (signs) return binary_blocked::dealt(k.signs, product == ConvProduct::signs_to_big, g, small, big);
          if (is_narrow({small.channels, big.channels, g.kernel})) return narrow_dealt(k.narrow, product, g, small, big);
          if (product == ConvProduct::weight_gradient) return wide_weight_gradient_dealt(k.weight_gradient, g, small, big);
          return wide_dealt(k.wide, product == ConvProduct::to_big, g, small, big);
        },
    .streaming = &k.streaming,
};

#if defined(__x86_64__)
constexpr binary_leaf::Leaves kAvx2Signs = {
    .together = binary_leaf::kAvx2, .alone = binary_leaf::kAvx2, .sign_bytes = binary_leaf::sign_bytes_avx2};
constexpr binary_leaf::Leaves kAvx512Signs = {
    .together = binary_leaf::kAvx512, .alone = binary_leaf::kAvx2, .sign_bytes = binary_leaf::sign_bytes_avx2};

constexpr ConvLeaves kAvx2 = {
    .path = Isa::avx2,
    .wide = conv_direct_leaf::kAvx2,
    .narrow = {conv_direct_narrow_leaf::kAvx2, transpose_leaf::kAvx2},
    .weight_gradient = conv_weight_gradient_leaf::kAvx2,
    .signs = kAvx2Signs,
    .streaming = im2col_leaf::kAvx2,
};

constexpr ConvLeaves avx512_leaves(const binary_leaf::Leaves& signs) {
  return {
      .path = Isa::avx512,
      .wide = conv_direct_leaf::kAvx512,
      .narrow = {conv_direct_narrow_leaf::kAvx512, transpose_leaf::kAvx512},
      .weight_gradient = conv_weight_gradient_leaf::kAvx512,
      .signs = signs,
      .streaming = im2col_leaf::kAvx2,
  };
}
constexpr ConvLeaves kAvx512 = avx512_leaves(kAvx512Signs);
// Where L1 is too small for the tables of two slices; the sums are the same.
constexpr ConvLeaves kAvx512SmallTables = avx512_leaves(kAvx2Signs);

bool tables_of_two_slices_fit() {
  static const bool fit = first_level_cache_bytes() > binary_leaf::kMaxGroups * binary_leaf::table_floats(2) * std::int64_t{sizeof(float)};
  return fit;
}
#endif

#if defined(__x86_64__)
constexpr winograd_blocked::Leaves kWinogradAvx2 = {Isa::avx2, winograd_transform_leaf::kAvx2, winograd_product_leaf::kAvx2};
constexpr winograd_blocked::Leaves kWinogradAvx512 = {Isa::avx512, winograd_transform_leaf::kAvx512, winograd_product_leaf::kAvx512};
#endif

}  // namespace

const winograd_blocked::Leaves* winograd_blocked::leaves_in_force() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return &kWinogradAvx512;
  if (isa() == Isa::avx2) return &kWinogradAvx2;
#endif
  return nullptr;
}

const ConvKernels& conv_kernels() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return tables_of_two_slices_fit() ? kBlocked<kAvx512> : kBlocked<kAvx512SmallTables>;
  if (isa() == Isa::avx2) return kBlocked<kAvx2>;
#endif
  return kRef;
}

DealtWork dealt(ConvProduct product, const ConvGeometry& geometry, const LaneShape& small, const LaneShape& big) {
  return conv_kernels().dealt(product, geometry, small, big);
}

}  // namespace pbgen

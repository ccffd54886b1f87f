#include "layers/strided_conv.h"

#include "core/base/check.h"
#include "core/base/profile.h"
#include "core/conv/conv_algorithm.h"

namespace pbgen {
namespace {

LayerDescription describe(LayerKind kind, const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel,
                          std::int64_t stride, BinaryRecipe recipe) {
  check(c_in > 0 && c_out > 0 && kernel > 0 && stride > 0, name, ": channels, kernel and stride of a ",
        kind == LayerKind::conv ? "convolution" : "deconvolution", " are positive");
  return {.kind = kind, .name = name, .c_in = c_in, .c_out = c_out, .kernel = kernel, .stride = stride, .recipe = recipe};
}

ConvWeightShape weight_shape(LayerKind kind, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel) {
  const bool conv = kind == LayerKind::conv;
  return {.c_small = conv ? c_out : c_in, .c_big = conv ? c_in : c_out, .kernel = kernel};
}

WeightAxes weight_axes(LayerKind kind, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel) {
  const std::int64_t taps = kernel * kernel;
  if (kind == LayerKind::conv) return {.channel = {c_out, c_in * taps}, .input = {c_in, taps}};
  return {.channel = {c_out, taps}, .input = {c_in, c_out * taps}, .port_divisor = c_out * taps};
}

}  // namespace

StridedConv::StridedConv(LayerKind kind, const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel,
                         std::int64_t stride, BinaryRecipe recipe)
    : WeightedLayer(describe(kind, name, c_in, c_out, kernel, stride, recipe),
                    kind == LayerKind::conv ? std::vector<std::int64_t>{c_out, c_in, kernel, kernel}
                                            : std::vector<std::int64_t>{c_in, c_out, kernel, kernel},
                    weight_axes(kind, c_in, c_out, kernel), c_out),
      products_(make_conv_products(conv_algorithm(), weight_shape(kind, c_in, c_out, kernel), weight_)) {
  products_->pack();
}

std::int64_t StridedConv::workspace_floats(const LaneShape& input) const {
  const LaneShape output = output_shape(input);
  const bool conv = description_.kind == LayerKind::conv;
  return products_->workspace_floats(geometry(input), conv ? output : input, conv ? input : output) + weight_.workspace_floats();
}

std::int64_t StridedConv::derived_bytes(const LaneShape& input) const {
  return products_->packed_bytes(geometry(input), input.batch) + weight_.derived_bytes();
}

void StridedConv::weights_changed() {
  weight_.repack();
  products_->pack();
}

void StridedConv::add_weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, Workspace& workspace) {
  weight_.add_gradient(workspace, [&](float* dw, float beta) {
    const ProfileScope scope(description_.name, "dw");
    products_->weight_gradient(g, small, big, beta, dw, workspace);
  });
}

}  // namespace pbgen

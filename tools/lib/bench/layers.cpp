#include <algorithm>
#include <memory>

#include "core/base/check.h"
#include "core/conv/binary_conv.h"
#include "core/conv/winograd.h"
#include "gan/accounting.h"
#include "gan/networks.h"
#include "layers/conv2d.h"
#include "layers/deconv2d.h"
#include "layers/linear.h"
#include "tools/lib/bench/case.h"
#include "tools/lib/bench/layer_check.h"
#include "tools/lib/bench/random_values.h"

namespace pbgen {
namespace {

// A layer as its network has it, with arrays for both passes.
class BenchedLayer {
 public:
  BenchedLayer(const LayerRow& row, std::int64_t batch, ConvAlgorithm algorithm, BinaryRecipe recipe)
      : what_(concat(row.name, ", ", recipe == BinaryRecipe::none ? "float" : "binary", ", ", name(algorithm))),
        layer_(make(row, algorithm, recipe)),
        x_(LaneShape{batch, row.height_in, row.width_in, row.c_in}),
        y_(layer_->output_shape(x_.shape())),
        dx_(x_.shape()),
        dy_(y_.shape()),
        workspace_(layer_->workspace_floats(x_.shape())) {
    fill(x_.data(), x_.floats(), 1, 1.0);
    fill(dy_.data(), dy_.floats(), 2, 1.0);
    std::uint64_t seed = 3;
    for (Param* const param : layer_->params()) fill(param->value.data(), param->value.size(), seed++, 0.05);
    layer_->weights_changed();
  }

  void forward() { layer_->forward(x_.view(), y_.view(), {}, workspace_, Mode::train); }
  void backward(Want want) { layer_->backward(x_.view(), y_.view(), dy_.view(), dx_.view(), {}, want, workspace_); }
  void pack() { layer_->weights_changed(); }

  void check_forward() { definition().check_forward(what_ + ", forward", x_.view(), y_.view()); }
  void check_input_gradient() { definition().check_input_gradient(what_ + ", dx", dy_.view(), dx_.view()); }
  void check_weight_gradient() {
    definition().check_weight_gradient(what_ + ", dw", x_.view(), dy_.view(), layer_->params().front()->gradient.data());
  }

 private:
  static std::unique_ptr<WeightedLayer> make(const LayerRow& row, ConvAlgorithm algorithm, BinaryRecipe recipe) {
    const AlgorithmScope scope(algorithm);
    if (row.kind == LayerKind::linear)
      return std::make_unique<Linear>(row.name, ImageShape{1, 1, row.c_in}, ImageShape{row.height_out, row.width_out, row.c_out}, recipe);
    if (row.kind == LayerKind::deconv)
      return std::make_unique<Deconv2d>(row.name, row.c_in, row.c_out, NetworkConfig::kKernel, NetworkConfig::kStride, recipe);
    return std::make_unique<Conv2d>(row.name, row.c_in, row.c_out, NetworkConfig::kKernel, NetworkConfig::kStride, recipe);
  }

  static void fill(float* to, std::int64_t count, std::uint64_t seed, double scale) {
    const AlignedBuffer<float> values = random_values(count, seed, scale);
    std::copy(values.begin(), values.end(), to);
  }

  LayerDefinition definition() { return LayerDefinition(*layer_, x_.shape()); }

  std::string what_;
  std::unique_ptr<WeightedLayer> layer_;
  Tensor x_, y_, dx_, dy_;
  Workspace workspace_;
};

PreparedCase prepare(const LayerRow& row, std::int64_t batch, ConvAlgorithm algorithm, BinaryRecipe recipe, const std::string& op) {
  const auto layer = std::make_shared<BenchedLayer>(row, batch, algorithm, recipe);
  if (op == "forward") return {[layer] { layer->forward(); }, [layer] { layer->check_forward(); }};
  if (op == "dx") return {[layer] { layer->backward({.input = true, .params = false}); }, [layer] { layer->check_input_gradient(); }};
  if (op == "dw") return {[layer] { layer->backward({.input = false, .params = true}); }, [layer] { layer->check_weight_gradient(); }};
  check(op == "pack", "bench: a layer has no ", op);
  return {[layer] { layer->pack(); }, [layer] {
            layer->forward();
            layer->check_forward();
          }};
}

std::string shape_text(const LayerRow& row) {
  return concat(row.c_in, "x", row.height_in, "x", row.width_in, " -> ", row.c_out, "x", row.height_out, "x", row.width_out);
}

BenchCase layer_case(const LayerRow& row, std::int64_t batch, ConvAlgorithm algorithm, BinaryRecipe recipe, const std::string& op) {
  const bool binary = recipe != BinaryRecipe::none;
  BenchCase one;
  one.section = "layers";
  one.layer = row.name;
  one.op = op;
  one.path = name(algorithm);
  if (binary) {
    one.float_path = one.path;
    const bool looked_up = BinaryConvWeights::pays({.c_small = row.c_out, .c_big = row.c_in, .kernel = NetworkConfig::kKernel});
    one.path = algorithm == ConvAlgorithm::im2col ? "binary im2col" : looked_up ? "binary" : "direct, signs";
  }
  one.shape = shape_text(row);
  if (op == "pack") {
    // Packing is of weights alone: the check's forward is content with the least batch.
    one.float_path = "";
    one.prepare = [row, algorithm, recipe, op] { return prepare(row, kLanes, algorithm, recipe, op); };
    return one;
  }
  one.batch = batch;
  one.flops = 2.0 * static_cast<double>(row.multiply_adds() * batch);
  one.prepare = [row, batch, algorithm, recipe, op] { return prepare(row, batch, algorithm, recipe, op); };
  return one;
}

// Whether a row by this algorithm would be another one's again.
bool has_row(const LayerRow& row, ConvAlgorithm algorithm) {
  if (algorithm != ConvAlgorithm::winograd) return true;
  if (row.kind == LayerKind::linear) return false;
  const bool conv = row.kind == LayerKind::conv;
  const ConvGeometry g = same_padding(conv ? row.height_in : row.height_out, conv ? row.width_in : row.width_out, NetworkConfig::kKernel,
                                      NetworkConfig::kStride);
  return winograd_takes(g, {.c_small = conv ? row.c_out : row.c_in, .c_big = conv ? row.c_in : row.c_out, .kernel = g.kernel});
}

}  // namespace

std::vector<BenchCase> layer_cases(const BenchSizes& sizes) {
  std::vector<BenchCase> cases;
  for (const LayerRow& row : layer_table(NetworkConfig{})) {
    const bool linear = row.kind == LayerKind::linear;
    if (linear && row.network == "discriminator") continue;
    for (const char* const op : {"forward", "dx", "dw"}) {
      for (const ConvAlgorithm algorithm : sizes.algorithms)
        if (has_row(row, algorithm)) cases.push_back(layer_case(row, sizes.batch, algorithm, BinaryRecipe::none, op));
      if (!linear && std::string(op) != "dw")
        cases.push_back(layer_case(row, sizes.batch, sizes.algorithms.front(), BinaryRecipe::pbgen, op));
    }
    if (linear) continue;
    for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen})
      cases.push_back(layer_case(row, sizes.batch, sizes.algorithms.front(), recipe, "pack"));
    for (const ConvAlgorithm algorithm : sizes.algorithms)
      if (algorithm == ConvAlgorithm::winograd && algorithm != sizes.algorithms.front() && has_row(row, algorithm))
        cases.push_back(layer_case(row, sizes.batch, algorithm, BinaryRecipe::none, "pack"));
  }
  return cases;
}

}  // namespace pbgen

#include "gan/accounting.h"

#include <algorithm>
#include <numeric>

#include "core/base/check.h"
#include "core/freestanding/ints.h"
#include "gan/redundancy.h"

namespace pbgen {
namespace {

constexpr double kFloatBits = 32.0;
constexpr double kFloatOperations = 2.0;  // a multiply-add; an addition alone is left where a weight is a sign

// Times less for `binarized` of `all` units, where a float unit costs `ratio` binarized ones.
double times_less(double binarized, double all, double ratio) { return ratio * all / (binarized + ratio * (all - binarized)); }

LayerRow strided(LayerKind kind, const char* network, std::string name, std::int64_t c_in, std::int64_t c_out, std::int64_t side_in) {
  LayerRow row{.network = network, .name = std::move(name), .kind = kind, .c_in = c_in, .c_out = c_out};
  row.kernel_height = row.kernel_width = NetworkConfig::kKernel;
  row.stride = NetworkConfig::kStride;
  row.height_in = row.width_in = side_in;
  return row.with_same_padding();
}

}  // namespace

const char* name(LayerKind kind) {
  return kind == LayerKind::linear ? "linear" : kind == LayerKind::conv ? "conv" : "deconv";
}

LayerRow LayerRow::with_same_padding() const {
  LayerRow row = *this;
  if (kind == LayerKind::linear) return row;
  const auto side = [&](std::int64_t in) { return kind == LayerKind::deconv ? in * stride : ceil_div(in, stride); };
  row.height_out = side(height_in);
  row.width_out = side(width_in);
  return row;
}

std::int64_t LayerRow::redundancy() const {
  if (kind == LayerKind::conv) return conv_redundancy(kernel_height, kernel_width, c_in, c_out);
  if (kind == LayerKind::linear) return deconv_redundancy(c_in * pixels_in(), 1, 1);
  return deconv_redundancy(c_in, height_in, width_in);
}

std::int64_t LayerRow::weights() const {
  if (kind == LayerKind::linear) return c_in * pixels_in() * c_out * height_out * width_out;
  return c_in * c_out * kernel_height * kernel_width;
}

std::int64_t LayerRow::multiply_adds() const {
  if (kind == LayerKind::linear) return weights();
  return weights() * (kind == LayerKind::deconv ? pixels_in() : height_out * width_out);
}

std::int64_t LayerRow::bytes() const {
  const std::int64_t weight_bytes = binarized ? (weights() + 7) / 8 + 4 * scales() : 4 * weights();
  return weight_bytes + 4 * other_parameters;
}

std::vector<LayerRow> layer_table(const NetworkConfig& config) {
  std::vector<LayerRow> rows;
  const std::int64_t base = config.base();
  LayerRow project{.network = "generator", .name = "linear", .kind = LayerKind::linear, .c_in = config.z_dim, .c_out = config.g_widths[0]};
  project.height_out = project.width_out = base;
  project.binarized = config.binarized.generator.contains(0);
  project.other_parameters = base * base * config.g_widths[0] + 2 * config.g_widths[0];
  rows.push_back(project);

  for (int i = 1; i <= 4; ++i) {
    const std::int64_t c_out = i == 4 ? config.channels : config.g_widths[i];
    LayerRow row = strided(LayerKind::deconv, "generator", concat("deconv", i), config.g_widths[i - 1], c_out, base << (i - 1));
    row.binarized = config.binarized.generator.contains(i);
    row.other_parameters = row.c_out * (i == 4 ? 1 : 3);
    rows.push_back(row);
  }
  for (int i = 1; i <= 4; ++i) {
    const std::int64_t c_in = i == 1 ? config.channels : config.d_widths[i - 2];
    LayerRow row = strided(LayerKind::conv, "discriminator", concat("conv", i), c_in, config.d_widths[i - 1], config.size >> (i - 1));
    row.binarized = config.binarized.discriminator.contains(i);
    row.other_parameters = row.c_out * (i == 1 ? 1 : 3);
    rows.push_back(row);
  }
  LayerRow judge{.network = "discriminator", .name = "linear", .kind = LayerKind::linear, .c_in = config.d_widths[3]};
  judge.height_in = judge.width_in = base;
  judge.can_be_binarized = false;
  judge.other_parameters = 1;
  rows.push_back(judge);
  return rows;
}

std::vector<std::size_t> redundancy_order(const std::vector<LayerRow>& rows, bool with_linear) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].can_be_binarized && (with_linear || rows[i].kind != LayerKind::linear)) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rows[a].redundancy() > rows[b].redundancy(); });
  return order;
}

Saving saving(const std::vector<LayerRow>& rows) {
  check(!rows.empty(), "saving: no layers");
  double weights = 0.0;
  double binarized_weights = 0.0;
  double operations = 0.0;
  double binarized_operations = 0.0;
  for (const LayerRow& row : rows) {
    const auto row_weights = static_cast<double>(row.weights());
    const auto row_operations = static_cast<double>(row.multiply_adds());
    weights += row_weights;
    operations += row_operations;
    if (!row.binarized) continue;
    binarized_weights += row_weights;
    binarized_operations += row_operations;
  }
  Saving result;
  result.memory = times_less(binarized_weights, weights, kFloatBits);
  result.inference = times_less(binarized_operations, operations, kFloatOperations);
  result.training = 2.0 / (1.0 + 1.0 / result.inference);
  return result;
}

std::vector<Counting> generator_countings(const NetworkConfig& config) {
  std::vector<LayerRow> deconvolutions;
  LayerRow linear;
  for (const LayerRow& row : layer_table(config)) {
    if (row.kind == LayerKind::deconv) deconvolutions.push_back(row);
    else if (row.network == "generator") linear = row;
  }
  const auto with_linear = [&](bool binarized) {
    std::vector<LayerRow> rows = deconvolutions;
    rows.push_back(linear);
    rows.back().binarized = binarized;
    return saving(rows);
  };
  return {{"the four deconvolutions", saving(deconvolutions)},
          {"with the linear layer in float", with_linear(false)},
          {"with the linear layer in one bit", with_linear(true)}};
}

NetworkConfig figure_4_network() {
  NetworkConfig config;
  config.g_widths = NetworkConfig::generator_widths(128);
  config.binarized = parse_setting("F");
  return config;
}

}  // namespace pbgen

#include "gan/packed_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/base/option_error.h"
#include "core/files/file_kind.h"
#include "core/files/json.h"
#include "core/files/safetensors.h"
#include "core/freestanding/half.h"
#include "core/freestanding/ints.h"
#include "core/freestanding/model_format.h"
#include "gan/checkpoint.h"
#include "gan/stored_values.h"

namespace pbgen {
namespace {

constexpr auto kAlignment = std::int64_t{kModelArrayAlignment};

// What a configuration has of the discriminator and of training, which a file of the generator has not.
constexpr const char* kNotExported[] = {"d_widths", "binarize_d", "bwn"};

enum class Part { linear_weights, deconv_weights, scales_and_shifts };

// One array of the file.
struct ArrayPlan {
  std::string name;
  Dtype dtype;
  std::vector<std::int64_t> dims;  // logical
  std::int64_t bytes;              // stored, the zeros at the end included
  Part part;
  int layer;
  AlignedBuffer<float> FoldedLayer::*values;

  std::int64_t elements() const { return bytes / dtype_bytes(dtype); }
};

std::vector<ArrayPlan> plan_arrays(const NetworkConfig& config, const PackedModelOptions& options) {
  std::vector<ArrayPlan> plans;
  for (int layer = 0; layer < FoldedGenerator::kLayers; ++layer) {
    const FoldedShape shape = folded_shape(config, layer);
    const auto add = [&](const char* kind, Dtype dtype, std::vector<std::int64_t> dims, std::int64_t bytes, Part part,
                         AlignedBuffer<float> FoldedLayer::*values) {
      plans.push_back({shape.name + kind, dtype, std::move(dims), round_up(bytes, kAlignment), part, layer, values});
    };
    const Part part = layer == 0 ? Part::linear_weights : Part::deconv_weights;
    const Dtype dtype = layer == 0 && options.linear == LinearPrecision::half ? Dtype::f16 : Dtype::f32;
    if (shape.binarized) add(kModelSigns, Dtype::u8, shape.dims, (shape.weights() + 7) / 8, part, &FoldedLayer::weights);
    else add(kModelWeights, dtype, shape.dims, shape.weights() * dtype_bytes(dtype), part, &FoldedLayer::weights);
    add(kModelScale, Dtype::f32, {shape.c_out}, 4 * shape.c_out, Part::scales_and_shifts, &FoldedLayer::scale);
    add(kModelShift, Dtype::f32, {shape.shifts}, 4 * shape.shifts, Part::scales_and_shifts, &FoldedLayer::shift);
  }
  return plans;
}

std::string shapes_text(const std::vector<ArrayPlan>& plans) {
  Json shapes = Json::object();
  for (const ArrayPlan& plan : plans) shapes.set(plan.name, Json(Json::Array(plan.dims.begin(), plan.dims.end())));
  return shapes.text();
}

SafetensorsWriter describe(const NetworkConfig& config, const std::vector<ArrayPlan>& plans) {
  SafetensorsWriter writer;
  writer.add_metadata("format", kModelFormat);
  writer.add_metadata("version", concat(kPackedModelVersion));
  writer.add_metadata("network", exported_network_text(config));
  writer.add_metadata("shapes", shapes_text(plans));
  writer.add_metadata("bits", kModelBitOrder);
  return writer;
}

// to: zeros, as many bytes as the plan stores.
void pack(const ArrayPlan& plan, const AlignedBuffer<float>& values, std::uint8_t* to) {
  require_finite(values.span(), plan.name);
  for (std::int64_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    if (plan.dtype == Dtype::f32) {
      std::memcpy(to + 4 * i, &value, 4);
    } else if (plan.dtype == Dtype::f16) {
      const Half half = half_of_float(value);
      if (!std::isfinite(float_of_half(half)))
        fail_naming_options(ErrorKind::diverged, plan.name, " holds ", value, ", too large for half precision: leave out ",
                            OptionName{"linear"}, " half");
      std::memcpy(to + 2 * i, &half, 2);
    } else if (value > 0.0f) {
      to[i / 8] = static_cast<std::uint8_t>(to[i / 8] | 1u << i % 8);
    }
  }
}

// Arrays packed one by one, and the file that borrows them.
struct Packed {
  std::vector<AlignedBuffer<std::uint8_t>> arrays;
  SafetensorsWriter writer;

  Packed(const FoldedGenerator& generator, const PackedModelOptions& options) {
    const std::vector<ArrayPlan> plans = plan_arrays(generator.config, options);
    writer = describe(generator.config, plans);
    for (const ArrayPlan& plan : plans) {
      arrays.emplace_back(plan.bytes);
      pack(plan, generator.layers[plan.layer].*plan.values, arrays.back().data());
      writer.add(plan.name, plan.dtype, {plan.elements()}, std::as_const(arrays.back()).span());
    }
  }
};

// Values of the largest of the layers' outputs.
std::int64_t largest_output(const NetworkConfig& config) {
  std::int64_t largest = 0;
  for (int layer = 0; layer < FoldedGenerator::kLayers; ++layer) {
    const std::int64_t side = std::int64_t{config.base()} << layer;
    largest = std::max(largest, side * side * folded_shape(config, layer).c_out);
  }
  return largest;
}

NetworkConfig network_of(const edge::Model& model) {
  NetworkConfig config;
  config.size = model.size;
  config.channels = model.channels;
  config.z_dim = model.z_dim;
  for (int i = 0; i < FoldedGenerator::kLayers; ++i) {
    if (i < std::ssize(config.g_widths)) config.g_widths[i] = model.layers[i].c_out;
    if (model.layers[i].kind == edge::Weights::signs) config.binarized.generator = config.binarized.generator.with(i);
  }
  return config;
}

// Says why libpbgen's reader refuses a file, with what more the file tells.
[[noreturn]] void refuse(std::span<const std::uint8_t> bytes, const std::string& path, int code, const edge::Fault& fault) {
  const std::string what = concat(fault.of, fault.what);
  if (code == PBGEN_NOT_A_MODEL)
    fail(ErrorKind::model_file, path, ": ", wrong_kind(bytes, concat("an exported model (format ", kModelFormat, ")")),
         ": write one with ./tools/export");
  if (code == PBGEN_VERSION) {
    edge::Header header;
    edge::read_header(bytes.data(), bytes.size(), header);
    const auto length = std::min<std::ptrdiff_t>(header.version.end - header.version.begin, 32);
    fail(ErrorKind::model_file, path, ": exported model of version \"", std::string(header.version.begin, header.version.begin + length),
         "\", this build reads version ", kPackedModelVersion, "; export the checkpoint again");
  }
  if (code == PBGEN_NOT_FINITE)
    fail(ErrorKind::diverged, path, ": ", what, " holds a value that is not finite: take an earlier checkpoint");
  fail(ErrorKind::model_file, path, ": ", what, what.empty() ? "" : ": ", pbgen_error_text(code));
}

}  // namespace

std::string exported_network_text(const NetworkConfig& config) {
  Json description = Json::object();
  for (const auto& [key, value] : network_description(config).as_object())
    if (std::find(std::begin(kNotExported), std::end(kNotExported), key) == std::end(kNotExported)) description.set(key, value);
  return description.text();
}

PackedModelSize packed_model_size(const NetworkConfig& config, const PackedModelOptions& options) {
  config.validate();
  const std::vector<ArrayPlan> plans = plan_arrays(config, options);
  SafetensorsWriter writer = describe(config, plans);
  PackedModelSize size;
  for (const ArrayPlan& plan : plans) {
    writer.declare(plan.name, plan.dtype, {plan.elements()});
    std::int64_t& part = plan.part == Part::linear_weights   ? size.linear_weights
                         : plan.part == Part::deconv_weights ? size.deconv_weights
                                                             : size.scales_and_shifts;
    part += plan.bytes;
  }
  size.header = writer.file_bytes() - size.total();
  return size;
}

std::vector<std::uint8_t> encode_packed_model(const FoldedGenerator& generator, const PackedModelOptions& options) {
  return Packed(generator, options).writer.finish();
}

void save_packed_model(const std::string& path, const FoldedGenerator& generator, const PackedModelOptions& options, Existing existing) {
  const std::int64_t largest = largest_output(generator.config);
  if (largest > kMaxModelActivation)
    fail(ErrorKind::usage, path, ": the output of a layer would have ", largest, " values, at most ", kMaxModelActivation,
         " are drawn from exported models: train a narrower or smaller network");
  Packed(generator, options).writer.write(path, existing);
}

bool PackedModel::is_format_of(std::span<const std::uint8_t> bytes) {
  edge::Header header;
  switch (edge::read_header(bytes.data(), bytes.size(), header)) {
    case PBGEN_OK:
    case PBGEN_VERSION: return true;
    case PBGEN_NOT_A_MODEL: return false;
    default: return file_kind(bytes) == safetensors_kind(kModelFormat);  // what cannot be read may still begin as one
  }
}

PackedModel PackedModel::load(const std::string& path) { return parse(read_file(path, kMaxSafetensorsBytes), path); }

PackedModel PackedModel::parse(std::span<const std::uint8_t> bytes, const std::string& path) {
  PackedModel model;
  model.bytes_ = AlignedBuffer<std::uint8_t>(std::ssize(bytes));
  std::copy(bytes.begin(), bytes.end(), model.bytes_.begin());
  edge::Fault fault;
  const int code = edge::read_whole_model(model.bytes_.data(), bytes.size(), model.layers_, fault);
  if (code != PBGEN_OK) refuse(bytes, path, code, fault);
  model.network_ = network_of(model.layers_);
  if (model.layers_.layers[0].kind == edge::Weights::halves) model.options_.linear = LinearPrecision::half;
  return model;
}

}  // namespace pbgen

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
#include "gan/edge/pack.h"
#include "gan/stored_values.h"

namespace pbgen {
namespace {

constexpr auto kAlignment = std::int64_t{kModelArrayAlignment};
static_assert(kPrepackedModelVersion[0] == '0' + kPackedModelVersion && kPrepackedModelVersion[1] == '\0', "the newest that is written");

// What a configuration has of the discriminator and of training, which a file of the generator has not.
constexpr const char* kNotExported[] = {"d_widths", "binarize_d", "bwn"};

enum class Part { linear_weights, deconv_weights, scales_and_shifts };
enum class Form { values, signs, words, rows };

// One array of the file.
struct ArrayPlan {
  std::string name;
  Form form;
  Dtype dtype;
  std::vector<std::int64_t> dims;  // logical
  std::int64_t bytes;              // stored, the zeros at the end included
  Part part;
  int layer;
  AlignedBuffer<float> FoldedLayer::*values;

  std::int64_t elements() const { return bytes / dtype_bytes(dtype); }
};

std::int64_t words_bytes(const FoldedShape& shape, int side) {
  return sizeof(std::uint32_t) * static_cast<std::int64_t>(
                                     edge::linear_signs_size(static_cast<int>(shape.dims[1]), static_cast<int>(shape.c_out), side));
}
std::int64_t rows_bytes(const FoldedShape& shape) {
  return static_cast<std::int64_t>(edge::deconv_signs_size(static_cast<int>(shape.dims[0]), static_cast<int>(shape.c_out)));
}

// Whether anything is stored otherwise for it.
bool is_prepacked(const NetworkConfig& config, const PackedModelOptions& options) {
  return options.prepacked && !config.binarized.generator.empty();
}

std::vector<ArrayPlan> plan_arrays(const NetworkConfig& config, const PackedModelOptions& options) {
  std::vector<ArrayPlan> plans;
  for (int layer = 0; layer < FoldedGenerator::kLayers; ++layer) {
    const FoldedShape shape = folded_shape(config, layer);
    const auto add = [&](const char* kind, Form form, Dtype dtype, std::vector<std::int64_t> dims, std::int64_t bytes, Part part,
                         AlignedBuffer<float> FoldedLayer::*values) {
      plans.push_back({shape.name + kind, form, dtype, std::move(dims), round_up(bytes, kAlignment), part, layer, values});
    };
    const auto add_weights = [&](const char* kind, Form form, Dtype dtype, std::int64_t bytes) {
      add(kind, form, dtype, shape.dims, bytes, layer == 0 ? Part::linear_weights : Part::deconv_weights, &FoldedLayer::weights);
    };
    const auto add_floats = [&](const char* kind, std::int64_t count, AlignedBuffer<float> FoldedLayer::*values) {
      add(kind, Form::values, Dtype::f32, {count}, 4 * count, Part::scales_and_shifts, values);
    };
    const Dtype dtype = layer == 0 && options.linear == LinearPrecision::half ? Dtype::f16 : Dtype::f32;
    if (!shape.binarized) add_weights(kModelWeights, Form::values, dtype, shape.weights() * dtype_bytes(dtype));
    else if (!options.prepacked) add_weights(kModelSigns, Form::signs, Dtype::u8, (shape.weights() + 7) / 8);
    else if (layer == 0) add_weights(kModelWords, Form::words, Dtype::u8, words_bytes(shape, config.base()));
    else add_weights(kModelRows, Form::rows, Dtype::u8, rows_bytes(shape));
    add_floats(kModelScale, shape.c_out, &FoldedLayer::scale);
    add_floats(kModelShift, shape.shifts, &FoldedLayer::shift);
  }
  return plans;
}

std::string shapes_text(const std::vector<ArrayPlan>& plans) {
  Json shapes = Json::object();
  for (const ArrayPlan& plan : plans) shapes.set(plan.name, Json(Json::Array(plan.dims.begin(), plan.dims.end())));
  return shapes.text();
}

SafetensorsWriter describe(const NetworkConfig& config, const PackedModelOptions& options, const std::vector<ArrayPlan>& plans) {
  SafetensorsWriter writer;
  writer.add_metadata("format", kModelFormat);
  writer.add_metadata("version", is_prepacked(config, options) ? kPrepackedModelVersion : kModelVersion);
  writer.add_metadata("network", exported_network_text(config));
  writer.add_metadata("shapes", shapes_text(plans));
  writer.add_metadata("bits", kModelBitOrder);
  return writer;
}

void store_values(const ArrayPlan& plan, const AlignedBuffer<float>& values, std::uint8_t* to) {
  for (std::int64_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    if (plan.dtype == Dtype::f32) {
      std::memcpy(to + 4 * i, &value, 4);
      continue;
    }
    const Half half = half_of_float(value);
    if (!std::isfinite(float_of_half(half)))
      fail_naming_options(ErrorKind::diverged, plan.name, " holds ", value, ", too large for half precision: leave out ",
                          OptionName{"linear"}, " half");
    std::memcpy(to + 2 * i, &half, 2);
  }
}

// to: zeros.
void store_signs(const AlignedBuffer<float>& values, std::uint8_t* to) {
  for (std::int64_t i = 0; i < values.size(); ++i)
    if (values[i] > 0.0f) to[i / 8] = static_cast<std::uint8_t>(to[i / 8] | 1u << i % 8);
}

// to: zeros, as many bytes as the plan stores; at a multiple of 64.
void pack(const ArrayPlan& plan, const NetworkConfig& config, const AlignedBuffer<float>& values, std::uint8_t* to) {
  require_finite(values.span(), plan.name);
  if (plan.form == Form::values) return store_values(plan, values, to);
  if (plan.form == Form::signs) return store_signs(values, to);
  AlignedBuffer<std::uint8_t> bits((values.size() + 7) / 8);
  store_signs(values, bits.data());
  const auto dim = [&](std::size_t i) { return static_cast<int>(plan.dims[i]); };
  if (plan.form == Form::rows) return edge::pack_deconv_signs(bits.data(), dim(0), dim(1), to);
  const int pixels = config.base() * config.base();
  edge::pack_linear_signs(bits.data(), dim(1), dim(0) / pixels, config.base(), reinterpret_cast<std::uint32_t*>(to));
}

// Arrays packed one by one, and the file that borrows them.
struct Packed {
  std::vector<AlignedBuffer<std::uint8_t>> arrays;
  SafetensorsWriter writer;

  Packed(const FoldedGenerator& generator, const PackedModelOptions& options) {
    const std::vector<ArrayPlan> plans = plan_arrays(generator.config, options);
    writer = describe(generator.config, options, plans);
    for (const ArrayPlan& plan : plans) {
      arrays.emplace_back(plan.bytes);
      pack(plan, generator.config, generator.layers[plan.layer].*plan.values, arrays.back().data());
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
    if (edge::in_one_bit(model.layers[i].kind)) config.binarized.generator = config.binarized.generator.with(i);
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
         "\", this build reads versions 1 to ", kPackedModelVersion, "; export the checkpoint again");
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
  SafetensorsWriter writer = describe(config, options, plans);
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
  for (const edge::ModelLayer& layer : model.layers_.layers) model.options_.prepacked |= layer.kind == edge::Weights::packed_signs;
  return model;
}

}  // namespace pbgen

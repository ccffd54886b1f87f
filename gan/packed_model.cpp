#include "gan/packed_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/base/option_error.h"
#include "core/files/file_kind.h"
#include "core/files/half.h"
#include "core/files/json.h"
#include "core/freestanding/ints.h"
#include "gan/checkpoint.h"
#include "gan/stored_values.h"

namespace pbgen {
namespace {

constexpr const char* kFormat = "pbgen-generator";
constexpr const char* kBitOrder = "least significant first, 1 is +1, 0 is -1";
constexpr std::int64_t kAlignment = 64;

// What a configuration has of the discriminator and of training, which a file of the generator has not.
constexpr const char* kNotExported[] = {"d_widths", "binarize_d", "bwn"};

enum class Part { linear_weights, deconv_weights, scales_and_shifts };

// One array of the file.
struct Plan {
  std::string name;
  Dtype dtype;
  std::vector<std::int64_t> dims;  // logical
  std::int64_t bytes;              // stored, the zeros at the end included
  Part part;
  int layer;
  AlignedBuffer<float> FoldedLayer::*values;

  std::int64_t elements() const { return bytes / dtype_bytes(dtype); }
};

std::vector<Plan> plan_arrays(const NetworkConfig& config, const PackedModelOptions& options) {
  std::vector<Plan> plans;
  for (int layer = 0; layer < FoldedGenerator::kLayers; ++layer) {
    const FoldedShape shape = folded_shape(config, layer);
    const auto add = [&](const char* kind, Dtype dtype, std::vector<std::int64_t> dims, std::int64_t bytes, Part part,
                         AlignedBuffer<float> FoldedLayer::*values) {
      plans.push_back({shape.name + kind, dtype, std::move(dims), round_up(bytes, kAlignment), part, layer, values});
    };
    const Part part = layer == 0 ? Part::linear_weights : Part::deconv_weights;
    const Dtype dtype = layer == 0 && options.linear == LinearPrecision::half ? Dtype::f16 : Dtype::f32;
    if (shape.binarized) add(".signs", Dtype::u8, shape.dims, (shape.weights() + 7) / 8, part, &FoldedLayer::weights);
    else add(".weight", dtype, shape.dims, shape.weights() * dtype_bytes(dtype), part, &FoldedLayer::weights);
    add(".scale", Dtype::f32, {shape.c_out}, 4 * shape.c_out, Part::scales_and_shifts, &FoldedLayer::scale);
    add(".shift", Dtype::f32, {shape.shifts}, 4 * shape.shifts, Part::scales_and_shifts, &FoldedLayer::shift);
  }
  return plans;
}

std::string shapes_text(const std::vector<Plan>& plans) {
  Json shapes = Json::object();
  for (const Plan& plan : plans) shapes.set(plan.name, Json(Json::Array(plan.dims.begin(), plan.dims.end())));
  return shapes.text();
}

NetworkConfig parse_network(const SafetensorsFile& file) {
  Json description = parse_json(file.metadata("network"), ErrorKind::model_file, file.path());
  if (!description.is_object()) fail(ErrorKind::model_file, file.path(), ": network description: no object");
  const Json unused = network_description(NetworkConfig{});
  for (const char* const key : kNotExported) description.set(key, *unused.find(key));
  return parse_network_description(description, file.path());
}

SafetensorsWriter describe(const NetworkConfig& config, const std::vector<Plan>& plans) {
  SafetensorsWriter writer;
  writer.add_metadata("format", kFormat);
  writer.add_metadata("version", concat(kPackedModelVersion));
  writer.add_metadata("network", exported_network_text(config));
  writer.add_metadata("shapes", shapes_text(plans));
  writer.add_metadata("bits", kBitOrder);
  return writer;
}

// to: zeros, as many bytes as the plan stores.
void pack(const Plan& plan, const AlignedBuffer<float>& values, std::uint8_t* to) {
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
    const std::vector<Plan> plans = plan_arrays(generator.config, options);
    writer = describe(generator.config, plans);
    for (const Plan& plan : plans) {
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

void require_text(const SafetensorsFile& file, const char* key, const std::string& expected) {
  if (file.metadata(key) != expected)
    fail(ErrorKind::model_file, file.path(), ": its metadata's ", key, " is ", Json(file.metadata(key).substr(0, 256)).text(),
         ", expected ", expected, "; is it another program's file?");
}

template <class T>
std::span<const T> stored(const SafetensorsFile& file, const Plan& plan) {
  return file.values<T>(plan.name, {plan.elements()});
}

// values: as many as the plan's logical shape has.
void unpack(const SafetensorsFile& file, const Plan& plan, AlignedBuffer<float>& values) {
  if (plan.dtype == Dtype::f32) {
    std::copy_n(stored<float>(file, plan).begin(), values.size(), values.begin());
  } else if (plan.dtype == Dtype::f16) {
    std::transform(stored<Half>(file, plan).begin(), stored<Half>(file, plan).begin() + values.size(), values.begin(), float_of_half);
  } else {
    const std::span<const std::uint8_t> bytes = stored<std::uint8_t>(file, plan);
    for (std::int64_t i = 0; i < values.size(); ++i) values[i] = (bytes[i / 8] >> i % 8 & 1) != 0 ? 1.0f : -1.0f;
  }
  require_finite(values.span(), concat(file.path(), ": ", plan.name));
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
  const std::vector<Plan> plans = plan_arrays(config, options);
  SafetensorsWriter writer = describe(config, plans);
  PackedModelSize size;
  for (const Plan& plan : plans) {
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
  if (largest > kMaxDrawnFloats)
    fail(ErrorKind::usage, path, ": the output of a layer would have ", largest, " values, at most ", kMaxDrawnFloats,
         " are drawn from exported models: train a narrower or smaller network");
  Packed(generator, options).writer.write(path, existing);
}

bool PackedModel::is_format_of(const SafetensorsFile& file) {
  const auto format = file.metadata().find("format");
  return format != file.metadata().end() && format->second == kFormat;
}

PackedModel PackedModel::load(const std::string& path) { return PackedModel(SafetensorsFile::load(path)); }

PackedModel PackedModel::parse(std::span<const std::uint8_t> bytes, const std::string& path) {
  return PackedModel(SafetensorsFile::parse(bytes, path));
}

PackedModel::PackedModel(SafetensorsFile file) : file_(std::move(file)) {
  if (!is_format_of(file_)) {
    const auto format = file_.metadata().find("format");
    fail(ErrorKind::model_file, file_.path(), ": is ", safetensors_kind(format == file_.metadata().end() ? "" : format->second),
         ", not an exported model (format ", kFormat, "): write one with ./tools/export");
  }
  const std::string& version = file_.metadata("version");
  if (version != concat(kPackedModelVersion))
    fail(ErrorKind::model_file, file_.path(), ": exported model of version ", Json(version.substr(0, 32)).text(),
         ", this build reads version ", kPackedModelVersion, "; export the checkpoint again");
  network_ = parse_network(file_);
  const SafetensorsFile::Tensor* const linear = file_.find("linear.weight");
  if (linear != nullptr && linear->dtype == Dtype::f16) options_.linear = LinearPrecision::half;

  const std::vector<Plan> plans = plan_arrays(network_, options_);
  require_text(file_, "bits", kBitOrder);
  require_text(file_, "shapes", shapes_text(plans));
  for (const Plan& plan : plans) {
    if (plan.dtype == Dtype::f32) stored<float>(file_, plan);
    else if (plan.dtype == Dtype::f16) stored<Half>(file_, plan);
    else stored<std::uint8_t>(file_, plan);
  }
  if (file_.tensors().size() != plans.size())
    fail(ErrorKind::model_file, file_.path(), ": ", file_.tensors().size(), " arrays, its network has ", plans.size());
  if (const std::int64_t largest = largest_output(network_); largest > kMaxDrawnFloats)
    fail(ErrorKind::model_file, file_.path(), ": its network is too large: the output of a layer has ", largest, " values, at most ",
         kMaxDrawnFloats, " are drawn");
}

FoldedGenerator PackedModel::folded() const {
  FoldedGenerator generator = zero_generator(network_);
  for (const Plan& plan : plan_arrays(network_, options_))
    unpack(file_, plan, generator.layers[plan.layer].*plan.values);
  return generator;
}

}  // namespace pbgen

#include "gan/expanded_generator.h"

#include <iterator>

#include "core/base/check.h"
#include "core/files/npz.h"
#include "core/files/regular_file.h"
#include "core/files/safetensors.h"
#include "gan/packed_model.h"
#include "gan/stored_values.h"

namespace pbgen {
namespace {

constexpr const char* kFormat = "pbgen-generator-expanded";

// The channel that scales a weight, of its place in the layer's weights.
std::int64_t channel_of(const FoldedShape& shape, std::int64_t weight) {
  if (shape.dims.size() == 2) return weight / (shape.weights() / shape.c_out);
  return weight / (shape.dims[2] * shape.dims[3]) % shape.c_out;
}

// The writers of both formats, called alike.
void add_text(SafetensorsWriter& writer, const char* key, const std::string& text) { writer.add_metadata(key, text); }
void add_text(NpzWriter& writer, const char* key, const std::string& text) { writer.add_text(key, text); }
void declare(SafetensorsWriter& writer, const std::string& name, const std::vector<std::int64_t>& dims) {
  writer.declare(name, Dtype::f32, dims);
}
void declare(NpzWriter& writer, const std::string& name, const std::vector<std::int64_t>& dims) { writer.declare(name, dims); }

// What use() makes of the format's writer, which knows the metadata.
template <class Use>
auto with_writer(ExpandedFormat format, const NetworkConfig& config, const Use& use) {
  const auto described = [&](auto writer) {
    add_text(writer, "format", kFormat);
    add_text(writer, "version", concat(kExpandedGeneratorVersion));
    add_text(writer, "network", exported_network_text(config));
    return use(writer);
  };
  return format == ExpandedFormat::npz ? described(NpzWriter()) : described(SafetensorsWriter());
}

template <class Writer>
void add_layers(Writer& writer, const ExpandedGenerator& generator) {
  for (const ExpandedLayer& layer : generator) {
    writer.add(layer.shape.name + ".weight", layer.shape.dims, layer.weight.span());
    writer.add(layer.shape.name + ".bias", {layer.shape.shifts}, layer.bias.span());
  }
}

}  // namespace

ExpandedGenerator expand_generator(const FoldedGenerator& folded) {
  ExpandedGenerator generator;
  for (int number = 0; number < FoldedGenerator::kLayers; ++number) {
    const FoldedLayer& from = folded.layers[number];
    ExpandedLayer& to = generator[number];
    to.shape = from.shape;
    to.weight = AlignedBuffer<float>(from.weights.size());
    for (std::int64_t i = 0; i < to.weight.size(); ++i) to.weight[i] = from.scale[channel_of(from.shape, i)] * from.weights[i];
    to.bias = AlignedBuffer<float>(from.shift.size());
    for (std::int64_t i = 0; i < to.bias.size(); ++i) to.bias[i] = from.shift[i];
    require_finite(to.weight.span(), to.shape.name + ".weight");
    require_finite(to.bias.span(), to.shape.name + ".bias");
  }
  return generator;
}

std::int64_t expanded_generator_bytes(const NetworkConfig& config, ExpandedFormat format) {
  config.validate();
  return with_writer(format, config, [&](auto& writer) {
    for (int number = 0; number < FoldedGenerator::kLayers; ++number) {
      const FoldedShape shape = folded_shape(config, number);
      declare(writer, shape.name + ".weight", shape.dims);
      declare(writer, shape.name + ".bias", {shape.shifts});
    }
    return writer.file_bytes();
  });
}

std::vector<std::uint8_t> encode_expanded_generator(const FoldedGenerator& folded, ExpandedFormat format) {
  const ExpandedGenerator generator = expand_generator(folded);
  return with_writer(format, folded.config, [&](auto& writer) {
    add_layers(writer, generator);
    return writer.finish();
  });
}

void save_expanded_generator(const std::string& path, const FoldedGenerator& folded, ExpandedFormat format, Existing existing) {
  const ExpandedGenerator generator = expand_generator(folded);
  with_writer(format, folded.config, [&](auto& writer) {
    add_layers(writer, generator);
    writer.write(path, existing);
  });
}

bool is_expanded_generator(const std::string& path) {
  // The metadata come first in either, before anything of another origin; no text in a JSON header has bare quotes.
  const std::string begin = first_bytes(path, 512);
  const auto contains = [&](const std::string& text) { return begin.find(text) != begin.npos; };
  return begin.starts_with("PK\x03\x04") ? contains(kFormat) : contains(concat("\"format\":\"", kFormat, "\""));
}

}  // namespace pbgen

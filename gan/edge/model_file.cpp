// The network that a header describes, and its arrays.
#include "gan/edge/model_file.h"

namespace pbgen::edge {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::uint64_t kKernelTaps = 25;

constexpr const char* kLayerNames[kModelLayers] = {"linear", "deconv1", "deconv2", "deconv3", "deconv4"};

bool in_range(std::uint64_t value, std::uint64_t low, std::uint64_t high) { return value >= low && value <= high; }

// "none", or digits with commas, each at most once; bit i of layers: layer i.
bool read_layers(Text text, unsigned& layers) {
  layers = 0;
  if (equals(text, "none")) return true;
  HeaderText numbers(text);
  do {
    std::uint64_t layer = 0;
    if (!numbers.take_number(layer) || layer >= kModelLayers || (layers >> layer & 1) != 0) return false;
    layers |= 1u << layer;
  } while (numbers.take(','));
  return numbers.at_end();
}

struct Network {
  std::uint64_t size, channels, z_dim, widths[4];
  unsigned one_bit;  // bit i: layer i
};

bool read_network(Text description, Network& network) {
  HeaderText text(description, true);
  Text layers;
  int widths = 0;
  if (!text.take("{\"size\":") || !text.take_number(network.size) || !text.take(",\"channels\":") || !text.take_number(network.channels) ||
      !text.take(",\"z_dim\":") || !text.take_number(network.z_dim) || !text.take(",\"g_widths\":") ||
      !text.take_numbers(network.widths, 4, widths) || widths != 4 || !text.take(",\"binarize_g\":") || !text.take_string(layers) ||
      !text.take('}') || !text.at_end())
    return false;
  if (!read_layers(layers, network.one_bit) || !in_range(network.size, 16, 1024) || (network.size & (network.size - 1)) != 0 ||
      (network.channels != 1 && network.channels != 3) || !in_range(network.z_dim, 1, 4096))
    return false;
  for (const std::uint64_t width : network.widths)
    if (!in_range(width, 1, 4096)) return false;
  return true;
}

// All but the arrays.
void fill_shapes(const Network& network, Model& model) {
  model.size = static_cast<int>(network.size);
  model.channels = static_cast<int>(network.channels);
  model.z_dim = static_cast<int>(network.z_dim);
  const std::uint64_t base = network.size / 16;
  for (int i = 0; i < kModelLayers; ++i) {
    ModelLayer& layer = model.layers[i];
    const std::uint64_t c_in = i == 0 ? network.z_dim : network.widths[i - 1];
    const std::uint64_t c_out = i == 4 ? network.channels : network.widths[i];
    layer.c_in = static_cast<int>(c_in);
    layer.c_out = static_cast<int>(c_out);
    layer.side = static_cast<int>(i == 0 ? base : base << (i - 1));
    layer.shift_count = i == 0 ? c_out * base * base : c_out;
    layer.weight_count = c_in * (i == 0 ? layer.shift_count : c_out * kKernelTaps);
    layer.kind = (network.one_bit >> i & 1) != 0 ? Weights::signs : Weights::floats;
  }
}

bool too_large(const Model& model) {
  for (int i = 0; i < kModelLayers; ++i) {
    const ModelLayer& layer = model.layers[i];
    const std::uint64_t side = static_cast<std::uint64_t>(i == 0 ? layer.side : 2 * layer.side);
    if (side * side * static_cast<std::uint64_t>(layer.c_out) > kMaxActivationFloats) return true;
  }
  return false;
}

// Arrays follow one another in the header as in the data, without holes, and fill it.
bool fill_the_data(const Header& header) {
  std::uint64_t covered = 0;
  for (const HeaderArray& array : header.arrays) {
    if (array.begin != covered) return false;
    covered = array.end;
  }
  return covered == header.size - header.data_begin && header.data_begin % kAlignment == 0;
}

// Null unless there is such an array, of `count` elements of `bits` bits each and what fills it up to a multiple of 64 bytes.
const std::uint8_t* find_array(const Header& header, const char* layer, const char* kind, const char* dtype, std::uint64_t count,
                               std::uint64_t bits) {
  for (const HeaderArray& array : header.arrays) {
    if (!equals(array.name, layer, kind) || !equals(array.dtype, dtype)) continue;
    const std::uint64_t bytes = ((count * bits + 7) / 8 + kAlignment - 1) / kAlignment * kAlignment;
    const std::uint64_t element_bytes = bits < 8 ? 1 : bits / 8;
    if (array.end - array.begin != bytes || array.dim_count != 1 || array.dims[0] != bytes / element_bytes) return nullptr;
    return header.bytes + header.data_begin + array.begin;
  }
  return nullptr;
}

const float* find_floats(const Header& header, const char* layer, const char* kind, std::uint64_t count) {
  return reinterpret_cast<const float*>(find_array(header, layer, kind, "F32", count, 32));
}

bool find_arrays(const Header& header, Model& model) {
  if (header.array_count != kModelArrays || !fill_the_data(header)) return false;
  for (int i = 0; i < kModelLayers; ++i) {
    ModelLayer& layer = model.layers[i];
    const char* const name = kLayerNames[i];
    layer.scale = find_floats(header, name, ".scale", static_cast<std::uint64_t>(layer.c_out));
    layer.shift = find_floats(header, name, ".shift", layer.shift_count);
    if (layer.kind == Weights::signs) {
      layer.weights = find_array(header, name, ".signs", "U8", layer.weight_count, 1);
    } else {
      layer.weights = find_array(header, name, ".weight", "F32", layer.weight_count, 32);
      if (layer.weights == nullptr && i == 0) {
        layer.weights = find_array(header, name, ".weight", "F16", layer.weight_count, 16);
        layer.kind = Weights::halves;
      }
    }
    if (layer.weights == nullptr || layer.scale == nullptr || layer.shift == nullptr) return false;
  }
  return true;
}

// The logical shapes, for readers that know nothing of networks: they must be the network's.
bool fit_the_shapes(Text shapes, const Model& model) {
  HeaderText text(shapes, true);
  const auto stands = [&](const char* layer, const char* kind, const std::uint64_t* expected, int expected_count) {
    Text name;
    std::uint64_t dims[4];
    int count = 0;
    if (!text.take_string(name) || !equals(name, layer, kind) || !text.take(':') || !text.take_numbers(dims, 4, count)) return false;
    for (int i = 0; i < expected_count; ++i)
      if (count != expected_count || dims[i] != expected[i]) return false;
    return true;
  };
  if (!text.take('{')) return false;
  for (int i = 0; i < kModelLayers; ++i) {
    const ModelLayer& layer = model.layers[i];
    const auto c_in = static_cast<std::uint64_t>(layer.c_in);
    const auto c_out = static_cast<std::uint64_t>(layer.c_out);
    const std::uint64_t linear[] = {layer.shift_count, c_in};
    const std::uint64_t deconv[] = {c_in, c_out, 5, 5};
    const char* const kind = layer.kind == Weights::signs ? ".signs" : ".weight";
    if (i > 0 && !text.take(',')) return false;
    if (!stands(kLayerNames[i], kind, i == 0 ? linear : deconv, i == 0 ? 2 : 4) || !text.take(',') ||
        !stands(kLayerNames[i], ".scale", &c_out, 1) || !text.take(',') || !stands(kLayerNames[i], ".shift", &layer.shift_count, 1))
      return false;
  }
  return text.take('}') && text.at_end();
}

// Whether no value has all bits of the exponent set.
template <class Word>
bool all_finite(const void* values, std::uint64_t count, Word exponent) {
  const Word* const words = static_cast<const Word*>(values);
  unsigned infinite = 0;
  for (std::uint64_t i = 0; i < count; ++i) infinite |= (words[i] & exponent) == exponent;
  return infinite == 0;
}

bool floats_finite(const void* values, std::uint64_t count) { return all_finite<std::uint32_t>(values, count, 0x7f800000); }

}  // namespace

int read_model(const Header& header, Model& model) {
  model = {};
  if (!equals(header.bits, "least significant first, 1 is +1, 0 is -1")) return PBGEN_HEADER;
  Network network{};
  if (!read_network(header.network, network)) return PBGEN_NETWORK;
  fill_shapes(network, model);
  if (!find_arrays(header, model)) return PBGEN_ARRAYS;
  if (!fit_the_shapes(header.shapes, model)) return PBGEN_NETWORK;
  return too_large(model) ? PBGEN_TOO_LARGE : PBGEN_OK;
}

int verify_values(const Model& model) {
  for (const ModelLayer& layer : model.layers) {
    if (!floats_finite(layer.scale, static_cast<std::uint64_t>(layer.c_out)) || !floats_finite(layer.shift, layer.shift_count))
      return PBGEN_NOT_FINITE;
    if (layer.kind == Weights::floats && !floats_finite(layer.weights, layer.weight_count)) return PBGEN_NOT_FINITE;
    if (layer.kind == Weights::halves && !all_finite<std::uint16_t>(layer.weights, layer.weight_count, 0x7c00)) return PBGEN_NOT_FINITE;
  }
  return PBGEN_OK;
}

}  // namespace pbgen::edge

// The network that a header describes, and its arrays.
#include "gan/edge/model_file.h"

#include "core/freestanding/ints.h"
#include "gan/edge/pack.h"

namespace pbgen::edge {
namespace {

constexpr std::uint64_t kKernelTaps = kModelKernel * kModelKernel;

bool in_range(std::uint64_t value, int low, int high) {
  return value >= static_cast<unsigned>(low) && value <= static_cast<unsigned>(high);
}

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
  if (!read_layers(layers, network.one_bit) || !in_range(network.size, kMinModelSide, kMaxModelSide) ||
      (network.size & (network.size - 1)) != 0 ||
      (network.channels != 1 && network.channels != 3) || !in_range(network.z_dim, 1, kMaxModelLatent))
    return false;
  for (const std::uint64_t width : network.widths)
    if (!in_range(width, 1, kMaxModelWidth)) return false;
  return true;
}

// All but the arrays.
void fill_shapes(const Network& network, bool prepacked, Model& model) {
  model.size = static_cast<int>(network.size);
  model.channels = static_cast<int>(network.channels);
  model.z_dim = static_cast<int>(network.z_dim);
  const std::uint64_t base = network.size / kMinModelSide;
  for (int i = 0; i < kModelLayers; ++i) {
    ModelLayer& layer = model.layers[i];
    const std::uint64_t c_in = i == 0 ? network.z_dim : network.widths[i - 1];
    const std::uint64_t c_out = i == kModelLayers - 1 ? network.channels : network.widths[i];
    layer.c_in = static_cast<int>(c_in);
    layer.c_out = static_cast<int>(c_out);
    layer.side = static_cast<int>(i == 0 ? base : base << (i - 1));
    layer.shift_count = i == 0 ? c_out * base * base : c_out;
    layer.weight_count = c_in * (i == 0 ? layer.shift_count : c_out * kKernelTaps);
    const Weights signs = prepacked ? Weights::packed_signs : Weights::signs;
    layer.kind = (network.one_bit >> i & 1) != 0 ? signs : Weights::floats;
  }
}

bool too_large(const Model& model) {
  for (int i = 0; i < kModelLayers; ++i) {
    const ModelLayer& layer = model.layers[i];
    const std::uint64_t side = static_cast<std::uint64_t>(i == 0 ? layer.side : 2 * layer.side);
    if (side * side * static_cast<std::uint64_t>(layer.c_out) > std::uint64_t{kMaxModelActivation}) return true;
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
  return covered == header.size - header.data_begin && header.data_begin % kModelArrayAlignment == 0;
}

// Null unless there is such an array, of `count` elements of `bits` bits each and what fills it up to a multiple of 64 bytes.
const std::uint8_t* find_array(const Header& header, const char* layer, const char* kind, const char* dtype, std::uint64_t count,
                               std::uint64_t bits) {
  for (const HeaderArray& array : header.arrays) {
    if (!equals(array.name, layer, kind) || !equals(array.dtype, dtype)) continue;
    const std::uint64_t bytes = round_up(ceil_div(count * bits, std::uint64_t{8}), std::uint64_t{kModelArrayAlignment});
    const std::uint64_t element_bytes = bits < 8 ? 1 : bits / 8;
    if (array.end - array.begin != bytes || array.dim_count != 1 || array.dims[0] != bytes / element_bytes) return nullptr;
    return header.bytes + header.data_begin + array.begin;
  }
  return nullptr;
}

// What follows the layer's name in that of its weights.
const char* name_of_weights(Weights kind, bool linear) {
  switch (kind) {
    case Weights::signs: return kModelSigns;
    case Weights::packed_signs: return linear ? kModelWords : kModelRows;
    default: return kModelWeights;
  }
}

// How an array holds weights: `count` elements of so many bits.  Packed signs count as bytes, padding among them.
struct Stored {
  const char* dtype;
  std::uint64_t count;
  std::uint64_t bits;
};
Stored stored_as(const ModelLayer& layer, bool linear) {
  switch (layer.kind) {
    case Weights::floats: return {"F32", layer.weight_count, 32};
    case Weights::halves: return {"F16", layer.weight_count, 16};
    case Weights::signs: return {"U8", layer.weight_count, 1};
    case Weights::packed_signs: break;
  }
  const std::uint64_t bytes = linear ? sizeof(std::uint32_t) * std::uint64_t{linear_signs_size(layer.c_in, layer.c_out, layer.side)}
                                     : deconv_signs_size(layer.c_in, layer.c_out);
  return {"U8", bytes, 8};
}

const float* find_floats(const Header& header, const char* layer, const char* kind, std::uint64_t count) {
  return reinterpret_cast<const float*>(find_array(header, layer, kind, "F32", count, 32));
}

bool find_arrays(const Header& header, Model& model, Fault& fault) {
  for (int i = 0; i < kModelLayers; ++i) {
    ModelLayer& layer = model.layers[i];
    const char* const name = kModelLayerNames[i];
    const char* const kind = name_of_weights(layer.kind, i == 0);
    const auto find_weights = [&] {
      const Stored stored = stored_as(layer, i == 0);
      layer.weights = find_array(header, name, kind, stored.dtype, stored.count, stored.bits);
      layer.weight_bytes = ceil_div(stored.count * stored.bits, std::uint64_t{8});
    };
    find_weights();
    if (layer.weights == nullptr && layer.kind == Weights::floats && i == 0) {
      layer.kind = Weights::halves;
      find_weights();
    }
    layer.scale = find_floats(header, name, kModelScale, static_cast<std::uint64_t>(layer.c_out));
    layer.shift = find_floats(header, name, kModelShift, layer.shift_count);
    fault = {name, layer.weights == nullptr ? kind : layer.scale == nullptr ? kModelScale : kModelShift};
    if (layer.weights == nullptr || layer.scale == nullptr || layer.shift == nullptr) return false;
  }
  fault = {};
  return header.array_count == kModelArrays && fill_the_data(header);
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
    const std::uint64_t deconv[] = {c_in, c_out, kModelKernel, kModelKernel};
    const char* const kind = name_of_weights(layer.kind, i == 0);
    if (i > 0 && !text.take(',')) return false;
    const char* const name = kModelLayerNames[i];
    if (!stands(name, kind, i == 0 ? linear : deconv, i == 0 ? 2 : 4) || !text.take(',') || !stands(name, kModelScale, &c_out, 1) ||
        !text.take(',') || !stands(name, kModelShift, &layer.shift_count, 1))
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

bool weights_finite(const ModelLayer& layer) {
  switch (layer.kind) {
    case Weights::floats: return floats_finite(layer.weights, layer.weight_count);
    case Weights::halves: return all_finite<std::uint16_t>(layer.weights, layer.weight_count, 0x7c00);
    default: return true;
  }
}

int verify_values(const Model& model, Fault& fault) {
  for (int i = 0; i < kModelLayers; ++i) {
    const ModelLayer& layer = model.layers[i];
    if (i > 0 && layer.kind == Weights::packed_signs && !are_row_numbers(layer.weights, layer.c_in, layer.c_out)) {
      fault = {kModelLayerNames[i], kModelRows};
      return PBGEN_ROW_NUMBERS;
    }
    const char* const what = !weights_finite(layer)                                                    ? kModelWeights
                             : !floats_finite(layer.scale, static_cast<std::uint64_t>(layer.c_out)) ? kModelScale
                             : !floats_finite(layer.shift, layer.shift_count)                         ? kModelShift
                                                                                                      : nullptr;
    if (what == nullptr) continue;
    fault = {kModelLayerNames[i], what};
    return PBGEN_NOT_FINITE;
  }
  return PBGEN_OK;
}

}  // namespace

int read_model(const Header& header, Model& model, Fault& fault) {
  model = {};
  fault = {"bits", ""};
  if (!equals(header.bits, kModelBitOrder)) return PBGEN_HEADER;
  Network network{};
  fault = {"network", ""};
  if (!read_network(header.network, network)) return PBGEN_NETWORK;
  fill_shapes(network, header.prepacked, model);
  if (!find_arrays(header, model, fault)) return PBGEN_ARRAYS;
  fault = {"shapes", ""};
  if (!fit_the_shapes(header.shapes, model)) return PBGEN_NETWORK;
  fault = {};
  return too_large(model) ? PBGEN_TOO_LARGE : PBGEN_OK;
}

int read_whole_model(const void* bytes, std::size_t size, Model& model, Fault& fault) {
  Header header;
  fault = {};
  int code = read_header(bytes, size, header);
  if (code == PBGEN_OK) code = verify_checksum(header);
  if (code == PBGEN_OK) code = read_model(header, model, fault);
  if (code == PBGEN_OK) code = verify_values(model, fault);
  return code;
}

}  // namespace pbgen::edge

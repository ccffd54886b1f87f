// Exported models: sizes known beforehand, contents that come back, and no file, however hostile, that is more than an error.
#include "gan/packed_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/json.h"
#include "core/freestanding/half.h"
#include "gan/checkpoint.h"
#include "gan/edge/pack.h"
#include "tests/support/contains.h"
#include "tests/support/damaged_file.h"
#include "tests/support/refusal.h"
#include "tests/support/some_generator.h"
#include "tests/support/unpacked_model.h"
#include "tools/lib/model/edge_generator.h"
#include "tools/lib/model/export_report.h"

namespace pbgen {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr const char* kPath = "models/faces.pbgen";
constexpr PackedModelOptions kFloat{};
constexpr PackedModelOptions kHalf{LinearPrecision::half};
constexpr PackedModelOptions kPrepacked{LinearPrecision::single, true};

NetworkConfig config_of(int size, int channels, int z_dim, std::array<int, 4> widths, LayerSet binarized) {
  NetworkConfig config;
  config.size = size;
  config.channels = channels;
  config.z_dim = z_dim;
  config.g_widths = widths;
  config.d_widths = NetworkConfig{}.d_widths;
  config.binarized.generator = binarized;
  return config;
}

// Widths whose bits fill no byte and whose floats fill no 64 bytes; each kind of layer in each place.
std::vector<NetworkConfig> some_configs() {
  return {config_of(16, 3, 3, {4, 3, 2, 1}, {0, 2}),    config_of(16, 1, 7, {5, 3, 7, 9}, {}),
          config_of(32, 3, 10, {16, 8, 4, 2}, {1, 2, 3}), config_of(32, 1, 5, {3, 5, 1, 3}, {0, 1, 2, 3, 4}),
          config_of(64, 3, 100, {32, 16, 8, 4}, {0, 1, 2, 3}), config_of(64, 3, 100, {8, 8, 24, 8}, {4})};
}

NetworkConfig tiny_config() { return some_configs().front(); }

FoldedGenerator some_folded(const NetworkConfig& config) { return fold_generator(some_generator(config), config); }

Bytes tiny_model() { return encode_packed_model(some_folded(tiny_config()), kFloat); }

std::string label(const NetworkConfig& config) { return network_description(config).text(); }

std::vector<float> values_of(const AlignedBuffer<float>& buffer) { return {buffer.begin(), buffer.end()}; }

// The message of the error of that kind with which a file is refused.
std::string refusal(const Bytes& bytes, ErrorKind kind = ErrorKind::model_file) {
  return expect_refusal(kind, kPath, [&] { PackedModel::parse(bytes, kPath); });
}

// A file taken apart, to be changed and put together again with a right checksum: what somebody who means harm writes.
struct Parts {
  struct Array {
    std::string name;
    Dtype dtype;
    std::vector<std::int64_t> dims;
    Bytes bytes;
  };
  std::map<std::string, std::string> metadata;
  std::vector<Array> arrays;

  explicit Parts(const Bytes& file) {
    const SafetensorsFile parsed = SafetensorsFile::parse(file, kPath);
    metadata.insert(parsed.metadata().begin(), parsed.metadata().end());
    metadata.erase("checksum");
    for (const SafetensorsFile::Tensor& tensor : parsed.tensors())
      arrays.push_back({tensor.name, tensor.dtype, tensor.dims, {tensor.bytes.begin(), tensor.bytes.end()}});
  }

  Bytes together() const {
    SafetensorsWriter writer;
    for (const auto& [key, text] : metadata) writer.add_metadata(key, text);
    for (const Array& array : arrays) writer.add(array.name, array.dtype, array.dims, array.bytes);
    return writer.finish();
  }
};

std::string refusal_with(const std::function<void(Parts&)>& change) {
  Parts parts(tiny_model());
  change(parts);
  return refusal(parts.together());
}

void expect_equal(const FoldedGenerator& actual, const FoldedGenerator& expected, const std::string& what) {
  for (int i = 0; i < FoldedGenerator::kLayers; ++i) {
    const FoldedLayer& layer = actual.layers[i];
    EXPECT_EQ(layer.shape.dims, expected.layers[i].shape.dims) << what << ", layer " << i;
    EXPECT_EQ(layer.shape.binarized, expected.layers[i].shape.binarized) << what << ", layer " << i;
    EXPECT_EQ(values_of(layer.weights), values_of(expected.layers[i].weights)) << what << ", layer " << i;
    EXPECT_EQ(values_of(layer.scale), values_of(expected.layers[i].scale)) << what << ", layer " << i;
    EXPECT_EQ(values_of(layer.shift), values_of(expected.layers[i].shift)) << what << ", layer " << i;
  }
}

TEST(PackedModel, ItsSizeIsKnownToTheByteWithoutWeights) {
  for (const NetworkConfig& config : some_configs())
    for (const PackedModelOptions& options : {kFloat, kHalf, kPrepacked}) {
      const Bytes file = encode_packed_model(some_folded(config), options);
      EXPECT_EQ(packed_model_bytes(config, options), std::ssize(file)) << label(config);
      EXPECT_EQ(packed_model_size(config, options).header, static_cast<std::int64_t>(data_begin(file))) << label(config);
    }
}

TEST(PackedModel, ThePapersNetworkTakesWhatItsBitsTake) {
  NetworkConfig config;
  config.binarized = parse_setting("F");
  const PackedModelSize f = packed_model_size(config);
  EXPECT_EQ(f.linear_weights, 4 * 100 * 8192);
  EXPECT_EQ(f.deconv_weights, (512 * 256 + 256 * 128 + 128 * 64) * 25 / 8 + 4 * 64 * 3 * 25);
  EXPECT_EQ(f.scales_and_shifts, 4 * (512 + 8192 + 2 * (256 + 128 + 64)) + 2 * 64);  // three channels, and zeros up to 64 bytes
  EXPECT_LT(f.header, 2048);
  EXPECT_EQ(packed_model_size(config, kHalf).linear_weights, f.linear_weights / 2);
  config.binarized.generator = {0, 1, 2, 3};
  EXPECT_EQ(packed_model_size(config).linear_weights, f.linear_weights / 32);
  EXPECT_EQ(packed_model_bytes(config, kHalf), packed_model_bytes(config, kFloat));
  EXPECT_LE(packed_model_bytes(config), 750'000);
  const PackedModelSize prepacked = packed_model_size(config, kPrepacked);
  EXPECT_EQ(prepacked.linear_weights, 4 * 4 * 8192);  // ceil(100 / 30) words a feature
  EXPECT_EQ(prepacked.deconv_weights, 25 * (86 * 256 + 43 * 128 + 22 * 64) + 4 * 64 * 3 * 25);  // ceil(c_in / 6) bytes
  EXPECT_EQ(prepacked.scales_and_shifts, f.scales_and_shifts);
}

TEST(PackedModel, PrepackedIsAVersionOfItsOwnWhereThereAreOneBitLayers) {
  for (const NetworkConfig& config : some_configs()) {
    const FoldedGenerator folded = some_folded(config);
    const Bytes plain = encode_packed_model(folded, kFloat);
    const Bytes prepacked = encode_packed_model(folded, kPrepacked);
    const bool one_bit = !config.binarized.generator.empty();
    EXPECT_EQ(prepacked != plain, one_bit) << label(config);
    EXPECT_EQ(SafetensorsFile::parse(plain, kPath).metadata("version"), "1");
    EXPECT_EQ(SafetensorsFile::parse(prepacked, kPath).metadata("version"), one_bit ? "2" : "1");
    const PackedModel model = PackedModel::parse(prepacked, kPath);
    EXPECT_EQ(model.network(), config) << label(config);
    EXPECT_EQ(model.options().prepacked, one_bit);
    EXPECT_FALSE(PackedModel::parse(plain, kPath).options().prepacked);
    expect_equal(unpacked(model), folded, label(config));
  }
  const PackedModelOptions both{LinearPrecision::half, true};
  const PackedModel model = PackedModel::parse(encode_packed_model(some_folded(some_configs()[2]), both), kPath);
  EXPECT_EQ(model.options().linear, LinearPrecision::half);
  EXPECT_TRUE(model.options().prepacked);
}

// A file that names one version and holds the other's arrays is neither.
TEST(PackedModel, EachVersionHasArraysOfItsOwn) {
  for (const auto& [options, version, array] : {std::tuple{kFloat, "2", "linear.words"}, std::tuple{kPrepacked, "1", "linear.signs"}}) {
    Parts parts(encode_packed_model(some_folded(tiny_config()), options));
    parts.metadata["version"] = version;
    const std::string message = refusal(parts.together());
    EXPECT_TRUE(contains(message, array)) << message;
  }
}

TEST(PackedModel, TheDiscriminatorAndTheRecipeChangeNoByte) {
  NetworkConfig other = tiny_config();
  other.d_widths = {1, 22, 333, 4};
  other.binarized.discriminator = {1, 2};
  other.recipe = BinaryRecipe::xnor;
  EXPECT_EQ(packed_model_bytes(other), packed_model_bytes(tiny_config()));
  EXPECT_EQ(encode_packed_model(some_folded(other), kFloat), tiny_model());
}

// Bytes of an array before the zeros that fill it up to a multiple of 64.
std::int64_t used_bytes(const SafetensorsFile::Tensor& tensor, const std::vector<std::int64_t>& shape, int base) {
  const auto dim = [&](std::size_t i) { return static_cast<int>(shape[i]); };
  if (tensor.name.ends_with(".rows")) return static_cast<std::int64_t>(edge::deconv_signs_size(dim(0), dim(1)));
  if (tensor.name.ends_with(".words")) return 4 * static_cast<std::int64_t>(edge::linear_signs_size(dim(1), dim(0) / (base * base), base));
  const std::int64_t count = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  return tensor.dtype == Dtype::u8 ? (count + 7) / 8 : count * dtype_bytes(tensor.dtype);
}

TEST(PackedModel, EveryArrayBeginsAtAMultipleOf64AndEndsInZeros) {
  for (const NetworkConfig& config : some_configs())
    for (const PackedModelOptions& options : {kFloat, kHalf, kPrepacked}) {
      const Bytes bytes = encode_packed_model(some_folded(config), options);
      const SafetensorsFile file = SafetensorsFile::parse(bytes, kPath);
      const Json shapes = parse_json(file.metadata("shapes"), ErrorKind::model_file, kPath);
      EXPECT_EQ(shapes.as_object().size(), file.tensors().size());
      std::size_t at = data_begin(bytes);
      for (const SafetensorsFile::Tensor& tensor : file.tensors()) {
        EXPECT_EQ(at % 64, 0u) << tensor.name;
        at += tensor.bytes.size();
        ASSERT_NE(shapes.find(tensor.name), nullptr) << tensor.name;
        std::vector<std::int64_t> shape;
        for (const Json& dim : shapes.find(tensor.name)->as_array()) shape.push_back(dim.as_integer());
        const std::int64_t used = used_bytes(tensor, shape, config.base());
        ASSERT_LE(used, std::ssize(tensor.bytes)) << tensor.name;
        EXPECT_LT(std::ssize(tensor.bytes) - used, 64) << tensor.name;
        EXPECT_EQ(std::count(tensor.bytes.begin() + used, tensor.bytes.end(), 0), std::ssize(tensor.bytes) - used) << tensor.name;
      }
      EXPECT_EQ(at, bytes.size());
    }
}

TEST(PackedModel, BitsFollowTheCheckpointsOrderLeastSignificantFirst) {
  const NetworkConfig config = tiny_config();
  const Sequential network = some_generator(config);
  const Bytes bytes = encode_packed_model(fold_generator(network, config), kFloat);
  const SafetensorsFile file = SafetensorsFile::parse(bytes, kPath);
  for (const char* const name : {"linear", "deconv2"}) {
    const auto params = network.params();
    const std::string latent_name = concat("generator.", name, ".weight");
    const auto latent = std::find_if(params.begin(), params.end(), [&](const Param* param) { return param->name == latent_name; });
    ASSERT_NE(latent, params.end());
    const SafetensorsFile::Tensor* const signs = file.find(concat(name, ".signs"));
    ASSERT_NE(signs, nullptr) << name;
    const AlignedBuffer<float>& values = (*latent)->value;
    EXPECT_NE(std::count(values.begin(), values.end(), 0.0f), 0);  // whose sign is +1
    for (std::int64_t i = 0; i < values.size(); ++i)
      EXPECT_EQ(signs->bytes[i / 8] >> i % 8 & 1, values[i] >= 0.0f ? 1 : 0) << name << ", " << i;
  }
}

TEST(PackedModel, ComesBackAsItWas) {
  for (const NetworkConfig& config : some_configs()) {
    const FoldedGenerator folded = some_folded(config);
    const PackedModel model = PackedModel::parse(encode_packed_model(folded, kFloat), kPath);
    EXPECT_EQ(model.network(), config) << label(config);
    EXPECT_EQ(model.options().linear, LinearPrecision::single);
    expect_equal(unpacked(model), folded, label(config));
  }
}

TEST(PackedModel, HalfPrecisionRoundsTheLinearLayersWeightsAndNothingElse) {
  for (const NetworkConfig& config : some_configs()) {
    FoldedGenerator folded = some_folded(config);
    const PackedModel model = PackedModel::parse(encode_packed_model(folded, kHalf), kPath);
    const bool rounded = !config.binarized.generator.contains(0);
    EXPECT_EQ(model.options().linear, rounded ? LinearPrecision::half : LinearPrecision::single);
    const std::vector<float> exact = values_of(folded.layers[0].weights);
    for (float& weight : folded.layers[0].weights) weight = float_of_half(half_of_float(weight));
    EXPECT_EQ(values_of(folded.layers[0].weights) != exact, rounded);
    expect_equal(unpacked(model), folded, label(config));
  }
}

// The edge runtime draws from a model what it draws from the network, to the bit.
TEST(PackedModel, DrawsTheImagesOfItsNetwork) {
  for (const NetworkConfig& config : some_configs()) {
    const Sequential network = some_generator(config);
    EdgeGenerator direct(network, config);
    const FoldedGenerator folded = fold_generator(network, config);
    EdgeGenerator loaded(PackedModel::parse(encode_packed_model(folded, kFloat), kPath));
    EdgeGenerator prepacked(PackedModel::parse(encode_packed_model(folded, kPrepacked), kPath));
    std::vector<float> z(config.z_dim);
    for (int i = 0; i < config.z_dim; ++i) z[i] = static_cast<float>(CounterRng(4, Stream::test).uniform(i, -1.0, 1.0));
    std::vector<float> expected(static_cast<std::size_t>(config.channels) * config.size * config.size);
    std::vector<float> actual(expected.size());
    direct.generate(z.data(), expected.data());
    loaded.generate(z.data(), actual.data());
    EXPECT_EQ(actual, expected) << label(config);
    prepacked.generate(z.data(), actual.data());
    EXPECT_EQ(actual, expected) << label(config) << ", prepacked";
    // An image reads the same numbers, in the arena each layer's rounded up to 64 bytes.
    EXPECT_NEAR(static_cast<double>(prepacked.weight_bytes()), static_cast<double>(loaded.weight_bytes()), 5 * 64) << label(config);
    EXPECT_NE(*std::min_element(actual.begin(), actual.end()), *std::max_element(actual.begin(), actual.end())) << label(config);
  }
}

TEST(PackedModel, ValuesThatNoDeviceCanUseAreNotWritten) {
  const auto refused = [](const PackedModelOptions& options, const std::function<void(FoldedGenerator&)>& change) {
    FoldedGenerator folded = some_folded(some_configs()[1]);
    change(folded);
    return refusal(ErrorKind::diverged, [&] { encode_packed_model(folded, options); });
  };
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(contains(refused(kFloat, [](FoldedGenerator& g) { g.layers[2].scale[1] = kNaN; }), "deconv2.scale"));
  EXPECT_TRUE(contains(refused(kFloat, [](FoldedGenerator& g) { g.layers[0].shift[0] = -HUGE_VALF; }), "linear.shift"));
  EXPECT_TRUE(contains(refused(kHalf, [](FoldedGenerator& g) { g.layers[0].weights[2] = 65520.0f; }), "linear.weight"));
  EXPECT_EQ(refused(kFloat, [](FoldedGenerator& g) { g.layers[0].weights[2] = 65520.0f; }), "accepted");
  EXPECT_EQ(refused(kHalf, [](FoldedGenerator& g) { g.layers[1].weights[2] = 65520.0f; }), "accepted");
}

TEST(PackedModel, AnotherVersionOrFormatSaysWhatThisBuildReads) {
  const std::string message = refusal_with([](Parts& parts) { parts.metadata["version"] = "3"; });
  EXPECT_TRUE(contains(message, "version \"3\"")) << message;
  EXPECT_TRUE(contains(message, concat("reads versions 1 to ", kPackedModelVersion))) << message;
  EXPECT_TRUE(contains(refusal_with([](Parts& parts) { parts.metadata["format"] = "pbgen-checkpoint"; }),
                       "is a training checkpoint, not an exported model"));
  for (const char* const key : {"format", "version", "network", "shapes", "bits"})
    EXPECT_TRUE(contains(refusal_with([&](Parts& parts) { parts.metadata.erase(key); }), key)) << key;
  Parts more(tiny_model());
  more.metadata["weather"] = "fine";
  expect_equal(unpacked(PackedModel::parse(more.together(), kPath)), some_folded(tiny_config()), "unknown metadata");
}

TEST(PackedModel, AWrongDescriptionIsRefused) {
  const auto with = [](const char* key, const std::string& text) {
    return refusal_with([&](Parts& parts) { parts.metadata[key] = text; });
  };
  // What a terminal would obey is not printed.
  EXPECT_FALSE(contains(with("version", "2\x1b[31m"), "\x1b"));
  for (const char* const text : {"", "{", "[]", "3", "{}"}) EXPECT_NE(with("network", text), "") << text;
  for (const char* const text : {"", "{}", "[1]"}) EXPECT_TRUE(contains(with("shapes", text), "shapes")) << text;
  EXPECT_TRUE(contains(with("bits", "most significant first"), "bits"));
  // Absurd networks, before anything of their size is allocated: the first would have 2.7e11 weights in its linear layer.
  const NetworkConfig largest = config_of(1024, 3, 4096, {4096, 4096, 4096, 4096}, {});
  for (const NetworkConfig& config : {largest, NetworkConfig{}, some_configs()[2]})
    EXPECT_TRUE(contains(with("network", exported_network_text(config)), "linear.weight")) << label(config);
  EXPECT_TRUE(contains(with("network", label(tiny_config())), "network"));  // what belongs to the discriminator is not exported
}

TEST(PackedModel, EveryArrayMustBeThereWithItsSizeAndNoOther) {
  const std::size_t count = Parts(tiny_model()).arrays.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = Parts(tiny_model()).arrays[i].name;
    const auto refused = [&](const std::function<void(Parts::Array&)>& change) {
      const std::string message = refusal_with([&](Parts& parts) { change(parts.arrays[i]); });
      EXPECT_TRUE(contains(message, name)) << message;
    };
    refused([](Parts::Array& array) { array.name = "deconv9.scale"; });
    refused([](Parts::Array& array) { array.dims.push_back(1); });
    refused([](Parts::Array& array) { array.dtype = array.dtype == Dtype::u8 ? Dtype::i8 : Dtype::i32; });
    refused([](Parts::Array& array) {
      array.bytes.resize(array.bytes.size() - 8);
      array.dims[0] = static_cast<std::int64_t>(array.bytes.size()) / dtype_bytes(array.dtype);
    });
  }
  EXPECT_NE(refusal_with([](Parts& parts) { parts.arrays.push_back({"deconv5.scale", Dtype::u8, {1}, {0}}); }), "");
  for (const char* const name : {"deconv1.weight", "linear.scale", "deconv4.shift"}) {
    Parts parts(tiny_model());
    for (Parts::Array& array : parts.arrays)
      if (array.name == name) std::fill_n(array.bytes.begin(), 4, std::uint8_t{0xff});
    const std::string message = refusal(parts.together(), ErrorKind::diverged);
    EXPECT_TRUE(message.starts_with(concat(kPath, ": ", name, " holds "))) << message;
  }
}

TEST(PackedModel, CutAnywhereItIsRefused) {
  const Bytes whole = tiny_model();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(PackedModel::parse(std::span(whole).first(size), kPath), Error) << size;
}

TEST(PackedModel, AFlippedBitAnywhereIsFound) {
  const Bytes whole = tiny_model();
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const int flip : {0x01, 0x80, 0xff}) {
      Bytes damaged = whole;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ flip);
      EXPECT_THROW(PackedModel::parse(damaged, kPath), Error) << i << ", " << flip;
    }
}

// Somebody who repairs the checksum gets an error or a generator, nothing else.
TEST(PackedModel, AChangedHeaderWithARightChecksumIsAnErrorOrAModel) {
  const Bytes whole = tiny_model();
  const std::size_t checksum = checksum_place(whole);
  const FoldedGenerator folded = some_folded(tiny_config());
  int refused = 0;
  for (std::size_t i = 0; i < data_begin(whole); ++i)
    for (const int flip : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
      if (i >= checksum && i < checksum + kChecksumDigits) continue;
      Bytes damaged = whole;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ flip);
      repair_checksum(damaged, checksum);
      try {
        expect_equal(unpacked(PackedModel::parse(damaged, kPath)), folded, concat("byte ", i));
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::model_file);
        EXPECT_TRUE(std::string(error.what()).starts_with(kPath)) << error.what();
        ++refused;
      }
    }
  EXPECT_GT(refused, static_cast<int>(data_begin(whole)));
}

TEST(ExportReport, ItsPartsAddUpToTheFile) {
  const NetworkConfig config = some_configs()[2];
  const Table table = export_table(config, kHalf);
  ASSERT_EQ(table.rows.size(), 6u);
  std::int64_t bytes = 0;
  std::int64_t in_float = 0;
  for (std::size_t row = 0; row < 4; ++row) {
    bytes += std::stoll(std::string(table.cell(row, 1)));
    in_float += std::stoll(std::string(table.cell(row, 2)));
  }
  EXPECT_EQ(table.cell(4, 1), concat(bytes));
  EXPECT_EQ(table.cell(4, 2), concat(in_float));
  EXPECT_EQ(bytes, std::ssize(encode_packed_model(some_folded(config), kHalf)));
  EXPECT_EQ(table.cell(0, 3), "2.00x");
  EXPECT_EQ(table.cell(5, 3), "25.81x");
}

}  // namespace
}  // namespace pbgen

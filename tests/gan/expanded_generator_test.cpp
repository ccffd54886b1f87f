// Expanded generators: a plain network of their arrays draws the folded generator's images.
#include "gan/expanded_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/files/file.h"
#include "core/files/safetensors.h"
#include "gan/checkpoint.h"
#include "tests/support/contains.h"
#include "tests/support/naive.h"
#include "tests/support/opened_model.h"
#include "tests/support/refusal.h"
#include "tests/support/zip_members.h"
#include "tools/lib/model/edge_generator.h"

namespace pbgen {
namespace {

constexpr ExpandedFormat kFormats[] = {ExpandedFormat::safetensors, ExpandedFormat::npz};

FoldedGenerator some_folded(const NetworkConfig& config) { return fold_generator(some_generator(config), config); }

std::string label(const NetworkConfig& config) { return network_description(config).text(); }

std::vector<double> doubles(const AlignedBuffer<float>& values) { return {values.begin(), values.end()}; }

// What the header says is computed with the arrays.
std::vector<double> naive_image(const ExpandedGenerator& generator, const NetworkConfig& config, const std::vector<float>& z) {
  NaiveTensor x(1, config.z_dim, 1, 1);
  std::copy(z.begin(), z.end(), x.values.begin());
  for (const ExpandedLayer& layer : generator) {
    const bool first = &layer == &generator.front();
    const bool last = &layer == &generator.back();
    x = first ? naive_linear(x, doubles(layer.weight), doubles(layer.bias), config.g_widths[0], config.base(), config.base())
              : naive_deconv2d(x, doubles(layer.weight), doubles(layer.bias), 5, 2);
    for (double& value : x.values) value = last ? std::tanh(value) : std::max(value, 0.0);
  }
  return x.values;
}

// As in edge_generator_test.cpp: sums of n terms, whose layers keep what they make of the order of 1, err by n * 2^-24; the
// rounding of expanded weights adds less than 2^-24 a layer, the runtime's tanh 3e-7.
double tolerance(const NetworkConfig& config) {
  double terms = config.z_dim;
  for (const int width : config.g_widths) terms += 9.0 * width;  // the taps of the odd phases
  return (terms + 5 * (8 + 1)) * 0x1p-24 + 3e-7;
}

TEST(ExpandedGenerator, APlainNetworkOfItsArraysDrawsTheFoldedGeneratorsImages) {
  for (const NetworkConfig& config : some_configs()) {
    const FoldedGenerator folded = some_folded(config);
    std::vector<float> z(config.z_dim);
    for (int i = 0; i < config.z_dim; ++i) z[i] = static_cast<float>(CounterRng(4, Stream::test).uniform(i, -1.0, 1.0));
    const std::vector<double> image = naive_image(expand_generator(folded), config, z);
    std::vector<float> expected(image.size(), std::numeric_limits<float>::quiet_NaN());
    EdgeGenerator(folded).generate(z.data(), expected.data());
    for (std::size_t i = 0; i < image.size(); ++i)
      ASSERT_TRUE(std::fabs(image[i] - static_cast<double>(expected[i])) <= tolerance(config)) << label(config) << ", value " << i;
    const auto [least, most] = std::minmax_element(image.begin(), image.end());
    EXPECT_GT(*most - *least, 0.1) << label(config);
  }
}

TEST(ExpandedGenerator, ASafetensorsFileHoldsItsArrays) {
  for (const NetworkConfig& config : some_configs()) {
    const FoldedGenerator folded = some_folded(config);
    const SafetensorsFile file =
        SafetensorsFile::parse(encode_expanded_generator(folded, ExpandedFormat::safetensors), "expanded.safetensors");
    EXPECT_EQ(file.metadata("format"), "pbgen-generator-expanded");
    EXPECT_EQ(file.metadata("version"), "1");
    EXPECT_EQ(file.metadata("network"), exported_network_text(config));
    EXPECT_EQ(file.tensors().size(), 10u);
    for (const ExpandedLayer& layer : expand_generator(folded)) {
      const auto weight = file.values<float>(layer.shape.name + ".weight", layer.shape.dims);
      EXPECT_TRUE(std::equal(weight.begin(), weight.end(), layer.weight.begin(), layer.weight.end())) << label(config);
      const auto bias = file.values<float>(layer.shape.name + ".bias", {layer.shape.shifts});
      EXPECT_TRUE(std::equal(bias.begin(), bias.end(), layer.bias.begin(), layer.bias.end())) << label(config);
    }
  }
}

TEST(ExpandedGenerator, AnNpzFileHoldsItsArrays) {
  const NetworkConfig config = some_configs()[2];
  const FoldedGenerator folded = some_folded(config);
  const std::vector<ZipMember> members = zip_members(encode_expanded_generator(folded, ExpandedFormat::npz));
  ASSERT_EQ(members.size(), 13u);
  const auto ends_with = [](const Bytes& bytes, const void* values, std::size_t size) {
    return bytes.size() > size && std::memcmp(bytes.data() + bytes.size() - size, values, size) == 0;
  };
  const std::pair<const char*, std::string> texts[] = {
      {"format.npy", "pbgen-generator-expanded"}, {"version.npy", "1"}, {"network.npy", exported_network_text(config)}};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(members[i].name, texts[i].first);
    EXPECT_TRUE(ends_with(members[i].bytes, texts[i].second.data(), texts[i].second.size())) << members[i].name;
  }
  std::size_t at = 3;
  for (const ExpandedLayer& layer : expand_generator(folded)) {
    EXPECT_EQ(members[at].name, layer.shape.name + ".weight.npy");
    EXPECT_TRUE(ends_with(members[at].bytes, layer.weight.data(), layer.weight.span().size_bytes())) << members[at].name;
    EXPECT_EQ(members[at + 1].name, layer.shape.name + ".bias.npy");
    EXPECT_TRUE(ends_with(members[at + 1].bytes, layer.bias.data(), layer.bias.span().size_bytes())) << members[at + 1].name;
    at += 2;
  }
}

TEST(ExpandedGenerator, ItsSizeIsKnownToTheByteWithoutWeights) {
  for (const NetworkConfig& config : some_configs()) {
    const FoldedGenerator folded = some_folded(config);
    for (const ExpandedFormat format : kFormats)
      EXPECT_EQ(expanded_generator_bytes(config, format), std::ssize(encode_expanded_generator(folded, format))) << label(config);
  }
}

TEST(ExpandedGenerator, RefusesWhatItsFormatCannotHold) {
  const NetworkConfig large = config_of(64, 3, 100, {4096, 4096, 4096, 4096}, {});
  EXPECT_GT(expanded_generator_bytes(large, ExpandedFormat::safetensors), std::int64_t{1} << 32);
  const std::string message = expect_refusal(ErrorKind::usage, "", [&] { expanded_generator_bytes(large, ExpandedFormat::npz); });
  EXPECT_TRUE(contains(message, "safetensors")) << message;
}

TEST(ExpandedGenerator, RefusesValuesThatAreNotFinite) {
  const NetworkConfig config = some_configs().front();
  const auto refused_array = [&](const auto& change) {
    FoldedGenerator folded = some_folded(config);
    change(folded);
    const std::string message = refusal(ErrorKind::diverged, [&] { expand_generator(folded); });
    return message.substr(0, message.find(' '));
  };
  // Both factors are finite, their product is not.
  EXPECT_EQ(refused_array([](FoldedGenerator& g) { g.layers[1].scale[0] = g.layers[1].weights[1] = 1e30f; }), "deconv1.weight");
  EXPECT_EQ(refused_array([](FoldedGenerator& g) { g.layers[4].shift[0] = std::nanf(""); }), "deconv4.bias");
}

TEST(ExpandedGenerator, IsKnownByItsFirstBytes) {
  const TestFolder folder;
  const NetworkConfig config = some_configs().front();
  for (const ExpandedFormat format : kFormats) {
    save_expanded_generator(folder / "expanded", some_folded(config), format);
    EXPECT_EQ(read_file(folder / "expanded", 1 << 24), encode_expanded_generator(some_folded(config), format));
    EXPECT_TRUE(is_expanded_generator(folder / "expanded"));
  }
  // A name is no format: a text of the metadata may hold whatever a user wrote.
  SafetensorsWriter other;
  other.add_metadata("note", "\"format\":\"pbgen-generator-expanded\"");
  write_bytes(folder / "note", other.finish());
  EXPECT_FALSE(is_expanded_generator(folder / "note"));
  write_bytes(folder / "packed", tiny_model());
  EXPECT_FALSE(is_expanded_generator(folder / "packed"));
  write_bytes(folder / "zip", bytes_of("PK\x03\x04 and more"));
  EXPECT_FALSE(is_expanded_generator(folder / "zip"));
  EXPECT_FALSE(is_expanded_generator(folder.path()));
  EXPECT_FALSE(is_expanded_generator(folder / "missing"));
}

}  // namespace
}  // namespace pbgen

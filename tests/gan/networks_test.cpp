// The paper's networks: Table I, Table II, shapes, names and initial weights.
#include "gan/networks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/option_error.h"
#include "core/base/profile.h"
#include "gan/accounting.h"

namespace pbgen {
namespace {

TEST(Settings, LettersMeanTableTwo) {
  EXPECT_EQ(parse_setting("A"), (Setting{{}, {}}));
  EXPECT_EQ(parse_setting("B"), (Setting{{1}, {}}));
  EXPECT_EQ(parse_setting("E"), (Setting{{4}, {}}));
  EXPECT_EQ(parse_setting("F"), (Setting{{1, 2, 3}, {}}));
  EXPECT_EQ(parse_setting("g"), (Setting{{1, 2, 3, 4}, {}}));
  EXPECT_EQ(parse_setting("H"), (Setting{{1, 2, 3}, {1, 2, 3, 4}}));
  EXPECT_THROW(parse_setting("I"), Error);
  EXPECT_THROW(parse_setting("inne"), Error);
  EXPECT_THROW(parse_setting("AB"), Error);
  EXPECT_THROW(parse_setting(""), Error);
}

TEST(Settings, NamesAreLettersWhereTheTableHasOne) {
  for (const char* const letter : {"A", "B", "C", "D", "E", "F", "G", "H"}) EXPECT_EQ(setting_name(parse_setting(letter)), letter);
  EXPECT_EQ(setting_name({{0, 2}, {1, 2, 3, 4}}), "g02-dall");
  EXPECT_EQ(setting_name({{1, 3}, {2}}), "g13-d2");
}

TEST(Settings, InnerIsHButForTheDiscriminatorsFirstLayer) {
  EXPECT_EQ(parse_setting("inner"), (Setting{{1, 2, 3}, {2, 3, 4}}));
  EXPECT_EQ(setting_name({{1, 2, 3}, {2, 3, 4}}), "inner");
}

TEST(LayerSets, ReadBackWhatTheyPrint) {
  for (const char* const text : {"none", "0", "1,3", "0,1,2,3,4"}) EXPECT_EQ(LayerSet::parse(text, 0, "binarize_g").to_string(), text);
  EXPECT_EQ(LayerSet::parse("all", 0, "binarize_g").to_string(), "1,2,3,4");
  EXPECT_EQ(LayerSet::parse("3,1", 0, "binarize_g").to_string(), "1,3");
  for (const char* const text : {"", "1,", ",1", "1,1", "5", "-1", "x", "1 2", "12"})
    EXPECT_THROW(LayerSet::parse(text, 0, "binarize_g"), Error) << text;
  EXPECT_THROW(LayerSet::parse("0", 1, "binarize_d"), Error);
}

TEST(LayerTable, RedundanciesAreThoseOfThePaper) {
  std::map<std::string, std::int64_t> redundancy;
  for (const LayerRow& row : layer_table(NetworkConfig{}))
    if (row.can_be_binarized) redundancy[row.network + "." + row.name] = row.redundancy();
  const std::map<std::string, std::int64_t> paper{
      {"generator.linear", 99},       {"generator.deconv1", 496},      {"generator.deconv2", 192},
      {"generator.deconv3", -128},    {"generator.deconv4", -960},     {"discriminator.conv1", 11},
      {"discriminator.conv2", 1472},  {"discriminator.conv3", 2944},   {"discriminator.conv4", 5888},
  };
  EXPECT_EQ(redundancy, paper);
}

TEST(Networks, AGradientInTheSharedScratchIsThatOfACopy) {
  // The discriminator's input gradient goes on into the generator, from the scratch of both or from a copy of it.
  NetworkConfig config;
  config.size = 16;
  config.z_dim = 4;
  config.g_widths = {8, 8, 6, 5};
  config.d_widths = {4, 6, 8, 8};
  constexpr std::int64_t kBatch = 8;
  Tensor latents(config.latent_shape(kBatch));
  for (std::int64_t i = 0; i < latents.floats(); ++i) latents.data()[i] = static_cast<float>(i % 7) - 3.0f;
  std::vector<std::vector<float>> gradients;
  for (const bool copied : {true, false}) {
    Sequential generator = make_generator(config);
    Sequential discriminator = make_discriminator(config);
    initialise(generator, 1, kGeneratorFirstNumber);
    initialise(discriminator, 1, kDiscriminatorFirstNumber);
    const LaneShape image = config.image_shape(kBatch);
    Workspace workspace(std::max(generator.workspace_floats(latents.shape()), discriminator.workspace_floats(image)));
    auto scratch = Sequential::Scratch::larger(generator.make_scratch(latents.shape()), discriminator.make_scratch(image));
    auto g_record = generator.make_record(latents.shape());
    auto d_record = discriminator.make_record(image);
    const ConstTensorView z = std::as_const(latents).view();
    const ConstTensorView fake = generator.forward(z, g_record, workspace, Mode::train);
    Tensor dlogits(discriminator.forward(fake, d_record, workspace, Mode::train).shape);
    std::fill_n(dlogits.data(), dlogits.floats(), 1.0f);
    ConstTensorView dfake =
        discriminator.backward(fake, d_record, std::as_const(dlogits).view(), Want{.input = true, .params = false}, scratch, workspace);
    Tensor copy(dfake.shape);
    std::copy(dfake.data, dfake.data + dfake.shape.floats(), copy.data());
    if (copied) dfake = std::as_const(copy).view();
    const ConstTensorView unwanted = generator.backward(z, g_record, dfake, Want{.input = false, .params = true}, scratch, workspace);
    EXPECT_EQ(unwanted.data, nullptr);
    std::vector<float>& all = gradients.emplace_back();
    for (const Param* const param : generator.params()) all.insert(all.end(), param->gradient.begin(), param->gradient.end());
  }
  EXPECT_EQ(gradients[0], gradients[1]);
}

TEST(Networks, AProfileNamesTheLayersOfAForward) {
  NetworkConfig config;
  config.size = 16;
  config.z_dim = 4;
  config.g_widths = {8, 4, 3, 2};
  const Sequential generator = make_generator(config);
  const Tensor latents(config.latent_shape(8));
  auto record = generator.make_record(latents.shape());
  Workspace workspace(generator.workspace_floats(latents.shape()));
  const Profile profile;
  generator.forward(latents.view(), record, workspace, Mode::train);
  std::vector<std::string> owners;
  for (const Profile::Entry& entry : profile.entries())
    if (entry.part == "forward") owners.push_back(entry.owner);
  const std::vector<std::string> expected = {"generator.linear",  "generator.bn0",     "generator.deconv1", "generator.bn1",
                                             "generator.deconv2", "generator.bn2",     "generator.deconv3", "generator.bn3",
                                             "generator.deconv4", "generator.deconv4 activation"};
  EXPECT_EQ(owners, expected);
}

TEST(LayerTable, CountsWhatTheNetworksHold) {
  NetworkConfig config;
  config.size = 32;
  config.z_dim = 7;
  config.g_widths = {24, 10, 6, 5};
  config.d_widths = {3, 9, 12, 17};
  std::map<std::string, std::int64_t> counted;
  for (const LayerRow& row : layer_table(config)) counted[row.network] += row.weights() + row.other_parameters;
  std::int64_t generator = 0;
  const Sequential generator_network = make_generator(config);
  for (const Param* const param : generator_network.params()) generator += param->value.size();
  std::int64_t discriminator = 0;
  const Sequential discriminator_network = make_discriminator(config);
  for (const Param* const param : discriminator_network.params()) discriminator += param->value.size();
  EXPECT_EQ(counted["generator"], generator);
  EXPECT_EQ(counted["discriminator"], discriminator);
}

TEST(LayerTable, OneBitWeightsTakeABitAndAFloatAChannel) {
  NetworkConfig config;
  config.binarized = parse_setting("F");
  for (const LayerRow& row : layer_table(config)) {
    if (row.name != "deconv1") continue;
    EXPECT_EQ(row.bytes(), 512 * 256 * 25 / 8 + 4 * 256 + 4 * 3 * 256);
    EXPECT_EQ(row.multiply_adds(), 52428800);
  }
}

TEST(Networks, ShapesGoFromLatentsToImagesToLogits) {
  for (const int size : {16, 32, 64}) {
    NetworkConfig config;
    config.size = size;
    config.channels = 1;
    config.g_widths = {16, 8, 4, 2};
    config.d_widths = {2, 4, 8, 16};
    EXPECT_EQ(make_generator(config).output_shape(config.latent_shape(8)), config.image_shape(8));
    EXPECT_EQ(make_discriminator(config).output_shape(config.image_shape(8)), (LaneShape{8, 1, 1, 1}));
  }
}

TEST(Networks, ImpossibleConfigurationsAreRefusedWithTheField) {
  const auto refused = [](auto change) {
    NetworkConfig config;
    change(config);
    try {
      config.validate();
    } catch (const InvalidOption& error) {
      return error.kind() == ErrorKind::usage && !error.field().empty() && !error.rule().empty();
    }
    return false;
  };
  EXPECT_TRUE(refused([](NetworkConfig& c) { c.size = 48; }));
  EXPECT_TRUE(refused([](NetworkConfig& c) { c.size = 8; }));
  EXPECT_TRUE(refused([](NetworkConfig& c) { c.channels = 2; }));
  EXPECT_TRUE(refused([](NetworkConfig& c) { c.z_dim = 0; }));
  EXPECT_TRUE(refused([](NetworkConfig& c) { c.g_widths[2] = 0; }));
  EXPECT_TRUE(refused([](NetworkConfig& c) { c.d_widths[0] = 5000; }));
}

TEST(Networks, InitialWeightsFollowTheirDistributionAndTheSeed) {
  NetworkConfig config;
  config.size = 32;
  config.g_widths = {64, 32, 16, 8};
  config.d_widths = {8, 16, 32, 64};
  Sequential generator = make_generator(config);
  Sequential discriminator = make_discriminator(config);
  initialise(generator, 5, kGeneratorFirstNumber);
  initialise(discriminator, 5, kDiscriminatorFirstNumber);
  const auto deviation = [](const Param& param) {
    double squares = 0.0;
    for (const float value : param.value) squares += double{value} * value;
    return std::sqrt(squares / static_cast<double>(param.value.size()));
  };
  std::vector<Param*> params = generator.params();
  for (Param* const param : discriminator.params()) params.push_back(param);
  for (const Param* const param : params) {
    if (!param->name.ends_with(".weight")) continue;
    // A normal cut at two deviations keeps 0.8796 of its deviation.  Five standard errors of a deviation from n draws.
    const double expected = 0.02 * (param->name.find(".conv") != std::string::npos ? 0.8796 : 1.0);
    EXPECT_NEAR(deviation(*param), expected, 5.0 * expected / std::sqrt(2.0 * static_cast<double>(param->value.size()))) << param->name;
  }
  // No two layers begin with the same draws.
  std::set<float> first_weights;
  for (const Param* const param : params)
    if (param->name.ends_with(".weight")) first_weights.insert(param->value[0]);
  EXPECT_EQ(first_weights.size(), 10u);
  Sequential other = make_generator(config);
  initialise(other, 6, kGeneratorFirstNumber);
  EXPECT_NE(other.params().front()->value[0], generator.params().front()->value[0]);
}

}  // namespace
}  // namespace pbgen

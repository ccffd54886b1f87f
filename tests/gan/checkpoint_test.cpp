// Checkpoints: what goes in comes out to the byte, and no file, however hostile, is more than an error.
#include "gan/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/safetensors.h"
#include "tests/support/contains.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr const char* kPath = "run/checkpoints/00000002.safetensors";

TrainerOptions small_options() {
  TrainerOptions options;
  options.network.size = 16;
  options.network.z_dim = 3;
  options.network.g_widths = {4, 3, 2, 1};
  options.network.d_widths = {1, 2, 3, 4};
  options.network.binarized = {{0, 2}, {1, 3}};
  options.batch = 8;
  options.ema_decay = 0.5;
  options.seed = 5;
  return options;
}

void train(Trainer& trainer, int iterations) {
  Tensor real(trainer.options().network.image_shape(trainer.options().batch));
  for (std::int64_t i = 0; i < real.floats(); ++i) real.data()[i] = static_cast<float>(i % 19) / 9.0f - 1.0f;
  for (int i = 0; i < iterations; ++i) trainer.step(std::as_const(real).view());
}

Bytes trained_checkpoint() {
  Trainer trainer(small_options());
  train(trainer, 2);
  return encode_checkpoint(trainer, {{"data", "faces"}});
}

std::vector<float> values_of(const AlignedBuffer<float>& buffer) { return {buffer.begin(), buffer.end()}; }

// A file taken apart, to be changed and put together again with a right checksum: what somebody who means harm writes.
struct Parts {
  struct Array {
    std::string name;
    std::vector<std::int64_t> dims;
    std::vector<float> values;
  };
  std::map<std::string, std::string> metadata;
  std::vector<Array> arrays;

  explicit Parts(const Bytes& bytes) {
    const SafetensorsFile file = SafetensorsFile::parse(bytes, kPath);
    metadata.insert(file.metadata().begin(), file.metadata().end());
    metadata.erase("checksum");
    for (const SafetensorsFile::Tensor& tensor : file.tensors()) {
      const std::span<const float> values = file.values<float>(tensor.name, tensor.dims);
      arrays.push_back({tensor.name, tensor.dims, {values.begin(), values.end()}});
    }
  }

  Bytes together() const {
    SafetensorsWriter writer;
    for (const auto& [key, text] : metadata) writer.add_metadata(key, text);
    for (const Array& array : arrays) writer.add(array.name, array.dims, std::span<const float>(array.values));
    return writer.finish();
  }
};

// The message of the Error(model_file) with which a file is refused, at the latest when a trainer is filled from it.
std::string refusal(const Bytes& bytes) {
  return expect_refusal(ErrorKind::model_file, kPath, [&] {
    Trainer trainer(small_options());
    Checkpoint::parse(bytes, kPath).restore(trainer);
  });
}

std::string refusal_with(const Parts& parts, const std::string& key, const std::string& text) {
  Parts changed = parts;
  changed.metadata[key] = text;
  return refusal(changed.together());
}

TEST(Checkpoint, RestoresEveryByteAndTrainingGoesOnAsIfItHadNeverStopped) {
  Trainer whole(small_options());
  train(whole, 2);
  const Bytes saved = encode_checkpoint(whole, {{"data", "faces"}});
  Trainer resumed(small_options());
  Checkpoint::parse(saved, kPath).restore(resumed);
  EXPECT_EQ(encode_checkpoint(resumed, {{"data", "faces"}}), saved);
  train(whole, 2);
  train(resumed, 2);
  EXPECT_EQ(encode_checkpoint(resumed, {}), encode_checkpoint(whole, {}));

  // None of it is so by being zero, or the same as something else.
  const SafetensorsFile file = SafetensorsFile::parse(saved, kPath);
  const std::vector<std::int64_t> dims = whole.generator().params().front()->dims;
  const auto latent = file.values<float>("generator.linear.weight", dims);
  const auto average = file.values<float>("ema.generator.linear.weight", dims);
  const auto first = file.values<float>("adam.first.generator.linear.weight", dims);
  const auto second = file.values<float>("adam.second.generator.linear.weight", dims);
  EXPECT_FALSE(std::equal(latent.begin(), latent.end(), average.begin()));
  EXPECT_NE(std::count(first.begin(), first.end(), 0.0f), static_cast<std::ptrdiff_t>(first.size()));
  EXPECT_GT(*std::max_element(second.begin(), second.end()), 0.0f);
}

TEST(Checkpoint, TellsWhatItHolds) {
  const Checkpoint checkpoint = Checkpoint::parse(trained_checkpoint(), kPath);
  EXPECT_EQ(checkpoint.network(), small_options().network);
  EXPECT_EQ(checkpoint.iteration(), 2);
  EXPECT_EQ(checkpoint.note("data"), "faces");
  EXPECT_EQ(checkpoint.note("weather"), "");
}

TEST(Checkpoint, ItsGeneratorIsTheAverageWhereThereIsOne) {
  for (const double decay : {0.0, 0.5}) {
    TrainerOptions options = small_options();
    options.ema_decay = decay;
    Trainer trainer(options);
    train(trainer, 2);
    const Checkpoint checkpoint = Checkpoint::parse(encode_checkpoint(trainer, {}), kPath);
    EXPECT_EQ(checkpoint.has_average(), decay > 0.0);
    const auto expect_equal = [](const Sequential& loaded, const Sequential& expected) {
      ASSERT_EQ(loaded.params().size(), expected.params().size());
      for (std::size_t i = 0; i < loaded.params().size(); ++i)
        EXPECT_EQ(values_of(loaded.params()[i]->value), values_of(expected.params()[i]->value)) << loaded.params()[i]->name;
    };
    expect_equal(checkpoint.generator(), trainer.sampling_generator());
    expect_equal(checkpoint.raw_generator(), trainer.generator());
  }
}

TEST(Checkpoint, EveryRecipeIsReadBack) {
  for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::port, BinaryRecipe::xnor}) {
    NetworkConfig config = small_options().network;
    config.recipe = recipe;
    EXPECT_EQ(parse_network_description(network_description(config), kPath), config) << name(recipe);
  }
}

TEST(Checkpoint, WeightsAloneBeginANewRunUnderAnotherSetting) {
  TrainerOptions options = small_options();
  options.network.binarized = {};
  options.ema_decay = 0.0;
  Trainer trainer(options);
  const Bytes saved = trained_checkpoint();
  Checkpoint::parse(saved, kPath).restore_weights(trainer);
  EXPECT_EQ(trainer.iteration(), 0);
  EXPECT_EQ(trainer.generator_adam().step_count(), 0);
  const Param& conv = *trainer.discriminator().params().front();
  const SafetensorsFile file = SafetensorsFile::parse(saved, kPath);
  const auto stored = file.values<float>(conv.name, conv.dims);
  EXPECT_TRUE(std::equal(stored.begin(), stored.end(), conv.value.begin()));
}

TEST(Checkpoint, AnotherNetworkIsTheCallersMistakeAndOtherShapesAreTheFiles) {
  const Checkpoint checkpoint = Checkpoint::parse(trained_checkpoint(), kPath);
  TrainerOptions options = small_options();
  options.network.g_widths[3] = 2;
  Trainer wider(options);
  EXPECT_THROW(checkpoint.restore(wider), std::logic_error);
  const std::string message = expect_refusal(ErrorKind::model_file, kPath, [&] { checkpoint.restore_weights(wider); });
  EXPECT_TRUE(contains(message, "generator.deconv3.weight")) << message;
}

TEST(Checkpoint, AnAbsurdNetworkIsRefusedBeforeItsWeightsAreAllocated) {
  const Parts parts(trained_checkpoint());
  NetworkConfig largest;  // its linear layer alone has 4096 * 4096 * 64 * 64 weights: std::bad_alloc, were it made
  largest.size = 1024;
  largest.z_dim = 4096;
  largest.g_widths = largest.d_widths = {4096, 4096, 4096, 4096};
  for (const NetworkConfig& network : {largest, NetworkConfig{}})
    EXPECT_TRUE(contains(refusal_with(parts, "network", network_description(network).text()), "parameters")) << network.size;
}

TEST(Checkpoint, AWrongDescriptionOfTheNetworkIsRefused) {
  const Parts parts(trained_checkpoint());
  const Json good = network_description(small_options().network);
  const std::vector<std::pair<std::string, Json>> wrong = {
      {"size", 48},         {"size", "16"},        {"size", -16},          {"size", std::int64_t{1} << 40}, {"channels", 2},
      {"z_dim", 0},         {"z_dim", 2.5},        {"g_widths", 8},        {"d_widths", Json::array()},     {"binarize_g", "5"},
      {"binarize_g", true}, {"binarize_d", "0,1"}, {"bwn", "three"},       {"bwn", Json()},
      {"g_widths", Json(Json::Array{4, 3, 2, 0})}, {"g_widths", Json(Json::Array{4, 3, 2, std::int64_t{1} << 40})},
  };
  // What a terminal would obey, or what would fill it, is not printed.
  for (const char* const key : {"bwn", "binarize_g", "binarize_d"})
    for (const std::string& text : {std::string("\x1b[31m"), std::string("\xc2\x9b"), std::string(65, 'x')}) {
      Json description = good;
      description.set(key, text);
      const std::string message = refusal_with(parts, "network", description.text());
      EXPECT_TRUE(contains(message, key)) << message;
      EXPECT_FALSE(contains(message, text)) << key;
    }
  for (const char* const key : {"version", "iteration"}) {
    const std::string message = refusal_with(parts, key, "2\x1b[31m" + std::string(1000, 'x'));
    EXPECT_FALSE(contains(message, "\x1b")) << key;
    EXPECT_LT(message.size(), 300u) << key;
  }
  for (const auto& [key, value] : wrong) {
    Json description = good;
    description.set(key, value);
    EXPECT_TRUE(contains(refusal_with(parts, "network", description.text()), "network description")) << description.text();
  }
  refusal_with(parts, "network", "{");
  refusal_with(parts, "network", "[]");
  for (const auto& [key, value] : good.as_object()) {
    Json without = Json::object();
    for (const auto& [other, kept] : good.as_object())
      if (other != key) without.set(other, kept);
    EXPECT_TRUE(contains(refusal_with(parts, "network", without.text()), key)) << key;
  }
}

TEST(Checkpoint, AnotherVersionOrFormatSaysWhatThisBuildReads) {
  const Parts parts(trained_checkpoint());
  const std::string message = refusal_with(parts, "version", "2");
  EXPECT_TRUE(contains(message, "version \"2\"")) << message;
  EXPECT_TRUE(contains(message, concat("reads version ", kCheckpointVersion))) << message;
  EXPECT_TRUE(contains(refusal_with(parts, "format", "pbgen-generator"), "is an exported model, not a training checkpoint"));
  for (const char* const key : {"format", "version", "network", "iteration", "adam_steps_generator", "adam_steps_discriminator"}) {
    Parts without = parts;
    without.metadata.erase(key);
    EXPECT_TRUE(contains(refusal(without.together()), key)) << key;
  }
}

TEST(Checkpoint, CountersAreCounts) {
  const Parts parts(trained_checkpoint());
  for (const char* const key : {"iteration", "adam_steps_generator", "adam_steps_discriminator"})
    for (const char* const text : {"", "-1", "two", "2 ", " 2", "2.5", "0x2", "4294967296", "99999999999999999999"})
      EXPECT_TRUE(contains(refusal_with(parts, key, text), key)) << key << " '" << text << "'";
}

TEST(Checkpoint, EveryArrayMustBeThereAndHaveItsShape) {
  const Parts parts(trained_checkpoint());
  for (std::size_t i = 0; i < parts.arrays.size(); ++i) {
    const std::string& name = parts.arrays[i].name;
    Parts reshaped = parts;
    reshaped.arrays[i].dims.insert(reshaped.arrays[i].dims.begin(), 1);
    EXPECT_TRUE(contains(refusal(reshaped.together()), name)) << name;
    if (name == "ema.generator.linear.weight") continue;  // its absence says that nothing was averaged
    Parts without = parts;
    without.arrays.erase(without.arrays.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_TRUE(contains(refusal(without.together()), name)) << name;
  }
}

TEST(Checkpoint, CutAnywhereItIsRefused) {
  const Bytes whole = trained_checkpoint();
  const std::size_t header = 8 + static_cast<std::size_t>(whole[0]) + 256 * static_cast<std::size_t>(whole[1]);
  ASSERT_LT(header, whole.size());
  // Every byte of the header; of the data, where each cut costs a reading of the header, one in thirteen.
  for (std::size_t size = 0; size < whole.size(); size += size < header || size + 13 >= whole.size() ? 1 : 13)
    EXPECT_THROW(Checkpoint::parse(std::span(whole).first(size), kPath), Error) << size;
}

// The kind of error with which a trainer is filled from the file, and with which its generator is read; 0 where there is none.
std::array<int, 2> kinds_of(const Bytes& bytes, const std::string& name) {
  const auto kind_of = [&](const auto& read) {
    try {
      read(Checkpoint::parse(bytes, kPath));
    } catch (const Error& error) {
      EXPECT_TRUE(contains(error.what(), concat(kPath, ": ", name, " holds "))) << error.what();
      return static_cast<int>(error.kind());
    }
    return 0;
  };
  Trainer trainer(small_options());
  return {kind_of([&](const Checkpoint& checkpoint) { checkpoint.restore(trainer); }),
          kind_of([](const Checkpoint& checkpoint) { static_cast<void>(checkpoint.generator()); })};
}

TEST(Checkpoint, ValuesThatAreNotFiniteAreOfARunThatDivergedWhereverTheyStand) {
  constexpr int kDiverged = static_cast<int>(ErrorKind::diverged);
  const Parts parts(trained_checkpoint());
  int averaged = 0;
  for (std::size_t i = 0; i < parts.arrays.size(); ++i) {
    const std::string& name = parts.arrays[i].name;
    const bool of_generator = name.starts_with("ema.");  // what generator() reads where there is an average
    averaged += of_generator ? 1 : 0;
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
      Parts changed = parts;
      changed.arrays[i].values.back() = value;
      EXPECT_EQ(kinds_of(changed.together(), name), (std::array{kDiverged, of_generator ? kDiverged : 0})) << name << ", " << value;
    }
    Parts changed = parts;
    changed.arrays[i].values.front() = -1.0f;
    const bool squares = name.ends_with(".running_var") || name.starts_with("adam.second.");
    EXPECT_EQ(kinds_of(changed.together(), name), (std::array{squares ? kDiverged : 0, squares && of_generator ? kDiverged : 0})) << name;
  }
  EXPECT_GT(averaged, 5);
}

TEST(Checkpoint, ValuesThatNobodyWouldReadAreNotWritten) {
  Trainer trainer(small_options());
  trainer.generator().buffers()[1]->value[0] = std::numeric_limits<float>::infinity();
  const std::string message = expect_refusal(ErrorKind::diverged, "", [&] { encode_checkpoint(trainer, {}); });
  EXPECT_TRUE(contains(message, trainer.generator().buffers()[1]->name)) << message;
}

}  // namespace
}  // namespace pbgen

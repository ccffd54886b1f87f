// libpbgen's errors: no file, however hostile, and no argument is more than a code with a sentence.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/files/safetensors.h"
#include "core/freestanding/half.h"
#include "gan/edge/generator_leaf.h"
#include "gan/edge/pack.h"
#include "gan/edge/pbgen.h"
#include "gan/packed_model.h"
#include "tests/support/damaged_file.h"
#include "tests/support/opened_model.h"

namespace pbgen {
namespace {

int open_code(const Bytes& file) {
  const Bytes exact(file.begin(), file.end());  // no byte behind the last one
  Opened opened(exact);
  if (opened.code == PBGEN_OK) opened.image(1, 0);
  EXPECT_TRUE(opened.code != PBGEN_OK || opened.fences_stand());
  return opened.code;
}

// The tiny model with a text of its header replaced by one as long, and a right checksum.
int code_with(const std::string& from, const std::string& to) {
  EXPECT_EQ(from.size(), to.size());
  Bytes file = tiny_model();
  const std::size_t digits = checksum_place(file);
  const std::size_t place = std::string(file.begin(), file.end()).find(from);
  EXPECT_LT(place, data_begin(file)) << from;
  std::copy(to.begin(), to.end(), file.begin() + static_cast<std::ptrdiff_t>(place));
  repair_checksum(file, digits);
  return open_code(file);
}

// One of each version.
std::vector<Bytes> tiny_models() { return {tiny_model(), model_of(some_configs().front(), kPrepacked)}; }

TEST(PbgenHostile, EveryCodeHasASentenceOfItsOwn) {
  std::set<std::string> sentences;
  for (int code = PBGEN_OK; code <= PBGEN_ROW_NUMBERS; ++code) {
    const std::string text = pbgen_error_text(code);
    EXPECT_GT(text.size(), 10u) << code;
    EXPECT_TRUE(sentences.insert(text).second) << text;
  }
  EXPECT_TRUE(sentences.insert(pbgen_error_text(-1)).second);
  EXPECT_STREQ(pbgen_error_text(PBGEN_ROW_NUMBERS + 1), pbgen_error_text(-1));
}

TEST(PbgenHostile, CutAnywhereItIsRefused) {
  for (const Bytes& whole : tiny_models()) {
    for (std::size_t size = 1; size < whole.size(); ++size)
      EXPECT_EQ(open_code(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))), PBGEN_TRUNCATED) << size;
    EXPECT_EQ(open_code(whole), PBGEN_OK);
  }
}

TEST(PbgenHostile, AFlippedBitAnywhereIsFound) {
  for (const Bytes& whole : tiny_models())
    for (std::size_t i = 0; i < whole.size(); ++i)
      for (const int flip : {0x01, 0x80, 0xff}) {
        Bytes damaged = whole;
        damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ flip);
        EXPECT_NE(open_code(damaged), PBGEN_OK) << i << ", " << flip;
      }
}

// Somebody who repairs the checksum gets an error or a model, and no model that the tools refuse.
TEST(PbgenHostile, AChangedHeaderWithARightChecksumIsAnErrorOrAModel) {
  for (const Bytes& whole : tiny_models()) {
    const std::size_t digits = checksum_place(whole);
    const Bytes image = Opened(whole).image(1, 0);
    int refused = 0;
    for (std::size_t i = 0; i < data_begin(whole); ++i)
      for (const int flip : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
        if (i >= digits && i < digits + kChecksumDigits) continue;
        Bytes damaged = whole;
        damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ flip);
        repair_checksum(damaged, digits);
        if (open_code(damaged) != PBGEN_OK) {
          ++refused;
          continue;
        }
        EXPECT_EQ(Opened(damaged).image(1, 0), image) << i;
        EXPECT_NO_THROW(PackedModel::parse(damaged, "model")) << i << ", " << flip;
      }
    EXPECT_GT(refused, static_cast<int>(data_begin(whole)));
  }
}

// Weights that number i of `used` stands for: those of its group, the same for every kernel row and eight rows.
int channels_of_number(int c_in, std::size_t i, std::size_t used) {
  const int groups = edge::group_count(c_in);
  const std::size_t rows = used / static_cast<std::size_t>(groups);  // of all ky
  int block = 0;
  while (rows * static_cast<std::size_t>(edge::block_begin(groups, block + 1)) <= i) ++block;
  const int first = edge::block_begin(groups, block);
  const int width = edge::block_begin(groups, block + 1) - first;
  const int group = first + static_cast<int>((i - rows * static_cast<std::size_t>(first)) / 8) % width;
  return edge::group_begin(c_in, group + 1) - edge::group_begin(c_in, group);
}

// Each bit of each byte of a prepacked model's one-bit layers: a row number that leads out of its table is refused, and whatever else these
// bytes are is drawn, within its memory, on every path.
TEST(PbgenHostile, RowNumbersThatLeadOutOfTheirTablesAreRefused) {
  // Groups of 3 channels; of 2, 3 and 1; of 5 and 6 in two blocks, and of 5 beside 6 in one.
  const NetworkConfig configs[] = {some_configs()[0], some_configs()[2], config_of(16, 1, 3, {71, 1, 17, 1}, {0, 1, 3})};
  for (const NetworkConfig& config : configs) {
    const Bytes whole = model_of(config, kPrepacked);
    const std::size_t digits = checksum_place(whole);
    int refused = 0;
    int accepted = 0;
    std::size_t begin = data_begin(whole);
    const SafetensorsFile file = SafetensorsFile::parse(whole, "model");
    for (const SafetensorsFile::Tensor& tensor : file.tensors()) {
      int c_in = 0;
      std::size_t used = 0;  // bytes of row numbers
      for (int layer = 1; layer < FoldedGenerator::kLayers; ++layer) {
        const FoldedShape shape = folded_shape(config, layer);
        if (tensor.name != shape.name + ".rows") continue;
        c_in = static_cast<int>(shape.dims[0]);
        used = edge::deconv_signs_size(c_in, static_cast<int>(shape.c_out));
      }
      const std::size_t step = 1 + used / 100 * 2;  // odd: all places of eight
      for (std::size_t i = 0; i < used; i += step) {
        const int channels = channels_of_number(c_in, i, used);
        for (int bit = 0; bit < 8; ++bit) {
          Bytes damaged = whole;
          damaged[begin + i] = static_cast<std::uint8_t>(damaged[begin + i] | 1u << bit);
          repair_checksum(damaged, digits);
          const bool leads_out = bit < 2 || bit >= 2 + channels;
          EXPECT_EQ(open_code(damaged), leads_out ? PBGEN_ROW_NUMBERS : PBGEN_OK) << tensor.name << ", " << i << ", bit " << bit;
          ++(leads_out ? refused : accepted);
        }
      }
      if (tensor.name.ends_with(".words")) {
        Bytes ones = whole;
        std::fill_n(ones.begin() + static_cast<std::ptrdiff_t>(begin), tensor.bytes.size(), std::uint8_t{0xff});
        repair_checksum(ones, digits);
        EXPECT_EQ(open_code(ones), PBGEN_OK);
      }
      begin += tensor.bytes.size();
    }
    EXPECT_GT(refused, 0);
    EXPECT_GT(accepted, 0);
  }
  Bytes damaged = model_of(configs[0], kPrepacked);
  std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(data_begin(damaged)), damaged.end(), std::uint8_t{0x3d});
  repair_checksum(damaged, checksum_place(damaged));
  try {
    PackedModel::parse(damaged, "faces.pbgen");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model_file);
    EXPECT_EQ(std::string(error.what()), concat("faces.pbgen: deconv2.rows: ", pbgen_error_text(PBGEN_ROW_NUMBERS)));
  }
}

TEST(PbgenHostile, AnotherVersionSaysWhichIsRead) {
  EXPECT_EQ(PBGEN_MODEL_VERSION, kPackedModelVersion);
  EXPECT_EQ(code_with("\"version\":\"1\"", "\"version\":\"2\""), PBGEN_ARRAYS);  // its arrays are those of 1
  EXPECT_EQ(code_with("\"version\":\"1\"", "\"version\":\"3\""), PBGEN_VERSION);
  // Whatever else that version writes otherwise: the checksum, and the header behind its number.
  Bytes other = tiny_model();
  const auto place = std::string(other.begin(), other.end()).find(R"("version":"1")");
  other[place + 11] = '3';
  for (std::size_t i = data_begin(other) - 20; i < data_begin(other); ++i) other[i] = '?';
  EXPECT_EQ(open_code(other), PBGEN_VERSION);
  const std::string text = pbgen_error_text(PBGEN_VERSION);
  EXPECT_NE(text.find(concat("reads versions 1 to ", kPackedModelVersion)), text.npos) << text;
}

TEST(PbgenHostile, EachRuleHasItsCode) {
  EXPECT_EQ(code_with("pbgen-generator", "pbgen-discrimin"), PBGEN_NOT_A_MODEL);
  EXPECT_EQ(code_with("least significant", "most  significant"), PBGEN_HEADER);
  EXPECT_EQ(code_with("\"shapes\"", "\"format\""), PBGEN_HEADER);     // twice
  EXPECT_EQ(code_with("\"checksum\"", "\"checkers\""), PBGEN_CHECKSUM);
  EXPECT_EQ(code_with("\\\"size\\\":16", "\\\"size\\\":17"), PBGEN_NETWORK);
  EXPECT_EQ(code_with("\\\"size\\\":16", "\\\"size\\\":64"), PBGEN_ARRAYS);
  EXPECT_EQ(code_with("\\\"0,2\\\"", "\\\"2,2\\\""), PBGEN_NETWORK);
  EXPECT_EQ(code_with("\\\"0,2\\\"", "\\\"0,3\\\""), PBGEN_ARRAYS);
  EXPECT_EQ(code_with("\\\"linear.scale\\\":[4]", "\\\"linear.scale\\\":[5]"), PBGEN_NETWORK);
  EXPECT_EQ(code_with("\"deconv4.scale\":{", "\"deconv5.scale\":{"), PBGEN_ARRAYS);
  EXPECT_EQ(code_with("\"dtype\":\"F32\"", "\"dtype\":\"I32\""), PBGEN_ARRAYS);
  EXPECT_EQ(open_code(Bytes(100, 0)), PBGEN_NOT_A_MODEL);
  EXPECT_EQ(open_code(Bytes(3, 0)), PBGEN_TRUNCATED);
  for (const LayerSet& layers : {LayerSet{}, LayerSet{0}}) {
    NetworkConfig large = config_of(1024, 1, 1, {1, 1, 1, 1}, layers);
    large.g_widths[3] = 512;  // 512 * 512 * 512 floats
    EXPECT_EQ(open_code(encode_packed_model(zero_generator(large), kFloat)), PBGEN_TOO_LARGE);
  }
}

TEST(PbgenHostile, ValuesThatAreNotFiniteAreRefused) {
  const float infinity = std::numeric_limits<float>::infinity();
  const NetworkConfig config = some_configs()[1];
  const std::size_t digits = checksum_place(model_of(config, kFloat));
  for (const PackedModelOptions& options : {kFloat, kHalf}) {
    const Bytes whole = model_of(config, options);
    const SafetensorsFile file = SafetensorsFile::parse(whole, "model");
    std::size_t begin = data_begin(whole);
    for (const SafetensorsFile::Tensor& tensor : file.tensors()) {
      Bytes damaged = whole;
      const Half half = half_of_float(infinity);
      if (tensor.dtype == Dtype::f16) std::memcpy(damaged.data() + begin, &half, sizeof half);
      else std::memcpy(damaged.data() + begin, &infinity, sizeof infinity);
      repair_checksum(damaged, digits);
      EXPECT_EQ(open_code(damaged), PBGEN_NOT_FINITE) << tensor.name;
      begin += tensor.bytes.size();
    }
  }
}

TEST(PbgenHostile, MetadataThatItDoesNotKnowIsNoError) {
  const Bytes file = tiny_model();
  const SafetensorsFile parsed = SafetensorsFile::parse(file, "model");
  SafetensorsWriter writer;
  for (const auto& [key, text] : parsed.metadata())
    if (key != "checksum") writer.add_metadata(key, text);
  writer.add_metadata("weather", "fine, \"they\" say\n\\o/");
  for (const SafetensorsFile::Tensor& tensor : parsed.tensors()) writer.add(tensor.name, tensor.dtype, tensor.dims, tensor.bytes);
  EXPECT_EQ(Opened(writer.finish()).image(1, 0), Opened(file).image(1, 0));
}

TEST(PbgenHostile, ArgumentsAreChecked) {
  const Bytes file = tiny_model();
  pbgen_info info{};
  pbgen_options options{};
  EXPECT_EQ(pbgen_query(nullptr, 4, nullptr, &info), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_query(file.data(), file.size(), nullptr, nullptr), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_query(file.data() + 1, file.size() - 1, nullptr, &info), PBGEN_ALIGNMENT);
  options.path = 99;
  EXPECT_EQ(pbgen_query(file.data(), file.size(), &options, &info), PBGEN_ARGUMENT);
  for (const int parts : {0, -1, 1025}) {
    options = {PBGEN_PATH_BEST, {run_backwards, nullptr, parts}};
    EXPECT_EQ(pbgen_query(file.data(), file.size(), &options, &info), PBGEN_ARGUMENT) << parts;
  }
  EXPECT_EQ(info.arena_bytes, 0u);
  Opened opened(file);
  Bytes image(opened.info.image_bytes);
  pbgen_model* model = nullptr;
  EXPECT_EQ(pbgen_open(file.data(), file.size(), nullptr, nullptr, 1 << 20, &model), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_generate(opened.model, nullptr, image.data()), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_generate(nullptr, nullptr, image.data()), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_generate_seed(opened.model, 1, 0, nullptr), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_generate_seed(opened.model, 1, std::uint64_t{1} << 43, image.data()), PBGEN_ARGUMENT);
}

TEST(PbgenHostile, MapsRegularFiles) {
  const TestFolder folder;
  const Bytes whole = tiny_model();
  write_bytes(folder / "model", whole);
  write_bytes(folder / "empty", {});
  pbgen_bytes file{whole.data(), 1};
  EXPECT_EQ(pbgen_map_file((folder / "missing").c_str(), &file), PBGEN_NOT_FOUND);
  EXPECT_EQ(file.data, nullptr);  // so that unmapping it does nothing
  EXPECT_EQ(file.size, 0u);
  EXPECT_EQ(pbgen_map_file((folder / "empty").c_str(), &file), PBGEN_NOT_MAPPED);
  EXPECT_EQ(pbgen_map_file(folder.path().c_str(), &file), PBGEN_NOT_MAPPED);
  EXPECT_EQ(pbgen_map_file("/dev/null", &file), PBGEN_NOT_MAPPED);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(pbgen_map_file((folder / "pipe").c_str(), &file), PBGEN_NOT_MAPPED);
  EXPECT_EQ(pbgen_map_file(nullptr, &file), PBGEN_ARGUMENT);
  EXPECT_EQ(file.data, nullptr);
  ASSERT_EQ(pbgen_map_file((folder / "model").c_str(), &file), PBGEN_OK);
  const auto* const bytes = static_cast<const std::uint8_t*>(file.data);
  EXPECT_EQ(Bytes(bytes, bytes + file.size), whole);
  pbgen_unmap_file(&file);
  EXPECT_EQ(file.data, nullptr);
  pbgen_unmap_file(&file);
}

}  // namespace
}  // namespace pbgen

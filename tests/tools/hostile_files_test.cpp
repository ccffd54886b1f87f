// Every reader of files against hostile ones: an error with a sentence that names the file, or what the file says; and never more
// memory than the readers' headers state (tests/support/memory_bounds.h).
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/files/json.h"
#include "core/files/safetensors.h"
#include "gan/checkpoint.h"
#include "gan/packed_model.h"
#include "tests/support/allocations.h"
#include "tests/support/damaged_file.h"
#include "tests/support/image_files.h"
#include "tests/support/memory_bounds.h"
#include "tests/support/opened_model.h"
#include "tests/support/tool_run.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/model/trained_generator.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/train/run_identity.h"
#include "tools/lib/train/train_flags.h"

namespace pbgen {
namespace {

constexpr const char* kPath = "hostile";

TrainerOptions tiny_options() {
  TrainerOptions options;
  options.network.size = 16;
  options.network.channels = 1;
  options.network.z_dim = 1;
  options.network.g_widths = {1, 2, 1, 1};
  options.network.d_widths = {1, 1, 2, 1};
  options.network.binarized = {{0, 2}, {1, 3}};
  options.batch = 8;
  return options;
}

Bytes tiny_checkpoint() {
  Trainer trainer(tiny_options());
  return encode_checkpoint(trainer, {{"data", "faces"}});
}

// What is wrong with the file, "" where it is read.  Any exception but an Error of that kind that names the file fails the test.
std::string refusal(ErrorKind kind, const std::string& path, const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.kind(), kind) << message;
    EXPECT_TRUE(message.starts_with(path)) << message;
    EXPECT_GT(message.size(), path.size() + 10) << message;
    EXPECT_LT(message.size(), path.size() + 1000) << message;
    EXPECT_EQ(message.find('\n'), message.npos) << message;
    return message;
  }
  return "";
}

// Every cut of the file; then every byte of its header changed in two ways, with a right checksum.
using Visit = std::function<void(const Bytes& file, const std::string& what)>;
void for_each_damage(const Bytes& whole, std::size_t cut_step, const Visit& visit) {
  const std::size_t header = data_begin(whole);
  const std::size_t checksum = checksum_place(whole);
  ASSERT_LT(checksum, header);
  for (std::size_t size = 0; size < whole.size(); size += size < 64 || size + 64 >= whole.size() ? 1 : cut_step)
    visit(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), concat("cut to ", size));
  for (std::size_t i = 0; i < header; ++i)
    for (const int flip : {1 << i % 8, 0xff}) {
      Bytes damaged = whole;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ flip);
      if (i < checksum || i >= checksum + kChecksumDigits) repair_checksum(damaged, checksum);
      visit(damaged, concat("byte ", i, " ^ ", flip));
    }
}

std::string repeated(const std::string& text, int count, const std::string& first, const std::string& last) {
  std::string all = first;
  for (int i = 0; i < count; ++i) all += text;
  return all + last;
}

std::string keys(int count, const std::string& value) {
  std::string all = "{";
  for (int i = 0; i < count; ++i) all += concat(i > 0 ? ",\"" : "\"", std::hex, i, "\":", value);
  return all + "}";
}

// Texts that make much of few bytes.
std::vector<std::string> costly_texts() {
  const std::string nested = std::string(60, '[') + std::string(60, ']') + ",";
  return {repeated("0,", 70000, "[", "0]"),      repeated("[],", 70000, "[", "0]"), repeated("{},", 70000, "[", "0]"),
          repeated("[0],", 70000, "[", "0]"),    repeated("\"\",", 70000, "[", "0]"), repeated(nested, 1000, "[", "0]"),
          repeated("{\"\":0},", 33000, "[", "0]"), keys(33000, "0"),                keys(33000, "[]"),
          keys(33000, "{\"\":0}"),               repeated("0,", 131073, "[", "0]"), repeated("0,", 70000, "[", "")};
}

// A file as another program might write it: no checksum, no padding, zeros for data.
Bytes file_of(const std::string& header, std::size_t data_bytes) {
  Bytes file;
  for (std::size_t i = 0; i < 8; ++i) file.push_back(static_cast<std::uint8_t>(std::uint64_t{header.size()} >> 8 * i));
  file.insert(file.end(), header.begin(), header.end());
  file.resize(file.size() + data_bytes);
  return file;
}

TEST(HostileFiles, JsonTakesNoMoreMemoryThanStated) {
  double most = 0.0;
  for (const std::string& text : costly_texts()) {
    const std::int64_t peak = peak_of([&] { refusal(ErrorKind::data, kPath, [&] { parse_json(text, ErrorKind::data, kPath); }); });
    EXPECT_LE(peak, largest_json(std::ssize(text))) << text.substr(0, 32);
    most = std::max(most, static_cast<double>(peak) / static_cast<double>(text.size()));
  }
  EXPECT_GT(most, 20.0) << "the counting does not count";
}

TEST(HostileFiles, HeadersTakeNoMoreMemoryThanStated) {
  std::vector<std::string> headers;
  for (const std::string& text : costly_texts()) headers.push_back("{\"a\":" + text + "}");
  headers.push_back(keys(20000, R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})"));
  headers.push_back(keys(20000, R"({"dtype":"U8","shape":[0,0,0,0,0,0,0,0],"data_offsets":[0,0]})"));
  headers.push_back("{\"__metadata__\":" + keys(50000, "\"\"") + "}");
  for (const std::string& header : headers)
    for (const std::size_t data_bytes : {std::size_t{0}, std::size_t{3} << 20}) {
      const Bytes file = file_of(header, data_bytes);
      const std::int64_t peak = peak_of([&] {
        refusal(ErrorKind::model_file, kPath, [&] { SafetensorsFile::parse(file, kPath, SafetensorsFile::Checksum::optional); });
      });
      EXPECT_LE(peak, largest_safetensors(std::ssize(header), std::ssize(file))) << header.substr(0, 64);
    }
}

TEST(HostileFiles, MessagesAreOfOneReadableLine) {
  const std::string long_key(100000, 'k');
  const std::string headers[] = {"{\"__metadata__\":{\"" + long_key + "\":1}}", "{\"" + long_key + "\":{}}",
                                 "{\"__metadata__\":{\"checksum\":\"\x7f\xc2\x80" "bcdef0123456789\"}}"};
  for (const std::string& header : headers) {
    const std::string message = refusal(ErrorKind::model_file, kPath, [&] {
      SafetensorsFile::parse(file_of(header, 0), kPath, SafetensorsFile::Checksum::required);
    });
    EXPECT_FALSE(message.empty());
    EXPECT_LT(message.size(), 1000u);
    EXPECT_EQ(message.find_first_of("\x7f\n\xc2"), message.npos) << message;
  }
}

// A tensor that is not aligned has a copy of its own.
TEST(HostileFiles, DataTakesNoMoreThanTwiceItsBytes) {
  constexpr std::int64_t kFloats = 1 << 20;
  const std::string header = concat(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[)", kFloats,
                                    R"(],"data_offsets":[1,)", 4 * kFloats + 1, "]}}");
  const Bytes file = file_of(header, 4 * kFloats + 1);
  const std::int64_t peak = peak_of([&] { SafetensorsFile::parse(file, kPath, SafetensorsFile::Checksum::optional); });
  EXPECT_GE(peak, 8 * kFloats);  // and the counting sees what is mapped
  EXPECT_LE(peak, largest_safetensors(std::ssize(header), std::ssize(file)));
}

TEST(HostileFiles, DamagedModelsAreRefusedOrReadInStatedMemory) {
  const Bytes whole = tiny_model();
  int refused = 0;
  for_each_damage(whole, 1, [&](const Bytes& file, const std::string& what) {
    std::string message;
    const std::int64_t peak = peak_of([&] { message = refusal(ErrorKind::model_file, kPath, [&] { PackedModel::parse(file, kPath); }); });
    EXPECT_LE(peak, largest_packed_model(std::ssize(file))) << what;
    refused += message.empty() ? 0 : 1;
  });
  EXPECT_GT(refused, std::ssize(whole));
}

TEST(HostileFiles, LibpbgenTakesNoMemoryOfItsOwn) {
  const Bytes whole = tiny_model();
  Bytes arena(Opened(whole).info.arena_bytes);
  Bytes image(Opened(whole).info.image_bytes);
  const auto draw = [&](const Bytes& file) {
    pbgen_model* model = nullptr;
    int code = pbgen_open(file.data(), file.size(), nullptr, arena.data(), arena.size(), &model);
    if (code == PBGEN_OK) code = pbgen_generate_seed(model, 1, 0, image.data());
    return code;
  };
  int refused = 0;
  std::int64_t peak = 0;
  for_each_damage(whole, 7, [&](const Bytes& file, const std::string&) {
    int code = PBGEN_OK;
    peak = std::max(peak, peak_of([&] { code = draw(file); }));
    refused += code == PBGEN_OK ? 0 : 1;
  });
  EXPECT_EQ(peak, 0);
  EXPECT_EQ(draw(whole), PBGEN_OK);
  EXPECT_GT(refused, 100);
}

// A file in memory, for thousands of them on a disk take their time.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("hostile", MFD_CLOEXEC)) {}
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return concat("/proc/self/fd/", descriptor_); }
  void write(const Bytes& bytes) const {
    ASSERT_EQ(ftruncate(descriptor_, 0), 0);
    ASSERT_EQ(pwrite(descriptor_, bytes.data(), bytes.size(), 0), std::ssize(bytes));
  }

 private:
  int descriptor_;
};

// As generate and swd_eval load it.
TEST(HostileFiles, DamagedModelsAreRefusedByTheToolsLoader) {
  const MemoryFile damaged;
  const std::string path = damaged.path();
  const Bytes whole = tiny_model();
  int refused = 0;
  for_each_damage(whole, 1, [&](const Bytes& file, const std::string&) {
    damaged.write(file);
    refused += refusal(ErrorKind::model_file, path, [&] { TrainedGenerator generator(path); }).empty() ? 0 : 1;
  });
  EXPECT_GT(refused, std::ssize(whole));
  damaged.write(whole);
  EXPECT_TRUE(TrainedGenerator(path).exported());
}

TEST(HostileFiles, DamagedCheckpointsAreRefusedOrReadInStatedMemory) {
  const Bytes whole = tiny_checkpoint();
  Trainer trainer(tiny_options());
  int refused = 0;
  for_each_damage(whole, 1, [&](const Bytes& file, const std::string& what) {
    const auto named = static_cast<std::int64_t>(data_begin(file));
    const std::int64_t header = named < 0 ? std::ssize(file) : std::min(named, std::ssize(file));
    const std::string message = refusal(ErrorKind::model_file, kPath, [&] {
      std::optional<Checkpoint> checkpoint;
      with_peak([&] { checkpoint = Checkpoint::parse(file, kPath); },
                [&](std::int64_t peak) { EXPECT_LE(peak, largest_safetensors(header, std::ssize(file))) << what; });
      with_peak([&] { static_cast<void>(checkpoint->generator()); },
                [&](std::int64_t peak) { EXPECT_LE(peak, largest_generator(std::ssize(file))) << what; });
      if (checkpoint->network() == trainer.options().network) checkpoint->restore(trainer);
    });
    refused += message.empty() ? 0 : 1;
  });
  EXPECT_GT(refused, 1000);
}

// A network's weights are made only where the file has as many: floats, not values of a byte.
TEST(HostileFiles, ACheckpointOfBytesMakesNoNetwork) {
  NetworkConfig network;
  std::vector<std::uint8_t> values(std::size_t{20} << 20);
  SafetensorsWriter writer;
  writer.add_metadata("format", "pbgen-checkpoint");
  writer.add_metadata("version", concat(kCheckpointVersion));
  writer.add_metadata("network", network_description(network).text());
  writer.add_metadata("iteration", "1");
  writer.add("generator.linear.weight", {std::ssize(values)}, std::span<const std::uint8_t>(values));
  const Bytes file = writer.finish();
  const std::string message = refusal(ErrorKind::model_file, kPath, [&] { Checkpoint::parse(file, kPath); });
  EXPECT_NE(message.find("holds 0 floats"), message.npos) << message;
}

// Its generators, however much of them is in one bit, and their gradients, which are mapped and never touched.
TEST(HostileFiles, AGeneratorTakesNoMoreThanStated) {
  TrainerOptions options = tiny_options();
  options.network.z_dim = 50;
  options.network.g_widths = {96, 80, 64, 32};
  for (const LayerSet layers : {LayerSet{}, LayerSet{0, 1, 2, 3, 4}}) {
    options.network.binarized.generator = layers;
    Trainer trainer(options);
    const Bytes file = encode_checkpoint(trainer, {});
    const Checkpoint checkpoint = Checkpoint::parse(file, kPath);
    const std::int64_t peak = peak_of([&] { static_cast<void>(checkpoint.generator()); });
    EXPECT_LE(peak, largest_generator(std::ssize(file)));
    EXPECT_GT(peak, std::ssize(file) / 4);
  }
}

// What the network describes and the file need not hold: activations, products, an image.
TEST(HostileFiles, ArenasAreBoundedAsStated) {
  const LayerSet all{0, 1, 2, 3, 4};
  const std::vector<NetworkConfig> configs = {
      config_of(1024, 3, 1, {1, 1, 1, 256}, all),   config_of(1024, 1, 1, {1, 1, 1024, 256}, all),
      config_of(1024, 1, 1, {1, 4096, 1, 1}, all),  config_of(512, 3, 1, {1, 1, 4096, 1}, all),
      config_of(16, 1, 1, {4096, 1, 4096, 1}, all), config_of(16, 1, 4096, {4096, 1, 1, 1}, {}),
      config_of(16, 1, 1, {1, 4096, 1, 1}, {}),     config_of(16, 3, 1, {1, 1, 1, 1}, all),
      config_of(32, 3, 31, {64, 1, 9, 1}, all)};
  std::size_t largest = 0;
  for (const NetworkConfig& config : configs) {
    const Bytes file = encode_packed_model(zero_generator(config), kFloat);
    for (const int parts : {1, 1024}) {
      const pbgen_options pieces{PBGEN_PATH_PORTABLE, {run_backwards, nullptr, parts}};
      pbgen_info info{};
      ASSERT_EQ(pbgen_query(file.data(), file.size(), &pieces, &info), PBGEN_OK) << network_description(config).text();
      EXPECT_LE(info.arena_bytes, largest_arena(file.size(), parts)) << network_description(config).text();
      if (parts == 1) largest = std::max(largest, info.arena_bytes);
    }
  }
  EXPECT_GT(largest, largest_arena(0, 1) / 2);  // the bound is no exaggeration
}

TEST(HostileFiles, NetworksTooLargeToDrawAreNeitherWrittenNorRead) {
  const TestFolder folder;
  const std::string path = folder / "model.pbgen";
  const FoldedGenerator most = zero_generator(config_of(1024, 1, 1, {1, 1, 1, 256}, {3}));
  const FoldedGenerator more = zero_generator(config_of(1024, 1, 1, {1, 1, 1, 257}, {3}));
  EXPECT_NO_THROW(PackedModel::parse(encode_packed_model(most, kFloat), kPath));
  const Bytes file = encode_packed_model(more, kFloat);
  EXPECT_NE(refusal(ErrorKind::model_file, kPath, [&] { PackedModel::parse(file, kPath); }).find("too large"), std::string::npos);
  EXPECT_NE(refusal(ErrorKind::usage, path, [&] { save_packed_model(path, more, kFloat); }), "");
  EXPECT_NO_THROW(save_packed_model(path, most, kFloat));
}

// The configuration of a run, as train_gan takes it; the flags that follow from it.
std::string configured(const std::string& text) {
  TrainFlags flags;
  ArgumentParser parser("train_gan", "a test");
  declare_train_flags(parser, flags);
  const std::string message = refusal(ErrorKind::usage, kPath, [&] {
    parser.apply_config(parse_json(text, ErrorKind::usage, kPath), kPath);
  });
  if (!message.empty()) return message;
  try {
    run_config(parser, flags);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage) << error.what();
    return error.what();
  }
  return "";
}

std::string some_configuration() { return to_json(run_config_of(std::vector<std::string>{})).text(2); }

TEST(HostileFiles, DamagedConfigurationsAreRefusedOrUnderstood) {
  const std::string whole = some_configuration();
  ASSERT_EQ(configured(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(configured(whole.substr(0, size)), "") << size;
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const int flip : {0x01, 0x04, 0x10, 0x40, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      std::string message;
      const std::int64_t peak = peak_of([&] { message = configured(damaged); });
      EXPECT_LE(peak, largest_json(std::ssize(damaged)));
      refused += message.empty() ? 0 : 1;
    }
  EXPECT_GT(refused, 3 * std::ssize(whole));
}

TEST(HostileFiles, ConfigurationsThatAreLongAreRefusedAtOnceAndInShort) {
  const std::string ones = repeated("1,", 400000, "[", "1]");
  const std::string letters(std::size_t{1} << 20, 'x');
  for (const std::string& text : {concat("{\"g_widths\":", ones, "}"), concat("{\"binarize_g\":\"", letters, "\"}"),
                                  concat("{\"", letters, "\":1}"), concat("{\"mirror\":\"", letters, "\"}"),
                                  concat("{\"batch\":[", ones, "]}"), concat("{\"batch\":{\"a\":", ones, "}}"),
                                  concat("{\"mirror\":\"\xc2\x9b", "2J\"}")}) {
    const std::string message = configured(text);
    EXPECT_NE(message, "") << text.substr(0, 20);
    EXPECT_EQ(message.find('\x1b'), message.npos);
    EXPECT_EQ(message.find("\xc2\x9b"), message.npos);
  }
  // The name of a folder may hold anything; where it is shown it goes through shown().
  for (const std::string& text : {concat("{\"data\":\"a\\u001b[2Jb\"}"), concat("{\"data\":\"a\xc2\x9b", "2Jb\"}"),
                                  concat("{\"data\":\"\xc3\xa9t\xc3\xa9 \\\"1\\\"\"}")})
    EXPECT_EQ(configured(text), "");
}

// A checkpoint says what its run is, not where files go.
TEST(HostileFiles, AnIdentityIsNoCommandLine) {
  for (const char* const text : {R"({"out":"elsewhere"})", R"({"force":true})", R"({"resume":"auto"})", R"({"config":"x"})", R"([])",
                                 R"(3)", R"({"batch":7})", R"({"weather":"fine"})", R"({"batch":"sixteen"})"}) {
    TrainFlags flags;
    ArgumentParser parser("train_gan", "a test");
    declare_train_flags(parser, flags);
    const Json identity = parse_json(text, ErrorKind::model_file, kPath);
    EXPECT_NE(refusal(ErrorKind::model_file, kPath, [&] { apply_identity(parser, identity, kPath); }), "") << text;
  }
}

class HostileTools : public testing::Test {
 protected:
  void SetUp() override { skip_without({"generate", "swd_eval", "export", "train_gan"}); }

  // The tool ends with that code and one line that names the file.
  void expect_refused(const char* tool, const std::vector<std::string>& arguments, ErrorKind kind, const std::string& path) const {
    const ToolRun result = run_tool_at(*tool_path(tool), arguments, folder_.path());
    EXPECT_EQ(result.exit_code, static_cast<int>(kind)) << tool << ": " << result.err;
    EXPECT_NE(result.err.find(path), std::string::npos) << tool << ": " << result.err;
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << tool << ": " << result.err;
  }

  TestFolder folder_;
};

TEST_F(HostileTools, EndWithTheirExitCodeAndASentence) {
  const auto file_of = [&](const char* name, Bytes bytes) {
    write_bytes(folder_ / name, bytes);
    return folder_ / name;
  };
  Bytes model = tiny_model();
  Bytes checkpoint = tiny_checkpoint();
  model[model.size() / 2] ^= 1;
  checkpoint.pop_back();
  for (const std::string& path : {file_of("flipped.pbgen", model), file_of("cut.safetensors", checkpoint)}) {
    expect_refused("generate", {path, "--grid", folder_ / "grid.png"}, ErrorKind::model_file, path);
    expect_refused("swd_eval", {"synthetic", path}, ErrorKind::model_file, path);
    expect_refused("export", {path, "-o", folder_ / "new.pbgen"}, ErrorKind::model_file, path);
    expect_refused("train_gan", {"--resume", path, "--dry-run"}, ErrorKind::model_file, path);
  }
  const std::string config = file_of("config.json", bytes_of("{\"batch\": 16,"));
  expect_refused("train_gan", {"--config", config, "--dry-run"}, ErrorKind::usage, config);
}

// The file with a number that is none at the end of an array, and a right checksum.
Bytes with_infinity(Bytes file, const std::string& name) {
  const SafetensorsFile parsed = SafetensorsFile::parse(file, kPath);
  std::size_t end = data_begin(file);
  std::size_t values_end = 0;
  for (const SafetensorsFile::Tensor& tensor : parsed.tensors()) {
    end += tensor.bytes.size();
    if (tensor.name == name) values_end = end;
  }
  EXPECT_GT(values_end, 0u) << name;
  const float infinity = std::numeric_limits<float>::infinity();
  // An exported model's arrays are followed by zeros up to a multiple of 64, which nobody reads.
  const std::size_t zeros = parsed.metadata("format") == "pbgen-generator" ? 64 - sizeof infinity : 0;
  std::memcpy(file.data() + values_end - zeros - sizeof infinity, &infinity, sizeof infinity);
  repair_checksum(file, checksum_place(file));
  return file;
}

// One rule: exit code 5 and the array's name, whoever reads and whatever the file is.
TEST_F(HostileTools, RefuseNumbersThatAreNotFinite) {
  const std::string checkpoint = folder_ / "checkpoint.safetensors";
  write_bytes(checkpoint, with_infinity(tiny_checkpoint(), "generator.bn1.running_var"));
  const std::string model = folder_ / "model.pbgen";
  write_bytes(model, with_infinity(tiny_model(), "deconv4.scale"));
  for (const std::string& path : {checkpoint, model}) {
    expect_refused("generate", {path, "--grid", folder_ / "grid.png"}, ErrorKind::diverged, path);
    expect_refused("swd_eval", {"synthetic", path}, ErrorKind::diverged, path);
  }
  expect_refused("export", {checkpoint, "-o", folder_ / "new.pbgen"}, ErrorKind::diverged, checkpoint);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "grid.png"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new.pbgen"));
}

}  // namespace
}  // namespace pbgen

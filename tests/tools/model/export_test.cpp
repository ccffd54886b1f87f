// export as a user runs it, and the tools that take what it wrote.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/safetensors.h"
#include "data/formats/image_io.h"
#include "gan/checkpoint.h"
#include "gan/edge/pbgen.h"
#include "gan/expanded_generator.h"
#include "gan/packed_model.h"
#include "gan/sampler.h"
#include "gan/trainer.h"
#include "tests/support/image_files.h"
#include "tests/support/some_generator.h"
#include "tests/support/tool_run.h"
#include "tools/lib/html/encode.h"
#include "tools/lib/model/export_report.h"

namespace pbgen {
namespace {

constexpr int kImages = 12;

class Export : public testing::Test {
 protected:
  void SetUp() override { skip_without({"export", "generate", "swd_eval"}); }

  ToolRun run(const char* tool, const Arguments& arguments) const { return run_tool_at(*tool_path(tool), arguments, folder_.path()); }

  // Its generator has images of many greys, with or without a calibration.
  std::string checkpoint(const std::string& name, const NetworkConfig& network) const {
    TrainerOptions options;
    options.network = network;
    options.batch = 8;
    options.seed = 5;
    Trainer trainer(options);
    copy_weights(some_generator(network), trainer.generator());
    save_checkpoint(folder_ / name, trainer, {});
    return folder_ / name;
  }

  static NetworkConfig network(LayerSet binarized, int channels) {
    NetworkConfig config;
    config.size = 16;
    config.channels = channels;
    config.z_dim = 10;
    config.g_widths = {24, 12, 10, 6};
    config.d_widths = {4, 4, 4, 4};
    config.binarized.generator = binarized;
    return config;
  }

  // The pictures that generate writes, one after the other.
  std::vector<std::uint8_t> pictures(const std::string& name, Arguments arguments) const {
    arguments.insert(arguments.end(), {"--n", concat(kImages), "--out", folder_ / name});
    const ToolRun result = run("generate", arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / name)) paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    EXPECT_EQ(paths.size(), std::size_t{kImages});
    std::vector<std::uint8_t> pixels;
    for (const std::string& path : paths) {
      const Image picture = read_image(path).image;
      pixels.insert(pixels.end(), picture.pixels.begin(), picture.pixels.end());
    }
    return pixels;
  }

  TestFolder folder_;
};

TEST_F(Export, TheModelsImagesAreTheCheckpointsUpToOneGreyLevel) {
  int number = 0;
  const std::pair<LayerSet, int> cases[] = {{{1, 2, 3}, 3}, {{0, 1, 2, 3, 4}, 3}, {{}, 1}};
  for (const auto& [binarized, channels] : cases)
    for (const char* const batches : {"0", "2"}) {
      const std::string name = concat(number++);
      const std::string path = checkpoint(name + ".safetensors", network(binarized, channels));
      const ToolRun exported = run("export", {path, "-o", folder_ / (name + ".pbgen"), "--bn-calibrate", batches, "--seed", "3"});
      ASSERT_EQ(exported.exit_code, 0) << exported.err;
      const auto expected = pictures(name + "-checkpoint", {path, "--seed", "3", "--bn-calibrate", batches});
      const auto actual = pictures(name + "-model", {folder_ / (name + ".pbgen"), "--seed", "3"});
      ASSERT_EQ(actual.size(), expected.size());
      for (std::size_t i = 0; i < actual.size(); ++i) ASSERT_LE(std::abs(actual[i] - expected[i]), 1) << name << ", pixel " << i;
      EXPECT_GT(*std::max_element(actual.begin(), actual.end()) - *std::min_element(actual.begin(), actual.end()), 16) << name;
    }
}

TEST_F(Export, PrintsTheSizeOfWhatItWrote) {
  const NetworkConfig config = network({1, 2, 3}, 3);
  const std::string path = checkpoint("last.safetensors", config);
  for (const auto& [precision, option] : {std::pair{"float", LinearPrecision::single}, std::pair{"half", LinearPrecision::half}}) {
    const std::string model = folder_ / (std::string(precision) + ".pbgen");
    const ToolRun result = run("export", {path, "--out", model, "--linear-precision", precision});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(model));
    EXPECT_EQ(bytes, packed_model_bytes(config, {option}));
    EXPECT_NE(result.out.find(concat(": ", bytes, " bytes;")), std::string::npos) << result.out;
    for (const char* const words : {"setting F (in one bit: 1,2,3)", "16x16x3", "widths 24,12,10,6", "25.81x"})
      EXPECT_NE(result.out.find(words), std::string::npos) << words << " in\n" << result.out;
    EXPECT_EQ(PackedModel::load(model).options().linear, option);
  }
}

TEST_F(Export, PrepackedModelsDrawTheSameBytes) {
  const std::string path = checkpoint("last.safetensors", network({0, 1, 3}, 3));
  const std::string models[] = {folder_ / "plain.pbgen", folder_ / "prepacked.pbgen"};
  EXPECT_EQ(run("export", {path, "-o", models[0]}).exit_code, 0);
  const ToolRun result = run("export", {path, "-o", models[1], "--prepacked"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find(concat(": ", std::filesystem::file_size(models[1]), " bytes;")), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("--prepacked"), std::string::npos) << result.out;
  EXPECT_TRUE(PackedModel::load(models[1]).options().prepacked);
  EXPECT_EQ(pictures("plain", {models[0]}), pictures("prepacked", {models[1]}));

  const ToolRun by_default = run("export", {path, "--prepacked"});
  EXPECT_EQ(by_default.exit_code, 0) << by_default.err;
  EXPECT_NE(by_default.out.find("-prepacked.pbgen: "), std::string::npos) << by_default.out;
  const std::string in_float = checkpoint("float.safetensors", network({}, 3));
  for (const Arguments& refused : {Arguments{in_float, "-o", folder_ / "x", "--prepacked"},
                                   Arguments{path, "-o", folder_ / "x", "--to", "npz", "--prepacked"}}) {
    const ToolRun run_refused = run("export", refused);
    EXPECT_EQ(run_refused.exit_code, 2);
    EXPECT_NE(run_refused.err.find("--prepacked"), std::string::npos) << run_refused.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "x"));
  }
}

// At the paper's width, where the file is small but for the linear layer.
TEST(ExportReport, OffersASmallerLinearLayerWhereItIsMostOfTheFile) {
  NetworkConfig config;
  EXPECT_EQ(smaller_linear_layer(config, {}), "");  // in float the deconvolutions are most
  config.binarized.generator = {1, 2, 3};
  const std::string offers = smaller_linear_layer(config, {});
  for (const char* const words :
       {"85% of the file", "--linear-precision half", " 2235584 ", " 9.19x", "--binarize-g 0,1,2,3", " 699520 ", "29.36x"})
    EXPECT_NE(offers.find(words), std::string::npos) << words << " in\n" << offers;
  const std::string left = smaller_linear_layer(config, {LinearPrecision::half});
  EXPECT_EQ(left.find("--linear-precision half"), std::string::npos) << left;
  EXPECT_NE(left.find("--binarize-g 0,1,2,3"), std::string::npos) << left;
  config.binarized.generator = {0, 1, 2, 3};
  EXPECT_EQ(smaller_linear_layer(config, {}), "");
}

TEST_F(Export, TellsTheMemoryOfADevice) {
  const std::string model = folder_ / "model.pbgen";
  const ToolRun result = run("export", {checkpoint("last.safetensors", network({1, 2, 3}, 3)), "--out", model});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  pbgen_bytes file;
  pbgen_info info;
  ASSERT_EQ(pbgen_map_file(model.c_str(), &file), PBGEN_OK);
  ASSERT_EQ(pbgen_query(file.data, file.size, nullptr, &info), PBGEN_OK);
  pbgen_unmap_file(&file);
  EXPECT_NE(result.out.find(concat("beside the file, ", info.arena_bytes, " bytes")), std::string::npos) << result.out;
  EXPECT_NE(result.out.find(concat("Of them ", info.row_number_bytes, " ")), std::string::npos) << result.out;
  write_bytes(folder_ / "other", Bytes(100, 0));
  EXPECT_NE(device_memory(folder_ / "other").find(pbgen_error_text(PBGEN_NOT_A_MODEL)), std::string::npos);
}

TEST_F(Export, WritesPlainWeightsForOtherPrograms) {
  const NetworkConfig config = network({1, 2, 3}, 3);
  const std::string path = checkpoint("last.safetensors", config);
  const std::int64_t packed = packed_model_bytes(config);
  for (const auto& [name, format] : {std::pair{"safetensors", ExpandedFormat::safetensors}, std::pair{"npz", ExpandedFormat::npz}}) {
    const std::string weights = folder_ / (std::string("weights.") + name);
    const ToolRun result = run("export", {path, "-o", weights, "--to", name});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(weights));
    EXPECT_EQ(bytes, expanded_generator_bytes(config, format));
    for (const std::string& words : {concat(": ", bytes, " bytes;"), concat(" ", packed, " bytes"), std::string("in one bit: 1,2,3")})
      EXPECT_NE(result.out.find(words), std::string::npos) << words << " in\n" << result.out;

    EXPECT_EQ(run("export", {path, "-o", weights, "--to", name}).exit_code, 2);
    EXPECT_EQ(run("export", {path, "-o", weights, "--to", name, "--force"}).exit_code, 0);
    EXPECT_EQ(run("export", {path, "-o", folder_ / "half", "--to", name, "--linear-precision", "half"}).exit_code, 2);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "half"));

    // Written for other programs; ours say what they take in its place.
    const Arguments readers[] = {{"generate", weights, "--out", folder_ / "x"}, {"swd_eval", "synthetic", weights, "--num-images", "4"}};
    for (const Arguments& reader : readers) {
      const ToolRun refused = run(reader[0].c_str(), Arguments(reader.begin() + 1, reader.end()));
      EXPECT_EQ(refused.exit_code, 4);
      EXPECT_NE(refused.err.find("--to packed"), std::string::npos) << refused.err;
      EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
    }
    EXPECT_EQ(run("swd_eval", {weights, "synthetic", "--num-images", "4"}).exit_code, 2);
  }
  EXPECT_EQ(run("export", {path, "-o", folder_ / "model", "--to", "packed"}).exit_code, 0);
  EXPECT_EQ(PackedModel::load(folder_ / "model").network().g_widths, config.g_widths);
  EXPECT_EQ(run("export", {path, "-o", folder_ / "x", "--to", "onnx"}).exit_code, 2);
}

// tools/load_generator.py against the pictures that generate writes.
class ExportLoaded : public Export {
 protected:
  void SetUp() override {
    Export::SetUp();
    if (!IsSkipped() && !python_has("numpy")) GTEST_SKIP() << "there is no python3 with numpy to run tools/load_generator.py";
  }

  ToolRun load(Arguments arguments) const {
    arguments.insert(arguments.begin(), {"python3", "tools/load_generator.py"});
    return run_tool_at("/usr/bin/env", arguments, folder_.path());
  }

  std::string exported(const std::string& path, Arguments flags) const {
    const bool packed = flags.back() != "safetensors" && flags.back() != "npz";
    const std::string file = concat(path, flags.back() == "--prepacked" ? "-prepacked." : ".", packed ? "pbgen" : flags.back());
    flags.insert(flags.end(), {path, "-o", file, "--bn-calibrate", "0"});
    const ToolRun result = run("export", flags);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return file;
  }

  std::vector<std::uint8_t> pictures_of(const std::string& path, const std::string& name, const std::string& seed) const {
    return pictures(name, {path, "--seed", seed, "--bn-calibrate", "0"});
  }
};

TEST_F(ExportLoaded, NumpyDrawsTheImagesThatGenerateWrites) {
  const std::string seed = "18446744073709551557";
  struct Case {
    LayerSet binarized;
    int channels;
    std::vector<Arguments> flags;
  };
  const Case cases[] = {{{1, 2, 3}, 3, {{"--to", "packed"}, {"--prepacked"}, {"--to", "safetensors"}, {"--to", "npz"}}},
                        {{0, 4}, 1, {{"--to", "packed"}, {"--prepacked"}}}};
  for (const Case& test : cases) {
    const std::string path = checkpoint(concat(test.channels), network(test.binarized, test.channels));
    const std::string name = concat(test.channels, "-pictures");
    pictures_of(path, name, seed);
    for (const Arguments& flags : test.flags) {
      const ToolRun same = load({exported(path, flags), "--compare", folder_ / name, "--seed", seed});
      EXPECT_EQ(same.exit_code, 0) << flags.back() << ": " << same.out << same.err;
      EXPECT_NE(same.out.find(concat(kImages, " images, ", kImages * 16 * 16 * test.channels, " values")), std::string::npos) << same.out;
    }
  }
  const std::string half = exported(checkpoint("half", network({2}, 3)), {"--linear-precision", "half"});
  pictures("half-pictures", {half});
  const ToolRun same = load({half, "--compare", folder_ / "half-pictures"});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
}

TEST_F(ExportLoaded, TorchDrawsThemToo) {
  if (!python_has("torch")) GTEST_SKIP() << "there is no python3 with torch to run tools/load_generator.py --torch";
  const std::string path = checkpoint("last", network({1, 2, 3}, 3));
  pictures_of(path, "pictures", "1");
  const ToolRun same = load({exported(path, {"--to", "safetensors"}), "--compare", folder_ / "pictures", "--torch"});
  EXPECT_EQ(same.exit_code, 0) << same.out << same.err;
}

// As a stranger to PBGen opens them, by the formats' own package.
TEST_F(ExportLoaded, TheSafetensorsPackageOpensBothOfItsFiles) {
  if (!python_has("safetensors")) GTEST_SKIP() << "there is no python3 with safetensors to open the files";
  const std::string path = checkpoint("last", network({1, 2, 3}, 3));
  for (const std::string to : {"packed", "safetensors"}) {
    const std::string file = exported(path, {"--to", to});
    const std::string script =
        "import sys, safetensors\n"
        "with safetensors.safe_open(sys.argv[1], 'np') as file:\n"
        "    names = list(file.keys())\n"
        "    values = sum(file.get_tensor(name).nbytes for name in names)\n"
        "    print(file.metadata()['format'], len(names), values)\n";
    const ToolRun result = run_tool_at("/usr/bin/env", {"python3", "-c", script, file}, folder_.path());
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const SafetensorsFile own = SafetensorsFile::load(file);
    std::int64_t bytes = 0;
    for (const auto& tensor : own.tensors()) bytes += std::ssize(tensor.bytes);
    EXPECT_EQ(result.out,
              concat(to == "packed" ? "pbgen-generator " : "pbgen-generator-expanded ", own.tensors().size(), " ", bytes, "\n"));
  }
}

TEST_F(ExportLoaded, SaysWhereImagesAreOthers) {
  const std::string path = checkpoint("last", network({1, 2, 3}, 3));
  pictures_of(path, "pictures", "1");
  const ToolRun other = load({exported(path, {"--to", "npz"}), "--compare", folder_ / "pictures", "--seed", "2"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_NE(other.out.find("the largest difference is "), std::string::npos) << other.out;
  const ToolRun refused = load({path, "--compare", folder_ / "pictures"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("pbgen-checkpoint"), std::string::npos) << refused.err;
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
}

TEST_F(ExportLoaded, WritesPictures) {
  for (const int channels : {3, 1}) {
    const std::string path = checkpoint(concat(channels), network({1}, channels));
    const std::vector<std::uint8_t> expected = pictures_of(path, concat(channels, "-pictures"), "1");
    const ToolRun result =
        load({exported(path, {"--to", "safetensors"}), "--n", concat(kImages), "--out", folder_ / concat("out-", channels)});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const Bytes last = read_file(folder_ / concat("out-", channels, "/image_0000", kImages - 1, channels == 3 ? ".ppm" : ".pgm"), 1 << 20);
    const std::size_t size = std::size_t{16} * 16 * channels;
    const std::string head = concat("P", channels == 3 ? 6 : 5, " 16 16 255\n");
    ASSERT_EQ(last.size(), head.size() + size);
    EXPECT_EQ(std::string(last.begin(), last.end() - static_cast<std::ptrdiff_t>(size)), head);
    for (std::size_t i = 1; i <= size; ++i) ASSERT_LE(std::abs(last[last.size() - i] - expected[expected.size() - i]), 1) << i;
  }
}

TEST_F(Export, ReplacesOnlyWhatTheUserAllows) {
  const std::string path = checkpoint("last.safetensors", network({1}, 3));
  const std::vector<std::uint8_t> original = read_file(path, 1 << 24);
  const std::string model = folder_ / "model";
  write_bytes(model, bytes_of("mine"));
  const ToolRun refused = run("export", {path, "-o", model});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
  EXPECT_EQ(read_file(model, 100), bytes_of("mine"));
  EXPECT_EQ(run("export", {path, "-o", model, "--force"}).exit_code, 0);
  EXPECT_EQ(PackedModel::load(model).network().g_widths, network({1}, 3).g_widths);

  EXPECT_EQ(run("export", {path, "-o", path, "--force"}).exit_code, 2);
  EXPECT_EQ(read_file(path, 1 << 24), original);
  EXPECT_EQ(run("export", {path, "-o", folder_.path(), "--force"}).exit_code, 2);
  EXPECT_EQ(run("export", {path}).exit_code, 0);
  EXPECT_EQ(PackedModel::load(folder_ / "last.pbgen").network().g_widths, network({1}, 3).g_widths);
  EXPECT_EQ(run("export", {path}).exit_code, 2);
  EXPECT_EQ(run("export", {model, "-o", folder_ / "again"}).exit_code, 4);
  EXPECT_EQ(run("export", {checkpoint("bits", network({0}, 3)), "-o", folder_ / "half", "--linear-precision", "half"}).exit_code, 2);
}

// What `make wasm` and a build leave, with a page that is as short as one can be.
class ExportPage : public Export {
 protected:
  void SetUp() override {
    Export::SetUp();
    if (IsSkipped()) return;
    std::filesystem::create_directories(folder_ / "tools");
    std::filesystem::copy_file(*tool_path("export"), tool_);
  }

  void build_page(const std::string& text) const {
    std::filesystem::create_directories(folder_ / "build/web");
    write_bytes(folder_ / "build/web/index.html", bytes_of(text));
  }
  ToolRun export_here(const Arguments& arguments) const { return run_tool_at(tool_, arguments, folder_.path()); }
  std::string page(const std::string& name) const { return read_text_file(folder_ / (name + "/index.html"), 1 << 24); }
  static std::string script(const std::string& name, const std::string& model) {
    return concat(R"(<script type="application/pbgen" data-name=")", name, R"(">)", base64(read_file(model, 1 << 24)), "</script>\n");
  }
  bool there(const std::string& name) const { return std::filesystem::exists(folder_ / name); }

  static constexpr const char* kBefore = "<html>\n<!-- models -->\n";
  static constexpr const char* kBehind = "<!-- end of models -->\n</html>\n";
  const std::string tool_ = folder_ / "tools/export";
};

TEST_F(ExportPage, HoldsTheModels) {
  build_page(concat(kBefore, "<script>the gallery's</script>\n", kBehind));
  const std::string path = checkpoint("last.safetensors", network({1}, 3));
  const ToolRun first = export_here({path, "--web", folder_ / "new/page"});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  const std::string model = folder_ / "new/page/last.pbgen";
  EXPECT_EQ(PackedModel::load(model).network().g_widths, network({1}, 3).g_widths);
  EXPECT_EQ(page("new/page"), concat(kBefore, script("last.pbgen", model), kBehind));

  // A model that is there already goes in as it is, under a name that markup must not end.
  const std::string other = folder_ / "a\"><b>.pbgen";
  EXPECT_EQ(export_here({checkpoint("other", network({0, 1}, 1)), "-o", other}).exit_code, 0);
  EXPECT_EQ(export_here({other, "--web", folder_ / "two", "--beside", model}).exit_code, 0);
  EXPECT_EQ(page("two"), concat(kBefore, script("a&quot;&gt;&lt;b&gt;.pbgen", other), script("last.pbgen", model), kBehind));

  EXPECT_EQ(export_here({path, "--web", folder_ / "three", "-o", folder_ / "elsewhere.pbgen"}).exit_code, 0);
  EXPECT_EQ(page("three"), concat(kBefore, script("elsewhere.pbgen", folder_ / "elsewhere.pbgen"), kBehind));
  EXPECT_FALSE(there("three/last.pbgen"));
}

TEST_F(ExportPage, ReplacesOnlyWhatTheUserAllows) {
  build_page(concat(kBefore, kBehind));
  const std::string path = checkpoint("last.safetensors", network({1}, 3));
  EXPECT_EQ(export_here({path, "-o", folder_ / "model.pbgen"}).exit_code, 0);
  std::filesystem::create_directories(folder_ / "page");
  write_bytes(folder_ / "page/index.html", bytes_of("mine"));
  for (const Arguments& arguments : {Arguments{path}, Arguments{folder_ / "model.pbgen"}}) {
    const ToolRun refused = export_here(arguments + Arguments{"--web", folder_ / "page"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
    EXPECT_EQ(page("page"), "mine");
    EXPECT_FALSE(there("page/last.pbgen"));
  }
  EXPECT_EQ(export_here({folder_ / "model.pbgen", "--web", folder_ / "page", "--force"}).exit_code, 0);
  EXPECT_EQ(page("page"), concat(kBefore, script("model.pbgen", folder_ / "model.pbgen"), kBehind));
}

TEST_F(ExportPage, SaysWhatHindersItBeforeItWritesAnything) {
  const std::string path = checkpoint("last.safetensors", network({1}, 3));
  const auto expect_refused = [&](const Arguments& arguments, int exit_code, const std::string& reason) {
    const ToolRun refused = export_here(arguments + Arguments{"--web", folder_ / "page"});
    EXPECT_EQ(refused.exit_code, exit_code);
    EXPECT_NE(refused.err.find(reason), std::string::npos) << refused.err;
    EXPECT_FALSE(there("page"));
  };
  expect_refused({path}, 6, "make wasm");
  build_page("<html>another page</html>");
  expect_refused({path}, 6, "build/web/index.html");
  build_page(concat(kBefore, kBehind));
  write_bytes(folder_ / "broken.pbgen", bytes_of("no model"));
  expect_refused({folder_ / "broken.pbgen"}, 4, "broken.pbgen");
  expect_refused({path, "--beside", folder_ / "broken.pbgen"}, 4, "broken.pbgen");
  expect_refused({path, "--to", "npz"}, 2, "--to npz");
  EXPECT_EQ(export_here({path, "-o", folder_ / "model.pbgen"}).exit_code, 0);
  const std::string model = folder_ / "model.pbgen";
  for (const Arguments& made : {Arguments{"-o", folder_ / "again.pbgen"}, Arguments{"--linear-precision", "float"},
                                Arguments{"--prepacked"}, Arguments{"--best"}, Arguments{"--bn-calibrate", "0"}, Arguments{"--seed", "2"}})
    expect_refused(Arguments{model} + made, 2, "exported already");
  EXPECT_EQ(export_here({path, "--beside", folder_ / "model.pbgen"}).exit_code, 2);
  EXPECT_EQ(export_here({folder_ / "model.pbgen", "-o", folder_ / "again.pbgen"}).exit_code, 4);
}

TEST_F(Export, SwdEvalDrawsTheImagesThatGenerateWrites) {
  const std::string path = checkpoint("last.safetensors", network({1, 2, 3}, 3));
  const std::string model = folder_ / "model";
  ASSERT_EQ(run("export", {path, "-o", model}).exit_code, 0);
  // A run's folder is its newest checkpoint, and no folder of pictures.
  const std::string newest = folder_ / "run/checkpoints/000002.safetensors";
  std::filesystem::create_directories(folder_ / "run/checkpoints");
  std::filesystem::copy_file(path, newest);
  write_png(folder_ / "run/samples/000002.png", Image::black(16, 16, 3));
  for (const std::string& generator : {model, path, folder_ / "run"}) {
    const std::string name = std::filesystem::path(generator).filename().string() + "-images";
    pictures(name, {generator, "--seed", "7"});
    const Arguments options = {"--num-images", concat(kImages), "--seed", "7", "--json"};
    Arguments drawn = {"synthetic", generator};
    Arguments written = {"synthetic", folder_ / name};
    drawn.insert(drawn.end(), options.begin(), options.end());
    written.insert(written.end(), options.begin(), options.end());
    const ToolRun result = run("swd_eval", drawn);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out, run("swd_eval", written).out);
    EXPECT_EQ(result.err.find("exact statistics of 16 batches of 64") == std::string::npos, generator == model) << result.err;
  }
  const Arguments raw = {"synthetic", path, "--num-images", concat(kImages), "--seed", "7", "--json", "--bn-calibrate", "0"};
  const ToolRun moving = run("swd_eval", raw);
  EXPECT_NE(moving.err.find("its moving averages"), std::string::npos) << moving.err;
  pictures("raw", {path, "--seed", "7", "--bn-calibrate", "0"});
  EXPECT_EQ(moving.out, run("swd_eval", {"synthetic", folder_ / "raw", "--num-images", concat(kImages), "--seed", "7", "--json"}).out);
  EXPECT_EQ(run("swd_eval", {"synthetic", model, "--bn-calibrate", "2"}).exit_code, 2);
  EXPECT_EQ(run("swd_eval", {folder_ / "run", "synthetic"}).exit_code, 2);
  EXPECT_EQ(run("swd_eval", {model, "synthetic"}).exit_code, 2);
  EXPECT_EQ(run("swd_eval", {"synthetic", model, "--size", "32", "--num-images", "4"}).exit_code, 3);
  EXPECT_EQ(run("swd_eval", {"synthetic", model, "--channels", "1", "--num-images", "4"}).exit_code, 3);
  EXPECT_EQ(run("generate", {model, "--out", folder_ / "x", "--bn-calibrate", "2"}).exit_code, 2);
  EXPECT_EQ(run("generate", {model, "--out", folder_ / "x", "--conv", "im2col"}).exit_code, 2);
}

}  // namespace
}  // namespace pbgen

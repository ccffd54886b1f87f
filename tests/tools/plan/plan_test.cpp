// ./tools/plan: nets from flags, configurations and files; what fits a budget; what is printed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/files/file.h"
#include "core/files/json.h"
#include "gan/folded_generator.h"
#include "gan/packed_model.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/output_text.h"
#include "tests/support/refusal.h"
#include "tests/support/tool_run.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/plan/budget.h"
#include "tools/lib/plan/layers.h"
#include "tools/lib/plan/report.h"
#include "tools/lib/train/run_config_text.h"

namespace pbgen {
namespace {

constexpr const char* kTwoLayers = R"({"layers": [
  {"name": "up1", "kind": "deconv", "c_in": 64, "c_out": 8, "kernel": 5, "stride": 2, "height": 4, "width": 4, "binarized": true},
  {"kind": "conv", "c_in": 8, "c_out": 3, "kernel": [1, 3], "stride": 3, "height": 8, "width": 9}]})";

PlannedNet net_of(const std::string& layers) {
  PlannedNet net;
  net.title = "a net";
  net.rows = parse_layers(layers, "net.json");
  return net;
}

PlannedNet net_of(const NetworkConfig& config) {
  PlannedNet net;
  net.network = config;
  net.rows = layer_table(config);
  return net;
}

// With one key of the first layer replaced, added or (value "") removed.
std::string changed(const std::string& key, const std::string& value) {
  const std::vector<std::pair<std::string, std::string>> plain = {
      {"name", R"("up1")"}, {"kind", R"("deconv")"}, {"c_in", "64"},  {"c_out", "8"},         {"kernel", "5"},
      {"stride", "2"},      {"height", "4"},         {"width", "4"},  {"binarized", "false"}, {key, value}};
  std::string text;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const bool replaced = i + 1 < plain.size() && plain[i].first == key;
    if (replaced || plain[i].second.empty()) continue;
    text += concat(text.empty() ? "" : ", ", "\"", plain[i].first, "\": ", plain[i].second);
  }
  return concat("{\"layers\": [{", text, "}]}");
}

std::string refusal(const std::string& layers) {
  const std::string message = expect_refusal(ErrorKind::data, "", [&] { static_cast<void>(parse_layers(layers, "net.json")); });
  EXPECT_FALSE(contains(message, "\n")) << message;
  EXPECT_LE(message.size(), 300u) << message;
  return message;
}

void expect_words(const std::string& text, const std::vector<std::string>& words) {
  for (const std::string& word : words) EXPECT_NE(text.find(word), std::string::npos) << word << " in\n" << text;
}

TEST(PlanLayers, AFileGivesShapesAndDefaults) {
  const std::vector<LayerRow> rows = parse_layers(kTwoLayers, "net.json");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "up1");
  EXPECT_TRUE(rows[0].binarized);
  EXPECT_EQ(rows[0].redundancy(), 64 - 16);
  EXPECT_EQ(rows[0].height_out, 8);
  EXPECT_EQ(rows[1].name, "conv1");
  EXPECT_FALSE(rows[1].binarized);
  EXPECT_EQ(rows[1].kernel_height, 1);
  EXPECT_EQ(rows[1].kernel_width, 3);
  EXPECT_EQ(rows[1].redundancy(), 3 * 8 - 3);
  EXPECT_EQ(rows[1].height_out, 3);
  EXPECT_EQ(rows[1].width_out, 3);
}

TEST(PlanLayers, ALinearLayerNeedsOnlyItsWidths) {
  const std::vector<LayerRow> rows = parse_layers(R"({"layers": [{"kind": "linear", "c_in": 100, "c_out": 8192}]})", "net.json");
  EXPECT_EQ(rows[0].weights(), 819200);
  EXPECT_EQ(rows[0].multiply_adds(), 819200);
  EXPECT_EQ(rows[0].redundancy(), 99);
  EXPECT_EQ(rows[0].name, "linear0");
  expect_words(refusal(R"({"layers": [{"kind": "linear", "c_in": 100, "c_out": 8, "kernel": 5}]})"), {"net.json", "layers[0]", "kernel 5"});
  expect_words(refusal(R"({"layers": [{"kind": "linear", "c_in": 100, "c_out": 8, "stride": 2}]})"), {"net.json", "layers[0]", "stride 2"});
}

TEST(PlanLayers, EveryKeyIsCheckedAndNamedWithItsLayer) {
  for (const char* const key : {"c_in", "c_out", "kernel", "stride", "height", "width"}) {
    for (const char* const value : {"0", "-1", "1.5", "1e300", "99999999999", "9223372036854775807", "\"5\"", "null", "true", "{}"})
      expect_words(refusal(changed(key, value)), {"net.json: layers[0] (up1): ", key, "expected a whole number from 1 to "});
    expect_words(refusal(changed(key, "")), {"net.json: layers[0] (up1): ", key, "is missing"});
  }
  expect_words(refusal(changed("kind", "\"dense\"")), {"net.json: layers[0]: kind \"dense\": expected"});
  expect_words(refusal(changed("kind", "")), {"net.json: layers[0]: \"kind\" is missing"});
  expect_words(refusal(changed("kernel", "[5]")), {"layers[0] (up1): kernel", "[height, width]"});
  expect_words(refusal(changed("kernel", "[5, 5, 5]")), {"layers[0] (up1): kernel", "[height, width]"});
  expect_words(refusal(changed("kernel", "[5, 0]")), {"layers[0] (up1): kernel[1] 0"});
  expect_words(refusal(changed("binarized", "1")), {"layers[0] (up1): binarized 1: expected true or false"});
  for (const char* const name : {"\"\"", "7", "\"a b\"", "\"a,b\"", "\"\\u001b[2J\"", "\"123456789012345678901234567890123\""})
    expect_words(refusal(changed("name", name)), {"layers[0]: name", "expected 1 to 32 letters"});
}

TEST(PlanLayers, UnknownKeysComeWithTheNearestKnownOne) {
  expect_words(refusal(changed("strides", "2")), {"net.json: layers[0]: unknown key \"strides\"; did you mean \"stride\"?"});
  expect_words(refusal(changed("heigth", "2")), {"did you mean \"height\"?"});
  const std::string far = refusal(changed("padding", "2"));
  expect_words(far, {"unknown key \"padding\""});
  EXPECT_EQ(far.find("did you mean"), std::string::npos) << far;
  expect_words(refusal(changed(std::string(5000, 'x'), "2")), {"unknown key \"xxx"});
  expect_words(refusal(R"({"layers": [], "batch": 1})"), {"net.json: unknown key \"batch\""});
}

TEST(PlanLayers, WhatIsNoListOfLayersIsRefused) {
  for (const char* const text : {"[]", "{}", "7", "null", R"({"layers": 1})", R"({"layers": {}})"})
    expect_words(refusal(text), {"net.json: expected {\"layers\""});
  expect_words(refusal(R"({"layers": []})"), {"net.json: 0 layers, expected 1 to 1000"});
  expect_words(refusal(R"({"layers": [7]})"), {"net.json: layers[0]: expected an object"});
  expect_words(refusal("{\"layers\": ["), {"net.json:1:"});
  expect_words(refusal(""), {"net.json:1:1"});
  std::string many = "{\"layers\": [0";
  for (int i = 0; i < 1000; ++i) many += ",0";
  expect_words(refusal(many + "]}"), {"net.json: 1001 layers"});
}

TEST(PlanLayers, NamesAreUnique) {
  const std::string layer = R"({"name": "a", "kind": "linear", "c_in": 1, "c_out": 1})";
  expect_words(refusal(concat("{\"layers\": [", layer, ", ", layer, "]}")), {"net.json: layers[1] (a): name \"a\" is that of layers[0]"});
}

TEST(PlanLayers, NoCountCanOverflow) {
  const std::string huge = R"("kernel": 1024, "stride": 1024, "height": 65536, "width": 65536})";
  for (const char* const kind : {"conv", "deconv"}) {
    const std::string layer = concat(R"({"kind": ")", kind, R"(", "c_in": 1048576, "c_out": 1048576, )", huge);
    expect_words(refusal(concat("{\"layers\": [", layer, "]}")),
                 {"net.json: layers[0]: ", "multiply-adds an image: expected at most 1e+15"});
  }
  // The most that is allowed, a thousand times: 2^16 x 2^16 x 400 x 400 is below 10^15.
  std::string all;
  const char* const most = R"({"kind": "deconv", "c_in": 65536, "c_out": 65536, "kernel": 400, "stride": 1024, "height": 1, "width": 1})";
  for (int i = 0; i < 1000; ++i) all += concat(i > 0 ? "," : "", most);
  const PlannedNet net = net_of(concat("{\"layers\": [", all, "]}"));
  std::int64_t bytes = 0;
  for (const LayerRow& row : net.rows) {
    EXPECT_GT(row.multiply_adds(), 600'000'000'000'000);
    bytes += row.bytes();
    ASSERT_GT(bytes, 0);
  }
  EXPECT_EQ(budget_plan(net, bytes).steps.front().bytes, bytes);
}

TEST(PlanBudget, BytesComeWithDecimalUnits) {
  EXPECT_EQ(parse_byte_count("500000"), 500000);
  EXPECT_EQ(parse_byte_count("1"), 1);
  EXPECT_EQ(parse_byte_count("500k"), 500000);
  EXPECT_EQ(parse_byte_count("500kB"), 500000);
  EXPECT_EQ(parse_byte_count("4M"), 4000000);
  EXPECT_EQ(parse_byte_count("1.5MB"), 1500000);
  EXPECT_EQ(parse_byte_count("2G"), 2000000000);
  EXPECT_EQ(parse_byte_count("7B"), 7);
  for (const char* const text : {"", "B", "k", "0", "0.5", "-5", "5 k", "5kk", "5kb", "nan", "inf", "1e16", "5T", "x"})
    EXPECT_FALSE(parse_byte_count(text).has_value()) << text;
}

TEST(PlanBudget, PrefixesFollowTheOrderAndTheFirstThatFitsAnswers) {
  NetworkConfig config;
  const PlannedNet net = net_of(config);
  const auto bytes_of = [&](const char* layers) {
    config.binarized.generator = LayerSet::parse(layers, 0, "binarize_g");
    return packed_model_bytes(config);
  };
  const BudgetPlan plan = budget_plan(net, bytes_of("1,2"));
  ASSERT_EQ(plan.steps.size(), 5u);
  const std::vector<std::string> prefixes = {"none", "1", "1,2", "1,2,3", "1,2,3,4"};
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    EXPECT_EQ(plan.layers(i), prefixes[i]);
    EXPECT_EQ(plan.steps[i].bytes, bytes_of(prefixes[i].c_str())) << prefixes[i];
    EXPECT_EQ(plan.steps[i].fits, i >= 2);
  }
  EXPECT_EQ(plan.answer, 2u);
  EXPECT_EQ(plan.widest_not_negative, 2u);
  EXPECT_EQ(budget_warning(plan), "");
  const BudgetPlan tight = budget_plan(net, bytes_of("1,2") - 1);
  EXPECT_EQ(tight.answer, 3u);
  expect_words(budget_warning(tight), {"deconv3", "-128"});
  EXPECT_EQ(budget_plan(net, bytes_of("none")).answer, 0u);
}

TEST(PlanBudget, TheLinearLayerHasItsPlaceWhereAskedFor) {
  PlannedNet net = net_of(NetworkConfig{});
  net.with_linear = true;
  const BudgetPlan plan = budget_plan(net, 100'000'000);
  ASSERT_EQ(plan.steps.size(), 6u);
  EXPECT_EQ(plan.layers(3), "0,1,2");
  EXPECT_EQ(plan.steps[3].redundancy, 99);
  EXPECT_EQ(plan.widest_not_negative, 3u);
}

TEST(PlanBudget, WhatFitsNoneNamesTheSmallestAndTheMends) {
  PlannedNet net = net_of(NetworkConfig{});
  const auto refusal_of = [&net] {
    return expect_refusal(ErrorKind::usage, "", [&] { static_cast<void>(budget_plan(net, 1000)); });
  };
  NetworkConfig smallest;
  smallest.binarized = parse_setting("G");
  expect_words(refusal_of(), {"--budget 1,000", "--binarize-g 1,2,3,4", grouped_text(packed_model_bytes(smallest)), "--g-widths",
                              "--with-linear", "--linear-precision half"});
  net.with_linear = true;
  EXPECT_EQ(refusal_of().find("--linear-precision"), std::string::npos);
  net = net_of(kTwoLayers);
  expect_words(refusal_of(), {"narrow the net"});
}

TEST(PlanBudget, AFilesNetIsCountedLayerByLayer) {
  const PlannedNet net = net_of(kTwoLayers);
  const BudgetPlan plan = budget_plan(net, 52000);
  ASSERT_EQ(plan.steps.size(), 3u);  // up1 48, conv1 21
  EXPECT_EQ(plan.steps[0].bytes, 4 * (64 * 8 * 25 + 8 * 3 * 3));
  EXPECT_EQ(plan.steps[1].bytes, 64 * 8 * 25 / 8 + 4 * 8 + 4 * 8 * 3 * 3);
  EXPECT_EQ(plan.steps[2].bytes, 64 * 8 * 25 / 8 + 4 * 8 + 8 * 3 * 3 / 8 + 4 * 3);
  EXPECT_EQ(plan.layers(2), "up1,conv1");
  EXPECT_EQ(plan.answer, 0u);
  EXPECT_EQ(plan.widest_not_negative, 2u);
  EXPECT_TRUE(budget_text(net, plan).ends_with("\nbinarized: none\n"));
}

TEST(PlanBudget, PredictedBytesAreThoseOfTheFile) {
  NetworkConfig config;
  config.size = 32;
  config.z_dim = 11;
  config.g_widths = {17, 9, 6, 5};
  config.d_widths = {2, 2, 2, 2};
  for (const LinearPrecision linear : {LinearPrecision::single, LinearPrecision::half}) {
    for (const char* const layers : {"none", "1", "2,3", "1,2,3", "all", "0,1,2,3", "0,1,2,3,4"}) {
      PlannedNet net = net_of(config);
      net.packing.linear = linear;
      const LayerSet binarized = LayerSet::parse(layers, 0, "binarize_g");
      NetworkConfig of_file = config;
      of_file.binarized.generator = binarized;
      Sequential network = make_generator(of_file);
      initialise(network, 1, kGeneratorFirstNumber);
      PackedModelOptions packing = net.packing;
      if (binarized.contains(0)) packing = {};
      const auto bytes = encode_packed_model(fold_generator(network, of_file), packing);
      EXPECT_EQ(exported_bytes(net, binarized), static_cast<std::int64_t>(bytes.size())) << layers;
    }
  }
}

class PlanTool : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"plan"});
    tool_ = tool_path("plan").value_or("");
  }

  ToolRun run(const Arguments& arguments) const { return run_tool_at(tool_, arguments, folder_.path()); }

  Json run_json(Arguments arguments) const {
    arguments.push_back("--json");
    const ToolRun result = run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return parse_json(result.out, ErrorKind::data, "stdout");
  }

  std::string write(const std::string& name, const std::string& text) const {
    write_file_atomically(folder_ / name, text);
    return folder_ / name;
  }


  std::string tool_;
  TestFolder folder_;
};

TEST_F(PlanTool, AloneItShowsThePapersFiguresBesideItsOwn) {
  const ToolRun result = run({});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  expect_words(result.out, {"The paper's networks, Setting F", "deconv1 496, deconv2 192, deconv3 -128, deconv4 -960", "30.93x", "1.941x",
                            "1.320x", "5.35x", "1.932x", "1.318x", "31.10x", "8.63x", "1.965x", "1.325x", "25.81x", "1.96x", "1.32x",
                            "52,428,800", "20,539,648"});
  std::size_t widest = 0;
  for (std::size_t begin = 0; begin < result.out.size(); begin = result.out.find('\n', begin) + 1)
    widest = std::max(widest, result.out.find('\n', begin) - begin);
  EXPECT_LE(widest, 130u);
}

TEST_F(PlanTool, JsonHoldsWhatTheTablesShow) {
  const Json object = run_json({"--budget", "5M"});
  EXPECT_EQ(object.find("layers")->as_array().size(), 10u);
  const Json& deconv3 = object.find("layers")->as_array()[3];
  EXPECT_EQ(*deconv3.find("redundancy"), Json(-128));
  EXPECT_EQ(*deconv3.find("s_i"), Json(256));
  EXPECT_EQ(*deconv3.find("bits"), Json(1));
  EXPECT_EQ(*object.find("order"), Json(Json::Array{"deconv1", "deconv2", "deconv3", "deconv4"}));
  EXPECT_EQ(*object.find("paper")->find("memory"), Json(25.81));
  const Json::Array& countings = object.find("countings")->as_array();
  ASSERT_EQ(countings.size(), 4u);
  EXPECT_NEAR(countings[1].find("memory")->as_number(), 5.35, 0.005);
  NetworkConfig config;
  EXPECT_EQ(*object.find("file")->find("float_bytes"), Json(packed_model_bytes(config)));
  config.binarized = parse_setting("F");
  EXPECT_EQ(*object.find("file")->find("bytes"), Json(packed_model_bytes(config)));
  EXPECT_EQ(*object.find("budget")->find("answer")->find("layers"), Json("1,2"));
  EXPECT_TRUE(object.find("budget")->find("warning")->is_null());
  EXPECT_TRUE(run_json({}).find("budget")->is_null());
}

TEST_F(PlanTool, TheLastLineIsTheAnswerAndNegativeRedundancyIsWarnedOf) {
  const ToolRun enough = run({"--budget", "5M"});
  EXPECT_EQ(enough.exit_code, 0);
  EXPECT_EQ(last_line(enough.out), "--binarize-g 1,2");
  EXPECT_EQ(enough.err, "");
  const ToolRun tight = run({"--budget=4M"});
  EXPECT_EQ(tight.exit_code, 0);
  EXPECT_EQ(last_line(tight.out), "--binarize-g 1,2,3");
  expect_words(tight.err, {"warning", "deconv3", "-128"});
  EXPECT_EQ(last_line(run({"--budget", "1G"}).out), "--binarize-g none");
  const ToolRun none = run({"--budget", "100k"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(none.out, "");
  EXPECT_EQ(std::count(none.err.begin(), none.err.end(), '\n'), 1) << none.err;
}

TEST_F(PlanTool, ARunsConfigurationGivesItsNetworksAndFlagsWinOverIt) {
  const std::vector<std::string> words = {"--size", "32", "--gf-dim", "16", "--z-dim", "7", "--setting", "C", "--batch", "8"};
  const std::string config = write("config.json", to_json(run_config_of(words)).text(2));
  const Json network = *run_json({"--config", config}).find("network");
  EXPECT_EQ(*network.find("size"), Json(32));
  EXPECT_EQ(*network.find("z_dim"), Json(7));
  EXPECT_EQ(*network.find("g_widths"), Json(Json::Array{128, 64, 32, 16}));
  EXPECT_EQ(*network.find("setting"), Json("C"));
  const Json other = *run_json({"--config", config, "--setting", "H", "--gf-dim", "8"}).find("network");
  EXPECT_EQ(*other.find("g_widths"), Json(Json::Array{64, 32, 16, 8}));
  EXPECT_EQ(*other.find("setting"), Json("H"));
  EXPECT_EQ(*other.find("size"), Json(32));
  const ToolRun slip = run({"--config", write("slip.json", R"({"btach": 8})")});
  EXPECT_EQ(slip.exit_code, 2);
  expect_words(slip.err, {"slip.json", "btach", "did you mean \"batch\""});
  EXPECT_EQ(run({"--config", write("wrong.json", R"({"batch": 7})")}).exit_code, 2);
  const std::string hyphens = write("hyphens.json", R"({"binarize-g": "1,4", "gf-dim": 16, "binarize-d": "none"})");
  const Json hyphenated = *run_json({"--config", hyphens}).find("network");
  EXPECT_EQ(*hyphenated.find("binarize_g"), Json("1,4"));
  EXPECT_EQ(*hyphenated.find("g_widths"), Json(Json::Array{128, 64, 32, 16}));
}

TEST_F(PlanTool, ThePredictedSizeIsThatOfTheFileThatExportWrites) {
  const std::optional<std::string> train = tool_path("train_gan");
  const std::optional<std::string> exporter = tool_path("export");
  ASSERT_TRUE(train && exporter);
  const std::string folder = folder_ / "run";
  const Arguments arguments = {"--iterations", "1", "--size", "16", "--gf-dim", "2", "--df-dim", "2", "--batch", "8", "--setting", "C",
                               "--synthetic-images", "64", "--sample-every", "0", "--swd-every", "0", "--out", folder};
  const ToolRun trained = run_tool_at(*train, arguments, folder_.path());
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  for (const char* const precision : {"float", "half"}) {
    const std::string file = folder_ / precision;
    const ToolRun exported = run_tool_at(*exporter, {folder, "--out", file, "--linear-precision", precision}, folder_.path());
    ASSERT_EQ(exported.exit_code, 0) << exported.err;
    const Json object = run_json({"--config", folder + "/config.json", "--linear-precision", precision});
    EXPECT_EQ(*object.find("file")->find("bytes"), Json(std::filesystem::file_size(file))) << precision;
  }
}

TEST_F(PlanTool, AnyNetComesFromAFile) {
  const std::string path = write("net.json", kTwoLayers);
  const ToolRun result = run({"--layers", path, "--budget", "2k"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  expect_words(result.out, {"net.json, 2 layers", "1x3/3", "Order of redundancy: up1 48, conv1 21. Positive: up1, conv1.",
                            "as the file has them"});
  EXPECT_EQ(last_line(result.out), "binarized: up1");
  const Json object = run_json({"--layers", path});
  EXPECT_TRUE(object.find("network")->is_null());
  EXPECT_TRUE(object.find("file")->is_null());
  EXPECT_EQ(object.find("countings")->as_array().size(), 2u);
}

TEST_F(PlanTool, WrongUsageEndsWithTwoAndWrongLayersWithThree) {
  const std::string path = write("net.json", kTwoLayers);
  EXPECT_EQ(run({"--budget", "many"}).exit_code, 2);
  EXPECT_EQ(run({"--size", "50"}).exit_code, 2);
  EXPECT_EQ(run({"--setting", "Z"}).exit_code, 2);
  EXPECT_EQ(run({"--linear-precision", "half", "--binarize-g", "0,1"}).exit_code, 2);
  EXPECT_EQ(run({"--layers", path, "--size", "32"}).exit_code, 2);
  EXPECT_EQ(run({"--layers", path, "--linear-precision", "half"}).exit_code, 2);
  EXPECT_EQ(run({"--layers", write("bad.json", "{}")}).exit_code, 3);
  EXPECT_EQ(run({"--layers", folder_ / "none.json"}).exit_code, 6);
  EXPECT_EQ(run({"--layers", write("large.json", std::string((1 << 20) + 1, ' '))}).exit_code, 6);
  EXPECT_EQ(run({"--help"}).exit_code, 0);
}

}  // namespace
}  // namespace pbgen

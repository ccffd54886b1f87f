// What bench computes of its measurements, what it takes from peers, and what it says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/files/json.h"
#include "layers/deconv2d.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"
#include "tests/support/tool_run.h"
#include "tools/lib/bench/footprint.h"
#include "tools/lib/bench/layer_check.h"
#include "tools/lib/bench/peer_input.h"
#include "tools/lib/bench/peers.h"
#include "tools/lib/bench/random_values.h"
#include "tools/lib/bench/report.h"
#include "tools/lib/bench/run.h"

namespace pbgen {
namespace {

BenchRow row_of(const std::string& path, const std::string& float_path, double best, int threads = 1) {
  BenchRow row;
  row.what.section = "layers";
  row.what.layer = "deconv2";
  row.what.op = "forward";
  row.what.path = path;
  row.what.float_path = float_path;
  row.what.batch = 64;
  row.what.flops = 1e9;
  row.threads = threads;
  row.times = {2.0 * best, best};
  row.peaks = {1e10, 2e10};
  return row;
}

std::string data_error(const std::string& text) {
  PeerReport report;
  return expect_refusal(ErrorKind::data, "", [&] { parse_peer_lines(text, "script.py", report); });
}

// A tool's path beside a folder of scripts with these texts.
std::string tool_with_peers(const TestFolder& folder, const std::vector<std::pair<std::string, std::string>>& scripts) {
  std::filesystem::create_directories(folder / "peers");
  for (const auto& [name, text] : scripts) write_bytes(folder / ("peers/" + name), Bytes(text.begin(), text.end()));
  return folder / "bench";
}

TEST(Bench, APeerThatFailsIsNamedAndBreaksNothing) {
  if (std::system("python3 -c '' >/dev/null 2>&1") != 0) GTEST_SKIP() << "no python3";
  const TestFolder folder;
  const std::string row = "{\"peer\": \"torch\", \"section\": \"layers\", \"layer\": \"deconv1\", \"op\": \"forward\", \"batch\": 8, "
                          "\"threads\": 1, \"best_s\": 1.0, \"median_s\": 2.0}";
  const std::string tool = tool_with_peers(folder, {{"torch_layers.py", "print('" + row + "', flush=True)\nraise SystemExit(3)\n"},
                                                    {"onnxruntime_layers.py", "print('{not ours')\n"},
                                                    {"openblas_gemm.py", "raise SystemExit(128 + 9)\n"}});
  PeerReport report;
  run_peers(tool, {}, {.threads = 1, .batch = 8, .repeats = 1}, report);
  ASSERT_EQ(report.rows.size(), 1u);
  EXPECT_EQ(report.rows[0].times.best, 1.0);
  EXPECT_NE(report.missing.at("torch_layers.py").find("exit code 3"), std::string::npos);
  EXPECT_NE(report.missing.at("onnxruntime_layers.py").find("line 1"), std::string::npos);
  EXPECT_NE(report.missing.at("openblas_gemm.py").find("signal 9"), std::string::npos);
  EXPECT_NE(report.missing.at("swd_numpy.py").find("is not in"), std::string::npos);
}

TEST(Bench, StatisticsAreTheMedianAndTheBest) {
  const Times odd = statistics({3.0, 1.0, 2.0});
  EXPECT_EQ(odd.median, 2.0);
  EXPECT_EQ(odd.best, 1.0);
  EXPECT_EQ(statistics({4.0, 1.0, 3.0, 2.0}).median, 3.0);
  EXPECT_EQ(statistics({5.0}).best, 5.0);
  EXPECT_THROW(statistics({}), std::logic_error);
}

TEST(Bench, EachRunIsTimed) {
  int runs = 0;
  const Times times = measure(5, [&] { ++runs; });
  EXPECT_EQ(runs, 5);
  EXPECT_GE(times.median, times.best);
  EXPECT_GE(times.best, 0.0);
}

TEST(Bench, RatiosCompareTheSameWorkAlone) {
  std::vector<BenchRow> rows{row_of("direct", "", 0.04), row_of("binary", "direct", 0.01), row_of("binary", "direct", 0.01, 2)};
  relate_to_float(rows);
  EXPECT_FALSE(rows[0].to_float.has_value());
  ASSERT_TRUE(rows[1].to_float.has_value());
  EXPECT_DOUBLE_EQ(*rows[1].to_float, 4.0);
  EXPECT_FALSE(rows[2].to_float.has_value()) << "two threads against one";
  EXPECT_DOUBLE_EQ(rows[0].ratio_to_peak(), 2.5);
}

TEST(Bench, BothPeaksAreShownAndRatiosAreToAvx2s) {
  std::vector<BenchRow> rows{row_of("direct", "", 0.04)};
  const std::string text = bench_tables(rows);
  EXPECT_NE(text.find("; FMA peak 10.0 GFLOP/s (AVX2), 20.0 (AVX-512)\n"), std::string::npos) << text;
  const auto row_of_document = [&] { return bench_document({}, rows, {}).find("rows")->as_array()[0]; };
  EXPECT_EQ(row_of_document().find("fma_peak_flops_per_s")->as_number(), 1e10);
  EXPECT_EQ(row_of_document().find("fma_peak_avx512_flops_per_s")->as_number(), 2e10);
  EXPECT_DOUBLE_EQ(row_of_document().find("ratio_to_peak")->as_number(), 2.5);
  rows[0].peaks.avx512 = 0.0;
  EXPECT_NE(bench_tables(rows).find("; FMA peak 10.0 GFLOP/s (AVX2)\n"), std::string::npos);
  EXPECT_EQ(row_of_document().find("fma_peak_avx512_flops_per_s"), nullptr);
}

TEST(Bench, ScalingComparesTheSameWorkByOneThread) {
  std::vector<BenchRow> rows{row_of("H direct", "", 0.04), row_of("A direct", "", 0.08)};
  for (BenchRow& row : rows) row.what.op = "training";
  EXPECT_EQ(bench_tables(rows).find("training, 1 thread"), std::string::npos);
  std::vector<BenchRow> later{row_of("A direct", "", 0.05, 2), row_of("A im2col", "", 0.05, 2)};
  for (BenchRow& row : later) {
    row.what.op = "training";
    relate_to_one_thread(rows, row);
  }
  ASSERT_TRUE(later[0].to_one_thread.has_value());
  EXPECT_DOUBLE_EQ(*later[0].to_one_thread, 1.6);
  EXPECT_FALSE(later[1].to_one_thread.has_value());
  relate_to_one_thread(rows, rows[0]);
  EXPECT_FALSE(rows[0].to_one_thread.has_value()) << "one thread is not compared with itself";
  const std::string text = bench_tables(later);
  EXPECT_NE(text.find("training, 1 thread / 2 threads: A direct 1.60x\n"), std::string::npos) << text;
  const Json document = bench_document({}, later, {});
  EXPECT_EQ(document.find("rows")->as_array()[0].find("ratio_to_one_thread")->as_number(), *later[0].to_one_thread);
  EXPECT_EQ(document.find("rows")->as_array()[1].find("ratio_to_one_thread"), nullptr);
}

TEST(Bench, TheFastestFloatPathIsTheOneToBeat) {
  std::vector<BenchRow> rows{row_of("A", "", 0.04), row_of("A, laid out", "", 0.03), row_of("F", kFastestFloat, 0.01),
                             row_of("F half", kFastestFloat, 0.005)};
  relate_to_float(rows);
  EXPECT_FALSE(rows[0].to_float.has_value());
  EXPECT_FALSE(rows[1].to_float.has_value());
  ASSERT_TRUE(rows[2].to_float.has_value() && rows[3].to_float.has_value());
  EXPECT_DOUBLE_EQ(*rows[2].to_float, 3.0);
  EXPECT_DOUBLE_EQ(*rows[3].to_float, 6.0) << "one-bit layers are not what is to be beaten";
}

TEST(Bench, WhatIsPackedAndSlowerThanFloatIsWarnedOf) {
  std::vector<BenchRow> rows{row_of("direct", "", 0.02), row_of("binary", "direct", 0.025), row_of("binary im2col", "direct", 0.01)};
  relate_to_float(rows);
  const std::string warning = "warning: layers, deconv2 forward, binary, 1 thread: slower than float, 1.25 times as long";
  const std::string text = bench_tables(rows);
  EXPECT_NE(text.find("\n" + warning + "\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("warning", text.find(warning) + 1), std::string::npos) << text;
  const Json document = bench_document({}, rows, {});
  ASSERT_EQ(document.find("warnings")->as_array().size(), 1u);
  EXPECT_EQ(document.find("warnings")->as_array()[0].as_string(), warning);
  rows[1].times.best = 0.02;  // as fast
  for (BenchRow& row : rows) row.to_float.reset();
  relate_to_float(rows);
  EXPECT_EQ(bench_tables(rows).find("warning"), std::string::npos);
}

TEST(Bench, WhatHasNoBatchShowsNone) {
  std::vector<BenchRow> rows{row_of("direct", "", 0.04)};
  rows[0].what.batch = 0;
  const Table table = bench_table(rows);
  EXPECT_EQ(std::count(table.header.begin(), table.header.end(), "batch"), 0);
  EXPECT_EQ(bench_document({}, rows, {}).find("rows")->as_array()[0].find("batch"), nullptr);
  PeerReport report;
  parse_peer_lines("{\"peer\": \"numpy\", \"section\": \"layers\", \"layer\": \"deconv2\", \"op\": \"forward\", \"threads\": 1, "
                   "\"best_s\": 0.08, \"median_s\": 0.09}",
                   "script.py", report);
  relate_to_peers(report, rows);
  ASSERT_EQ(rows[0].to_peers.size(), 1u);
  EXPECT_DOUBLE_EQ(rows[0].to_peers[0].ratio, 2.0);
}

TEST(Bench, WhatTakesLongIsMeasuredByNameAlone) {
  BenchCase one;
  one.section = "swd";
  one.layer = "swd16384";
  one.only_by_name = true;
  EXPECT_TRUE((BenchFilter{{"swd"}, "", ""}.matches(one)));
  EXPECT_FALSE((BenchFilter{{"swd"}, "", ""}.measures(one, {1})));
  EXPECT_TRUE((BenchFilter{{}, "swd16384", ""}.measures(one, {1})));
  one.threads = 1;
  EXPECT_FALSE((BenchFilter{{}, "swd16384", ""}.measures(one, {2})));
  EXPECT_TRUE((BenchFilter{{}, "swd16384", ""}.measures(one, {1, 2})));
}

TEST(Bench, DataAndDistanceAreChecked) {
  BenchSizes sizes;
  sizes.batch = 8;
  sizes.swd_counts = {8};
  const int outer = thread_count();
  for (const auto& group : {data_cases(sizes), swd_cases(sizes)})
    for (const int threads : {1, 2})
      for (const BenchRow& row : (set_thread_count(threads), run_cases(group, 1, [](const BenchCase&) {}))) {
        EXPECT_GT(row.times.best, 0.0) << row.what.layer;
        EXPECT_EQ(row.what.shows_rate, row.what.section == "data") << row.what.layer;
      }
  set_thread_count(outer);
}

TEST(Bench, DataThatWereNotPreparedAreFound) {
  BenchSizes sizes;
  sizes.batch = 8;
  sizes.swd_counts = {8};
  EXPECT_THROW(data_cases(sizes)[0].prepare().check(), std::logic_error);
  EXPECT_THROW(swd_cases(sizes)[0].prepare().check(), std::logic_error);
}

// The edge section's sizes for tests: all that depends on widths, in little time.
BenchSizes narrow_sizes() {
  BenchSizes sizes;
  sizes.edge_network.g_widths = {24, 16, 9, 8};
  return sizes;
}

TEST(Bench, TheEdgeSectionIsChecked) {
  const std::vector<BenchCase> cases = edge_cases(narrow_sizes());
  EXPECT_EQ(cases.size(), 5u + 4u + 4u * 2u);  // images, the linear layer, deconvolutions
  const int outer = thread_count();
  for (const int threads : {1, 2}) {
    set_thread_count(threads);
    for (const BenchCase& one : cases) {
      EXPECT_EQ(one.section, "edge");
      EXPECT_EQ(one.batch, 1);
      const bool packed = one.path == "one bit" || one.path == "half" || one.path.front() == 'F' || one.path.starts_with("0-3");
      EXPECT_EQ(one.float_path, packed ? kFastestFloat : "") << one.layer << ", " << one.path;
      const PreparedCase prepared = one.prepare();
      prepared.run();
      prepared.check();
    }
  }
  set_thread_count(outer);
}

TEST(Bench, EdgeResultsThatWereNotComputedAreFound) {
  for (const BenchCase& one : edge_cases(narrow_sizes()))
    EXPECT_THROW(one.prepare().check(), std::logic_error) << one.layer << ", " << one.path;
}

TEST(Bench, AFootprintsLineIsRead) {
  const FootprintSample sample = parse_footprint_line(
      "first_image_ms=4.5 open_ms=2.5 image_ms=0.75 VmHWM_kB=5000 RssAnon_kB=2000 RssFile_kB=3000 other=word\n");
  EXPECT_DOUBLE_EQ(sample.first_image_s, 4.5e-3);
  EXPECT_DOUBLE_EQ(sample.open_s, 2.5e-3);
  EXPECT_DOUBLE_EQ(sample.image_s, 0.75e-3);
  EXPECT_DOUBLE_EQ(sample.resident_bytes, 5000.0 * 1024);
  EXPECT_DOUBLE_EQ(sample.anonymous_bytes, 2000.0 * 1024);
  EXPECT_DOUBLE_EQ(sample.mapped_bytes, 3000.0 * 1024);
  for (const char* const line : {"", "open_ms=1", "first_image_ms=", "first_image_ms=4x", "first_image_ms=nan", "first_image_ms=-1"})
    EXPECT_THROW(parse_footprint_line(line), Error) << line;
}

TEST(Bench, AFootprintIsHeldToWhatIsAsked) {
  FootprintRow row;
  row.model = "F half";
  row.asked = true;
  row.samples = {{14e-3, 1e-3, 1e-3, 7e6, 1e6, 1e6}, {16e-3, 1e-3, 1e-3, 5e6, 1e6, 1e6}, {15e-3, 1e-3, 1e-3, 6.1e6, 1e6, 1e6}};
  EXPECT_DOUBLE_EQ(row.of(&FootprintSample::first_image_s).best, 14e-3);
  EXPECT_DOUBLE_EQ(row.of(&FootprintSample::resident_bytes).best, 5e6);
  FootprintReport report;
  report.rows = {row};
  EXPECT_NE(footprint_text(report).find("<= 15 ms: met; <= 6 MB: missed"), std::string::npos) << footprint_text(report);
  report.rows[0].samples.resize(2);  // of an even number the upper one
  report.rows[0].samples[0].resident_bytes = 6e6;
  EXPECT_NE(footprint_text(report).find("<= 15 ms: missed; <= 6 MB: met"), std::string::npos) << footprint_text(report);
  report.rows[0].asked = false;
  EXPECT_EQ(footprint_text(report).find("met"), std::string::npos);
}

TEST(Bench, AFootprintThatCannotBeMeasuredSaysWhy) {
  const TestFolder folder;
  const FootprintReport missing = measure_footprint(folder / "footprint", narrow_sizes().edge_network, 1);
  EXPECT_TRUE(missing.rows.empty());
  EXPECT_NE(footprint_text(missing).find("is not built: run `make`"), std::string::npos) << footprint_text(missing);
  const FootprintReport failing = measure_footprint("/bin/false", narrow_sizes().edge_network, 1);
  EXPECT_NE(footprint_text(failing).find("it failed"), std::string::npos) << footprint_text(failing);
}

TEST(Bench, PeersAreReadLineByLine) {
  PeerReport report;
  parse_peer_lines("a library's greeting\n"
                   "{\"peer\": \"torch\", \"version\": \"2.13.0\"}\n"
                   "{\"peer\": \"torch\", \"section\": \"layers\", \"layer\": \"deconv2\", \"op\": \"forward\", \"batch\": 64, "
                   "\"threads\": 1, \"best_s\": 0.08, \"median_s\": 0.09}\n"
                   "{\"peer\": \"onnxruntime\", \"missing\": \"pip install onnxruntime\"}\n",
                   "script.py", report);
  EXPECT_EQ(report.about.at("torch").version, "2.13.0");
  EXPECT_EQ(report.missing.at("onnxruntime"), "pip install onnxruntime");
  ASSERT_EQ(report.rows.size(), 1u);
  EXPECT_EQ(report.rows[0].times.best, 0.08);
  EXPECT_EQ(report.rows[0].times.median, 0.09);

  std::vector<BenchRow> rows{row_of("direct", "", 0.04), row_of("direct", "", 0.04, 2)};
  relate_to_peers(report, rows);
  ASSERT_EQ(rows[0].to_peers.size(), 1u);
  EXPECT_DOUBLE_EQ(rows[0].to_peers[0].ratio, 2.0);
  EXPECT_TRUE(rows[1].to_peers.empty());

  const std::string text = peer_tables(report);
  EXPECT_NE(text.find("2.13.0"), std::string::npos) << text;
  EXPECT_NE(text.find("onnxruntime was not measured: pip install onnxruntime"), std::string::npos) << text;
  EXPECT_NE(bench_tables(rows).find("x torch"), std::string::npos);
}

TEST(Bench, PeersSayWhatTheyAreAndHowFarFromUs) {
  PeerReport report;
  parse_peer_lines("{\"peer\": \"ncnn\", \"version\": \"1\", \"isa\": \"AVX-512\", \"waits\": \"GOMP_SPINCOUNT=300\"}\n"
                   "{\"peer\": \"idle\", \"version\": \"3\"}\n"
                   "{\"peer\": \"ncnn\", \"section\": \"edge\", \"layer\": \"generator\", \"op\": \"inference\", \"batch\": 1, "
                   "\"threads\": 1, \"best_s\": 0.08, \"median_s\": 0.09, \"agreement\": \"2e-06 at most\"}\n",
                   "script.py", report);
  EXPECT_EQ(report.about.at("ncnn").isa, "AVX-512");
  EXPECT_EQ(report.about.at("ncnn").waits, "GOMP_SPINCOUNT=300");
  EXPECT_EQ(report.about.at("idle").isa, "");
  ASSERT_EQ(report.rows.size(), 1u);
  EXPECT_EQ(report.rows[0].agreement, "2e-06 at most");
  const std::string text = peer_tables(report);
  for (const char* const part : {"AVX-512", "GOMP_SPINCOUNT=300", "2e-06 at most"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(text.find("idle"), std::string::npos) << "it measured nothing\n" << text;
  EXPECT_EQ(text.find("held to"), std::string::npos) << text;
  report.held_to = "avx2";
  EXPECT_NE(peer_tables(report).find("held to avx2"), std::string::npos) << peer_tables(report);
  const Json peers = *bench_document({}, {}, report).find("peers");
  EXPECT_EQ(peers.find("held_to")->as_string(), "avx2");
  EXPECT_EQ(peers.find("about")->find("ncnn")->find("isa")->as_string(), "AVX-512");
  EXPECT_EQ(peers.find("rows")->as_array()[0].find("agreement")->as_string(), "2e-06 at most");
}

TEST(Bench, ManyPeersHaveATableOfTheirOwn) {
  std::vector<BenchRow> rows{row_of("A", "", 0.04), row_of("F", "A", 0.01)};
  rows[1].to_peers = {{"one", 1.25}, {"two", 2.5}, {"three", 3.75}};
  std::string text = bench_tables(rows);
  EXPECT_NE(text.find("x three"), std::string::npos) << text;
  EXPECT_EQ(text.find("beside others"), std::string::npos) << text;
  rows[1].to_peers.push_back({"four", 4.5});
  text = bench_tables(rows);
  const std::size_t second = text.find("layers, 1 thread, beside others\n");
  ASSERT_NE(second, std::string::npos) << text;
  EXPECT_GT(text.find("x one"), second) << text;
  EXPECT_GT(text.find("4.50"), second) << text;
  EXPECT_EQ(beside_table(rows).rows.size(), 1u) << "A was not compared";
}

TEST(Bench, PeersAreToldWhatTheyAreHeldTo) {
  if (std::system("python3 -c '' >/dev/null 2>&1") != 0) GTEST_SKIP() << "no python3";
  const TestFolder folder;
  const std::string script = "import json, sys\nprint(json.dumps({'peer': 'torch', 'version': ' '.join(sys.argv[1:])}))\n";
  const std::string tool = tool_with_peers(folder, {{"torch_layers.py", script}});
  PeerReport report;
  run_peers(tool, {{"edge"}, "", ""}, {.threads = 2, .batch = 8, .repeats = 3, .weights = "a folder", .isa = "avx2"}, report);
  EXPECT_EQ(report.about.at("torch").version, "--threads 2 --batch 8 --repeats 3 --weights a folder --isa avx2 --only edge");
  EXPECT_EQ(report.held_to, "avx2");
  run_peers(tool, {}, {.threads = 1, .batch = 8, .repeats = 3}, report);
  EXPECT_EQ(report.about.at("torch").version, "--threads 1 --batch 8 --repeats 3");
  EXPECT_EQ(report.held_to, "");
}

TEST(Bench, PeersAreGivenOurWeightsAndImages) {
  const TestFolder folder;
  write_peer_input(folder.path(), {{"edge"}, "", ""}, narrow_sizes());
  EXPECT_FALSE(std::filesystem::exists(folder / "network.npz"));
  EXPECT_FALSE(std::filesystem::exists(folder / "training.npz"));
  EXPECT_TRUE(std::filesystem::exists(folder / "edge.npz"));
  if (!python_has("numpy")) GTEST_SKIP() << "there is no python3 with numpy to draw them again";
  // What another program makes of the weights are our images, as peers' must be.
  const std::string script = "import sys; sys.path.insert(0, 'tools'); import numpy, load_generator as l; "
                             "ours = numpy.load(sys.argv[1] + '/edge_images.npz'); model = l.load(sys.argv[1] + '/edge.npz'); "
                             "assert ours['images'].shape == (8, 3, 64, 64) and ours['images'].std() > 0.01; "
                             "assert abs(l.images(model, ours['z']) - ours['images']).max() < 1e-3";
  EXPECT_EQ(std::system(("python3 -c \"" + script + "\" '" + folder.path() + "'").c_str()), 0);
}

TEST(Bench, BrokenPeerLinesAreRefusedByLine) {
  EXPECT_NE(data_error("\n{\"peer\": \"torch\"").find("script.py: line 2"), std::string::npos);
  EXPECT_NE(data_error(R"({"version": "1"})").find("peer is missing"), std::string::npos);
  EXPECT_NE(data_error(R"({"peer": "a", "missing": 1})").find("missing is missing or of another type"), std::string::npos);
  const std::string row = R"({"peer": "a", "section": "s", "layer": "l", "op": "o", "batch": 1, "threads": 1, )";
  EXPECT_NE(data_error(row + "\"best_s\": 0, \"median_s\": 1}").find("best_s is 0"), std::string::npos);
  EXPECT_NE(data_error(row + "\"best_s\": 1}").find("median_s is missing"), std::string::npos);
}

TEST(Bench, AWrongResultIsFound) {
  Deconv2d layer("deconv", 3, 2);
  const LaneShape shape{8, 4, 4, 3};
  for (Param* const param : layer.params()) {
    const AlignedBuffer<float> values = random_values(param->value.size(), 1);
    std::copy(values.begin(), values.end(), param->value.begin());
  }
  layer.weights_changed();
  Tensor x(shape);
  Tensor y(layer.output_shape(shape));
  const AlignedBuffer<float> values = random_values(x.floats(), 2);
  std::copy(values.begin(), values.end(), x.data());
  Workspace workspace(layer.workspace_floats(shape));
  layer.forward(x.view(), y.view(), {}, workspace, Mode::train);
  const LayerDefinition definition(layer, shape);
  definition.check_forward("right", x.view(), y.view());
  y.data()[0] += 1e-3f;  // a corner, which is always looked at
  EXPECT_THROW(definition.check_forward("wrong", x.view(), y.view()), std::logic_error);
  y.data()[0] = std::nanf("");
  EXPECT_THROW(definition.check_forward("wrong", x.view(), y.view()), std::logic_error);
}

class BenchTool : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"bench"});
    path_ = tool_path("bench").value_or("");
  }
  ToolRun run(const std::vector<std::string>& arguments) { return run_tool_at(path_, arguments, folder_.path()); }

  TestFolder folder_;
  std::string path_;
};

TEST_F(BenchTool, HelpAndListSayWhatThereIs) {
  const ToolRun help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* const flag :
       {"--layer", "--op", "--isa", "--threads", "--conv", "--batch", "--repeats", "--json", "--peers", "--only", "--list"})
    EXPECT_NE(help.out.find(flag), std::string::npos) << flag;
  const ToolRun list = run({"--list"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  for (const char* const name : {"kernels", "layers", "network", "edge", "footprint", "data", "swd", "deconv1", "conv4", "linear",
                                 "forward", "dx", "dw", "pack", "binary", "inference", "jpeg", "cache", "swd16384"})
    EXPECT_NE(list.out.find(name), std::string::npos) << name;
}

TEST_F(BenchTool, JsonIsOneValidDocument) {
  const ToolRun bench =
      run({"--only", "layers", "--layer", "deconv4", "--op", "forward", "--batch", "8", "--repeats", "1", "--threads", "1", "--json"});
  ASSERT_EQ(bench.exit_code, 0) << bench.err;
  const Json document = parse_json(bench.out, ErrorKind::data, "stdout");
  for (const char* const key : {"cpu", "isa", "flags", "commit", "batch", "repeats", "rows", "peers"})
    EXPECT_NE(document.find(key), nullptr) << key;
  const Json::Array& rows = document.find("rows")->as_array();
  ASSERT_EQ(rows.size(), 3u) << bench.out;  // direct, im2col, binary
  for (const Json& row : rows) {
    EXPECT_EQ(row.find("layer")->as_string(), "deconv4");
    EXPECT_GT(row.find("best_s")->as_number(), 0.0);
    EXPECT_GE(row.find("median_s")->as_number(), row.find("best_s")->as_number());
  }
  EXPECT_NE(rows.back().find("ratio_to_float"), nullptr);
}

TEST_F(BenchTool, ATableShowsTheSettingAndTheRatios) {
  const ToolRun bench = run({"--only", "layers", "--layer", "deconv4", "--op", "forward", "--conv", "im2col", "--isa", "ref", "--repeats",
                             "1", "--threads", "1"});
  ASSERT_EQ(bench.exit_code, 0) << bench.err;
  for (const char* const part : {"ref kernels", "batch 8", "1 thread", "deconv4 forward", "64x32x32 -> 3x64x64", "best ms", "GFLOP/s"})
    EXPECT_NE(bench.out.find(part), std::string::npos) << part << "\n" << bench.out;
}

TEST_F(BenchTool, TheEdgeSectionEndsWithAFootprint) {
  const ToolRun bench = run({"--only", "edge", "--layer", "footprint", "--repeats", "1", "--json"});
  ASSERT_EQ(bench.exit_code, 0) << bench.err;
  const Json document = parse_json(bench.out, ErrorKind::data, "stdout");
  const Json* const footprint = document.find("footprint");
  ASSERT_NE(footprint, nullptr) << bench.out;
  EXPECT_EQ(footprint->find("missing")->as_string(), "");
  const Json::Array& rows = footprint->find("rows")->as_array();
  ASSERT_EQ(rows.size(), 5u) << bench.out;
  for (const Json& row : rows) {
    const double first_image = row.find("first_image_s_best")->as_number();
    EXPECT_GE(first_image, row.find("open_s_best")->as_number() + row.find("image_s_best")->as_number());
#ifdef __linux__
    // All of the file is looked at: by the checksum.
    EXPECT_GE(row.find("resident_bytes_best")->as_number(), row.find("model_bytes")->as_number()) << bench.out;
#endif
  }
  const ToolRun table = run({"--only", "edge", "--layer", "deconv4", "--repeats", "1", "--threads", "1"});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  for (const char* const part : {"edge, 1 thread", "deconv4 forward", "one bit", "x float"})
    EXPECT_NE(table.out.find(part), std::string::npos) << part << "\n" << table.out;
  EXPECT_EQ(table.out.find("first image"), std::string::npos) << table.out;
}

// Models for a device lie in a folder for temporary files.
TEST_F(BenchTool, LeavesNoFolderWhereItIsAskedToStop) {
  const std::string temporary = folder_ / "temporary";
  std::filesystem::create_directories(temporary);
  const std::string script = concat("TMPDIR='", temporary, "' '", path_, "' --only edge --threads 1 >'", folder_ / "out",
                                    "' 2>&1 & bench=$!; until [ \"$(ls '", temporary,
                                    "')\" ]; do kill -0 $bench || exit 1; sleep 0.02; done; kill -TERM $bench; wait $bench");
  const ToolRun bench = run_tool_at("/bin/sh", {"-c", script}, folder_.path());
  EXPECT_EQ(bench.exit_code, 128 + SIGTERM) << bench.err;
  EXPECT_TRUE(std::filesystem::is_empty(temporary));
}

TEST_F(BenchTool, WhatMatchesNothingIsRefused) {
  const ToolRun bench = run({"--layer", "deconv9"});
  EXPECT_EQ(bench.exit_code, 2);
  EXPECT_NE(bench.err.find("--list"), std::string::npos) << bench.err;
  const ToolRun two = run({"--layer", "cache", "--threads", "2"});
  EXPECT_EQ(two.exit_code, 2);
  EXPECT_NE(two.err.find("--threads 1"), std::string::npos) << two.err;
}

}  // namespace
}  // namespace pbgen

// Measures the kernels, the layers, whole networks and what surrounds them: ./tools/bench --help.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/conv/conv_algorithm.h"
#include "tools/lib/bench/balance.h"
#include "tools/lib/bench/case.h"
#include "tools/lib/bench/footprint.h"
#include "tools/lib/bench/peer_input.h"
#include "tools/lib/bench/peers.h"
#include "tools/lib/bench/report.h"
#include "tools/lib/bench/run.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/child_process.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/standard_streams.h"
#include "tools/lib/cli/temporary_folder.h"
#include "tools/lib/cli/version.h"

namespace pbgen {
namespace {

struct Options {
  std::vector<std::string> sections;
  std::string layer;
  std::string op;
  std::string isa;
  std::string conv;
  std::optional<int> threads;
  std::optional<std::int64_t> batch;
  int repeats = 7;
  bool json = false;
  bool peers = false;
  bool balance = false;
  bool list = false;
};

std::vector<std::string> path_names() {
  std::vector<std::string> names;
  for (const Isa path : kIsas) names.emplace_back(name(path));
  return names;
}

void declare(ArgumentParser& parser, Options& options) {
  parser.add("--only", &options.sections, "LIST", "sections: kernels, layers, network, edge, data, swd; without it all of them",
             each(one_of(kBenchSections)));
  parser.add("--layer", &options.layer, "NAME",
             "one layer, such as deconv2, or another name that --list shows; swd16384 is measured only where it is named");
  parser.add("--op", &options.op, "NAME", "one operation: forward, dx, dw, pack, or another that --list shows");
  parser.add("--conv", &options.conv, "NAME", "direct, winograd or im2col; without it all of them",
             one_of({"direct", "winograd", "im2col"}));
  parser.add("--isa", &options.isa, "NAME", concat(isa_names(), "; without it the best that the machine has"),
             one_of(path_names()));
  parser.add("--threads", &options.threads, "N", "how many threads; without it one, then all", in_range(1, 1024));
  parser.add("--batch", &options.batch, "N", "images; 64 without it, 8 with the ref kernels", all_of(in_range(8, 4096), multiple_of(8)));
  parser.add("--repeats", &options.repeats, "N",
             "how often each is timed; training at most 5 times, the distance 3 (16,384 images: once), one image, its layers at least 50",
             in_range(1, 1'000'000));
  parser.add("--peers", &options.peers,
             "run what is installed beside: PyTorch, onnxruntime, OpenVINO, ncnn, LiteRT, OpenBLAS, numpy with scipy");
  parser.add("--balance", &options.balance,
             "measure nothing: count from the cuts of each product how evenly 1 to 64 threads would share a training iteration");
  parser.add("--json", &options.json, "print one JSON document in place of tables");
  parser.add("--list", &options.list, "name what there is, and measure nothing");
  parser.example("./tools/bench --layer deconv2 --op forward --threads 1",
                 "one layer's forward: direct, as column matrices, and in one bit");
  parser.example("./tools/bench --only data,swd --threads 1", "decoding, epochs from a cache and the distance, on one core");
  parser.example("./tools/bench --only edge", "exported models on a device: one image, its layers, memory, time from a program's start");
  parser.example("./tools/bench --only network,edge --peers", "inference and training, beside PyTorch where it is installed");
}

std::vector<BenchCase> matching_cases(const BenchFilter& filter, const BenchSizes& sizes) {
  std::vector<BenchCase> chosen;
  for (const auto& group : {gemm_cases(sizes), layer_cases(sizes), network_cases(sizes), edge_cases(sizes), data_cases(sizes),
                            swd_cases(sizes)})
    for (const BenchCase& one : group)
      if (filter.matches(one)) chosen.push_back(one);
  if (chosen.empty() && !wants_footprint(filter)) fail(ErrorKind::usage, "nothing matches --only, --layer and --op together: see --list");
  return chosen;
}

void print_list(const std::vector<BenchCase>& cases, bool with_footprint) {
  Table table;
  table.header = {"section", "layer", "op", "by", "shape"};
  for (const BenchCase& one : cases) table.rows.push_back({one.section, one.layer, one.op, one.path, one.shape});
  if (with_footprint) table.rows.push_back({"edge", "footprint", "first image", "a C program", "A, F, F half, 0-3, 0-3 prepacked"});
  std::fputs(printed_table(table).c_str(), stdout);
}

// Peers beside us, on our weights, which are written for them once.
class PeerRuns {
 public:
  PeerRuns(const BenchFilter& filter, const BenchSizes& sizes, int repeats) : filter_(filter) {
    write_peer_input(folder_ / "", filter, sizes);
    options_.batch = sizes.batch;
    options_.repeats = repeats;
    options_.weights = folder_ / "";
    if (isa() == Isa::avx2 && best_isa() != Isa::avx2) options_.isa = name(isa());
  }

  void run(int threads, PeerReport& report) {
    options_.threads = threads;
    run_peers(sibling_tool("bench"), filter_, options_, report);
  }

 private:
  const BenchFilter& filter_;
  TemporaryFolder folder_;
  PeerOptions options_;
};

// On so many threads, which are in force from then on.
std::vector<BenchRow> measure_cases(const std::vector<BenchCase>& cases, const BenchFilter& filter, int repeats, int threads) {
  set_thread_count(threads);
  std::int64_t done = 0;
  const auto total = std::count_if(cases.begin(), cases.end(), [&](const BenchCase& one) { return filter.measures(one, {threads}); });
  ProgressOptions progress_options;
  progress_options.plain_seconds = 30.0;
  Progress progress("measuring", total, progress_options);
  std::vector<BenchRow> measured = run_cases(cases, repeats, [&](const BenchCase& one) {
    require_reader();
    require_unstopped();
    progress.update(done++, concat(one.layer, " ", one.op, ", ", one.path, ", ", threads, threads == 1 ? " thread" : " threads"));
  });
  progress.update(done);
  progress.finish();
  return measured;
}

int bench(int argc, char** argv) {
  Options options;
  ArgumentParser parser("bench",
                        "measures kernels, layers and whole networks of the paper's sizes, data and the distance: each result is checked, "
                        "then timed",
                        "GFLOP/s are nominal: a layer's multiply-adds with its borders counted, which exact kernels skip.  `of peak` is "
                        "their ratio to the AVX2 multiply-add peak of the same threads, measured in registers just before and after: with "
                        "every kernel path, so that figures compare (AVX-512's own peak is shown beside it); `x float` "
                        "says how much faster than full precision, by the fastest way where there are two; `x torch` how much faster than "
                        "PyTorch; other peers likewise.");
  declare(parser, options);
  if (!parser.parse(argc, argv)) return 0;
  if (!options.isa.empty()) set_isa(*isa_named(options.isa));

  BenchSizes sizes;
  sizes.batch = options.batch.value_or(isa() == Isa::ref ? 8 : 64);
  if (options.balance) {
    if (options.json) fail(ErrorKind::usage, "--balance prints a table: --json does not go with it");
    const Balance balance = count_balance(sizes.batch, {1, 2, 4, 8, 16, 32, 64});
    std::fputs(concat(name(isa()), " kernels, batch ", sizes.batch, "\n", balance_text(balance)).c_str(), stdout);
    return 0;
  }
  if (!options.conv.empty()) sizes.algorithms = {conv_algorithm_named(options.conv)};
  const BenchFilter filter{options.sections, options.layer, options.op};
  std::vector<BenchCase> cases = matching_cases(filter, sizes);
  if (options.list) {
    print_list(cases, wants_footprint(filter));
    return 0;
  }

  std::vector<int> thread_counts{1};
  if (options.threads) thread_counts = {*options.threads};
  else if (thread_count() > 1) thread_counts.push_back(thread_count());
  std::erase_if(cases, [&](const BenchCase& one) { return !filter.measures(one, thread_counts); });
  if (cases.empty() && !wants_footprint(filter)) fail(ErrorKind::usage, "this is measured by one thread alone: give --threads 1");
  if (cases.empty()) thread_counts.clear();

  const BenchSetting setting{cpu_name(), name(isa()), build_flags(), build_commit(), sizes.batch, options.repeats};
  if (!options.json) std::fputs(bench_heading(setting).c_str(), stdout);
  flush_output();

  const InterruptGuard guard;
  std::vector<BenchRow> rows;
  PeerReport peers;
  std::optional<PeerRuns> peer_runs;
  if (options.peers) peer_runs.emplace(filter, sizes, options.repeats);
  for (const int threads : thread_counts) {
    std::vector<BenchRow> measured = measure_cases(cases, filter, options.repeats, threads);
    if (peer_runs) peer_runs->run(threads, peers);
    relate_to_float(measured);
    relate_to_peers(peers, measured);
    for (BenchRow& row : measured) relate_to_one_thread(rows, row);
    if (!options.json) std::fputs(bench_tables(measured).c_str(), stdout);
    flush_output();
    rows.insert(rows.end(), measured.begin(), measured.end());
  }
  std::optional<FootprintReport> footprint;
  if (wants_footprint(filter)) footprint = measure_footprint(sibling_tool("footprint"), sizes.edge_network, options.repeats);
  if (options.json) {
    Json document = bench_document(setting, rows, peers);
    if (footprint) document.set("footprint", footprint_json(*footprint));
    std::printf("%s\n", document.text(2).c_str());
    return 0;
  }
  if (footprint) std::fputs(shown_lines(footprint_text(*footprint)).c_str(), stdout);
  if (options.peers) std::fputs(shown_lines(peer_tables(peers)).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("bench", [&] { return pbgen::bench(argc, argv); });
}

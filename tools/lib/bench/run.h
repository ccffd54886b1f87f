// Runs the cases of bench_case.h: check, then time, beside the FMA peaks of the same moment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/timing.h"
#include "core/gemm/fma_peak.h"
#include "tools/lib/bench/case.h"

namespace pbgen {

// Which cases: empty words match all.
struct BenchFilter {
  std::vector<std::string> sections;
  std::string layer;
  std::string op;

  // Whether the case is meant.
  bool matches(const BenchCase& one) const;
  // Whether it is also to be measured: on one of these numbers of threads, and named where it must be.
  bool measures(const BenchCase& one, const std::vector<int>& thread_counts) const;
};

// How much faster than a peer: the peer's best time by ours.
struct PeerRatio {
  std::string peer;
  double ratio = 0.0;
};

struct BenchRow {
  BenchCase what;
  int threads = 1;
  int repeats = 0;
  Times times;
  FmaPeaks peaks;                  // FLOP/s in registers; 0: unknown
  std::optional<double> to_float;  // the best time in full precision by ours
  std::optional<double> to_one_thread;  // the best time of one thread by ours, where this is more than one
  std::vector<PeerRatio> to_peers;

  double flops_per_second() const { return what.flops / times.best; }
  double images_per_second() const { return static_cast<double>(what.batch) / times.best; }
  // To AVX2's peak, whatever ran: so figures of all machines compare.  0 where either is unknown.
  double ratio_to_peak() const { return peaks.avx2 > 0.0 ? flops_per_second() / peaks.avx2 : 0.0; }
};

// Runs each case once, checks it, and times it `repeats` times, or as often as the case at least or at most wants; on the
// threads in force.  before: told of each case.  std::logic_error where a result is wrong.
std::vector<BenchRow> run_cases(const std::vector<BenchCase>& cases, int repeats, const std::function<void(const BenchCase&)>& before);

// Fills in to_float from the rows themselves.
void relate_to_float(std::vector<BenchRow>& rows);

// Fills in a row's to_one_thread from those that were measured before.
void relate_to_one_thread(const std::vector<BenchRow>& before, BenchRow& row);

}  // namespace pbgen

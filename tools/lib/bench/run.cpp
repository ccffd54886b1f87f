#include "tools/lib/bench/run.h"

#include <algorithm>

#include "core/base/cpu.h"

namespace pbgen {
namespace {

bool same_work(const BenchRow& a, const BenchRow& b) {
  return a.what.section == b.what.section && a.what.layer == b.what.layer && a.what.op == b.what.op && a.what.batch == b.what.batch;
}

}  // namespace

bool BenchFilter::matches(const BenchCase& one) const {
  const bool in_section = sections.empty() || std::find(sections.begin(), sections.end(), one.section) != sections.end();
  return in_section && (layer.empty() || layer == one.layer) && (op.empty() || op == one.op);
}

bool BenchFilter::measures(const BenchCase& one, const std::vector<int>& thread_counts) const {
  const bool on_these = one.threads == 0 || std::find(thread_counts.begin(), thread_counts.end(), one.threads) != thread_counts.end();
  return matches(one) && on_these && (!one.only_by_name || layer == one.layer);
}

std::vector<BenchRow> run_cases(const std::vector<BenchCase>& cases, int repeats, const std::function<void(const BenchCase&)>& before) {
  std::vector<BenchRow> rows;
  for (const BenchCase& one : cases) {
    if (one.threads != 0 && one.threads != thread_count()) continue;
    before(one);
    BenchRow row;
    row.what = one;
    row.threads = thread_count();
    const PreparedCase prepared = one.prepare();
    prepared.run();
    prepared.check();
    const FmaPeaks before_it = fma_peaks();
    row.repeats = std::clamp(repeats, one.least_repeats, one.most_repeats);
    row.times = measure(row.repeats, prepared.run);
    const FmaPeaks after_it = fma_peaks();
    row.peaks = {std::max(before_it.avx2, after_it.avx2), std::max(before_it.avx512, after_it.avx512)};
    row.what.prepare = {};
    rows.push_back(std::move(row));
  }
  return rows;
}

void relate_to_float(std::vector<BenchRow>& rows) {
  for (BenchRow& row : rows) {
    const std::string& wanted = row.what.float_path;
    if (wanted.empty()) continue;
    for (const BenchRow& other : rows) {
      if (!same_work(other, row) || other.threads != row.threads) continue;
      if (wanted == kFastestFloat ? !other.what.float_path.empty() : other.what.path != wanted) continue;
      const double ratio = other.times.best / row.times.best;
      row.to_float = std::min(ratio, row.to_float.value_or(ratio));
    }
  }
}

void relate_to_one_thread(const std::vector<BenchRow>& before, BenchRow& row) {
  if (row.threads == 1) return;
  const auto same = std::find_if(before.begin(), before.end(), [&](const BenchRow& other) {
    return same_work(other, row) && other.threads == 1 && other.what.path == row.what.path;
  });
  if (same != before.end()) row.to_one_thread = same->times.best / row.times.best;
}

}  // namespace pbgen

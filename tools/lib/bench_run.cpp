#include "tools/lib/bench_run.h"

#include <algorithm>

#include "core/cpu.h"

namespace pbgen {

bool BenchFilter::matches(const BenchCase& one) const {
  const bool in_section = sections.empty() || std::find(sections.begin(), sections.end(), one.section) != sections.end();
  return in_section && (layer.empty() || layer == one.layer) && (op.empty() || op == one.op);
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
    const double peak_before = fma_peak();
    row.times = measure(std::clamp(repeats, one.least_repeats, one.most_repeats), prepared.run);
    row.peak = std::max(peak_before, fma_peak());
    row.what.prepare = {};
    rows.push_back(std::move(row));
  }
  return rows;
}

void relate_to_float(std::vector<BenchRow>& rows) {
  for (BenchRow& row : rows) {
    if (row.what.float_path.empty()) continue;
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const BenchRow& other) {
      return other.what.section == row.what.section && other.what.layer == row.what.layer && other.what.op == row.what.op &&
             other.what.batch == row.what.batch && other.threads == row.threads && other.what.path == row.what.float_path;
    });
    if (same != rows.end()) row.to_float = same->times.best / row.times.best;
  }
}

}  // namespace pbgen

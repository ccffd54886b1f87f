// What tools/bench says: tables for people, one JSON document for programs.
#pragma once

#include <string>
#include <vector>

#include "core/files/json.h"
#include "tools/lib/bench/peers.h"
#include "tools/lib/bench/run.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {

// What the figures depend on.
struct BenchSetting {
  std::string cpu;
  std::string isa;
  std::string flags;
  std::string commit;  // "": unknown
  std::int64_t batch = 0;
  int repeats = 0;
};

// "AMD ...; avx2 kernels; ..." and the compiler's flags, each line ended.
std::string bench_heading(const BenchSetting& setting);
// A table of rows of one section and one number of threads.  Columns that would be empty are left out, and those of peers where there are
// more than three.
Table bench_table(const std::vector<BenchRow>& rows);
// How much faster the same rows are than peers: those rows that were compared, a column a peer.
Table beside_table(const std::vector<BenchRow>& rows);
// One table for each section and number of threads, in the rows' order, under a line that names both; below it how training scales, where
// that is known, and a warning for each row that is slower than what it does would be in full precision.
std::string bench_tables(const std::vector<BenchRow>& rows);
// What the peers said of themselves, one row a measurement, and a line for each that is missing.
std::string peer_tables(const PeerReport& peers);

// {"cpu", "isa", "flags", "commit", "batch", "repeats", "rows": [{...}], "warnings": ["..."], "peers": {"held_to", "about", "missing",
// "rows"}}.
// Times in seconds, rates a second.  A row's fma_peak_flops_per_s is AVX2's, of which ratio_to_peak is; fma_peak_avx512_flops_per_s stands
// beside it where the machine has such units.
Json bench_document(const BenchSetting& setting, const std::vector<BenchRow>& rows, const PeerReport& peers);

}  // namespace pbgen

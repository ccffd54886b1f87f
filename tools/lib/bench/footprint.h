// What exported models take of a device: the C program of gan/edge/examples/footprint.c opens each and draws one image.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/timing.h"
#include "core/files/json.h"
#include "gan/networks.h"
#include "tools/lib/bench/run.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {

// One run.  Memory as Linux tells it of the program alone, its C library included; 0 where the system does not tell.
struct FootprintSample {
  double first_image_s = 0.0;  // from before the program is started until its first image
  double open_s = 0.0;
  double image_s = 0.0;
  double resident_bytes = 0.0;  // at most, all together
  double anonymous_bytes = 0.0;
  double mapped_bytes = 0.0;  // of files: the model, the program, the C library
};

struct FootprintRow {
  std::string model;
  std::int64_t model_bytes = 0;
  bool asked = false;  // to keep to kFootprintBytes and kFootprintSeconds
  std::vector<FootprintSample> samples;

  // The least counts as best.
  Times of(double FootprintSample::*figure) const;
};

struct FootprintReport {
  std::vector<FootprintRow> rows;
  std::string missing;  // why nothing was measured, and the mend
};

// What is asked of F with its linear layer in half precision, and of layers 0 to 3 in one bit.
inline constexpr double kFootprintBytes = 6e6;
inline constexpr double kFootprintSeconds = 15e-3;

// Whether the filter means what this measures: section "edge", layer "footprint", op "first image".
bool wants_footprint(const BenchFilter& filter);

// The line that the program prints; names that are not known are passed over.  Error(data) where the times are not in it.
FootprintSample parse_footprint_line(std::string_view line);

// Runs the program, on its best path, `repeats` times for each of bench_edge.h's models of the network.  Where it is not there, or
// fails, the report says so.
FootprintReport measure_footprint(const std::string& program, const NetworkConfig& network, int repeats);

Table footprint_table(const FootprintReport& report);
// The table under a line that names it; or why there is none.
std::string footprint_text(const FootprintReport& report);
Json footprint_json(const FootprintReport& report);

}  // namespace pbgen

#include "tools/lib/export_report.h"

#include "core/check.h"
#include "gan/accounting.h"
#include "tools/lib/format.h"

namespace pbgen {

Table export_table(const NetworkConfig& config, const PackedModelOptions& options) {
  NetworkConfig in_float = config;
  in_float.binarized.generator = {};
  const PackedModelSize packed = packed_model_size(config, options);
  const PackedModelSize full = packed_model_size(in_float);
  Table table;
  table.header = {"part", "bytes", "in float", "ratio"};
  const auto add = [&](const char* part, std::int64_t bytes, std::int64_t float_bytes) {
    const double ratio = static_cast<double>(float_bytes) / static_cast<double>(bytes);
    table.rows.push_back({part, concat(bytes), concat(float_bytes), fixed_text(ratio, 2) + "x"});
  };
  add("linear layer's weights", packed.linear_weights, full.linear_weights);
  add("deconvolutions' weights", packed.deconv_weights, full.deconv_weights);
  add("scales and shifts", packed.scales_and_shifts, full.scales_and_shifts);
  add("header", packed.header, full.header);
  add("whole file", packed.total(), full.total());
  table.rows.push_back({"the paper, memory under F", "", "", fixed_text(kPrintedSaving.memory, 2) + "x"});
  return table;
}

}  // namespace pbgen

#include "tools/lib/model/export_report.h"

#include <cstdint>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "gan/accounting.h"
#include "gan/edge/pbgen.h"
#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxModelBytes = std::int64_t{1} << 32;  // far more than is exported

// ./tools/paper edge --seeds 6, laptop scale: gan/PAPER.md, "The exported file".
constexpr const char* kHalfMeasured = "the same within one part in 200,000";
constexpr const char* kOneBitMeasured = "1.09 +- 0.09 times as far (0.076, 0.070), within the spread of the seeds";

}  // namespace

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

std::string smaller_linear_layer(const NetworkConfig& config, const PackedModelOptions& options) {
  const PackedModelSize now = packed_model_size(config, options);
  if (config.binarized.generator.contains(0) || 2 * now.linear_weights <= now.total()) return "";
  NetworkConfig in_float = config;
  in_float.binarized.generator = {};
  NetworkConfig one_bit = config;
  one_bit.binarized.generator = config.binarized.generator.with(0);
  const double full = static_cast<double>(packed_model_bytes(in_float));
  Table table{{"smaller", "bytes", "ratio", "measured distance (SWD) of its images"}, {}};
  const auto add = [&](std::string how, std::int64_t bytes, const char* measured) {
    table.rows.push_back({std::move(how), concat(bytes), fixed_text(full / static_cast<double>(bytes), 2) + "x", measured});
  };
  PackedModelOptions half = options;
  half.linear = LinearPrecision::half;
  if (options.linear == LinearPrecision::single)
    add("exported with --linear-precision half", packed_model_bytes(config, half), kHalfMeasured);
  add(concat("trained with --binarize-g ", one_bit.binarized.generator.to_string()), packed_model_bytes(one_bit, options), kOneBitMeasured);
  return concat("The linear layer is ", fixed_text(100.0 * static_cast<double>(now.linear_weights) / static_cast<double>(now.total()), 0),
                "% of the file:\n\n", printed_table(table));
}

std::string device_memory(const std::string& path) {
  const std::vector<std::uint8_t> file = read_file(path, kMaxModelBytes);
  pbgen_info info;
  const int code = pbgen_query(file.data(), file.size(), nullptr, &info);
  if (code != PBGEN_OK) return concat("libpbgen will not open it: ", pbgen_error_text(code), ".\n");
  const std::string saved = info.row_number_bytes == 0 ? ""
                                                       : concat("Of them ", info.row_number_bytes,
                                                                " are made of the one-bit weights; a file written with --prepacked holds "
                                                                "them itself.\n");
  return concat("On a device libpbgen wants, beside the file, ", info.arena_bytes, " bytes of memory (one thread).\n", saved);
}

}  // namespace pbgen

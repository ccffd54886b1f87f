#include "tools/lib/layer_report.h"

#include <cstdint>

#include "core/check.h"

namespace pbgen {
namespace {

int sign(std::int64_t value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

const char* sign_word(std::int64_t value) { return value > 0 ? "positive" : value < 0 ? "negative" : "zero"; }

std::string map_text(std::int64_t channels, std::int64_t side) { return concat(channels, "x", side, "x", side); }

}  // namespace

Table layer_report(const NetworkConfig& config) {
  Table table;
  table.header = {"network", "layer", "in", "out", "s_i", "redundancy", "bits", "parameters", "bytes"};
  const std::vector<LayerRow> rows = layer_table(config);
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LayerRow& row = rows[i];
    parameters += row.weights + row.other_parameters;
    bytes += row.bytes();
    table.rows.push_back({row.network, row.name, map_text(row.c_in, row.side_in), map_text(row.c_out, row.side_out),
                          concat(row.side_in * row.side_in), row.has_redundancy ? concat(row.redundancy) : "-", row.binarized ? "1" : "32",
                          concat(row.weights + row.other_parameters), concat(row.bytes())});
    if (i + 1 < rows.size() && rows[i + 1].network == row.network) continue;
    table.rows.push_back({row.network, "total", "", "", "", "-", "", concat(parameters), concat(bytes)});
    parameters = bytes = 0;
  }
  return table;
}

std::vector<std::string> redundancy_remarks(const NetworkConfig& config) {
  const std::vector<LayerRow> rows = layer_table(config);
  const std::vector<LayerRow> paper = layer_table(NetworkConfig{});
  std::vector<std::string> remarks;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LayerRow& row = rows[i];
    if (!row.has_redundancy) continue;
    if (sign(row.redundancy) == sign(paper[i].redundancy)) continue;
    remarks.push_back(concat(row.network, " ", row.name, ": redundancy ", row.redundancy, " is ", sign_word(row.redundancy), ", the paper's ",
                             paper[i].redundancy, " is ", sign_word(paper[i].redundancy),
                             row.binarized ? "; the layer is binarized all the same" : ""));
  }
  if (remarks.empty()) {
    remarks.push_back("All redundancies have the signs of the paper's (generator 496, 192, -128, -960; discriminator 11, 1472, 2944, 5888).");
  } else {
    remarks.push_back(
        "Where the signs differ, the paper's advice (binarize where the redundancy is positive) reads differently for this width and size.");
  }
  return remarks;
}

}  // namespace pbgen

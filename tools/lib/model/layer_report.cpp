#include "tools/lib/model/layer_report.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

int sign(std::int64_t value) { return value > 0 ? 1 : value < 0 ? -1 : 0; }

const char* sign_word(std::int64_t value) { return value > 0 ? "positive" : value < 0 ? "negative" : "zero"; }

std::string map_text(std::int64_t channels, std::int64_t height, std::int64_t width) { return concat(channels, "x", height, "x", width); }

std::string kernel_text(const LayerRow& row) {
  return row.kind == LayerKind::linear ? "-" : concat(row.kernel_height, "x", row.kernel_width, "/", row.stride);
}

// What a network's rows come to.
struct Sum {
  std::int64_t multiply_adds = 0;
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
};

// rank[i] is the place of rows[i] in the order of redundancy of its own network, from 1; 0: not in it.
std::vector<std::size_t> ranks(const std::vector<LayerRow>& rows, bool with_linear) {
  std::vector<std::size_t> rank(rows.size(), 0);
  std::map<std::string, std::size_t> placed;
  for (const std::size_t i : redundancy_order(rows, with_linear)) rank[i] = ++placed[rows[i].network];
  return rank;
}

}  // namespace

Table layer_report(const std::vector<LayerRow>& rows, bool with_linear) {
  Table table;
  table.header = {"network", "layer", "bits",   "bytes", "redundancy", "order",        "parameters",
                  "in",      "out",   "kernel", "s_i",   "c_i",        "multiply-adds"};
  table.label_columns = 2;
  const std::vector<std::size_t> rank = ranks(rows, with_linear);
  Sum sum;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LayerRow& row = rows[i];
    const std::int64_t parameters = row.weights() + row.other_parameters;
    sum.multiply_adds += row.multiply_adds();
    sum.parameters += parameters;
    sum.bytes += row.bytes();
    table.rows.push_back({row.network, row.name, row.binarized ? "1" : "32", grouped_text(row.bytes()),
                          row.can_be_binarized ? concat(row.redundancy()) : "-", rank[i] > 0 ? concat(rank[i]) : "-",
                          grouped_text(parameters), map_text(row.c_in, row.height_in, row.width_in),
                          map_text(row.c_out, row.height_out, row.width_out), kernel_text(row), concat(row.pixels_in()), concat(row.c_in),
                          grouped_text(row.multiply_adds())});
    if (i + 1 < rows.size() && rows[i + 1].network == row.network) continue;
    table.rows.push_back({row.network, "total", "", grouped_text(sum.bytes), "", "", grouped_text(sum.parameters), "", "", "", "", "",
                          grouped_text(sum.multiply_adds)});
    sum = {};
  }
  if (std::all_of(rows.begin(), rows.end(), [](const LayerRow& row) { return row.network.empty(); })) {
    table.header.erase(table.header.begin());
    table.label_columns = 1;
    for (std::vector<std::string>& cells : table.rows) cells.erase(cells.begin());
  }
  return table;
}

std::vector<NetworkLayers> layers_by_network(const std::vector<LayerRow>& rows) {
  std::vector<NetworkLayers> networks;
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    std::vector<LayerRow> own;
    for (; end < rows.size() && rows[end].network == rows[begin].network; ++end) {
      own.push_back(rows[end]);
      own.back().network.clear();
    }
    networks.push_back({rows[begin].network, layer_report(own)});
  }
  return networks;
}

std::vector<std::string> order_remarks(const std::vector<LayerRow>& rows, bool with_linear) {
  std::map<std::string, std::pair<std::string, std::string>> of_network;  // all layers, the positive ones
  for (const std::size_t i : redundancy_order(rows, with_linear)) {
    const LayerRow& row = rows[i];
    auto& [all, positive] = of_network[row.network];
    all += concat(all.empty() ? "" : ", ", row.name, " ", row.redundancy());
    if (row.redundancy() > 0) positive += concat(positive.empty() ? "" : ", ", row.name);
  }
  std::vector<std::string> remarks;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto found = of_network.find(rows[i].network);
    if (found == of_network.end() || (i > 0 && rows[i - 1].network == rows[i].network)) continue;
    const auto& [all, positive] = found->second;
    remarks.push_back(concat("Order of redundancy", rows[i].network.empty() ? "" : ", ", rows[i].network, ": ", all,
                             ". Positive: ", positive.empty() ? "none" : positive, "."));
  }
  return remarks;
}

std::vector<std::string> redundancy_remarks(const NetworkConfig& config) {
  const std::vector<LayerRow> rows = layer_table(config);
  const std::vector<LayerRow> paper = layer_table(NetworkConfig{});
  std::vector<std::string> remarks;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const LayerRow& row = rows[i];
    if (!row.can_be_binarized) continue;
    if (sign(row.redundancy()) == sign(paper[i].redundancy())) continue;
    const std::int64_t papers = paper[i].redundancy();
    remarks.push_back(concat(row.network, " ", row.name, ": redundancy ", row.redundancy(), " is ", sign_word(row.redundancy()),
                             ", the paper's ", papers, " is ", sign_word(papers),
                             row.binarized ? "; the layer is binarized all the same" : ""));
  }
  if (remarks.empty()) {
    remarks.push_back(
        "All redundancies have the signs of the paper's (generator 496, 192, -128, -960; discriminator 11, 1472, 2944, 5888).");
  } else {
    remarks.push_back("Where the signs differ, the paper's advice (binarize where the redundancy is positive) reads differently for this "
                      "width and size.");
  }
  return remarks;
}

}  // namespace pbgen

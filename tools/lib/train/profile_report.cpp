#include "tools/lib/train/profile_report.h"

#include <algorithm>
#include <map>
#include <vector>

#include "core/base/check.h"
#include "gan/accounting.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/peaks_text.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {
namespace {

constexpr double kOwnRow = 2e-5;  // seconds an iteration

// "generator.deconv1" -> multiply-adds an image.
std::map<std::string, std::int64_t> products_of(const NetworkConfig& network) {
  std::map<std::string, std::int64_t> products;
  for (const LayerRow& row : layer_table(network)) products[row.network + "." + row.name] = row.multiply_adds();
  return products;
}

double sum_of(const std::vector<Profile::Entry>& entries) {
  double seconds = 0.0;
  for (const Profile::Entry& entry : entries) seconds += entry.seconds;
  return seconds;
}

}  // namespace

std::string profile_text(const Profile& profile, const NetworkConfig& network, std::int64_t batch, std::int64_t shard_images,
                         std::int64_t iterations, const FmaPeaks& peaks) {
  const double whole = profile.seconds();
  const double count = static_cast<double>(std::max<std::int64_t>(iterations, 1));
  const std::map<std::string, std::int64_t> products = products_of(network);
  std::vector<Profile::Entry> layers;
  std::vector<Profile::Entry> others;
  for (const Profile::Entry& entry : profile.entries()) {
    const bool product = products.count(entry.owner) > 0 && (entry.part == "forward" || entry.part == "dx" || entry.part == "dw");
    (product ? layers : others).push_back(entry);
  }
  Profile::Entry unmarked;
  unmarked.owner = "between the marks";
  unmarked.seconds = std::max(0.0, whole - sum_of(layers) - sum_of(others));
  unmarked.calls = iterations;
  others.push_back(unmarked);
  for (std::vector<Profile::Entry>* const group : {&layers, &others})
    std::stable_sort(group->begin(), group->end(), [](const auto& a, const auto& b) { return a.seconds > b.seconds; });

  const auto milliseconds = [&](double seconds) { return fixed_text(seconds / count * 1e3, 3); };
  const auto share = [&](double seconds) { return fixed_text(100.0 * seconds / whole, 1); };
  const auto cells_of = [&](const Profile::Entry& entry) {
    return std::vector<std::string>{entry.owner, entry.part, concat(entry.calls / std::max<std::int64_t>(iterations, 1)),
                                    milliseconds(entry.seconds), share(entry.seconds)};
  };
  Table convolutions;
  convolutions.header = {"layer", "product", "calls", "ms", "%", "GFLOP/s", "of peak"};
  double flops = 0.0;
  for (const Profile::Entry& entry : layers) {
    std::vector<std::string> cells = cells_of(entry);
    const std::int64_t images = entry.part == "forward" ? batch : shard_images;
    const double nominal = 2.0 * static_cast<double>(products.at(entry.owner) * images * entry.calls);
    flops += nominal;
    cells.push_back(fixed_text(nominal / entry.seconds * 1e-9, 1));
    if (peaks.avx2 > 0.0) cells.push_back(fixed_text(nominal / entry.seconds / peaks.avx2, 2));
    convolutions.rows.push_back(std::move(cells));
  }
  Table rest;
  rest.header = {"everything else", "part", "calls", "ms", "%"};
  Profile::Entry small;
  for (const Profile::Entry& entry : others) {
    if (entry.seconds / count >= kOwnRow) {
      rest.rows.push_back(cells_of(entry));
    } else {
      small.seconds += entry.seconds;
      small.calls += entry.calls;
    }
  }
  if (small.calls > 0) {
    small.owner = "what is smaller";
    rest.rows.push_back(cells_of(small));
  }

  const double in_layers = sum_of(layers);
  const auto with_share = [&](double seconds) { return concat(milliseconds(seconds), " ms (", share(seconds), "%)"); };
  std::string text =
      concat("An iteration of batch ", batch, ", mean of ", iterations, ": ", milliseconds(whole), " ms; products of the layers ",
             with_share(in_layers), ", everything else ", with_share(whole - in_layers), "\n");
  if (peaks.avx2 > 0.0)
    text += concat(peaks_text(peaks), "; the iteration's nominal rate is ", fixed_text(flops / whole / peaks.avx2, 2), " of AVX2's\n");
  return concat(text, "\n", printed_table(convolutions), "\n", printed_table(rest));
}

}  // namespace pbgen

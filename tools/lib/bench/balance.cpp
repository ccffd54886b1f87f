#include "tools/lib/bench/balance.h"

#include <cstddef>
#include <functional>
#include <utility>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/cuts.h"
#include "core/conv/conv_cuts.h"
#include "core/conv/conv_geometry.h"
#include "core/conv/winograd.h"
#include "core/tensor/shape.h"
#include "layers/batchnorm2d.h"
#include "layers/lane_matrix.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {
namespace {

struct Product {
  BalanceRow row;
  std::function<DealtWork()> dealt;
};

// In the order of BalancedIteration.
constexpr const char* kNames[kBalancedIterations] = {"A", "H", "A, Winograd", "H, Winograd"};

constexpr IterationTimes everywhere(double ms) { return {ms, ms, ms, ms}; }
constexpr IterationTimes only(BalancedIteration iteration, double ms) {
  IterationTimes times{};
  times[iteration] = ms;
  return times;
}

// A convolution and the deconvolution that mirrors it in the other network: c_small channels on a small side of so many pixels squared,
// c_big on the big side.
struct Level {
  std::int64_t side;
  std::int64_t c_small;
  std::int64_t c_big;
  // Milliseconds: to big, to small, weight gradient.
  double direct_ms[3];
  double winograd_ms[3];
  double one_bit_ms[2];
  double one_bit_gradient_ms;  // direct, where the others are in one bit
};

// As measured of AVX2's kernels (core/PERF.md): what rows weigh beside one another is much the same on every path.
constexpr Level kLevels[] = {{4, 512, 256, {222, 222, 151}, {108, 111, 94}, {53, 53}, 158},
                             {8, 256, 128, {262, 261, 178}, {113, 122, 100}, {63, 64}, 187},
                             {16, 128, 64, {286, 283, 195}, {119, 121, 115}, {73, 73}, 208}};
// The last deconvolution and the first convolution, which no iteration has in one bit or by Winograd's algorithm.
constexpr Level kImages = {32, 64, 3, {22, 29, 22}, {}, {}, 0.0};

void append(const Level& level, std::int64_t batch, std::vector<Product>& products) {
  const ConvGeometry g = same_padding(2 * level.side, 2 * level.side);
  const LaneShape small{batch, level.side, level.side, level.c_small};
  const LaneShape big{batch, 2 * level.side, 2 * level.side, level.c_big};
  const std::string shapes =
      concat(level.c_small, "x", level.side, "x", level.side, " <-> ", level.c_big, "x", 2 * level.side, "x", 2 * level.side, ", ");
  const auto add = [&](const std::string& name, const IterationTimes& ms, std::function<DealtWork()> dealt) {
    products.push_back({{shapes + name, ms, {}}, std::move(dealt)});
  };
  constexpr ConvProduct kProducts[] = {ConvProduct::to_big, ConvProduct::to_small, ConvProduct::weight_gradient};
  constexpr const char* kProductNames[] = {"to big", "to small", "weight gradient"};
  const bool narrow = level.one_bit_ms[0] == 0.0;
  for (int i = 0; i < 3; ++i) {
    IterationTimes ms = narrow ? everywhere(level.direct_ms[i]) : only(kFloatDirect, level.direct_ms[i]);
    if (!narrow && kProducts[i] == ConvProduct::weight_gradient) ms[kOneBitDirect] = level.one_bit_gradient_ms;
    add(kProductNames[i], ms, [=] { return dealt(kProducts[i], g, small, big); });
  }
  if (narrow) return;
  constexpr ConvProduct kSigns[] = {ConvProduct::signs_to_big, ConvProduct::signs_to_small};
  for (int i = 0; i < 2; ++i) {
    IterationTimes ms = only(kOneBitDirect, level.one_bit_ms[i]);
    ms[kOneBitWinograd] = level.one_bit_ms[i];
    add(concat(kProductNames[i], ", one bit"), ms, [=] { return dealt(kSigns[i], g, small, big); });
  }
  if (!winograd_takes(g, {level.c_small, level.c_big})) return;
  for (int i = 0; i < 3; ++i) {
    IterationTimes ms = only(kFloatWinograd, level.winograd_ms[i]);
    if (kProducts[i] == ConvProduct::weight_gradient) ms[kOneBitWinograd] = level.winograd_ms[i];
    add(concat(kProductNames[i], ", Winograd"), ms, [=] { return winograd_dealt(kProducts[i], g, small, big); });
  }
}

struct MapRow {
  LaneShape shape;
  double ms;
};

std::vector<Product> products_of_iteration(std::int64_t batch) {
  std::vector<Product> products;
  for (const Level& level : kLevels) append(level, batch, products);
  append(kImages, batch, products);
  const auto shape_text = [](const LaneShape& shape) { return concat(shape.channels, "x", shape.height, "x", shape.width); };
  for (const MapRow& map : {MapRow{{batch, 4, 4, 512}, 2.5}, MapRow{{batch, 8, 8, 256}, 4.5}, MapRow{{batch, 16, 16, 128}, 8.5},
                            MapRow{{batch, 32, 32, 64}, 12.5}})
    products.push_back(
        {{"batch normalisation, " + shape_text(map.shape), everywhere(map.ms), {}}, [=] { return BatchNorm2d::dealt(map.shape); }});
  for (const MapRow& map : {MapRow{{batch, 8, 8, 256}, 0.5}, MapRow{{batch, 16, 16, 128}, 1.0}, MapRow{{batch, 32, 32, 64}, 2.0}})
    products.push_back(
        {{"bias gradient, " + shape_text(map.shape), everywhere(map.ms), {}}, [=] { return channel_sums_dealt(map.shape); }});
  products.push_back({{"latents, losses: one thread", everywhere(0.4), {}}, [] { return DealtWork{.whole = 1, .regions = {{1}}}; }});
  return products;
}

// The shares of all rows, one after the other, each weighing as long as one thread takes for it.
std::vector<double> busy_together(const Balance& balance, std::size_t iteration) {
  std::vector<double> together;
  for (std::size_t i = 0; i < balance.threads.size(); ++i) {
    double alone = 0.0;
    double shared = 0.0;
    for (const BalanceRow& row : balance.rows) {
      alone += row.ms[iteration];
      shared += row.ms[iteration] / row.busy[i];
    }
    together.push_back(alone / shared);
  }
  return together;
}

}  // namespace

Balance count_balance(std::int64_t batch, const std::vector<int>& threads) {
  Balance balance;
  balance.threads = threads;
  const int threads_before = thread_count();
  for (const Product& product : products_of_iteration(batch)) {
    BalanceRow row = product.row;
    for (const int count : threads) {
      set_thread_count(count);
      row.busy.push_back(product.dealt().busy_share(count));
    }
    balance.rows.push_back(row);
  }
  set_thread_count(threads_before);
  for (std::size_t i = 0; i < kBalancedIterations; ++i) balance.busy[i] = busy_together(balance, i);
  return balance;
}

std::string balance_text(const Balance& balance) {
  Table table;
  table.header = {"busy share of so many threads"};
  for (const char* const iteration : kNames) table.header.push_back(concat(iteration, ", ms"));
  for (const int threads : balance.threads) table.header.push_back(concat(threads));
  const auto add_shares = [&](const std::vector<double>& busy) {
    for (const double share : busy) table.rows.back().push_back(fixed_text(share, 2));
  };
  for (const BalanceRow& row : balance.rows) {
    table.rows.push_back({row.product});
    for (const double ms : row.ms) table.rows.back().push_back(ms > 0.0 ? fixed_text(ms, 1) : "-");
    add_shares(row.busy);
  }
  for (std::size_t i = 0; i < kBalancedIterations; ++i) {
    table.rows.push_back({concat("an iteration: ", kNames[i])});
    table.rows.back().resize(1 + kBalancedIterations);
    add_shares(balance.busy[i]);
  }
  return printed_table(table);
}

}  // namespace pbgen

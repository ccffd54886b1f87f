#include "tools/lib/bench/balance.h"

#include <cstddef>
#include <functional>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/cuts.h"
#include "core/conv/conv_cuts.h"
#include "core/conv/conv_geometry.h"
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

// A convolution and the deconvolution that mirrors it in the other network: c_small channels on a small side of so many pixels squared,
// c_big on the big side.
struct Level {
  std::int64_t side;
  std::int64_t c_small;
  std::int64_t c_big;
  // Milliseconds: to big, to small, weight gradient; the first two in one bit.
  double float_ms[3];
  double one_bit_ms[2];
  double weight_gradient_ms;  // where the others are in one bit
};

// As measured of AVX2's kernels (core/PERF.md): what rows weigh beside one another is much the same on every path.
constexpr Level kLevels[] = {{4, 512, 256, {222, 222, 151}, {53, 53}, 158},
                             {8, 256, 128, {262, 261, 178}, {63, 64}, 187},
                             {16, 128, 64, {286, 283, 195}, {73, 73}, 208},
                             {32, 64, 3, {22, 29, 22}, {}, 22}};

void append(const Level& level, std::int64_t batch, std::vector<Product>& products) {
  const ConvGeometry g = same_padding(2 * level.side, 2 * level.side);
  const LaneShape small{batch, level.side, level.side, level.c_small};
  const LaneShape big{batch, 2 * level.side, 2 * level.side, level.c_big};
  const std::string shapes = concat(level.c_small, "x", level.side, "x", level.side, " <-> ", level.c_big, "x", 2 * level.side, "x",
                                    2 * level.side, ", ");
  const auto add = [&](const char* name, double float_ms, double one_bit_ms, ConvProduct product) {
    products.push_back({{shapes + name, float_ms, one_bit_ms, {}}, [=] { return dealt(product, g, small, big); }});
  };
  const bool has_signs = level.one_bit_ms[0] > 0.0;
  add("to big", level.float_ms[0], has_signs ? 0.0 : level.float_ms[0], ConvProduct::to_big);
  add("to small", level.float_ms[1], has_signs ? 0.0 : level.float_ms[1], ConvProduct::to_small);
  if (has_signs) {
    add("to big, one bit", 0.0, level.one_bit_ms[0], ConvProduct::signs_to_big);
    add("to small, one bit", 0.0, level.one_bit_ms[1], ConvProduct::signs_to_small);
  }
  add("weight gradient", level.float_ms[2], level.weight_gradient_ms, ConvProduct::weight_gradient);
}

struct MapRow {
  LaneShape shape;
  double ms;
};

std::vector<Product> products_of_iteration(std::int64_t batch) {
  std::vector<Product> products;
  for (const Level& level : kLevels) append(level, batch, products);
  const auto shape_text = [](const LaneShape& shape) { return concat(shape.channels, "x", shape.height, "x", shape.width); };
  for (const MapRow& map : {MapRow{{batch, 4, 4, 512}, 2.5}, MapRow{{batch, 8, 8, 256}, 4.5}, MapRow{{batch, 16, 16, 128}, 8.5},
                            MapRow{{batch, 32, 32, 64}, 12.5}})
    products.push_back({{"batch normalisation, " + shape_text(map.shape), map.ms, map.ms, {}},
                        [=] { return BatchNorm2d::dealt(map.shape); }});
  for (const MapRow& map : {MapRow{{batch, 8, 8, 256}, 0.5}, MapRow{{batch, 16, 16, 128}, 1.0}, MapRow{{batch, 32, 32, 64}, 2.0}})
    products.push_back({{"bias gradient, " + shape_text(map.shape), map.ms, map.ms, {}}, [=] { return channel_sums_dealt(map.shape); }});
  products.push_back({{"latents, losses: one thread", 0.4, 0.4, {}}, [] { return DealtWork{.whole = 1, .regions = {{1}}}; }});
  return products;
}

// The shares of all rows, one after the other, each weighing as long as one thread takes for it.
template <class Weight>
std::vector<double> busy_together(const std::vector<BalanceRow>& rows, std::size_t counts, Weight weight) {
  std::vector<double> together;
  for (std::size_t i = 0; i < counts; ++i) {
    double alone = 0.0;
    double shared = 0.0;
    for (const BalanceRow& row : rows) {
      alone += weight(row);
      shared += weight(row) / row.busy[i];
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
  balance.float_busy = busy_together(balance.rows, threads.size(), [](const BalanceRow& row) { return row.float_ms; });
  balance.one_bit_busy = busy_together(balance.rows, threads.size(), [](const BalanceRow& row) { return row.one_bit_ms; });
  return balance;
}

std::string balance_text(const Balance& balance) {
  Table table;
  table.header = {"busy share of so many threads", "A, ms", "H, ms"};
  for (const int threads : balance.threads) table.header.push_back(concat(threads));
  const auto add = [&](const std::string& name, const std::string& float_ms, const std::string& one_bit_ms,
                       const std::vector<double>& busy) {
    table.rows.push_back({name, float_ms, one_bit_ms});
    for (const double share : busy) table.rows.back().push_back(fixed_text(share, 2));
  };
  const auto ms_text = [](double ms) { return ms > 0.0 ? fixed_text(ms, 1) : std::string("-"); };
  for (const BalanceRow& row : balance.rows) add(row.product, ms_text(row.float_ms), ms_text(row.one_bit_ms), row.busy);
  add("an iteration under Setting A", "", "", balance.float_busy);
  add("an iteration under Setting H", "", "", balance.one_bit_busy);
  return text_table(table);
}

}  // namespace pbgen

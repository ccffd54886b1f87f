#include "core/gemm/gemm_blocked.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/base/thread_scratch.h"
#include "core/freestanding/ints.h"

namespace pbgen {
namespace {

// Block sizes: see PERF.md.  A panel of B (kc x nr, 16 KB; AVX-512's 32 KB) stays in the L1 cache beside the panel of A that streams
// past; a block of A (mc x kc, 192 KB) stays in L2; two blocks of B (kc x nc, 1 MB each) live in L2 and L3.
constexpr std::int64_t kKc = 256;
constexpr std::int64_t kMc = 192;
constexpr std::int64_t kBlockOfB = 256 * 1024;
constexpr std::int64_t kLine = 16;  // floats of a cache line

// A thread is woken for at least this many multiply-adds: some eight microseconds of the AVX2 kernel.
constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

// The part-th of parts of an extent that is cut between tiles only.
Range cut(std::int64_t extent, std::int64_t tile, std::int64_t part, std::int64_t parts) {
  const std::int64_t tiles = ceil_div(extent, tile);
  return {tiles * part / parts * tile, std::min(tiles * (part + 1) / parts * tile, extent)};
}

struct Grid {
  std::int64_t rows;
  std::int64_t columns;
};

// How C is cut among threads: every piece packs its own A and B, so the grid with the dearest piece cheapest wins.
template <class Leaves>
Grid choose_grid(const GemmOperands& g) {
  constexpr std::int64_t kMr = Leaves::kMr;
  constexpr std::int64_t kNr = Leaves::kNr;
  constexpr std::int64_t kTileCycles = kMr * kNr / (2 * Leaves::kWidth);  // two vectors a cycle
  const int threads = threads_worth_waking(g.m * g.n * g.k, kWorkOfAThread);
  Grid best{1, 1};
  std::int64_t best_cost = INT64_MAX;
  // No more pieces than tiles either way: a piece of nothing would have nothing to pack.
  for (std::int64_t rows = 1; rows <= std::min<std::int64_t>(threads, ceil_div(g.m, kMr)); ++rows) {
    const std::int64_t columns = std::min(threads / rows, ceil_div(g.n, kNr));
    const std::int64_t row_tiles = ceil_div(ceil_div(g.m, kMr), rows);
    const std::int64_t column_tiles = ceil_div(ceil_div(g.n, kNr), columns);
    // Cycles for each step of k; half a cycle for each float that is packed.
    const std::int64_t cost = kTileCycles * row_tiles * column_tiles + (row_tiles * kMr + column_tiles * kNr) / 2;
    if (cost < best_cost) {
      best_cost = cost;
      best = {rows, columns};
    }
  }
  return best;
}

// Packing: a block of count rows of op(A), or columns of op(B), and k steps becomes panels of width of them,
// panel[p*width + r], one after the other; what a last panel lacks is zero.  It is done in units of some sixteen cache
// lines, each fetched a few units ahead: the lines of a unit lie in pages where the hardware looks no further.
template <class Leaves, std::int64_t width>
class Packing {
 public:
  Packing() = default;
  // along_k: the block's rows lie along k, and are transposed.  Otherwise they lie across it, and are copied.
  Packing(const Leaves& leaves, bool along_k, const float* from, std::int64_t ld, std::int64_t count, std::int64_t k, float* to)
      : transpose_(leaves.transpose), along_k_(along_k), from_(from), ld_(ld), count_(count), k_(k), to_(to) {
    if (along_k) {
      chunks_ = ceil_div(k, kSteps);
      units_ = chunks_ * ceil_div(count, width) * kStrips;
    } else {
      chunks_ = ceil_div(count, kRun);
      lines_ = std::max<std::int64_t>(1, kRun / count);
      units_ = chunks_ * ceil_div(k, lines_);
    }
    if (count * k >= kWorthFetching) to_fetch_ = units_;
    for (int i = 0; i < kAhead; ++i) prefetch_unit();
  }

  std::int64_t units() const { return units_; }

  void pack_unit() {
    prefetch_unit();
    if (along_k_) {
      transpose();
    } else {
      copy();
    }
    packed_.advance(chunks_);
  }

  void pack_all() {
    for (std::int64_t u = 0; u < units_; ++u) pack_unit();
  }

 private:
  static constexpr int kAhead = 4;
  static constexpr std::int64_t kWorthFetching = 16 * 1024;  // floats: a smaller block is likely in the caches
  static constexpr std::int64_t kSteps = 32;                 // of k that a unit transposes
  static constexpr std::int64_t kRun = 256 / width * width;  // floats that a unit copies
  static constexpr std::int64_t kStrip = std::min(width, Leaves::kWidth);
  static constexpr std::int64_t kStrips = width / kStrip;
  static_assert(width % kStrip == 0);

  // Where along_k: strip `row` of kStrip rows, steps chunk*kSteps and on.  Else: steps row*lines and on, floats chunk*kRun and on.
  struct Place {
    std::int64_t row = 0;
    std::int64_t chunk = 0;
    void advance(std::int64_t chunks) {
      if (++chunk == chunks) {
        chunk = 0;
        ++row;
      }
    }
  };

  void prefetch_unit() {
    if (to_fetch_ == 0) return;
    --to_fetch_;
    if (along_k_) {
      const std::int64_t end_row = std::min((fetched_.row + 1) * kStrip, count_);
      const std::int64_t end = std::min((fetched_.chunk + 1) * kSteps, k_);
      for (std::int64_t r = fetched_.row * kStrip; r < end_row; ++r)
        for (std::int64_t p = fetched_.chunk * kSteps; p < end; p += kLine) __builtin_prefetch(from_ + r * ld_ + p);
    } else {
      const std::int64_t end_step = std::min((fetched_.row + 1) * lines_, k_);
      const std::int64_t end = std::min((fetched_.chunk + 1) * kRun, count_);
      for (std::int64_t p = fetched_.row * lines_; p < end_step; ++p)
        for (std::int64_t r = fetched_.chunk * kRun; r < end; r += kLine) __builtin_prefetch(from_ + p * ld_ + r);
    }
    fetched_.advance(chunks_);
  }

  void transpose() {
    const std::int64_t first = packed_.row * kStrip;
    const std::int64_t p = packed_.chunk * kSteps;
    const std::int64_t rows = std::clamp<std::int64_t>(count_ - first, 0, kStrip);
    float* const panel = to_ + first / width * width * k_;
    transpose_(std::min(kSteps, k_ - p), rows, from_ + (rows == 0 ? 0 : first) * ld_ + p, ld_, panel + p * width + first % width, width);
  }

  void copy() {
    const std::int64_t end_step = std::min((packed_.row + 1) * lines_, k_);
    for (std::int64_t p = packed_.row * lines_; p < end_step; ++p) copy_run(p, packed_.chunk * kRun);
  }

  void copy_run(std::int64_t p, std::int64_t first) {
    const std::int64_t size = std::min(kRun, count_ - first);
    const std::int64_t whole = size / width * width;
    const std::int64_t panel_size = width * k_;
    const float* const from = from_ + p * ld_ + first;
    float* panel = to_ + first * k_ + p * width;
    for (std::int64_t r = 0; r < whole; r += width, panel += panel_size) std::memcpy(panel, from + r, width * sizeof(float));
    if (size > whole) {
      std::copy_n(from + whole, size - whole, panel);
      std::fill_n(panel + (size - whole), width - (size - whole), 0.0f);
    }
  }

  decltype(Leaves::transpose) transpose_ = nullptr;
  bool along_k_ = false;
  const float* from_ = nullptr;
  std::int64_t ld_ = 0;
  std::int64_t count_ = 0;
  std::int64_t k_ = 0;
  float* to_ = nullptr;
  std::int64_t chunks_ = 1;
  std::int64_t lines_ = 1;
  std::int64_t units_ = 0;
  std::int64_t to_fetch_ = 0;
  Place fetched_;
  Place packed_;
};

// The next block of B, packed a little after every tile of this one: its cache misses pass behind the multiply-adds.
template <class PackingOfB>
class NextBlock {
 public:
  NextBlock(PackingOfB packing, std::int64_t tiles) : packing_(packing), tiles_(tiles) {}

  void after_tile() {
    for (due_ += packing_.units(); due_ >= tiles_; due_ -= tiles_) packing_.pack_unit();
  }

 private:
  PackingOfB packing_;
  std::int64_t tiles_;
  std::int64_t due_ = 0;
};

// Block of A times block of B.
template <class Leaves, class Next>
void run_block(const Leaves& leaves, std::int64_t rows, std::int64_t columns, std::int64_t k, const float* a, const float* b,
               bool accumulate, float* c, std::int64_t ldc, Next& next) {
  constexpr std::int64_t kMr = Leaves::kMr;
  constexpr std::int64_t kNr = Leaves::kNr;
  for (std::int64_t j = 0; j < columns; j += kNr) {
    const std::int64_t tile_columns = std::min(kNr, columns - j);
    for (std::int64_t i = 0; i < rows; i += kMr, next.after_tile()) {
      const std::int64_t tile_rows = std::min(kMr, rows - i);
      float* const tile = c + i * ldc + j;
      if (tile_columns == kNr) {
        leaves.ukernel(k, tile_rows, a + i * k, b + j * k, accumulate, tile, ldc);
        continue;
      }
      alignas(64) float padded[kMr * kNr];
      leaves.ukernel(k, tile_rows, a + i * k, b + j * k, false, padded, kNr);
      for (std::int64_t r = 0; r < tile_rows; ++r)
        for (std::int64_t s = 0; s < tile_columns; ++s)
          tile[r * ldc + s] = accumulate ? tile[r * ldc + s] + padded[r * kNr + s] : padded[r * kNr + s];
    }
  }
}

// The piece of C in these rows and columns, all of k.
template <class Leaves>
void run_piece(const Leaves& leaves, const GemmOperands& g, Range rows, Range columns) {
  constexpr std::int64_t kMr = Leaves::kMr;
  constexpr std::int64_t kNr = Leaves::kNr;
  static_assert(kMc % kMr == 0);
  using PackingOfB = Packing<Leaves, kNr>;
  const std::int64_t kc_max = round_up(ceil_div(g.k, ceil_div(g.k, kKc)), 8);
  const std::int64_t mc_max = std::min(round_up(ceil_div(rows.size(), ceil_div(rows.size(), kMc)), kMr), kMc);
  const std::int64_t nc_max = std::min(round_up(columns.size(), kNr), kBlockOfB / kc_max / kNr * kNr);
  // The transposing leaf writes up to a vector beyond a panel of A.
  const std::int64_t a_floats = round_up(mc_max * kc_max + Leaves::kWidth, 16);
  const std::int64_t b_floats = kc_max * nc_max;
  const bool one_block = columns.size() <= nc_max && g.k <= kc_max;
  const ThreadScratch scratch = ThreadScratch::of_floats(a_floats + (one_block ? 1 : 2) * b_floats);
  float* const a_block = scratch.floats();
  float* b_block = a_block + a_floats;
  float* b_other = b_block + b_floats;

  const auto packing_of_b = [&](std::int64_t j, std::int64_t p, float* to) {
    const bool along_k = g.b_op == Transpose::yes;
    return PackingOfB(leaves, along_k, g.b + (along_k ? j * g.ldb + p : p * g.ldb + j), g.ldb, std::min(nc_max, columns.end - j),
                      std::min(kc_max, g.k - p), to);
  };
  packing_of_b(columns.begin, 0, b_block).pack_all();
  for (std::int64_t j = columns.begin; j < columns.end; j += nc_max) {
    const std::int64_t nc = std::min(nc_max, columns.end - j);
    const std::int64_t tiles = ceil_div(rows.size(), kMr) * ceil_div(nc, kNr);
    for (std::int64_t p = 0; p < g.k; p += kc_max) {
      const std::int64_t kc = std::min(kc_max, g.k - p);
      PackingOfB packing;
      if (p + kc < g.k) {
        packing = packing_of_b(j, p + kc, b_other);
      } else if (j + nc < columns.end) {
        packing = packing_of_b(j + nc, 0, b_other);
      }
      NextBlock next(packing, tiles);
      for (std::int64_t i = rows.begin; i < rows.end; i += mc_max) {
        const std::int64_t mc = std::min(mc_max, rows.end - i);
        const bool a_along_k = g.a_op == Transpose::no;
        const float* const a = g.a + (a_along_k ? i * g.lda + p : p * g.lda + i);
        Packing<Leaves, kMr>(leaves, a_along_k, a, g.lda, mc, kc, a_block).pack_all();
        run_block(leaves, mc, nc, kc, a_block, b_block, p > 0 || g.beta == 1.0f, g.c + i * g.ldc + j, g.ldc, next);
      }
      std::swap(b_block, b_other);
    }
  }
}

}  // namespace

template <class Leaves>
void gemm_blocked(const Leaves& leaves, const GemmOperands& g) {
  if (g.k == 0) {
    if (g.beta == 0.0f)
      for (std::int64_t i = 0; i < g.m; ++i) std::fill_n(g.c + i * g.ldc, g.n, 0.0f);
    return;
  }
  const Grid grid = choose_grid<Leaves>(g);
  parallel_items(grid.rows * grid.columns, [&](std::int64_t piece) {
    run_piece(leaves, g, cut(g.m, Leaves::kMr, piece / grid.columns, grid.rows),
              cut(g.n, Leaves::kNr, piece % grid.columns, grid.columns));
  });
}

template void gemm_blocked(const gemm_leaf::Avx2Leaves& leaves, const GemmOperands& operands);
template void gemm_blocked(const gemm_leaf::Avx512Leaves& leaves, const GemmOperands& operands);

}  // namespace pbgen

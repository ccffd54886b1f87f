#include "core/gemm.h"

#include <algorithm>
#include <cstring>

#include "core/aligned_buffer.h"
#include "core/check.h"
#include "core/cpu.h"
#include "core/gemm_leaf.h"
#include "core/parallel.h"

namespace pbgen {
namespace {

using gemm_leaf::kMr;
using gemm_leaf::kNr;

// Block sizes: see PERF.md.  A panel of B (kc x nr, 16 KB) stays in the L1 cache beside the panel of A that streams past;
// a block of A (mc x kc, 192 KB) stays in L2; a block of B (kc x nc) stays in L2 where one block of A uses it, else in L3.
constexpr std::int64_t kKc = 256;
constexpr std::int64_t kMc = 192;
constexpr std::int64_t kBlockOfBInL2 = 64 * 1024;
constexpr std::int64_t kBlockOfBInL3 = 512 * 1024;
static_assert(kMc % kMr == 0);

// A thread is woken for at least this many multiply-adds: some eight microseconds of the AVX2 kernel.
constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

struct Product {
  Transpose a_op;
  Transpose b_op;
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
  const float* a;
  std::int64_t lda;
  const float* b;
  std::int64_t ldb;
  float beta;
  float* c;
  std::int64_t ldc;
};

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
std::int64_t round_up(std::int64_t a, std::int64_t b) { return ceil_div(a, b) * b; }

// Rows are independent, so cutting them among threads keeps the reference's bits.
void run_ref(const Product& g) {
  parallel_for(g.m, [&](std::int64_t begin, std::int64_t end) {
    const float* const a = g.a + begin * (g.a_op == Transpose::no ? g.lda : 1);
    gemm_ref(g.a_op, g.b_op, end - begin, g.n, g.k, a, g.lda, g.b, g.ldb, g.beta, g.c + begin * g.ldc, g.ldc);
  }, min_piece_of(g.n * g.k));
}

#if defined(__x86_64__)

struct Range {
  std::int64_t begin;
  std::int64_t end;
  std::int64_t size() const { return end - begin; }
};

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
Grid choose_grid(const Product& g) {
  const int threads = threads_worth_waking(g.m * g.n * g.k, kWorkOfAThread);
  Grid best{1, 1};
  std::int64_t best_cost = INT64_MAX;
  for (std::int64_t rows = 1; rows <= threads; ++rows) {
    const std::int64_t columns = threads / rows;
    const std::int64_t row_tiles = ceil_div(ceil_div(g.m, kMr), rows);
    const std::int64_t column_tiles = ceil_div(ceil_div(g.n, kNr), columns);
    // Cycles for each step of k: 6 a tile; half a cycle for each float that is packed.
    const std::int64_t cost = 6 * row_tiles * column_tiles + (row_tiles * kMr + column_tiles * kNr) / 2;
    if (cost < best_cost) {
      best_cost = cost;
      best = {rows, columns};
    }
  }
  return best;
}

// Packing: a block of count rows of op(A), or columns of op(B), and k steps becomes panels of width of them,
// panel[p*width + r], one after the other; what a last panel lacks is zero.

// The block's rows lie along k.
template <std::int64_t width>
void pack_transposing(const float* from, std::int64_t ld, std::int64_t count, std::int64_t k, float* to) {
  for (std::int64_t r0 = 0; r0 < count; r0 += width, to += width * k) {
    for (std::int64_t r = 0; r < width; r += 8) {
      const std::int64_t rows = std::clamp<std::int64_t>(count - r0 - r, 0, 8);
      gemm_leaf::gemm_transpose_avx2(k, rows, from + (r0 + (rows == 0 ? 0 : r)) * ld, ld, to + r, width);
    }
  }
}

// The block's rows lie across k.  They are read whole, because each is in a page of its own.
template <std::int64_t width>
void pack_copying(const float* from, std::int64_t ld, std::int64_t count, std::int64_t k, float* to) {
  const std::int64_t whole = count / width * width;
  const std::int64_t rest = count - whole;
  for (std::int64_t p = 0; p < k; ++p, from += ld) {
    float* panel = to + p * width;
    for (std::int64_t r = 0; r < whole; r += width, panel += width * k) std::memcpy(panel, from + r, width * sizeof(float));
    if (rest > 0) {
      std::copy_n(from + whole, rest, panel);
      std::fill_n(panel + rest, width - rest, 0.0f);
    }
  }
}

template <std::int64_t width>
void pack(bool along_k, const float* from, std::int64_t ld, std::int64_t count, std::int64_t k, float* to) {
  if (along_k) {
    pack_transposing<width>(from, ld, count, k, to);
  } else {
    pack_copying<width>(from, ld, count, k, to);
  }
}

float* scratch(std::int64_t floats) {
  static thread_local AlignedBuffer<float> buffer;
  if (buffer.size() < floats) buffer = AlignedBuffer<float>(floats);
  return buffer.data();
}

// Block of A times block of B.
void run_block(std::int64_t rows, std::int64_t columns, std::int64_t k, const float* a, const float* b, bool accumulate, float* c,
               std::int64_t ldc) {
  for (std::int64_t j = 0; j < columns; j += kNr) {
    for (std::int64_t i = 0; i < rows; i += kMr) {
      const std::int64_t tile_rows = std::min(kMr, rows - i);
      const std::int64_t tile_columns = std::min(kNr, columns - j);
      float* const tile = c + i * ldc + j;
      if (tile_rows == kMr && tile_columns == kNr) {
        gemm_leaf::gemm_ukernel_6x16_avx2(k, a + i * k, b + j * k, accumulate, tile, ldc);
        continue;
      }
      alignas(64) float padded[kMr * kNr];
      gemm_leaf::gemm_ukernel_6x16_avx2(k, a + i * k, b + j * k, false, padded, kNr);
      for (std::int64_t r = 0; r < tile_rows; ++r)
        for (std::int64_t s = 0; s < tile_columns; ++s)
          tile[r * ldc + s] = accumulate ? tile[r * ldc + s] + padded[r * kNr + s] : padded[r * kNr + s];
    }
  }
}

// The piece of C in these rows and columns, all of k.
void run_piece(const Product& g, Range rows, Range columns) {
  const std::int64_t kc_max = round_up(ceil_div(g.k, ceil_div(g.k, kKc)), 8);
  const std::int64_t mc_max = std::min(round_up(ceil_div(rows.size(), ceil_div(rows.size(), kMc)), kMr), kMc);
  const std::int64_t nc_limit = (rows.size() <= kMc ? kBlockOfBInL2 : kBlockOfBInL3) / kc_max / kNr * kNr;
  const std::int64_t nc_max = std::min(round_up(columns.size(), kNr), nc_limit);
  // The transposing leaf writes up to eight floats beyond a panel of A.
  const std::int64_t a_floats = round_up(mc_max * kc_max + 8, 16);
  float* const a_block = scratch(a_floats + kc_max * nc_max);
  float* const b_block = a_block + a_floats;

  for (std::int64_t j = columns.begin; j < columns.end; j += nc_max) {
    const std::int64_t nc = std::min(nc_max, columns.end - j);
    for (std::int64_t p = 0; p < g.k; p += kc_max) {
      const std::int64_t kc = std::min(kc_max, g.k - p);
      const bool b_along_k = g.b_op == Transpose::yes;
      pack<kNr>(b_along_k, g.b + (b_along_k ? j * g.ldb + p : p * g.ldb + j), g.ldb, nc, kc, b_block);
      for (std::int64_t i = rows.begin; i < rows.end; i += mc_max) {
        const std::int64_t mc = std::min(mc_max, rows.end - i);
        const bool a_along_k = g.a_op == Transpose::no;
        pack<kMr>(a_along_k, g.a + (a_along_k ? i * g.lda + p : p * g.lda + i), g.lda, mc, kc, a_block);
        run_block(mc, nc, kc, a_block, b_block, p > 0 || g.beta == 1.0f, g.c + i * g.ldc + j, g.ldc);
      }
    }
  }
}

void run_avx2(const Product& g) {
  if (g.k == 0) {
    if (g.beta == 0.0f)
      for (std::int64_t i = 0; i < g.m; ++i) std::fill_n(g.c + i * g.ldc, g.n, 0.0f);
    return;
  }
  const Grid grid = choose_grid(g);
  parallel_items(grid.rows * grid.columns, [&](std::int64_t piece) {
    run_piece(g, cut(g.m, kMr, piece / grid.columns, grid.rows), cut(g.n, kNr, piece % grid.columns, grid.columns));
  });
}

#else

void run_avx2(const Product& g) { run_ref(g); }

#endif

}  // namespace

void gemm(Transpose a_op, Transpose b_op, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
          const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc) {
  check(m >= 0 && n >= 0 && k >= 0, "gemm: extents are ", m, " x ", n, " x ", k, ", expected none below 0");
  check(beta == 0.0f || beta == 1.0f, "gemm: beta is ", beta, ", expected 0 or 1");
  const std::int64_t a_row = a_op == Transpose::no ? k : m;
  const std::int64_t b_row = b_op == Transpose::no ? n : k;
  check(lda >= a_row, "gemm: lda is ", lda, ", expected at least the row of ", a_row);
  check(ldb >= b_row, "gemm: ldb is ", ldb, ", expected at least the row of ", b_row);
  check(ldc >= n, "gemm: ldc is ", ldc, ", expected at least the row of ", n);
  if (m == 0 || n == 0) return;
  const Product product{a_op, b_op, m, n, k, a, lda, b, ldb, beta, c, ldc};
  if (isa() == Isa::avx2) {
    run_avx2(product);
  } else {
    run_ref(product);
  }
}

}  // namespace pbgen

// The weight gradient of any channels, kernel and stride.
//
// Per tap it is a matrix product, dw[.][.][tap] = sum over pixels and images of small^T big, whose pixels are the rectangle
// where the tap meets the big side: no term is computed that a border drops.  Both sides are copied so that a tile streams them,
// and an item's sums stay in its thread's cache until they are stored:
//
//   for each group of slices whose copies stay in the caches
//     copy small to [c_small/nr][slice][y][x][8 images][nr], big to [c_big/mr][phase][slice][y][x][mr][8 images]
//     for each mr big and nr small channels (an item: threads share these)
//       for each chunk of pixels, phase, tap of the phase: sums[mr big][tap][nr small] += tile
//       dw (+)= sums, transposed
//
// A phase (y mod stride, x mod stride) of the big side is what one tap reads.  Groups and chunks follow from the shapes alone, so every
// instruction set, whose tiles have an mr and an nr of their own, gives the same bytes.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/base/cuts.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/base/thread_scratch.h"
#include "core/conv/channel_panels.h"
#include "core/conv/conv_blocked.h"
#include "core/conv/conv_cuts.h"
#include "core/freestanding/ints.h"

namespace pbgen::conv_blocked {
namespace {

namespace leaf = conv_weight_gradient_leaf;
static_assert(leaf::kLanes == kLanes);
static_assert(leaf::kHeights == ChannelPanels::kHeights);

// Block sizes: see PERF.md.  The small side of a chunk (32 KB of 16 channels) stays near while all the taps of all panels pass.
constexpr std::int64_t kChunkPixels = 64;
// Both sides of a group of slices: 8 MB, in L3, or one slice where that is larger.
constexpr std::int64_t kGroupFloats = std::int64_t{1} << 21;
// A thread is woken for at least this many multiply-adds: some eight microseconds.
constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

// The largest part where an extent is cut into as few and as equal parts of at most `most` as can be.
constexpr std::int64_t even_part(std::int64_t extent, std::int64_t most) { return ceil_div(extent, ceil_div(extent, most)); }

// The pixels of one phase along one axis of the big side, y = phase + stride*i, and the taps that read it:
// tap first_tap + stride*t reads i = o + first_shift + t for the small side's o.
struct PhaseAxis {
  std::int64_t extent;
  std::int64_t before;  // pixels of the phases before it
  std::int64_t first_tap;
  std::int64_t first_shift;

  PhaseAxis(std::int64_t big, std::int64_t stride, std::int64_t pad, std::int64_t phase) {
    const auto extent_of = [&](std::int64_t p) { return p < big ? ceil_div(big - p, stride) : 0; };
    extent = extent_of(phase);
    before = 0;
    for (std::int64_t p = 0; p < phase; ++p) before += extent_of(p);
    first_tap = (phase + pad) % stride;
    first_shift = (first_tap - pad - phase) / stride;
  }
};

// Those of the small side's pixels that meet a phase's pixel i = o + shift.
Range meeting(Range small, const PhaseAxis& phase, std::int64_t shift) {
  return {std::max(small.begin, -shift), std::min(small.end, phase.extent - shift)};
}

struct Chunk {
  std::int64_t slices;
  std::int64_t rows;
  std::int64_t columns;
};

struct GradientPlan {
  ConvGeometry g;
  std::int64_t slices;
  std::int64_t c_small;
  std::int64_t c_big;
  ChannelPanels panels;
  std::int64_t most_nr;
  std::int64_t few_nr;
  std::int64_t small_blocks;
  std::int64_t group_slices;
  Chunk chunk;

  GradientPlan(const leaf::Leaves& leaves, const ConvGeometry& geometry, const LaneShape& small, const LaneShape& big)
      : g(geometry),
        slices(small.slices()),
        c_small(small.channels),
        c_big(big.channels),
        panels(big.channels, leaves.mr),
        most_nr(leaves.nr),
        few_nr(leaves.few_nr),
        small_blocks(ceil_div(small.channels, leaves.nr)) {
    const std::int64_t floats_per_slice = (c_small * g.small_pixels() + c_big * g.big_pixels()) * kLanes;
    group_slices = even_part(slices, std::clamp<std::int64_t>(kGroupFloats / floats_per_slice, 1, slices));
    chunk.columns = even_part(g.small_width, kChunkPixels);
    chunk.rows = even_part(g.small_height, std::clamp<std::int64_t>(kChunkPixels / chunk.columns, 1, g.small_height));
    const bool whole = chunk.columns == g.small_width && chunk.rows == g.small_height;
    chunk.slices = whole ? std::clamp<std::int64_t>(kChunkPixels / g.small_pixels(), 1, group_slices) : 1;
  }

  std::int64_t nr(std::int64_t block) const { return c_small - block * most_nr <= few_nr ? few_nr : most_nr; }
  std::int64_t padded_small() const { return (small_blocks - 1) * most_nr + nr(small_blocks - 1); }
  std::int64_t small_floats(std::int64_t n) const { return padded_small() * kLanes * g.small_pixels() * n; }
  std::int64_t big_floats(std::int64_t n) const { return panels.padded_channels() * kLanes * g.big_pixels() * n; }
  std::int64_t copied_rows(std::int64_t n) const { return n * (g.small_height + g.big_height); }
  std::int64_t least_copied_rows() const { return min_piece_of((small_floats(1) + big_floats(1)) / copied_rows(1)); }
};

// One row of pixels of one slice, into the copy of a group of n slices.
void copy_small_row(const leaf::Leaves& leaves, const GradientPlan& plan, ConstTensorView small, std::int64_t first_slice,
                    std::int64_t n, std::int64_t slice, std::int64_t y, float* copy) {
  const std::int64_t pixels = plan.g.small_pixels();
  for (std::int64_t c = 0; c < plan.padded_small(); c += 8) {
    const std::int64_t block = c / plan.most_nr;
    const std::int64_t nr = plan.nr(block);
    float* to = copy + (block * plan.most_nr * pixels * n + (slice * pixels + y * plan.g.small_width) * nr) * kLanes + c % plan.most_nr;
    for (std::int64_t x = 0; x < plan.g.small_width; ++x, to += nr * kLanes) {
      const float* const from = small.data + small.shape.offset(first_slice + slice, y, x, c);
      if (plan.c_small - c >= 8) {
        leaves.transpose_8x8(from, to, nr);
      } else {
        alignas(32) float padded[8 * kLanes] = {};
        if (plan.c_small > c) std::copy_n(from, (plan.c_small - c) * kLanes, padded);
        leaves.transpose_8x8(padded, to, nr);
      }
    }
  }
}

void copy_big_row(const GradientPlan& plan, ConstTensorView big, std::int64_t first_slice, std::int64_t n, std::int64_t slice,
                  std::int64_t y, float* copy) {
  const ConvGeometry& g = plan.g;
  const PhaseAxis rows(g.big_height, g.stride, g.pad_top, y % g.stride);
  for (std::int64_t phase_x = 0; phase_x < std::min(g.stride, g.big_width); ++phase_x) {
    const PhaseAxis columns(g.big_width, g.stride, g.pad_left, phase_x);
    const std::int64_t first_pixel = n * (rows.before * g.big_width + rows.extent * columns.before) +
                                     (slice * rows.extent + y / g.stride) * columns.extent;
    for (std::int64_t panel = 0; panel < plan.panels.count(); ++panel) {
      const std::int64_t mr = plan.panels.rows(panel);
      const std::int64_t channel = plan.panels.begin(panel);
      const std::int64_t held = std::min(mr, plan.c_big - channel);
      float* to = copy + (channel * g.big_pixels() * n + first_pixel * mr) * kLanes;
      const float* from = big.data + big.shape.offset(first_slice + slice, y, phase_x, channel);
      for (std::int64_t i = 0; i < columns.extent; ++i, to += mr * kLanes, from += g.stride * plan.c_big * kLanes) {
        if (held == mr) {
          for (std::int64_t c = 0; c < mr; c += 2) std::memcpy(to + c * kLanes, from + c * kLanes, 2 * kLanes * sizeof(float));
        } else {
          std::copy_n(from, held * kLanes, to);
          std::fill(to + held * kLanes, to + mr * kLanes, 0.0f);
        }
      }
    }
  }
}

struct Group {
  const float* small;
  const float* big;
  std::int64_t slices;
};

// Where an item's sums will go, asked for in equal shares before its tiles: the runs of dw lie so far apart that the store would wait for
// each.
class Destination {
 public:
  Destination(float* first, std::int64_t rows, std::int64_t ld, std::int64_t row_floats, std::int64_t tiles)
      : first_(first), ld_(ld), lines_of_row_(ceil_div(row_floats, kFloatsOfLine) + 1), lines_(rows * lines_of_row_), tiles_(tiles) {}
  void prefetch_share() {
    ++tile_;
    for (const std::int64_t end = std::min(lines_ * tile_ / tiles_, lines_); line_ < end; ++line_)
      __builtin_prefetch(first_ + line_ / lines_of_row_ * ld_ + line_ % lines_of_row_ * kFloatsOfLine, 1, 2);
  }

 private:
  static constexpr std::int64_t kFloatsOfLine = 16;

  float* first_;
  std::int64_t ld_;
  std::int64_t lines_of_row_;
  std::int64_t lines_;
  std::int64_t tiles_;
  std::int64_t tile_ = 0;
  std::int64_t line_ = 0;  // the first that was not asked for
};

// What a thread takes: some tap rows of one panel and one block of small channels.
struct Item {
  std::int64_t panel;
  std::int64_t block;
  Range tap_rows;
};

// The taps of an item over the pixels of a chunk.  sums[channel of the panel][tap][nr].
void add_chunk(const leaf::Leaves& leaves, const GradientPlan& plan, const Group& group, const Item& item, Range slices, Range ys, Range xs,
               bool accumulate, Destination& destination, float* sums) {
  const auto [panel, block, tap_rows] = item;
  const ConvGeometry& g = plan.g;
  const std::int64_t mr = plan.panels.rows(panel);
  const std::int64_t nr = plan.nr(block);
  leaf::TileLeaf& tile = *(nr == plan.most_nr ? leaves.tiles : leaves.few_tiles)[plan.panels.kind(panel)];
  const float* const small = group.small + block * plan.most_nr * g.small_pixels() * group.slices * kLanes;
  const float* const big = group.big + plan.panels.begin(panel) * g.big_pixels() * group.slices * kLanes;
  for (std::int64_t phase_y = 0; phase_y < g.stride; ++phase_y) {
    const PhaseAxis rows(g.big_height, g.stride, g.pad_top, phase_y);
    for (std::int64_t phase_x = 0; phase_x < g.stride; ++phase_x) {
      const PhaseAxis columns(g.big_width, g.stride, g.pad_left, phase_x);
      const std::int64_t first_pixel = group.slices * (rows.before * g.big_width + rows.extent * columns.before);
      for (std::int64_t ky = rows.first_tap, dy = rows.first_shift; ky < tap_rows.end; ky += g.stride, ++dy) {
        if (ky < tap_rows.begin) continue;
        const Range y = meeting(ys, rows, dy);
        for (std::int64_t kx = columns.first_tap, dx = columns.first_shift; kx < g.kernel; kx += g.stride, ++dx) {
          const Range x = meeting(xs, columns, dx);
          const bool empty = y.size() == 0 || x.size() == 0;
          if (empty && accumulate) continue;
          leaf::TapPixels pixels{};
          if (!empty) {
            const std::int64_t big_row = slices.begin * rows.extent + y.begin + dy;
            pixels = {.slices = slices.size(),
                      .rows = y.size(),
                      .columns = x.size(),
                      .big = big + (first_pixel + big_row * columns.extent + x.begin + dx) * mr * kLanes,
                      .big_slice_step = rows.extent * columns.extent * mr * kLanes,
                      .big_row_step = columns.extent * mr * kLanes,
                      .small = small + ((slices.begin * g.small_height + y.begin) * g.small_width + x.begin) * nr * kLanes,
                      .small_slice_step = g.small_pixels() * nr * kLanes,
                      .small_row_step = g.small_width * nr * kLanes};
          }
          destination.prefetch_share();
          tile(pixels, accumulate, sums + (ky * g.kernel + kx) * nr, g.taps() * nr);
        }
      }
    }
  }
}

// dw[block*most_nr + j][first + i] (+)= sums[i][j] for i < count.
void store(const leaf::Leaves& leaves, const GradientPlan& plan, std::int64_t block, std::int64_t first, std::int64_t count,
           const float* sums, bool accumulate, float* dw) {
  const std::int64_t nr = plan.nr(block);
  const std::int64_t ld = plan.c_big * plan.g.taps();
  for (std::int64_t j = 0; j < nr && block * plan.most_nr + j < plan.c_small; j += 8) {
    const std::int64_t s = block * plan.most_nr + j;
    float* const to = dw + s * ld + first;
    if (plan.c_small - s >= 8) {
      leaves.store_transposed(count, sums + j, nr, accumulate, to, ld);
    } else {
      for (std::int64_t r = 0; r < plan.c_small - s; ++r)
        for (std::int64_t i = 0; i < count; ++i) to[r * ld + i] = (accumulate ? to[r * ld + i] : 0.0f) + sums[i * nr + j + r];
    }
  }
}

// A group's share of the gradient.
void run_item(const leaf::Leaves& leaves, const GradientPlan& plan, const Group& group, const Item& item, bool accumulate, float* dw) {
  const ConvGeometry& g = plan.g;
  const Chunk& chunk = plan.chunk;
  const std::int64_t nr = plan.nr(item.block);
  const ThreadScratch scratch = ThreadScratch::of_floats(plan.panels.rows(item.panel) * g.taps() * nr);
  float* const sums = scratch.floats();
  const std::int64_t channel = plan.panels.begin(item.panel);
  const std::int64_t channels = plan.panels.valid(item.panel);
  const std::int64_t ld = plan.c_big * g.taps();
  const std::int64_t chunks =
      ceil_div(group.slices, chunk.slices) * ceil_div(g.small_height, chunk.rows) * ceil_div(g.small_width, chunk.columns);
  Destination destination(dw + item.block * plan.most_nr * ld + channel * g.taps(),
                          std::min(nr, plan.c_small - item.block * plan.most_nr), ld, channels * g.taps(), chunks * g.taps());
  bool started = false;
  for (std::int64_t slice = 0; slice < group.slices; slice += chunk.slices)
    for (std::int64_t y = 0; y < g.small_height; y += chunk.rows)
      for (std::int64_t x = 0; x < g.small_width; x += chunk.columns) {
        add_chunk(leaves, plan, group, item, {slice, std::min(slice + chunk.slices, group.slices)},
                  {y, std::min(y + chunk.rows, g.small_height)}, {x, std::min(x + chunk.columns, g.small_width)}, started, destination,
                  sums);
        started = true;
      }
  const std::int64_t first = item.tap_rows.begin * g.kernel;
  const std::int64_t taps = item.tap_rows.size() * g.kernel;
  if (taps == g.taps()) {
    store(leaves, plan, item.block, channel * taps, channels * taps, sums, accumulate, dw);
  } else {
    for (std::int64_t c = 0; c < channels; ++c)
      store(leaves, plan, item.block, (channel + c) * g.taps() + first, taps, sums + (c * g.taps() + first) * nr, accumulate, dw);
  }
}

// Threads take panels x blocks of small channels; where these come out unevenly, the tap rows of each are cut, too.
struct GradientItems {
  explicit GradientItems(const GradientPlan& plan)
      : whole(plan.panels.count() * plan.small_blocks),
        work(plan.c_small * plan.c_big * plan.g.taps() * plan.g.small_pixels() * kLanes * plan.group_slices),
        threads(threads_worth_waking(work, kWorkOfAThread)),
        parts(further_parts(threads, whole, plan.g.kernel)) {}

  std::int64_t count() const { return whole * parts; }
  Item item(const GradientPlan& plan, std::int64_t i) const {
    return {i / parts / plan.small_blocks, i / parts % plan.small_blocks, piece_of(plan.g.kernel, i % parts, parts)};
  }

  std::int64_t whole;
  std::int64_t work;
  int threads;
  std::int64_t parts;
};

}  // namespace

std::int64_t wide_weight_gradient_floats(const leaf::Leaves& leaves, const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  const GradientPlan plan(leaves, g, small, big);
  return Workspace::round_up(plan.small_floats(plan.group_slices)) + Workspace::round_up(plan.big_floats(plan.group_slices));
}

void wide_weight_gradient(const leaf::Leaves& leaves, const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta,
                          float* dw, Workspace& workspace) {
  const GradientPlan plan(leaves, g, small.shape, big.shape);
  const Workspace::Scope scope(workspace);
  float* const small_copy = workspace.take(plan.small_floats(plan.group_slices));
  float* const big_copy = workspace.take(plan.big_floats(plan.group_slices));

  const GradientItems items(plan);
  for (std::int64_t first = 0; first < plan.slices; first += plan.group_slices) {
    const std::int64_t n = std::min(plan.group_slices, plan.slices - first);
    // Rows of the small side, then of the big one, each of about as many floats.
    const std::int64_t small_rows = n * g.small_height;
    parallel_for(plan.copied_rows(n), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < std::min(end, small_rows); ++i)
        copy_small_row(leaves, plan, small, first, n, i / g.small_height, i % g.small_height, small_copy);
      for (std::int64_t i = std::max(begin, small_rows) - small_rows; i < end - small_rows; ++i)
        copy_big_row(plan, big, first, n, i / g.big_height, i % g.big_height, big_copy);
    }, plan.least_copied_rows());

    const Group group{small_copy, big_copy, n};
    deal_items(items.threads, items.count(), [&](std::int64_t i) {
      run_item(leaves, plan, group, items.item(plan, i), first > 0 || beta == 1.0f, dw);
    });
  }
}

// In vectors of eight multiply-adds: an item reads its small side from another cache, copies are read and written.
DealtWork wide_weight_gradient_dealt(const leaf::Leaves& leaves, const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  constexpr std::int64_t kReadCost = 2;
  constexpr std::int64_t kCopyCost = 8;
  const GradientPlan plan(leaves, g, small, big);
  const GradientItems items(plan);
  const MetAxis rows = MetAxis::rows_to_small(g);
  const MetAxis columns = MetAxis::columns_to_small(g);
  const std::int64_t column_taps = columns.taps({0, columns.out});
  const auto cost = [&](const Item& item) {
    std::int64_t met = 0;
    for (std::int64_t ky = item.tap_rows.begin; ky < item.tap_rows.end; ++ky) met += rows.outputs_of(ky).size() * column_taps;
    return plan.group_slices * plan.nr(item.block) * (plan.panels.rows(item.panel) * met + kReadCost * g.small_pixels());
  };
  const std::int64_t copied = kCopyCost * (plan.small_floats(plan.group_slices) + plan.big_floats(plan.group_slices)) / kLanes;
  const std::int64_t copied_rows = plan.copied_rows(plan.group_slices);
  DealtWork work{.whole = copied / copied_rows * copied_rows,
                 .regions = {evenly_dealt(copied_rows, plan.least_copied_rows(), copied / copied_rows), {}}};
  for (std::int64_t i = 0; i < items.count(); ++i) work.regions.back().push_back(cost(items.item(plan, i)));
  for (std::int64_t i = 0; i < items.whole; ++i)
    work.whole += cost({i / plan.small_blocks, i % plan.small_blocks, {0, g.kernel}});
  return work;
}

}  // namespace pbgen::conv_blocked

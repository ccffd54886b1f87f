// The gradient with respect to the weights: sums over columns and images of products of points, taken back to taps.
//
// A chunk of columns is transformed, the small side's points also turned from images to channels in the lanes; then each item takes a few
// small channels, and some of the big side's, through all phases and points.  Where there is one chunk, an item's sums of a phase stay in
// L2 until they are taken back; else the sums of all points are kept, and each chunk adds to them.
#include <numeric>
#include <vector>

#include "core/base/cuts.h"
#include "core/base/parallel.h"
#include "core/base/thread_scratch.h"
#include "core/conv/winograd_blocked.h"
#include "core/conv/winograd_layout.h"
#include "core/conv/winograd_tiles.h"

namespace pbgen::winograd_blocked {
namespace {

constexpr std::int64_t kTaps = 25;
// The most channels of an item: its sums of a phase and its taps stay in L2, half a megabyte.
constexpr std::int64_t kSmallChannels = 32;
constexpr std::int64_t kBigChannels = 64;
constexpr std::int64_t kImagesOfSum = 128;  // of a partial sum, whose small points stay in L1
// Points of a chunk: what the last cache of many machines holds, but twice the sums that it is added to, which would pass more often.
constexpr std::int64_t kLeastChunkFloats = 8 * 1024 * 1024 / 4;
constexpr std::int64_t kMostChunkFloats = 28 * 1024 * 1024 / 4;
constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

// By the shape alone, in whole partial sums: chunks do not decide the order of sums.
struct GradientPlan {
  GradientPlan(std::int64_t lanes_, const LaneShape& small_, const LaneShape& big_)
      : lanes(lanes_), small(small_), big(big_), columns(lanes_, small_) {
    const std::int64_t column_floats = lanes * (kTile * small.channels + kAllPoints * big.channels);
    const std::int64_t floats = std::clamp(2 * kAllPoints * small.channels * big.channels, kLeastChunkFloats, kMostChunkFloats);
    const std::int64_t sums = std::max<std::int64_t>(floats / (column_floats * columns_of_sum()), 1);
    chunks = ceil_div(columns.count(), sums * columns_of_sum());
    chunk = std::min(round_up(ceil_div(columns.count(), chunks), columns_of_sum()), columns.count());
    small_point = (small.channels / width()) * small_block() + 80;
    sums_point = big.channels * width() + 48;
  }
  std::int64_t columns_of_sum() const { return kImagesOfSum / lanes; }
  Range columns_of(std::int64_t which) const { return {which * chunk, std::min((which + 1) * chunk, columns.count())}; }  // of a chunk
  std::int64_t width() const { return 2 * lanes; }  // of a tile of small channels
  std::int64_t tiles() const { return small.channels / width(); }
  std::int64_t most_tiles() const { return std::min(kSmallChannels / width(), tiles()); }  // of an item
  // [point][tile][column][lane][width]
  std::int64_t small_block() const { return chunk * lanes * width() + 48; }
  PointArray big_points() const { return PointArray(lanes, big.channels, chunk); }
  std::int64_t big_floats() const { return kAllPoints * big_points().point_step; }
  std::int64_t small_floats() const { return kTile * small_point; }
  // [tile][point][c_big][width]
  std::int64_t tile_sums() const { return kAllPoints * sums_point; }
  std::int64_t sums_floats() const { return chunks > 1 ? tiles() * tile_sums() : 0; }
  // A thread's item has its taps [tile][channel][25][width], and the sums of a phase where they are not kept.
  std::int64_t taps_floats() const { return most_tiles() * kBigChannels * kTaps * width(); }
  std::int64_t block_point() const { return kBigChannels * width() + 48; }
  std::int64_t scratch_floats() const { return taps_floats() + (chunks > 1 ? 0 : most_tiles() * kTile * block_point()); }

  std::int64_t lanes;
  LaneShape small;
  LaneShape big;
  Columns columns;
  std::int64_t chunks;
  std::int64_t chunk;  // the most columns of one
  std::int64_t small_point;
  std::int64_t sums_point;
};

struct Gradient {
  const Leaves& leaves;
  const GradientPlan& plan;
  ConstTensorView small;
  ConstTensorView big;
  PointArray big_points;
  float* small_points;
  float* sums;
};

void transform_small(const Gradient& p, std::int64_t first, std::int64_t n, std::int64_t tile) {
  const std::int64_t lanes = p.plan.lanes;
  const std::int64_t width = p.plan.width();
  const std::int64_t point_step = width * lanes + 16;
  const ThreadScratch scratch = ThreadScratch::of_floats(kTile * point_step);
  small_to_points(p.leaves, p.plan.columns, first + n, {tile * width, (tile + 1) * width}, p.small, scratch.floats(), point_step);
  for (std::int64_t q = 0; q < kTile; ++q) {
    float* const to = p.small_points + q * p.plan.small_point + tile * p.plan.small_block() + n * lanes * width;
    for (std::int64_t k = 0; k < width; k += lanes)
      p.leaves.transforms.transpose(scratch.floats() + q * point_step + k * lanes, lanes, to + k, width, false);
  }
}

// What a thread takes together.
struct Item {
  Range tiles;
  Range channels;  // of the big side
  int first_phase = 0;
  int end_phase = kPhases;
  bool all_phases() const { return end_phase - first_phase == kPhases; }
};

// The sums of an item's phase: [tile][point][channel][width].
struct Sums {
  float* data;
  std::int64_t tile_step;
  std::int64_t point_step;
};

void multiply(const Gradient& p, std::int64_t count, const Item& item, int phase, const Sums& sums, bool adds) {
  const GradientPlan& plan = p.plan;
  const std::int64_t columns = plan.columns_of_sum();
  winograd_product_leaf::GradientProduct product;
  product.big_step = p.big_points.column_step;
  product.small_step = plan.lanes * plan.width();
  product.sums_step = plan.width();
  for (std::int64_t point = 0; point < points_in(phase); ++point) {
    const float* const small = p.small_points + tile_point(phase, point) * plan.small_point;
    const std::int64_t next_point = std::min(point + 1, points_in(phase) - 1);
    const std::int64_t to_next_point = (tile_point(phase, next_point) - tile_point(phase, point)) * plan.small_point;
    product.adds = adds;
    for (std::int64_t n = 0; n < count; n += columns) {
      product.columns = std::min(columns, count - n);
      for (std::int64_t c = item.channels.begin; c < item.channels.end; c += kPanel) {
        product.big = p.big_points.at(first_point(phase) + point, n, c);
        for (std::int64_t tile = item.tiles.begin; tile < item.tiles.end; ++tile) {
          product.small = small + tile * plan.small_block() + n * product.small_step;
          product.sums =
              sums.data + (tile - item.tiles.begin) * sums.tile_step + point * sums.point_step + (c - item.channels.begin) * plan.width();
          // Behind the tiles the next panel, behind the panels the next point; each panel's call asks for a quarter of that one's tile.
          const float* const next_panel = c + kPanel < item.channels.end
                                              ? p.big_points.at(first_point(phase) + point, n, c + kPanel)
                                              : p.big_points.at(first_point(phase) + next_point, n, item.channels.begin);
          const std::int64_t quarter = (c - item.channels.begin) / kPanel % 4 * product.columns * product.small_step / 4;
          p.leaves.products.multiply_gradient(product, tile + 1 < item.tiles.end ? product.big : next_panel,
                                              product.small + to_next_point + quarter);
        }
      }
      product.adds = true;
    }
  }
}

// Those of all chunks, where they are kept.
Sums kept_sums(const Gradient& p, const Item& item, int phase) {
  const GradientPlan& plan = p.plan;
  return {p.sums + item.tiles.begin * plan.tile_sums() + first_point(phase) * plan.sums_point + item.channels.begin * plan.width(),
          plan.tile_sums(), plan.sums_point};
}

// The sums of an item's phase to its taps: [tile][channel][25][width].
void take_back(const Gradient& p, const Item& item, int phase, const Sums& sums, float* taps) {
  const std::int64_t width = p.plan.width();
  for (std::int64_t tile = 0; tile < item.tiles.size(); ++tile)
    for (std::int64_t c = 0; c < item.channels.size(); ++c)
      p.leaves.transforms.points_to_taps[phase](width, sums.data + tile * sums.tile_step + c * width, sums.point_step,
                                                taps + (tile * item.channels.size() + c) * kTaps * width, width);
}

void write_taps(const Gradient& p, const Item& item, const float* taps, bool adds_to_dw, float* dw) {
  const GradientPlan& plan = p.plan;
  const std::int64_t width = plan.width();
  const std::int64_t ld = plan.big.channels * kTaps;
  for (std::int64_t k = 0; k < item.tiles.size() * width; k += plan.lanes) {
    const float* const from = taps + k / width * item.channels.size() * kTaps * width + k % width;
    float* const to = dw + (item.tiles.begin * width + k) * ld + item.channels.begin * kTaps;
    for (std::int64_t row = 0; row < item.channels.size() * kTaps; row += plan.lanes)
      p.leaves.transforms.transpose(from + row * width, width, to + row, ld, adds_to_dw);
  }
}

void run_item(const Gradient& p, std::int64_t chunk, std::int64_t count, const Item& item, bool adds_to_dw, float* dw) {
  const GradientPlan& plan = p.plan;
  const bool finishes = chunk + 1 == plan.chunks && item.all_phases();
  const ThreadScratch scratch = ThreadScratch::of_floats(plan.scratch_floats());
  float* const taps = scratch.floats();
  for (int phase = item.first_phase; phase < item.end_phase; ++phase) {
    const Sums sums =
        plan.chunks > 1 ? kept_sums(p, item, phase) : Sums{taps + plan.taps_floats(), kTile * plan.block_point(), plan.block_point()};
    multiply(p, count, item, phase, sums, chunk > 0);
    if (finishes) take_back(p, item, phase, sums, taps);
  }
  if (finishes) write_taps(p, item, taps, adds_to_dw, dw);
}

// What is left of an item whose phases were taken one by one.
void finish_item(const Gradient& p, const Item& item, bool adds_to_dw, float* dw) {
  const ThreadScratch scratch = ThreadScratch::of_floats(p.plan.scratch_floats());
  for (int phase = 0; phase < kPhases; ++phase) take_back(p, item, phase, kept_sums(p, item, phase), scratch.floats());
  write_taps(p, item, scratch.floats(), adds_to_dw, dw);
}

// What threads take of a chunk of so many columns: three regions one after the other.

class BigTransforms {
 public:
  BigTransforms(const GradientPlan& plan, std::int64_t columns)
      : plan_(plan), columns_(columns), blocks_(ceil_div(plan.big.channels, kBigChannels)) {}
  std::int64_t count() const { return kPhases * columns_ * blocks_; }
  std::int64_t min_piece() const { return min_piece_of(kTile * kBigChannels * plan_.lanes); }
  std::int64_t cost(std::int64_t i) const { return kPointCost * points_in(phase(i)) * channels(i).size(); }

  int phase(std::int64_t i) const { return static_cast<int>(i / blocks_ / columns_); }
  std::int64_t column(std::int64_t i) const { return i / blocks_ % columns_; }
  Range channels(std::int64_t i) const {
    const std::int64_t begin = i % blocks_ * kBigChannels;
    return {begin, std::min(begin + kBigChannels, plan_.big.channels)};
  }

 private:
  const GradientPlan& plan_;
  std::int64_t columns_;
  std::int64_t blocks_;
};

// A column's tile of small channels each.
class SmallTransforms {
 public:
  SmallTransforms(const GradientPlan& plan, std::int64_t columns) : plan_(plan), columns_(columns) {}
  std::int64_t count() const { return columns_ * plan_.tiles(); }
  std::int64_t min_piece() const { return min_piece_of(kTile * plan_.width() * plan_.lanes); }
  std::int64_t cost(std::int64_t) const { return kPointCost * kTile * plan_.width(); }

 private:
  const GradientPlan& plan_;
  std::int64_t columns_;
};

// As large as caches hold, but a thread's share wants a few items, or even ones.  Where sums are kept, phases may be taken one by one.
class Products {
 public:
  Products(const GradientPlan& plan, std::int64_t columns)
      : plan_(plan), columns_(columns), tiles_(plan.most_tiles()), channels_(kBigChannels) {
    const std::int64_t threads = threads_worth_waking(work(), kWorkOfAThread);
    const auto enough = [&] { return count() >= 8 * threads || count() % threads == 0; };
    while (channels_ > kPanel && !enough()) channels_ /= 2;
    while (tiles_ > 1 && !enough()) tiles_ /= 2;
    by_phase_ = plan.chunks > 1 && count() < 2 * threads && !enough();
  }
  bool by_phase() const { return by_phase_; }
  // The dearest phases first.
  std::int64_t count() const { return blocks() * (by_phase_ ? kPhases : 1); }
  std::int64_t min_piece() const { return std::max<std::int64_t>(kWorkOfAThread * count() / work(), 1); }
  std::int64_t cost(std::int64_t i) const {
    const Item one = item(i);
    std::int64_t points = 0;
    for (int phase = one.first_phase; phase < one.end_phase; ++phase) points += points_in(phase);
    return points * one.channels.size() * one.tiles.size() * plan_.width() * columns_;
  }
  Item item(std::int64_t i) const {
    Item one = block(i % blocks());
    if (by_phase_) {
      one.first_phase = kPhases - 1 - static_cast<int>(i / blocks());
      one.end_phase = one.first_phase + 1;
    }
    return one;
  }

  // All phases of some channels.
  std::int64_t blocks() const { return ceil_div(plan_.tiles(), tiles_) * parts(); }
  Item block(std::int64_t i) const {
    const std::int64_t tile = i / parts() * tiles_;
    const std::int64_t channel = i % parts() * channels_;
    return {{tile, std::min(tile + tiles_, plan_.tiles())}, {channel, std::min(channel + channels_, plan_.big.channels)}};
  }

 private:
  std::int64_t work() const { return columns_ * multiply_adds_of_column(plan_.lanes, plan_.small, plan_.big); }
  std::int64_t parts() const { return ceil_div(plan_.big.channels, channels_); }

  const GradientPlan& plan_;
  std::int64_t columns_;
  std::int64_t tiles_;
  std::int64_t channels_;
  bool by_phase_ = false;
};

// Taking back the sums that were kept by phase.
class Finishes {
 public:
  Finishes(const GradientPlan& plan, const Products& products) : plan_(plan), products_(products) {}
  std::int64_t count() const { return products_.by_phase() ? products_.blocks() : 0; }
  std::int64_t min_piece() const { return min_piece_of(kAllPoints * kPanel * plan_.width()); }
  std::int64_t cost(std::int64_t i) const {
    const Item one = item(i);
    return kPointCost * kAllPoints * one.channels.size() * one.tiles.size() * (plan_.width() / plan_.lanes);
  }
  Item item(std::int64_t i) const { return products_.block(i); }

 private:
  const GradientPlan& plan_;
  const Products& products_;
};

}  // namespace

std::int64_t weight_gradient_floats(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  const GradientPlan plan(leaves.transforms.lanes, small, big);
  return Workspace::round_up(plan.big_floats()) + Workspace::round_up(plan.small_floats()) + Workspace::round_up(plan.sums_floats());
}

void weight_gradient(const Leaves& leaves, ConstTensorView small, ConstTensorView big, float beta, float* dw, Workspace& workspace) {
  const GradientPlan plan(leaves.transforms.lanes, small.shape, big.shape);
  const Workspace::Scope scope(workspace);
  Gradient gradient{.leaves = leaves,
                    .plan = plan,
                    .small = small,
                    .big = big,
                    .big_points = plan.big_points(),
                    .small_points = nullptr,
                    .sums = nullptr};
  gradient.big_points.data = workspace.take(plan.big_floats());
  gradient.small_points = workspace.take(plan.small_floats());
  gradient.sums = workspace.take(plan.sums_floats());

  for (std::int64_t chunk = 0; chunk < plan.chunks; ++chunk) {
    const Range columns = plan.columns_of(chunk);
    const BigTransforms big_items(plan, columns.size());
    parallel_items(
        big_items.count(),
        [&](std::int64_t i) {
          const Range channels = big_items.channels(i);
          const std::int64_t n = big_items.column(i);
          const int phase = big_items.phase(i);
          phase_to_points(leaves, plan.columns, columns.begin + n, channels, phase, big,
                          gradient.big_points.at(first_point(phase), n, channels.begin), gradient.big_points.point_step);
        },
        big_items.min_piece());
    const SmallTransforms small_items(plan, columns.size());
    parallel_items(
        small_items.count(), [&](std::int64_t i) { transform_small(gradient, columns.begin, i / plan.tiles(), i % plan.tiles()); },
        small_items.min_piece());
    const Products products(plan, columns.size());
    parallel_items(
        products.count(), [&](std::int64_t i) { run_item(gradient, chunk, columns.size(), products.item(i), beta == 1.0f, dw); },
        products.min_piece());
    if (chunk + 1 < plan.chunks) continue;
    const Finishes finishes(plan, products);
    parallel_items(
        finishes.count(), [&](std::int64_t i) { finish_item(gradient, finishes.item(i), beta == 1.0f, dw); }, finishes.min_piece());
  }
}

DealtWork weight_gradient_dealt(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  const GradientPlan plan(leaves.transforms.lanes, small, big);
  DealtWork dealt;
  const auto add = [&](const auto& items) {
    std::vector<std::int64_t>& region = dealt.regions.emplace_back();
    for (std::int64_t i = 0; i < items.count(); ++i) region.push_back(items.cost(i));
    dealt.whole = std::accumulate(region.begin(), region.end(), dealt.whole);
  };
  for (std::int64_t chunk = 0; chunk < plan.chunks; ++chunk) {
    const std::int64_t count = plan.columns_of(chunk).size();
    add(BigTransforms(plan, count));
    add(SmallTransforms(plan, count));
    const Products products(plan, count);
    add(products);
    if (chunk + 1 == plan.chunks) add(Finishes(plan, products));
  }
  return dealt;
}

}  // namespace pbgen::winograd_blocked

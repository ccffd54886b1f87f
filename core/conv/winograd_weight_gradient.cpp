// The gradient with respect to the weights: sums over columns and images of products of points, taken back to taps.
//
// A chunk of columns is transformed, the small side's points also turned from images to channels in the lanes; then each item takes a few
// small channels, and some of the big side's, through all phases and points.  Where there is one chunk, an item's sums of a phase stay in
// L2 until they are taken back; else the sums of all points are kept, and each chunk adds to them.
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
constexpr std::int64_t kImagesOfSum = 128;                       // of a partial sum, whose small points stay in L1
constexpr std::int64_t kMostChunkFloats = 28 * 1024 * 1024 / 4;  // points of a chunk
constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

// By the shape alone: chunks decide the order of sums.
struct GradientPlan {
  GradientPlan(std::int64_t lanes_, const LaneShape& small_, const LaneShape& big_)
      : lanes(lanes_), small(small_), big(big_), columns(lanes_, small_) {
    const std::int64_t column_floats = lanes * (kTile * small.channels + kAllPoints * big.channels);
    const std::int64_t most = std::max<std::int64_t>(kMostChunkFloats / column_floats, 1);
    chunks = ceil_div(columns.count(), most);
    chunk = ceil_div(columns.count(), chunks);
    small_point = (small.channels / width()) * small_block() + 80;
    sums_point = big.channels * width() + 48;
  }
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
};

// The sums of an item's phase: [tile][point][channel][width].
struct Sums {
  float* data;
  std::int64_t tile_step;
  std::int64_t point_step;
};

void multiply(const Gradient& p, std::int64_t count, const Item& item, int phase, const Sums& sums, bool adds) {
  const GradientPlan& plan = p.plan;
  const std::int64_t columns = kImagesOfSum / plan.lanes;
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

void run_item(const Gradient& p, std::int64_t chunk, std::int64_t count, const Item& item, bool adds_to_dw, float* dw) {
  const GradientPlan& plan = p.plan;
  const std::int64_t width = plan.width();
  const bool kept = plan.chunks > 1;
  const bool last = chunk + 1 == plan.chunks;
  const ThreadScratch scratch = ThreadScratch::of_floats(plan.scratch_floats());
  float* const taps = scratch.floats();
  const std::int64_t tile_taps = item.channels.size() * kTaps * width;
  for (int phase = 0; phase < kPhases; ++phase) {
    Sums sums{taps + plan.taps_floats(), kTile * plan.block_point(), plan.block_point()};
    if (kept) {
      sums = {p.sums + item.tiles.begin * plan.tile_sums() + first_point(phase) * plan.sums_point + item.channels.begin * width,
              plan.tile_sums(), plan.sums_point};
    }
    multiply(p, count, item, phase, sums, chunk > 0);
    if (!last) continue;
    for (std::int64_t tile = 0; tile < item.tiles.size(); ++tile)
      for (std::int64_t c = 0; c < item.channels.size(); ++c)
        p.leaves.transforms.points_to_taps[phase](width, sums.data + tile * sums.tile_step + c * width, sums.point_step,
                                                  taps + tile * tile_taps + c * kTaps * width, width);
  }
  if (!last) return;
  const std::int64_t ld = plan.big.channels * kTaps;
  for (std::int64_t k = 0; k < item.tiles.size() * width; k += plan.lanes) {
    const float* const from = taps + k / width * tile_taps + k % width;
    float* const to = dw + (item.tiles.begin * width + k) * ld + item.channels.begin * kTaps;
    for (std::int64_t row = 0; row < item.channels.size() * kTaps; row += plan.lanes)
      p.leaves.transforms.transpose(from + row * width, width, to + row, ld, adds_to_dw);
  }
}

struct ItemSize {
  std::int64_t tiles;
  std::int64_t channels;
};

// As large as caches hold, but a thread's share wants a few items, or even ones.
ItemSize item_size(const GradientPlan& plan, std::int64_t threads) {
  ItemSize size{plan.most_tiles(), kBigChannels};
  const auto enough = [&] {
    const std::int64_t items = ceil_div(plan.tiles(), size.tiles) * ceil_div(plan.big.channels, size.channels);
    return items >= 8 * threads || items % threads == 0;
  };
  while (size.channels > kPanel && !enough()) size.channels /= 2;
  while (size.tiles > 1 && !enough()) size.tiles /= 2;
  return size;
}

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

  const std::int64_t c_big = big.shape.channels;
  const std::int64_t blocks = ceil_div(c_big, kBigChannels);
  const std::int64_t all = plan.columns.count();
  for (std::int64_t chunk = 0; chunk < plan.chunks; ++chunk) {
    const std::int64_t first = all * chunk / plan.chunks;
    const std::int64_t count = all * (chunk + 1) / plan.chunks - first;
    parallel_items(
        kPhases * count * blocks,
        [&](std::int64_t i) {
          const std::int64_t begin = i % blocks * kBigChannels;
          const std::int64_t n = i / blocks % count;
          const int phase = static_cast<int>(i / blocks / count);
          phase_to_points(leaves, plan.columns, first + n, {begin, std::min(begin + kBigChannels, c_big)}, phase, big,
                          gradient.big_points.at(first_point(phase), n, begin), gradient.big_points.point_step);
        },
        min_piece_of(kTile * kBigChannels * plan.lanes));
    parallel_items(
        count * plan.tiles(), [&](std::int64_t i) { transform_small(gradient, first, i / plan.tiles(), i % plan.tiles()); },
        min_piece_of(kTile * plan.width() * plan.lanes));
    const std::int64_t work = count * multiply_adds_of_column(plan.lanes, small.shape, big.shape);
    const ItemSize size = item_size(plan, threads_worth_waking(work, kWorkOfAThread));
    const std::int64_t parts = ceil_div(c_big, size.channels);
    const std::int64_t items = ceil_div(plan.tiles(), size.tiles) * parts;
    parallel_items(
        items,
        [&](std::int64_t i) {
          const std::int64_t tile = i / parts * size.tiles;
          const std::int64_t begin = i % parts * size.channels;
          run_item(gradient, chunk, count,
                   {{tile, std::min(tile + size.tiles, plan.tiles())}, {begin, std::min(begin + size.channels, c_big)}}, beta == 1.0f, dw);
        },
        std::max<std::int64_t>(kWorkOfAThread * items / work, 1));
  }
}

}  // namespace pbgen::winograd_blocked

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
constexpr std::int64_t kBigChannels = 64;                        // whose sums of a phase stay in L2
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
  std::int64_t width() const { return 2 * lanes; }  // small channels of an item
  std::int64_t items() const { return small.channels / width(); }
  std::int64_t small_block() const { return chunk * lanes * width() + 48; }
  PointArray big_points() const { return PointArray(lanes, big.channels, chunk); }
  std::int64_t big_floats() const { return kAllPoints * big_points().point_step; }
  std::int64_t small_floats() const { return kTile * small_point; }
  // [item][phase's point][c_big][width]
  std::int64_t item_sums() const { return kAllPoints * sums_point; }
  std::int64_t sums_floats() const { return chunks > 1 ? items() * item_sums() : 0; }
  // A thread's item has its taps [channel][25][width], and the sums of a phase where they are not kept.
  std::int64_t taps_floats() const { return kBigChannels * kTaps * width(); }
  std::int64_t block_point() const { return kBigChannels * width() + 48; }
  std::int64_t scratch_floats() const { return taps_floats() + (chunks > 1 ? 0 : kTile * block_point()); }

  std::int64_t lanes;
  LaneShape small;
  LaneShape big;
  Columns columns;
  std::int64_t chunks;
  std::int64_t chunk;        // the most columns of one
  std::int64_t small_point;  // [point][item][column][lane][width]
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

// The small channels of an item.
void transform_small(const Gradient& p, std::int64_t first, std::int64_t n, std::int64_t item) {
  const std::int64_t lanes = p.plan.lanes;
  const std::int64_t width = p.plan.width();
  const std::int64_t point_step = width * lanes + 16;
  const ThreadScratch scratch = ThreadScratch::of_floats(kTile * point_step);
  small_to_points(p.leaves, p.plan.columns, first + n, {item * width, (item + 1) * width}, p.small, scratch.floats(), point_step);
  for (std::int64_t q = 0; q < kTile; ++q) {
    float* const to = p.small_points + q * p.plan.small_point + item * p.plan.small_block() + n * lanes * width;
    for (std::int64_t k = 0; k < width; k += lanes)
      p.leaves.transforms.transpose(scratch.floats() + q * point_step + k * lanes, lanes, to + k, width, false);
  }
}

void multiply(const Gradient& p, std::int64_t count, std::int64_t item, int phase, Range channels, float* sums, std::int64_t point_step,
              bool adds) {
  const GradientPlan& plan = p.plan;
  winograd_product_leaf::GradientProduct product;
  product.columns = count;
  product.big_step = p.big_points.column_step;
  product.small_step = plan.lanes * plan.width();
  product.sums_step = plan.width();
  product.adds = adds;
  for (std::int64_t point = 0; point < points_in(phase); ++point) {
    product.small = p.small_points + tile_point(phase, point) * plan.small_point + item * plan.small_block();
    for (std::int64_t c = channels.begin; c < channels.end; c += kPanel) {
      product.big = p.big_points.at(first_point(phase) + point, 0, c);
      product.sums = sums + point * point_step + (c - channels.begin) * plan.width();
      p.leaves.products.multiply_gradient(product);
    }
  }
}

void run_item(const Gradient& p, std::int64_t chunk, std::int64_t count, std::int64_t item, Range channels, bool adds_to_dw, float* dw) {
  const GradientPlan& plan = p.plan;
  const std::int64_t width = plan.width();
  const bool kept = plan.chunks > 1;
  const bool last = chunk + 1 == plan.chunks;
  const ThreadScratch scratch = ThreadScratch::of_floats(plan.scratch_floats());
  float* const taps = scratch.floats();
  for (int phase = 0; phase < kPhases; ++phase) {
    float* const sums =
        kept ? p.sums + item * plan.item_sums() + first_point(phase) * plan.sums_point + channels.begin * width : taps + plan.taps_floats();
    const std::int64_t point_step = kept ? plan.sums_point : plan.block_point();
    multiply(p, count, item, phase, channels, sums, point_step, chunk > 0);
    if (!last) continue;
    for (std::int64_t c = 0; c < channels.size(); ++c)
      p.leaves.transforms.points_to_taps[phase](width, sums + c * width, point_step, taps + c * kTaps * width, width);
  }
  if (!last) return;
  const std::int64_t ld = plan.big.channels * kTaps;
  for (std::int64_t k = 0; k < width; k += plan.lanes) {
    float* const to = dw + (item * width + k) * ld + channels.begin * kTaps;
    for (std::int64_t row = 0; row < channels.size() * kTaps; row += plan.lanes)
      p.leaves.transforms.transpose(taps + row * width + k, width, to + row, ld, adds_to_dw);
  }
}

// A thread's share wants a few items, or even ones.
std::int64_t big_channels_of_item(const GradientPlan& plan, std::int64_t threads) {
  std::int64_t channels = kBigChannels;
  const auto items = [&] { return plan.items() * ceil_div(plan.big.channels, channels); };
  while (channels > kPanel && items() < 8 * threads && items() % threads != 0) channels /= 2;
  return channels;
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
        count * plan.items(), [&](std::int64_t i) { transform_small(gradient, first, i / plan.items(), i % plan.items()); },
        min_piece_of(kTile * plan.width() * plan.lanes));
    const std::int64_t work = count * multiply_adds_of_column(plan.lanes, small.shape, big.shape);
    const std::int64_t channels = big_channels_of_item(plan, threads_worth_waking(work, kWorkOfAThread));
    const std::int64_t parts = ceil_div(c_big, channels);
    parallel_items(
        plan.items() * parts,
        [&](std::int64_t i) {
          const std::int64_t begin = i % parts * channels;
          run_item(gradient, chunk, count, i / parts, {begin, std::min(begin + channels, c_big)}, beta == 1.0f, dw);
        },
        std::max<std::int64_t>(kWorkOfAThread * plan.items() * parts / work, 1));
  }
}

}  // namespace pbgen::winograd_blocked

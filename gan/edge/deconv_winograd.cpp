// Float deconvolutions by Winograd's algorithm, output channels in the lanes.
//
//   for each block of tiles                                 (2x2 input pixels of each phase, 4x4 of the output)
//     the input pixel by pixel, with a border of zeros
//     for each of the four phases
//       for each point                                      values = B d B^T, products = values * weights of the point
//       outputs = A^T products A
//     scale, shift, activate
#include "gan/edge/run.h"
#include "gan/edge/winograd.h"

namespace pbgen::edge {
namespace {

// A pair of neighbouring tiles has the eight output pixels of a vector in each of its four rows.
constexpr int kPairTiles = 2;
constexpr int kTileSide = 2 * kTileOutputs;
static_assert(kPairTiles * kTileSide == kLanes, "a pair of tiles is a vector wide");
// As many as keep what a part makes of them within its second-level cache, or near.
constexpr int kMostPairs = 16;
constexpr int kMostPhasePoints = (kPhasePoints[2] - kPhasePoints[1]) * (kPhasePoints[2] - kPhasePoints[1]);

int pairs_of_a_row(const DeconvLayer& layer) { return layer.side / (kPairTiles * kTileOutputs); }
std::ptrdiff_t pair_count(const DeconvLayer& layer) {
  return static_cast<std::ptrdiff_t>(layer.side / kTileOutputs) * pairs_of_a_row(layer);
}
// Input channels of a pixel, whole tiles of lanes.
std::ptrdiff_t pixel_floats(const DeconvLayer& layer) { return round_up(static_cast<std::ptrdiff_t>(layer.c_in), kChannelLanes); }

// A factor of 0 adds nothing.
void add_term(CombineTask& task, const float* from, float factor) {
  if (factor == 0.0f) return;
  task.from[task.terms] = from;
  task.factor[task.terms++] = factor;
}

// What a part keeps of a block of tiles.
struct BlockPlan {
  std::ptrdiff_t band;      // [input row][column][c_in], a border of zeros around them
  std::ptrdiff_t values;    // [tile][c_in] of a point
  std::ptrdiff_t products;  // [point of a phase][c_out/32][tile][32]
  std::ptrdiff_t outputs;   // [c_out/32][row][tile][column][32]

  explicit BlockPlan(const DeconvLayer& layer) {
    const std::ptrdiff_t pairs = pair_count(layer) < kMostPairs ? pair_count(layer) : kMostPairs;
    const int rows = smaller(layer.side / kTileOutputs, static_cast<int>(ceil_div(pairs - 1, pairs_of_a_row(layer))) + 1);
    const std::ptrdiff_t tiles = pairs * kPairTiles;
    const std::ptrdiff_t sums = static_cast<std::ptrdiff_t>(channel_tiles(layer.c_out)) * tiles * kChannelLanes;
    band = static_cast<std::ptrdiff_t>(rows * kTileOutputs + 2) * (layer.side + 2) * pixel_floats(layer);
    values = tiles * pixel_floats(layer);
    products = kMostPhasePoints * sums;
    outputs = kTileSide * kTileSide * sums;
  }
  std::ptrdiff_t floats() const { return band + values + products + outputs; }
};

// Pairs [first, first + pairs) of a deconvolution, row by row, and where a part keeps what it makes of them.
class Block {
 public:
  Block(const DeconvRun& deconv, float* scratch, Share pairs)
      : deconv_(deconv),
        layer_(deconv.layer),
        first_pair_(pairs.first),
        tiles_(static_cast<int>(pairs.last - pairs.first) * kPairTiles),
        first_row_(static_cast<int>(pairs.first / pairs_of_a_row(layer_))),
        rows_(static_cast<int>((pairs.last - 1) / pairs_of_a_row(layer_)) + 1 - first_row_),
        pixel_floats_(edge::pixel_floats(layer_)),
        row_floats_((layer_.side + 2) * pixel_floats_) {
    const BlockPlan plan(layer_);
    band_ = scratch;
    values_ = band_ + plan.band;
    products_ = values_ + plan.values;
    outputs_ = products_ + plan.products;
  }

  void run() {
    read_band();
    const float* w = layer_.weights;
    for (int row_phase = 0; row_phase < 2; ++row_phase)
      for (int column_phase = 0; column_phase < 2; ++column_phase) {
        float* products = products_;
        for (int i = kPhasePoints[row_phase]; i < kPhasePoints[row_phase + 1]; ++i)
          for (int j = kPhasePoints[column_phase]; j < kPhasePoints[column_phase + 1]; ++j) {
            make_values(i, j);
            multiply(w, products);
            w += layer_.c_in * lanes();
            products += tiles_ * lanes();
          }
        for (int tile = 0; tile < channel_tiles(layer_.c_out); ++tile) make_outputs(tile, row_phase, column_phase);
      }
    finish();
  }

 private:
  std::ptrdiff_t lanes() const { return static_cast<std::ptrdiff_t>(channel_tiles(layer_.c_out)) * kChannelLanes; }

  // Input rows 2 first_row - 1 and on, that the block's tiles read.
  void read_band() {
    for (int r = 0; r < rows_ * kTileOutputs + 2; ++r) {
      const int i = first_row_ * kTileOutputs - 1 + r;
      float* const row = band_ + r * row_floats_;
      if (i < 0 || i >= layer_.side) {
        for (std::ptrdiff_t k = 0; k < row_floats_; ++k) row[k] = 0.0f;
        continue;
      }
      for (std::ptrdiff_t c = 0; c < pixel_floats_; ++c) row[c] = row[row_floats_ - pixel_floats_ + c] = 0.0f;
      for (int j = 0; j < layer_.side; j += kLanes) {
        const float* const vector = deconv_.input_vector((static_cast<std::ptrdiff_t>(i) * layer_.side + j) / kLanes);
        for (int lane = 0; lane < kLanes; ++lane) {
          float* const pixel = row + (j + lane + 1) * pixel_floats_;
          for (int c = 0; c < layer_.c_in; ++c) pixel[c] = vector[c * kLanes + lane];
          for (std::ptrdiff_t c = layer_.c_in; c < pixel_floats_; ++c) pixel[c] = 0.0f;
        }
      }
    }
  }

  // A row of tiles at a time.
  void make_values(int i, int j) {
    CombineTask task;
    task.lanes = static_cast<int>(pixel_floats_);
    task.from_stride = kTileOutputs * pixel_floats_;
    task.to_stride = pixel_floats_;
    const int row_tiles = layer_.side / kTileOutputs;
    const auto first = static_cast<int>(first_pair_ * kPairTiles - static_cast<std::ptrdiff_t>(first_row_) * row_tiles);
    for (int tile = first; tile < first + tiles_; tile += task.count) {
      const float* const corner = band_ + tile / row_tiles * kTileOutputs * row_floats_ + tile % row_tiles * task.from_stride;
      task.count = smaller(row_tiles - tile % row_tiles, first + tiles_ - tile);
      task.to = values_ + (tile - first) * pixel_floats_;
      task.terms = 0;
      for (int a = 0; a < kTileInputs; ++a)
        for (int b = 0; b < kTileInputs; ++b)
          add_term(task, corner + a * row_floats_ + b * pixel_floats_, kPointOfInputs[i][a] * kPointOfInputs[j][b]);
      deconv_.run.leaves.combine(task);
    }
  }

  // The products of one point: [c_out/32][tile][32].
  void multiply(const float* w, float* products) {
    for (int o = 0; o < channel_tiles(layer_.c_out); ++o, products += tiles_ * kChannelLanes)
      for (int first = 0; first < layer_.c_in; first += kChannelBlock) {
        ChannelTask task;
        task.w = w;
        task.c_in = smaller(layer_.c_in - first, kChannelBlock);
        task.x_stride = 1;
        task.accumulate = first > 0;
        for (int tile = 0; tile < tiles_; tile += task.pixels) {
          task.pixels = ceil_div(tiles_ - tile, ceil_div(tiles_ - tile, deconv_.run.leaves.channel_pixels));
          for (int p = 0; p < task.pixels; ++p) {
            task.x[p] = values_ + (tile + p) * pixel_floats_ + first;
            task.y[p] = products + (tile + p) * kChannelLanes;
          }
          deconv_.run.leaves.multiply_channels(task);
        }
        w += task.c_in * kChannelLanes;
      }
  }

  // The sums of 32 output channels in one phase.
  void make_outputs(int channel_tile, int row_phase, int column_phase) {
    const int rows = kPhasePoints[row_phase];
    const int columns = kPhasePoints[column_phase];
    const int points = kPhasePoints[column_phase + 1] - columns;
    CombineTask task;
    task.lanes = kChannelLanes;
    task.from_stride = kChannelLanes;
    task.to_stride = kTileSide * kChannelLanes;
    task.count = tiles_;
    for (int s = 0; s < kTileOutputs; ++s)
      for (int t = 0; t < kTileOutputs; ++t) {
        task.terms = 0;
        for (int i = rows; i < kPhasePoints[row_phase + 1]; ++i)
          for (int j = columns; j < kPhasePoints[column_phase + 1]; ++j)
            add_term(task, products_ + ((i - rows) * points + j - columns) * tiles_ * lanes() + channel_tile * tiles_ * kChannelLanes,
                     kOutputOfPoints[i][s] * kOutputOfPoints[j][t]);
        task.to = outputs_of(channel_tile, 2 * s + row_phase) + (2 * t + column_phase) * kChannelLanes;
        deconv_.run.leaves.combine(task);
      }
  }

  void finish() {
    const std::ptrdiff_t row_pairs = pairs_of_a_row(layer_);
    for (int channel_tile = 0; channel_tile < channel_tiles(layer_.c_out); ++channel_tile)
      for (int row = 0; row < kTileSide; ++row)
        for (int pair = 0; pair < tiles_ / kPairTiles; ++pair) {
          const std::ptrdiff_t at = first_pair_ + pair;
          const std::ptrdiff_t vector = (at / row_pairs * kTileSide + row) * row_pairs + at % row_pairs;
          finish_vector(deconv_, channel_tile * kChannelLanes, vector, outputs_of(channel_tile, row) + pair * kLanes * kChannelLanes);
        }
  }

  // [tile][column][32]
  float* outputs_of(int channel_tile, int row) {
    return outputs_ + static_cast<std::ptrdiff_t>(channel_tile * kTileSide + row) * tiles_ * kTileSide * kChannelLanes;
  }

  const DeconvRun& deconv_;
  const DeconvLayer& layer_;
  std::ptrdiff_t first_pair_;
  int tiles_;
  int first_row_;  // of tiles
  int rows_;
  std::ptrdiff_t pixel_floats_;
  std::ptrdiff_t row_floats_;
  float* band_;
  float* values_;
  float* products_;
  float* outputs_;
};

}  // namespace

std::ptrdiff_t winograd_deconv_floats(const DeconvLayer& layer) { return BlockPlan(layer).floats(); }

// Parts take pairs of tiles, and each of them all weights.
void run_winograd_deconv(const DeconvRun& deconv) {
  for_each_part(deconv.run, [&](int part) {
    const Share pairs = share_of(pair_count(deconv.layer), part, deconv.run.parts);
    const auto blocks = static_cast<int>(ceil_div(pairs.last - pairs.first, kMostPairs));
    for (int block = 0; block < blocks; ++block) {
      const Share share = share_of(pairs.last - pairs.first, block, blocks);
      Block(deconv, deconv.run.scratch_of(part), {pairs.first + share.first, pairs.first + share.last}).run();
    }
  });
}

}  // namespace pbgen::edge

// Cuts the work into pieces, lays out the scratch and runs the layers.
#include "gan/edge/generator.h"

#include "core/freestanding/tanh.h"
#include "gan/edge/float_deconv.h"
#include "gan/edge/pack.h"
#include "gan/edge/run.h"

namespace pbgen::edge {
namespace {

// The leaves have a tanh of their own, with these constants.
template <std::size_t n>
constexpr bool same(const float (&a)[n], const float (&b)[n]) {
  for (std::size_t i = 0; i < n; ++i)
    if (a[i] != b[i]) return false;
  return true;
}
static_assert(kExpLowest == tanh_formula::kExpLowest && kRoundingMagic == tanh_formula::kRoundingMagic &&
                  kLog2E == tanh_formula::kLog2E && kLn2High == tanh_formula::kLn2High && kMinusLn2Low == tanh_formula::kMinusLn2Low &&
                  kExpFirst == tanh_formula::kExpFirst && same(kExpOthers, tanh_formula::kExpOthers) &&
                  kTanhNear == tanh_formula::kTanhNear && kTanhFirst == tanh_formula::kTanhFirst &&
                  same(kTanhOthers, tanh_formula::kTanhOthers),
              "the leaves' constants of tanh are those of core/freestanding/tanh.h");

constexpr int kMaxSide = 2048;
constexpr int kMaxChannels = 1 << 16;
constexpr std::size_t kAlignment = 64;

std::ptrdiff_t whole_lines(std::ptrdiff_t floats) { return round_up(floats, kAlignment / sizeof(float)); }

// One-bit layers have pixels in the lanes.
FloatDeconv way_of(const DeconvLayer& layer) {
  return layer.weights != nullptr ? float_deconv(layer.c_in, layer.c_out, layer.side) : FloatDeconv::pixels;
}

// Step 0 is the linear layer, step i the deconvolution i - 1; activation i is what step i makes, the last one the image.
std::ptrdiff_t made_floats(const Generator& generator, int step) {
  const LinearLayer& linear = generator.linear;
  if (step == 0) return whole_lines(activation_floats(linear.channels, linear.side));
  const DeconvLayer& layer = generator.deconvs[step - 1];
  const std::ptrdiff_t side = 2 * static_cast<std::ptrdiff_t>(layer.side);
  return whole_lines(step == generator.deconv_count ? layer.c_out * side * side : activation_floats(layer.c_out, 2 * layer.side));
}

// What a part has for itself: product and tables, or a tile of the linear layer's weights.
std::ptrdiff_t part_floats(const Generator& generator, int step) {
  return whole_lines(step == 0 ? linear_part_floats(generator.linear)
                               : deconv_part_floats(generator.deconvs[step - 1], *leaves_of(generator.path)));
}

// Scratch: activations stand at its two ends by turns, even ones at the beginning, and what the parts have between those two that a step
// reads and makes.  So it is as large as the largest step alone.
//
//   step i      activation i - 1 | parts ...          | activation i
//   step i + 1  activation i + 1 | parts ...          | activation i
class ScratchLayout {
 public:
  ScratchLayout(const Generator& generator, int parts) : generator_(generator), parts_(larger(parts, 1)) {
    for (int step = 0; step <= generator.deconv_count; ++step) {
      const std::int64_t read = step == 0 ? 0 : made_floats(generator, step - 1);
      const std::int64_t floats = read + made_floats(generator, step) + std::int64_t{parts_} * part_floats(generator, step);
      if (floats > floats_) floats_ = floats;
    }
  }
  std::int64_t floats() const { return floats_; }

  float* activation(float* scratch, int i) const {
    return i % 2 == 0 ? scratch : scratch + (floats_ - made_floats(generator_, i));
  }
  float* parts(float* scratch, int step) const { return scratch + made_floats(generator_, step % 2 == 0 ? step : step - 1); }

 private:
  const Generator& generator_;
  int parts_;
  std::int64_t floats_ = 0;
};

float* first_line(void* memory) {
  const std::size_t misalignment = reinterpret_cast<std::uintptr_t>(memory) % kAlignment;
  return reinterpret_cast<float*>(static_cast<unsigned char*>(memory) + (kAlignment - misalignment) % kAlignment);
}

// One image under way, step by step.
class Steps {
 public:
  Steps(const Generator& generator, const float* z, void* scratch, const ParallelFor* parallel)
      : generator_(generator),
        parallel_(parallel == nullptr || parallel->run == nullptr ? nullptr : parallel),
        layout_(generator, parallel_ == nullptr ? 1 : parallel_->parts),
        z_(z),
        scratch_(first_line(scratch)) {}

  void run_to_last() const {
    run_linear(run_of(0), layout_.activation(scratch_, 0));
    for (int i = 0; i + 1 < generator_.deconv_count; ++i) run(i, layout_.activation(scratch_, i + 1), false, 0, generator_.deconvs[i].side);
  }
  // The image's rows of the last one's input rows [first, last).  There is one; larger() tells compilers so.
  void run_last(float* rows, int first, int last) const { run(larger(generator_.deconv_count, 1) - 1, rows, true, first, last); }

 private:
  Run run_of(int step) const {
    return {generator_, *leaves_of(generator_.path), parallel_, parallel_ == nullptr ? 1 : larger(parallel_->parts, 1), z_,
            layout_.parts(scratch_, step), part_floats(generator_, step)};
  }
  void run(int i, float* to, bool to_image, int first, int last) const {
    run_deconv({run_of(i + 1), generator_.deconvs[i], layout_.activation(scratch_, i), to, to_image, first, last});
  }

  const Generator& generator_;
  const ParallelFor* parallel_;
  ScratchLayout layout_;
  const float* z_;
  float* scratch_;
};

// Input rows of the last deconvolution that make a band.
int band_input_rows(const Generator& generator) {
  const DeconvLayer& last = generator.deconvs[generator.deconv_count - 1];
  return way_of(last) == FloatDeconv::pixels ? pixel_band_rows(last) : last.side;
}

template <class Weight>
using SumRows = void (*)(const Weight* const* rows, int groups, const float* z, int z_dim, float* sums);

// The sums of a tile; lanes that hold no feature get 0.
template <class Weight>
void sum_tile(const LinearLayer& layer, const Weight* weights, SumRows<Weight> sum_rows, std::ptrdiff_t tile, const float* z, float* sums) {
  const std::ptrdiff_t pixels = static_cast<std::ptrdiff_t>(layer.side) * layer.side;
  const Weight* rows[kLinearVectors];
  int groups = 0;
  for (; groups < kLinearVectors; ++groups) {
    const std::ptrdiff_t vector = tile * kLinearVectors + groups;
    if (vector >= pixels / kLanes * layer.channels) break;
    const std::ptrdiff_t feature = vector % layer.channels * pixels + vector / layer.channels * kLanes;
    rows[groups] = weights + feature * layer.z_dim;
  }
  sum_rows(rows, groups, z, layer.z_dim, sums);
  for (int lane = groups * kLanes; lane < kLinearVectors * kLanes; ++lane) sums[lane] = 0.0f;
}

// The task's tiles, from rows: summed in place where the path can, and sums are finished as the weights of one input that is 1; else
// each is laid out where it stays in the caches.
template <class Weight>
void run_linear_rows(const Run& run, LinearTask task, const Weight* weights, SumRows<Weight> sum_rows, float* scratch) {
  constexpr float kOne = 1.0f;
  const LinearLayer& layer = run.generator.linear;
  const bool in_place = sum_rows != nullptr && layer.z_dim >= kRowColumns && layer.side * layer.side % kLanes == 0;
  const std::ptrdiff_t end = task.last;
  if (in_place) {
    task.z = &kOne;
    task.z_dim = 1;
  }
  for (std::ptrdiff_t tile = task.first; tile < end; ++tile) {
    if (in_place) sum_tile(layer, weights, sum_rows, tile, run.z, scratch);
    else pack_linear_tile(weights, layer.z_dim, layer.channels, layer.side, tile, scratch);
    task.first = task.weights_first = tile;
    task.last = tile + 1;
    run.leaves.linear_floats(scratch, task);
  }
}

bool is_count(int value, int high) { return value >= 1 && value <= high; }

}  // namespace

std::ptrdiff_t activation_floats(int channels, int side) {
  return round_up(pixel_vectors(side) * channels, kLinearVectors) * kLanes;
}

std::ptrdiff_t linear_part_floats(const LinearLayer& layer) {
  if (layer.sign_words != nullptr) return static_cast<std::ptrdiff_t>((layer.z_dim + kWordInputs - 1) / kWordInputs) * kLanes;
  return layer.weights != nullptr ? 0 : static_cast<std::ptrdiff_t>(kLinearVectors * kLanes) * layer.z_dim;
}

void run_linear(const Run& run, float* y) {
  const LinearLayer& layer = run.generator.linear;
  const std::ptrdiff_t tiles = activation_floats(layer.channels, layer.side) / (kLinearVectors * kLanes);
  for_each_part(run, [&](int part) {
    const Share share = share_of(tiles, part, run.parts);
    LinearTask task{run.z,       layer.z_dim, layer.scale,          layer.shift,       layer.channels, layer.activation,
                    share.first, share.last,  run.scratch_of(part), y,                    0};
    if (layer.weights != nullptr) run.leaves.linear_floats(layer.weights, task);
    else if (layer.sign_words != nullptr) run.leaves.linear_signs(layer.sign_words, task);
    else if (layer.rows != nullptr) run_linear_rows(run, task, layer.rows, run.leaves.sum_float_rows, run.scratch_of(part));
    else run_linear_rows(run, task, layer.half_rows, run.leaves.sum_half_rows, run.scratch_of(part));
  });
}

std::ptrdiff_t deconv_part_floats(const DeconvLayer& layer, const Leaves& leaves) {
  switch (way_of(layer)) {
    case FloatDeconv::winograd: return winograd_deconv_floats(layer);
    case FloatDeconv::channels: return channel_deconv_floats(layer);
    case FloatDeconv::pixels: break;
  }
  return pixel_deconv_floats(layer, leaves);
}

void run_deconv(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const std::ptrdiff_t out_pixels = 4 * static_cast<std::ptrdiff_t>(layer.side) * layer.side;
  if (!deconv.to_image && out_pixels < kLanes)  // lanes that hold no pixel are multiplied all the same
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(layer.c_out) * kLanes; ++i) deconv.y[i] = 0.0f;
  switch (way_of(layer)) {
    case FloatDeconv::winograd: return run_winograd_deconv(deconv);
    case FloatDeconv::channels: return run_channel_deconv(deconv);
    case FloatDeconv::pixels: return run_pixel_deconv(deconv);
  }
}

const char* fault_of(const Generator& generator) {
  const LinearLayer& linear = generator.linear;
  if (!is_count(linear.z_dim, kMaxChannels) || !is_count(linear.channels, kMaxChannels) || !is_count(linear.side, kMaxSide))
    return "the linear layer's extents are out of range";
  const int kinds = (linear.weights != nullptr) + (linear.sign_words != nullptr) + (linear.rows != nullptr) + (linear.half_rows != nullptr);
  if (kinds != 1) return "the linear layer needs weights of one kind";
  if (linear.scale == nullptr || linear.shift == nullptr) return "the linear layer lacks its scale or shift";
  if (!is_count(generator.deconv_count, kMaxDeconvs)) return "the number of deconvolutions is out of range";
  int channels = linear.channels;
  int side = linear.side;
  for (int i = 0; i < generator.deconv_count; ++i) {
    const DeconvLayer& layer = generator.deconvs[i];
    if (layer.c_in != channels || layer.side != side) return "a deconvolution does not take what the layer before it makes";
    if (!is_count(layer.c_out, kMaxChannels)) return "a deconvolution's channels are out of range";
    if (!is_count(layer.side, kMaxSide / 2) || (layer.side & (layer.side - 1)) != 0)
      return "a deconvolution's side is out of range or no power of two";
    if ((layer.weights == nullptr) == (layer.row_numbers == nullptr)) return "a deconvolution needs either float or one-bit weights";
    if (layer.scale == nullptr || layer.shift == nullptr) return "a deconvolution lacks its scale or shift";
    channels = layer.c_out;
    side = 2 * layer.side;
  }
  if (side < kLanes) return "the image is narrower than eight pixels";
  if (leaves_of(generator.path) == nullptr) return "this build lacks the path";
  return nullptr;
}

std::uint64_t scratch_bytes(const Generator& generator, int parts) {
  return static_cast<std::uint64_t>(ScratchLayout(generator, parts).floats()) * sizeof(float) + kAlignment;
}

float* image_in_scratch(const Generator& generator, void* scratch, int parts) {
  return ScratchLayout(generator, parts).activation(first_line(scratch), generator.deconv_count);
}

void generate_one(const Generator& generator, const float* z, float* image, void* scratch, const ParallelFor* parallel) {
  const Steps steps(generator, z, scratch, parallel);
  steps.run_to_last();
  steps.run_last(image, 0, generator.deconvs[generator.deconv_count - 1].side);
}

int band_rows(const Generator& generator) { return 2 * band_input_rows(generator); }

bool generate_bands(const Generator& generator, const float* z, float* band, void* scratch, const ParallelFor* parallel,
                    const BandTaker& taker) {
  const Steps steps(generator, z, scratch, parallel);
  steps.run_to_last();
  const int rows = band_input_rows(generator);
  for (int row = 0; row < generator.deconvs[generator.deconv_count - 1].side; row += rows) {
    steps.run_last(band, row, row + rows);
    if (!taker.take(taker.context, 2 * row)) return false;
  }
  return true;
}

}  // namespace pbgen::edge

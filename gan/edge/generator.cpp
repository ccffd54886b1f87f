// Cuts the work into pieces, lays out the scratch and runs the layers.
#include "gan/edge/generator.h"

#include "gan/edge/run.h"

namespace pbgen::edge {
namespace {

constexpr int kMaxSide = 2048;
constexpr int kMaxChannels = 1 << 16;
constexpr std::size_t kAlignment = 64;

std::ptrdiff_t activation_floats(int channels, int side) {
  return round_up(pixel_vectors(side) * channels, kLinearVectors) * kLanes;
}

std::ptrdiff_t whole_lines(std::ptrdiff_t floats) { return round_up(floats, kAlignment / sizeof(float)); }

bool channels_in_lanes(const DeconvLayer& layer) {
  return layer.weights != nullptr && edge::channels_in_lanes(layer.c_out, layer.side);
}

// Scratch: two activations that take turns, and what each part has for itself.
struct Plan {
  std::ptrdiff_t activation[2] = {0, 0};
  std::ptrdiff_t part = 0;  // product and tables

  explicit Plan(const Generator& generator) {
    const auto grow = [](std::ptrdiff_t& size, std::ptrdiff_t need) { size = need > size ? need : size; };
    const LinearLayer& linear = generator.linear;
    grow(activation[0], activation_floats(linear.channels, linear.side));
    if (linear.sign_words != nullptr) grow(part, (linear.z_dim + kWordInputs - 1) / kWordInputs * kLanes);
    for (int i = 0; i < generator.deconv_count; ++i) {
      const DeconvLayer& layer = generator.deconvs[i];
      if (i + 1 < generator.deconv_count) grow(activation[(i + 1) % 2], activation_floats(layer.c_out, 2 * layer.side));
      grow(part, channels_in_lanes(layer) ? channel_deconv_floats(layer) : pixel_deconv_floats(layer));
    }
    for (std::ptrdiff_t& size : activation) size = whole_lines(size);
    part = whole_lines(part);
  }
  std::ptrdiff_t floats(int parts) const { return activation[0] + activation[1] + part * parts; }
};

void run_linear(const Run& run) {
  const LinearLayer& layer = run.generator.linear;
  const std::ptrdiff_t tiles = activation_floats(layer.channels, layer.side) / (kLinearVectors * kLanes);
  for_each_part(run, [&](int part) {
    const Piece piece = piece_of(tiles, part, run.parts);
    const LinearTask task{run.z,        layer.z_dim, layer.scale, layer.shift,          layer.channels, layer.activation,
                          piece.first, piece.last,  run.scratch_of(part), run.activation[0]};
    if (layer.weights != nullptr) run.leaves.linear_floats(layer.weights, task);
    else run.leaves.linear_signs(layer.sign_words, task);
  });
}
void run_deconv(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const std::ptrdiff_t out_pixels = 4 * static_cast<std::ptrdiff_t>(layer.side) * layer.side;
  if (!deconv.to_image && out_pixels < kLanes)  // lanes that hold no pixel are multiplied all the same
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(layer.c_out) * kLanes; ++i) deconv.y[i] = 0.0f;
  if (channels_in_lanes(layer)) run_channel_deconv(deconv);
  else run_pixel_deconv(deconv);
}

bool in_range(int value, int high) { return value >= 1 && value <= high; }

}  // namespace

const char* fault_of(const Generator& generator) {
  const LinearLayer& linear = generator.linear;
  if (!in_range(linear.z_dim, kMaxChannels) || !in_range(linear.channels, kMaxChannels) || !in_range(linear.side, kMaxSide))
    return "the linear layer's extents are out of range";
  if ((linear.weights == nullptr) == (linear.sign_words == nullptr)) return "the linear layer needs either float or one-bit weights";
  if (linear.scale == nullptr || linear.shift == nullptr) return "the linear layer lacks its scale or shift";
  if (!in_range(generator.deconv_count, kMaxDeconvs)) return "the number of deconvolutions is out of range";
  int channels = linear.channels;
  int side = linear.side;
  for (int i = 0; i < generator.deconv_count; ++i) {
    const DeconvLayer& layer = generator.deconvs[i];
    if (layer.c_in != channels || layer.side != side) return "a deconvolution does not take what the layer before it makes";
    if (!in_range(layer.c_out, kMaxChannels)) return "a deconvolution's channels are out of range";
    if (!in_range(layer.side, kMaxSide / 2) || (layer.side & (layer.side - 1)) != 0)
      return "a deconvolution's side is out of range or no power of two";
    if ((layer.weights == nullptr) == (layer.row_numbers == nullptr)) return "a deconvolution needs either float or one-bit weights";
    if (layer.scale == nullptr || layer.shift == nullptr) return "a deconvolution lacks its scale or shift";
    channels = layer.c_out;
    side = 2 * layer.side;
  }
  if (side < kLanes) return "the image is narrower than eight pixels";
#if !defined(__x86_64__)
  if (generator.path == Path::avx2) return "this build has no AVX2 path";
#endif
  return nullptr;
}

std::size_t scratch_bytes(const Generator& generator, int parts) {
  return static_cast<std::size_t>(Plan(generator).floats(larger(parts, 1))) * sizeof(float) + kAlignment;
}

void generate_one(const Generator& generator, const float* z, float* image, void* scratch, const ParallelFor* parallel) {
  const Plan plan(generator);
  const std::size_t misalignment = reinterpret_cast<std::uintptr_t>(scratch) % kAlignment;
  float* next = reinterpret_cast<float*>(static_cast<unsigned char*>(scratch) + (kAlignment - misalignment) % kAlignment);
  const auto take = [&](std::ptrdiff_t floats) {
    float* const taken = next;
    next += floats;
    return taken;
  };
#if defined(__x86_64__)
  const Leaves& leaves = generator.path == Path::avx2 ? kAvx2Leaves : kPortableLeaves;
#else
  const Leaves& leaves = kPortableLeaves;
#endif
  const bool serial = parallel == nullptr || parallel->run == nullptr;
  float* const first = take(plan.activation[0]);
  float* const second = take(plan.activation[1]);
  const Run run{generator, leaves, serial ? nullptr : parallel, serial ? 1 : larger(parallel->parts, 1), z, image, {first, second}, next,
                plan.part};
  run_linear(run);
  for (int i = 0; i < generator.deconv_count; ++i) {
    const bool last = i + 1 == generator.deconv_count;
    run_deconv({run, generator.deconvs[i], run.activation[i % 2], last ? image : run.activation[(i + 1) % 2], last});
  }
}

}  // namespace pbgen::edge

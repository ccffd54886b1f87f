// libpbgen: an exported model in an arena.
#include "gan/edge/pbgen.h"

#include <bit>
#include <new>

#include "gan/edge/generator.h"
#include "gan/edge/latent.h"
#include "gan/edge/model_file.h"
#include "gan/edge/pack.h"

struct pbgen_model {
  pbgen::edge::Generator generator;
  pbgen::edge::ParallelFor parallel;
  int z_dim;
  int channels;
  int pixels;
  float* z;      // of the seed
  float* image;  // [channels][pixels]
  void* scratch;
};

namespace pbgen::edge {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr int kMaxParts = 1024;
constexpr std::uint64_t kMaxNumber = std::uint64_t{1} << 43;  // times z_dim, at most 2^12, it is an index below 2^56

// Memory dealt out in order, each piece at a multiple of 64.  Without memory it measures: its pointers are not null and not to be used.
class Arena {
 public:
  Arena() = default;
  explicit Arena(void* memory)
      : base_(static_cast<unsigned char*>(memory) + (kAlignment - reinterpret_cast<std::uintptr_t>(memory) % kAlignment) % kAlignment) {}

  bool measures() const { return base_ == nullptr; }
  template <class T>
  T* take(std::uint64_t count) {
    void* const place = measures() ? unused_ : base_ + used_;
    used_ += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return static_cast<T*>(place);
  }
  // Of memory of any alignment.
  std::uint64_t bytes() const { return used_ + kAlignment; }
  std::uint64_t used() const { return used_; }

 private:
  unsigned char* base_ = nullptr;
  std::uint64_t used_ = 0;
  alignas(kAlignment) unsigned char unused_[kAlignment];
};

struct Settings {
  Path path = Path::portable;
  ParallelFor parallel;
};

int read_options(const pbgen_options* options, Settings& settings) {
  const pbgen_options zeros = {};
  if (options == nullptr) options = &zeros;
  switch (options->path) {
    case PBGEN_PATH_BEST: settings.path = best_path(); break;
    case PBGEN_PATH_PORTABLE: settings.path = Path::portable; break;
    case PBGEN_PATH_AVX2: settings.path = Path::avx2; break;
    case PBGEN_PATH_NEON: settings.path = Path::neon; break;
    default: return PBGEN_ARGUMENT;
  }
  if (!runs_here(settings.path)) return PBGEN_NO_PATH;
  if (options->parallel_for.run == nullptr) return PBGEN_OK;
  if (options->parallel_for.parts < 1 || options->parallel_for.parts > kMaxParts) return PBGEN_ARGUMENT;
  settings.parallel = {options->parallel_for.run, options->parallel_for.context, options->parallel_for.parts};
  return PBGEN_OK;
}

int code_of(Path path) {
  switch (path) {
    case Path::avx2: return PBGEN_PATH_AVX2;
    case Path::neon: return PBGEN_PATH_NEON;
    default: return PBGEN_PATH_PORTABLE;
  }
}

// Both return the bytes that hold numbers made of one-bit weights.
std::uint64_t place_linear(const ModelLayer& from, Arena& arena, LinearLayer& layer) {
  layer.z_dim = from.c_in;
  layer.channels = from.c_out;
  layer.side = from.side;
  layer.scale = from.scale;
  float* const shift = arena.take<float>(linear_shift_size(layer.channels, layer.side));
  layer.shift = shift;
  if (!arena.measures()) pack_linear_shift(from.shift, layer.channels, layer.side, shift);
  if (from.kind == Weights::floats) layer.rows = reinterpret_cast<const float*>(from.weights);
  if (from.kind == Weights::halves) layer.half_rows = reinterpret_cast<const std::uint16_t*>(from.weights);
  if (from.kind != Weights::signs) return 0;
  const std::uint64_t before = arena.used();
  auto* const words = arena.take<std::uint32_t>(linear_signs_size(layer.z_dim, layer.channels, layer.side));
  layer.sign_words = words;
  if (!arena.measures()) pack_linear_signs(from.weights, layer.z_dim, layer.channels, layer.side, words);
  return arena.used() - before;
}

std::uint64_t place_deconv(const ModelLayer& from, Arena& arena, DeconvLayer& layer) {
  layer.c_in = from.c_in;
  layer.c_out = from.c_out;
  layer.side = from.side;
  layer.scale = from.scale;
  layer.shift = from.shift;
  if (from.kind == Weights::floats) {
    float* const weights = arena.take<float>(deconv_floats_size(layer.c_in, layer.c_out, layer.side));
    layer.weights = weights;
    if (!arena.measures())
      pack_deconv_floats(reinterpret_cast<const float*>(from.weights), layer.c_in, layer.c_out, layer.side, weights);
    return 0;
  }
  const std::uint64_t before = arena.used();
  auto* const numbers = arena.take<std::uint8_t>(deconv_signs_size(layer.c_in, layer.c_out));
  layer.row_numbers = numbers;
  if (!arena.measures()) pack_deconv_signs(from.weights, layer.c_in, layer.c_out, numbers);
  return arena.used() - before;
}

// The model in the arena; null where its generator cannot run.  row_number_bytes: of the numbers made of one-bit weights.
pbgen_model* place_model(const Model& from, const Settings& settings, Arena& arena, pbgen_model& measured,
                         std::uint64_t& row_number_bytes) {
  auto* model = arena.take<pbgen_model>(1);
  model = arena.measures() ? &measured : new (model) pbgen_model{};
  Generator& generator = model->generator;
  generator.path = settings.path;
  generator.deconv_count = kModelLayers - 1;
  row_number_bytes = place_linear(from.layers[0], arena, generator.linear);
  for (int i = 1; i < kModelLayers; ++i) row_number_bytes += place_deconv(from.layers[i], arena, generator.deconvs[i - 1]);
  generator.deconvs[kModelLayers - 2].activation = Activation::tanh;
  model->parallel = settings.parallel;
  model->z_dim = from.z_dim;
  model->channels = from.channels;
  model->pixels = from.size * from.size;
  model->z = arena.take<float>(static_cast<std::uint64_t>(from.z_dim));
  model->image = arena.take<float>(static_cast<std::uint64_t>(from.channels) * static_cast<std::uint64_t>(model->pixels));
  if (fault_of(generator) != nullptr) return nullptr;
  model->scratch = arena.take<unsigned char>(scratch_bytes(generator, settings.parallel.parts));
  return model;
}

// Bytes that place_model takes of memory of any alignment.
int measure(const Model& model, const Settings& settings, std::uint64_t& bytes, std::uint64_t& row_number_bytes) {
  Arena arena;
  pbgen_model measured{};
  if (place_model(model, settings, arena, measured, row_number_bytes) == nullptr) return PBGEN_NETWORK;
  bytes = arena.bytes();
  return bytes > SIZE_MAX ? PBGEN_TOO_LARGE : PBGEN_OK;
}

int check_bytes(const void* data) {
  if (data == nullptr) return PBGEN_ARGUMENT;
  return reinterpret_cast<std::uintptr_t>(data) % alignof(float) == 0 ? PBGEN_OK : PBGEN_ALIGNMENT;
}

// round(127.5 x + 127.5) of a value of tanh; NaN becomes 0.  NaN is found and masked by bits, since compilers make vectors of that.
std::uint8_t byte_of(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  const std::int32_t within = -std::int32_t{(bits & 0x7fffffff) <= std::bit_cast<std::int32_t>(1.0f)};
  const std::int32_t kept = (bits & within) | (std::bit_cast<std::int32_t>(-1.0f) & ~within);
  const float scaled = 127.5f * std::bit_cast<float>(kept) + 127.5f;
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(scaled + 0.5f));
}

// image: [channels][pixels], to bytes with a pixel's channels side by side; some pixels at a time, so that what is made of them
// stays in registers and the first-level cache.
void write_bytes(const float* image, int channels, int pixels, std::uint8_t* to) {
  constexpr int kBlock = 256;
  std::uint8_t block[kBlock];
  for (int first = 0; first < pixels; first += kBlock) {
    const int count = pixels - first < kBlock ? pixels - first : kBlock;
    for (int c = 0; c < channels; ++c) {
      const float* const from = image + static_cast<std::ptrdiff_t>(c) * pixels + first;
      for (int i = 0; i < count; ++i) block[i] = byte_of(from[i]);
      std::uint8_t* const place = to + static_cast<std::ptrdiff_t>(first) * channels + c;
      for (int i = 0; i < count; ++i) place[static_cast<std::ptrdiff_t>(i) * channels] = block[i];
    }
  }
}

}  // namespace
}  // namespace pbgen::edge

using namespace pbgen::edge;

int pbgen_query(const void* data, size_t size, const pbgen_options* options, pbgen_info* info) {
  if (info == nullptr) return PBGEN_ARGUMENT;
  Settings settings;
  Header header;
  Model model;
  std::uint64_t bytes = 0;
  std::uint64_t row_number_bytes = 0;
  int code = read_options(options, settings);
  if (code == PBGEN_OK) code = check_bytes(data);
  if (code == PBGEN_OK) code = read_header(data, size, header);
  if (code == PBGEN_OK) code = read_model(header, model);
  if (code == PBGEN_OK) code = measure(model, settings, bytes, row_number_bytes);
  if (code != PBGEN_OK) return code;
  const size_t image_bytes = static_cast<size_t>(model.size) * static_cast<size_t>(model.size) * static_cast<size_t>(model.channels);
  *info = {model.size,  model.size,  model.channels,             model.z_dim, code_of(settings.path),
           image_bytes, static_cast<size_t>(bytes), static_cast<size_t>(row_number_bytes)};
  return PBGEN_OK;
}

int pbgen_open(const void* data, size_t size, const pbgen_options* options, void* arena, size_t arena_bytes, pbgen_model** model) {
  if (arena == nullptr || model == nullptr) return PBGEN_ARGUMENT;
  Settings settings;
  Header header;
  Model from;
  std::uint64_t bytes = 0;
  std::uint64_t row_number_bytes = 0;
  int code = read_options(options, settings);
  if (code == PBGEN_OK) code = check_bytes(data);
  if (code == PBGEN_OK) code = read_header(data, size, header);
  if (code == PBGEN_OK) code = verify_checksum(header);
  if (code == PBGEN_OK) code = read_model(header, from);
  if (code == PBGEN_OK) code = verify_values(from);
  if (code == PBGEN_OK) code = measure(from, settings, bytes, row_number_bytes);
  if (code == PBGEN_OK && arena_bytes < bytes) code = PBGEN_ARENA;
  if (code != PBGEN_OK) return code;
  Arena memory(arena);
  pbgen_model unused{};
  *model = place_model(from, settings, memory, unused, row_number_bytes);
  return PBGEN_OK;
}

int pbgen_generate(pbgen_model* model, const float* z, uint8_t* image) {
  if (model == nullptr || z == nullptr || image == nullptr) return PBGEN_ARGUMENT;
  generate_one(model->generator, z, model->image, model->scratch, &model->parallel);
  write_bytes(model->image, model->channels, model->pixels, image);
  return PBGEN_OK;
}

int pbgen_generate_seed(pbgen_model* model, uint64_t seed, uint64_t number, uint8_t* image) {
  if (model == nullptr || image == nullptr || number >= kMaxNumber) return PBGEN_ARGUMENT;
  draw_latent(seed, number, model->z_dim, model->z);
  return pbgen_generate(model, model->z, image);
}

const char* pbgen_error_text(int code) {
  switch (code) {
    case PBGEN_OK: return "all went well";
    case PBGEN_ARGUMENT: return "an argument is null or out of range: see pbgen.h";
    case PBGEN_ALIGNMENT: return "the model's bytes do not begin at a multiple of 4: copy them to memory that malloc gave, or map the file";
    case PBGEN_ARENA: return "the arena is too small: give it the arena_bytes that pbgen_query tells for the same options";
    case PBGEN_NO_PATH: return "this build or this processor lacks the path that was asked for: take PBGEN_PATH_BEST";
    case PBGEN_NOT_FOUND: return "the file cannot be opened: look at its name and at who may read it";
    case PBGEN_NOT_MAPPED: return "the file cannot be mapped: it is empty, no regular file, or larger than memory";
    case PBGEN_NO_FILES: return "this platform maps no files: read the model into memory";
    case PBGEN_TRUNCATED: return "the file is shorter than its header says: copy it again";
    case PBGEN_NOT_A_MODEL: return "no exported model: write one with PBGen's export";
    case PBGEN_VERSION: return "an exported model of a version that this library does not read; it reads version " PBGEN_NUMBER_TEXT(
        PBGEN_MODEL_VERSION) ": export the checkpoint again, or take a library as new as the model";
    case PBGEN_CHECKSUM: return "damaged: its bytes do not have the checksum that was written with them; copy it again";
    case PBGEN_HEADER: return "its header is not as PBGen's export writes it: the file is damaged or not ours";
    case PBGEN_NETWORK: return "the description of its network is incomplete or out of range: the file is damaged or not ours";
    case PBGEN_ARRAYS: return "an array is missing, misplaced or not of its network's size: the file is damaged or not ours";
    case PBGEN_NOT_FINITE: return "a weight, scale or shift is infinite or no number: export an earlier checkpoint";
    case PBGEN_TOO_LARGE:
      return "its network is too large: a layer's output takes more than 256 MB, or the arena more than a pointer reaches";
    default: return "no code of this library";
  }
}

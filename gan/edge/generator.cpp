// Cuts the work into pieces, lays out the scratch and calls the leaves.
#include "gan/edge/generator.h"

namespace pbgen::edge {
namespace {

constexpr int kMaxSide = 2048;
constexpr int kMaxChannels = 1 << 16;
constexpr std::size_t kAlignment = 64;

constexpr std::ptrdiff_t round_up(std::ptrdiff_t value, std::ptrdiff_t unit) { return (value + unit - 1) / unit * unit; }
constexpr int smaller(int a, int b) { return a < b ? a : b; }
constexpr int larger(int a, int b) { return a > b ? a : b; }

std::ptrdiff_t pixel_vectors(int side) { return (static_cast<std::ptrdiff_t>(side) * side + kLanes - 1) / kLanes; }
std::ptrdiff_t row_vectors(int side) { return larger(side / kLanes, 1); }

// ---- The product of one row of input pixels: which ky the output rows 2a .. 2b - 1 want of input row i.
struct KernelRows {
  int first;
  int last;
};
KernelRows wanted_kernel_rows(int i, int a, int b) {
  return {i > a ? 0 : i == a ? 1 : 3, i + 1 < b ? 5 : i < b ? 3 : 1};
}

// ---- Signs.  The products of the ky that reach the same output row are added where they are made: of output rows 2t and
// 2t + 1 the part keeps [t % 3][vector][phase][o][kx][8].  In images narrower than a vector neighbouring rows share one, so
// that there the products stay apart: [vector][ky][o][kx][8].
constexpr int kKeptRows = 3;
constexpr std::ptrdiff_t kSignTableFloats = kBlockGroups * kTableFloats;

std::ptrdiff_t sign_product_floats(const DeconvLayer& layer) {
  const std::ptrdiff_t rows = kernel_rows(layer.c_out) * kLanes;
  return layer.side < kLanes ? pixel_vectors(layer.side) * kKernel * rows : kKeptRows * row_vectors(layer.side) * 2 * rows;
}

// ---- Floats: the product of one output channel and a band of rows, [row % (band + 2)][vector][ky][kx][8].
constexpr int kBandRows = 8;
int band_rows(int side) { return side >= 2 * kLanes ? kBandRows : side; }
std::ptrdiff_t float_product_floats(int side) {
  return (side >= 2 * kLanes ? (kBandRows + 2) * row_vectors(side) : pixel_vectors(side)) * kTaps * kLanes;
}

std::ptrdiff_t activation_floats(int channels, int side) {
  return round_up(pixel_vectors(side) * channels, kLinearVectors) * kLanes;
}

std::ptrdiff_t whole_lines(std::ptrdiff_t floats) { return round_up(floats, kAlignment / sizeof(float)); }

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
      grow(part, layer.weights != nullptr ? float_product_floats(layer.side) : kSignTableFloats + sign_product_floats(layer));
    }
    for (std::ptrdiff_t& size : activation) size = whole_lines(size);
    part = whole_lines(part);
  }
  std::ptrdiff_t floats(int parts) const { return activation[0] + activation[1] + part * parts; }
};

// One generate_one under way.
struct Run {
  const Generator& generator;
  const Leaves& leaves;
  const ParallelFor* parallel;
  int parts;
  const float* z;
  float* image;
  float* activation[2];
  float* part_scratch;
  std::ptrdiff_t part_floats;

  float* scratch_of(int part) const { return part_scratch + part * part_floats; }
};

// The piece of [0, count) that a part takes.
struct Piece {
  std::ptrdiff_t first;
  std::ptrdiff_t last;
};
Piece piece_of(std::ptrdiff_t count, int part, int parts) { return {count * part / parts, count * (part + 1) / parts}; }

// Calls body(part) for every part.
template <class Body>
void for_each_part(const Run& run, const Body& body) {
  if (run.parallel == nullptr || run.parts == 1) {
    for (int part = 0; part < run.parts; ++part) body(part);
    return;
  }
  run.parallel->run(
      run.parallel->context, run.parts, [](void* context, int part) { (*static_cast<const Body*>(context))(part); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

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

// A deconvolution between two activations, or to the image where it is the last.
struct DeconvRun {
  const Run& run;
  const DeconvLayer& layer;
  const float* x;
  float* y;
  bool to_image;

  const float* input_vector(std::ptrdiff_t vector) const { return x + vector * layer.c_in * kLanes; }
};

// Output rows 2t and 2t + 1 of channels [first, last), from the first one's product rows of each ky (null: none).
void assemble_rows(const DeconvRun& deconv, const float* const (&rows)[kKernel], std::ptrdiff_t vector_stride,
                   std::ptrdiff_t channel_stride, int t, int first, int last) {
  const DeconvLayer& layer = deconv.layer;
  const std::ptrdiff_t out_side = 2 * layer.side;
  AssembleTask task;
  task.channels = last - first;
  for (int ky = 0; ky < kKernel; ++ky) task.row[ky] = rows[ky];
  task.channel_stride = channel_stride;
  task.vector_stride = vector_stride;
  task.side = layer.side;
  task.scale = layer.scale + first;
  task.shift = layer.shift + first;
  task.activation = layer.activation;
  task.out_channel_stride = deconv.to_image ? out_side * out_side : kLanes;
  task.out_vector_stride = deconv.to_image ? kLanes : static_cast<std::ptrdiff_t>(layer.c_out) * kLanes;
  const auto output = [&](std::ptrdiff_t pixel) {
    return deconv.y + first * task.out_channel_stride + pixel / kLanes * task.out_vector_stride + pixel % kLanes;
  };
  task.even = output(2 * t * out_side);
  task.odd = output((2 * t + 1) * out_side);
  deconv.run.leaves.assemble(task);
}

// Where the product of (input row, ky, output channel) stands.
struct ProductLayout {
  const float* base;
  int slots;  // input rows that are kept
  std::ptrdiff_t vector_stride;
  std::ptrdiff_t kernel_row_stride;
  std::ptrdiff_t channel_stride;
};

// Output rows 2a .. 2b - 1 of channels [first, last); the product's base is that of channel `first`.
void assemble_rows(const DeconvRun& deconv, const ProductLayout& product, int a, int b, int first, int last) {
  const int side = deconv.layer.side;
  for (int t = a; t < b; ++t) {
    const float* rows[kKernel] = {};
    for (int ky = 0; ky < kKernel; ++ky) {
      const int i = t + kRowOffset[ky];
      if (i < 0 || i >= side) continue;
      const std::ptrdiff_t pixel = static_cast<std::ptrdiff_t>(i % product.slots) * side;
      rows[ky] = product.base + pixel / kLanes * product.vector_stride + ky * product.kernel_row_stride + pixel % kLanes;
    }
    assemble_rows(deconv, rows, product.vector_stride, product.channel_stride, t, first, last);
  }
}

// For one vector of pixels: calls rows(block, multiply) for each block of channels, in which multiply(ky, first, last,
// accumulate, p) adds up the row blocks [first, last) of a ky; p: where its row 0 stands.
template <class Rows>
void multiply_signs(const DeconvRun& deconv, std::ptrdiff_t vector, float* tables, const Rows& rows) {
  const DeconvLayer& layer = deconv.layer;
  const int groups = group_count(layer.c_in);
  const std::ptrdiff_t kernel = kernel_rows(layer.c_out);
  for (int block = 0; block < block_count(groups); ++block) {
    const int first_group = block_begin(groups, block);
    SignTask task{};
    task.x = deconv.input_vector(vector);
    task.c_in = layer.c_in;
    task.first_group = first_group;
    task.groups = block_begin(groups, block + 1) - first_group;
    task.fill_tables = true;
    task.tables = tables;
    const std::uint8_t* const numbers = layer.row_numbers + first_group * kKernel * kernel;
    rows(block, [&](int ky, std::ptrdiff_t first, std::ptrdiff_t last, bool accumulate, float* p) {
      task.numbers = numbers + (ky * kernel + first * kRowBlock) * task.groups;
      task.row_blocks = last - first;
      task.accumulate = accumulate;
      task.p = p + first * kRowBlock * kLanes;
      deconv.run.leaves.multiply_signs(task);
      task.fill_tables = false;
    });
  }
}

// Parts take rows of the image; what they share, a row on either side, is computed for the ky that each wants.
void run_signs(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const std::ptrdiff_t vectors = row_vectors(layer.side);
  const std::ptrdiff_t kernel = kernel_rows(layer.c_out);
  for_each_part(deconv.run, [&](int part) {
    const Piece rows = piece_of(layer.side, part, deconv.run.parts);
    const int a = static_cast<int>(rows.first);
    const int b = static_cast<int>(rows.last);
    if (a == b) return;
    float* const tables = deconv.run.scratch_of(part);
    float* const product = tables + kSignTableFloats;
    const std::ptrdiff_t vector_stride = 2 * kernel * kLanes;
    const auto assemble = [&](int t) {
      const float* const first = product + t % kKeptRows * vectors * vector_stride;
      const float* const sums[kKernel] = {nullptr, first, first + kernel * kLanes, nullptr, nullptr};
      assemble_rows(deconv, sums, vector_stride, kKernel * kLanes, t, 0, layer.c_out);
    };
    for (int i = larger(a - 1, 0); i <= smaller(b, layer.side - 1); ++i) {
      const KernelRows wanted = wanted_kernel_rows(i, a, b);
      for (std::ptrdiff_t v = 0; v < vectors; ++v)
        multiply_signs(deconv, i * vectors + v, tables, [&](int block, const auto& multiply) {
          for (int ky = wanted.first; ky < wanted.last; ++ky) {
            const int t = i - kRowOffset[ky];
            const int phase = 1 - ky % 2;
            const bool first_touch = block == 0 && (i < t || i == 0);
            multiply(ky, 0, kernel / kRowBlock, !first_touch,
                     product + (t % kKeptRows * vectors + v) * vector_stride + phase * kernel * kLanes);
          }
        });
      if (i > a) assemble(i - 1);
    }
    if (b == layer.side) assemble(b - 1);
  });
}

// Parts take output channels.
void run_narrow_signs(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const std::ptrdiff_t kernel = kernel_rows(layer.c_out);
  for_each_part(deconv.run, [&](int part) {
    const Piece channels = piece_of(layer.c_out, part, deconv.run.parts);
    if (channels.first == channels.last) return;
    float* const tables = deconv.run.scratch_of(part);
    float* const product = tables + kSignTableFloats;
    const std::ptrdiff_t vector_stride = kKernel * kernel * kLanes;
    for (std::ptrdiff_t v = 0; v < pixel_vectors(layer.side); ++v)
      multiply_signs(deconv, v, tables, [&](int block, const auto& multiply) {
        for (int ky = 0; ky < kKernel; ++ky)
          multiply(ky, channels.first * kKernel / kRowBlock, round_up(channels.last * kKernel, kRowBlock) / kRowBlock, block > 0,
                   product + v * vector_stride + ky * kernel * kLanes);
      });
    const ProductLayout layout{product + channels.first * kKernel * kLanes, layer.side, vector_stride, kernel * kLanes, kKernel * kLanes};
    assemble_rows(deconv, layout, 0, layer.side, static_cast<int>(channels.first), static_cast<int>(channels.last));
  });
}

// The product of output channel o and the input rows that the output rows 2a .. 2b - 1 want.
void multiply_floats(const DeconvRun& deconv, int o, int a, int b, const ProductLayout& layout, float* product) {
  const DeconvLayer& layer = deconv.layer;
  const auto multiply = deconv.run.leaves.multiply_floats;
  const std::ptrdiff_t panel = static_cast<std::ptrdiff_t>(layer.c_in) * kKernel;  // weights of one ky
  const float* const w = layer.weights + o * kKernel * panel;
  if (layer.side < 2 * kLanes) {  // all pixels, two vectors at a time; a lone one twice
    const std::ptrdiff_t vectors = pixel_vectors(layer.side);
    for (std::ptrdiff_t v = 0; v < vectors; v += 2) {
      const std::ptrdiff_t other = v + 1 < vectors ? v + 1 : v;
      for (int ky = 0; ky < kKernel; ++ky)
        multiply(w + ky * panel, layer.c_in, deconv.input_vector(v), deconv.input_vector(other),
                 product + v * layout.vector_stride + ky * layout.kernel_row_stride,
                 product + other * layout.vector_stride + ky * layout.kernel_row_stride);
    }
    return;
  }
  const std::ptrdiff_t vectors = row_vectors(layer.side);
  for (int i = larger(a - 1, 0); i <= smaller(b, layer.side - 1); ++i) {
    const KernelRows rows = wanted_kernel_rows(i, a, b);
    float* const p = product + i % layout.slots * vectors * layout.vector_stride;
    for (std::ptrdiff_t v = 0; v < vectors; v += 2)
      for (int ky = rows.first; ky < rows.last; ++ky)
        multiply(w + ky * panel, layer.c_in, deconv.input_vector(i * vectors + v), deconv.input_vector(i * vectors + v + 1),
                 p + v * layout.vector_stride + ky * layout.kernel_row_stride,
                 p + (v + 1) * layout.vector_stride + ky * layout.kernel_row_stride);
  }
}

// Parts take bands of rows of output channels.
void run_floats(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const int band = band_rows(layer.side);
  const int bands = layer.side / band;
  for_each_part(deconv.run, [&](int part) {
    float* const product = deconv.run.scratch_of(part);
    const ProductLayout layout{product, bands == 1 ? layer.side : band + 2, kTaps * kLanes, kKernel * kLanes, 0};
    const Piece items = piece_of(static_cast<std::ptrdiff_t>(layer.c_out) * bands, part, deconv.run.parts);
    for (std::ptrdiff_t item = items.first; item < items.last; ++item) {
      const int o = static_cast<int>(item / bands);
      const int a = static_cast<int>(item % bands) * band;
      multiply_floats(deconv, o, a, a + band, layout, product);
      assemble_rows(deconv, layout, a, a + band, o, o + 1);
    }
  });
}

void run_deconv(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const std::ptrdiff_t out_pixels = 4 * static_cast<std::ptrdiff_t>(layer.side) * layer.side;
  if (!deconv.to_image && out_pixels < kLanes)  // lanes that hold no pixel are multiplied all the same
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(layer.c_out) * kLanes; ++i) deconv.y[i] = 0.0f;
  if (layer.weights != nullptr) return run_floats(deconv);
  if (layer.side < kLanes) run_narrow_signs(deconv);
  else run_signs(deconv);
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
  return static_cast<std::size_t>(Plan(generator).floats(parts)) * sizeof(float) + kAlignment;
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

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

// ---- Signs: the product keeps three rows of input pixels, [row % 3][vector][product row][8]; images narrower than a vector
// keep all their pixels (at most two vectors).
struct SignShape {
  explicit SignShape(const DeconvLayer& layer)
      : groups(group_count(layer.c_in)),
        blocks(block_count(groups)),
        rows(round_up(static_cast<std::ptrdiff_t>(layer.c_out) * kTaps, kRowBlock)),
        narrow(layer.side < kLanes) {}
  std::ptrdiff_t product_floats(const DeconvLayer& layer) const {
    return (narrow ? pixel_vectors(layer.side) : 3 * row_vectors(layer.side)) * rows * kLanes;
  }

  int groups;
  int blocks;
  std::ptrdiff_t rows;
  bool narrow;
};

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

// Scratch: two activations that take turns, a product shared by all parts, and what each part has for itself.
struct Plan {
  std::ptrdiff_t activation[2] = {0, 0};
  std::ptrdiff_t shared_product = 0;
  std::ptrdiff_t part = 0;  // product and tables

  explicit Plan(const Generator& generator) {
    const auto grow = [](std::ptrdiff_t& size, std::ptrdiff_t need) { size = need > size ? need : size; };
    const LinearLayer& linear = generator.linear;
    grow(activation[0], activation_floats(linear.channels, linear.side));
    if (linear.sign_words != nullptr) grow(part, (linear.z_dim + kWordInputs - 1) / kWordInputs * kLanes);
    for (int i = 0; i < generator.deconv_count; ++i) {
      const DeconvLayer& layer = generator.deconvs[i];
      if (i + 1 < generator.deconv_count) grow(activation[(i + 1) % 2], activation_floats(layer.c_out, 2 * layer.side));
      if (layer.weights != nullptr) {
        grow(part, float_product_floats(layer.side));
        continue;
      }
      const SignShape shape(layer);
      const std::ptrdiff_t tables = kBlockGroups * kTableFloats;
      if (shape.narrow) grow(shared_product, shape.product_floats(layer));
      grow(part, tables + (shape.narrow ? 0 : shape.product_floats(layer)));
    }
    for (std::ptrdiff_t& size : activation) size = whole_lines(size);
    shared_product = whole_lines(shared_product);
    part = whole_lines(part);
  }
  std::ptrdiff_t floats(int parts) const { return activation[0] + activation[1] + shared_product + part * parts; }
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
  float* shared_product;
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

// Where the product of (input row, ky, output channel) stands.
struct ProductLayout {
  const float* base;
  int slots;  // input rows that are kept
  std::ptrdiff_t vector_stride;
  std::ptrdiff_t kernel_row_stride;
  std::ptrdiff_t channel_stride;
};

// Output rows 2t and 2t + 1 of channels [first, last).
void assemble_rows(const DeconvRun& deconv, const ProductLayout& product, int t, int first, int last) {
  const DeconvLayer& layer = deconv.layer;
  const int side = layer.side;
  const int out_side = 2 * side;
  AssembleTask task;
  task.vector_stride = product.vector_stride;
  task.side = side;
  task.activation = layer.activation;
  task.out_stride = deconv.to_image ? kLanes : static_cast<std::ptrdiff_t>(layer.c_out) * kLanes;
  const float* row[kKernel];
  for (int ky = 0; ky < kKernel; ++ky) {
    const int i = t + kRowOffset[ky];
    const std::ptrdiff_t pixel = static_cast<std::ptrdiff_t>(i % product.slots) * side;
    row[ky] = i < 0 || i >= side ? nullptr
                                 : product.base + pixel / kLanes * product.vector_stride + ky * product.kernel_row_stride + pixel % kLanes;
  }
  for (int o = first; o < last; ++o) {
    for (int ky = 0; ky < kKernel; ++ky) task.row[ky] = row[ky] == nullptr ? nullptr : row[ky] + o * product.channel_stride;
    task.scale = layer.scale[o];
    task.shift = layer.shift[o];
    const auto output = [&](std::ptrdiff_t pixel) {
      if (deconv.to_image) return deconv.y + static_cast<std::ptrdiff_t>(o) * out_side * out_side + pixel;
      return deconv.y + (pixel / kLanes * layer.c_out + o) * kLanes + pixel % kLanes;
    };
    task.even = output(static_cast<std::ptrdiff_t>(2 * t) * out_side);
    task.odd = output(static_cast<std::ptrdiff_t>(2 * t + 1) * out_side);
    deconv.run.leaves.assemble(task);
  }
}

// Adds up, for one vector of pixels, all channels into the rows of the row blocks [first, last).
void multiply_signs(const DeconvRun& deconv, const SignShape& shape, std::ptrdiff_t vector, std::ptrdiff_t first, std::ptrdiff_t last,
                    float* tables, float* p) {
  const DeconvLayer& layer = deconv.layer;
  for (int block = 0; block < shape.blocks; ++block) {
    const int group = block_begin(shape.groups, block);
    const int groups = block_begin(shape.groups, block + 1) - group;
    deconv.run.leaves.multiply_signs({layer.row_numbers + group * shape.rows, deconv.input_vector(vector), layer.c_in, group, groups, first,
                                      last, block > 0, tables, p});
  }
}

// Parts take rows of the image; what they share, a row on either side, is computed for the ky that each wants.
void run_signs(const DeconvRun& deconv, const SignShape& shape) {
  const DeconvLayer& layer = deconv.layer;
  const std::ptrdiff_t vectors = row_vectors(layer.side);
  const std::ptrdiff_t kernel_row = static_cast<std::ptrdiff_t>(layer.c_out) * kKernel;  // product rows of one ky
  for_each_part(deconv.run, [&](int part) {
    const Piece rows = piece_of(layer.side, part, deconv.run.parts);
    const int a = static_cast<int>(rows.first);
    const int b = static_cast<int>(rows.last);
    if (a == b) return;
    float* const tables = deconv.run.scratch_of(part);
    float* const product = tables + kBlockGroups * kTableFloats;
    const ProductLayout layout{product, 3, shape.rows * kLanes, kernel_row * kLanes, kKernel * kLanes};
    for (int i = larger(a - 1, 0); i <= smaller(b, layer.side - 1); ++i) {
      const KernelRows ky = wanted_kernel_rows(i, a, b);
      for (std::ptrdiff_t v = 0; v < vectors; ++v)
        multiply_signs(deconv, shape, i * vectors + v, ky.first * kernel_row / kRowBlock,
                       round_up(ky.last * kernel_row, kRowBlock) / kRowBlock, tables, product + (i % 3 * vectors + v) * layout.vector_stride);
      if (i > a) assemble_rows(deconv, layout, i - 1, 0, layer.c_out);
    }
    if (b == layer.side) assemble_rows(deconv, layout, b - 1, 0, layer.c_out);
  });
}

// Parts take rows of the product, then output channels.
void run_narrow_signs(const DeconvRun& deconv, const SignShape& shape) {
  const DeconvLayer& layer = deconv.layer;
  const Run& run = deconv.run;
  const ProductLayout layout{run.shared_product, layer.side, shape.rows * kLanes, static_cast<std::ptrdiff_t>(layer.c_out) * kKernel * kLanes,
                             kKernel * kLanes};
  for_each_part(run, [&](int part) {
    const Piece blocks = piece_of(shape.rows / kRowBlock, part, run.parts);
    for (std::ptrdiff_t v = 0; v < pixel_vectors(layer.side); ++v)
      multiply_signs(deconv, shape, v, blocks.first, blocks.last, run.scratch_of(part), run.shared_product + v * layout.vector_stride);
  });
  for_each_part(run, [&](int part) {
    const Piece channels = piece_of(layer.c_out, part, run.parts);
    for (int t = 0; t < layer.side; ++t)
      assemble_rows(deconv, layout, t, static_cast<int>(channels.first), static_cast<int>(channels.last));
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
      for (int t = a; t < a + band; ++t) assemble_rows(deconv, layout, t, o, o + 1);
    }
  });
}

void run_deconv(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const std::ptrdiff_t out_pixels = 4 * static_cast<std::ptrdiff_t>(layer.side) * layer.side;
  if (!deconv.to_image && out_pixels < kLanes)  // lanes that hold no pixel are multiplied all the same
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(layer.c_out) * kLanes; ++i) deconv.y[i] = 0.0f;
  if (layer.weights != nullptr) return run_floats(deconv);
  const SignShape shape(layer);
  if (shape.narrow) run_narrow_signs(deconv, shape);
  else run_signs(deconv, shape);
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
  float* const shared = take(plan.shared_product);
  const Run run{generator, leaves, serial ? nullptr : parallel, serial ? 1 : larger(parallel->parts, 1), z, image, {first, second}, shared, next,
                plan.part};
  run_linear(run);
  for (int i = 0; i < generator.deconv_count; ++i) {
    const bool last = i + 1 == generator.deconv_count;
    run_deconv({run, generator.deconvs[i], run.activation[i % 2], last ? image : run.activation[(i + 1) % 2], last});
  }
}

}  // namespace pbgen::edge

// Deconvolutions with pixels in the lanes: a product of input pixels, then an assembly of output rows.
#include "gan/edge/run.h"

namespace pbgen::edge {
namespace {

// ---- The product of one row of input pixels: which ky the output rows 2a .. 2b - 1 want of input row i.
struct KernelRows {
  int first;
  int last;
};
KernelRows wanted_kernel_rows(int i, int a, int b) {
  return {i > a ? 0 : i == a ? 1 : 3, i + 1 < b ? 5 : i < b ? 3 : 1};
}

// ---- Signs.  The products of the ky that reach the same output row are added where they are made: of output rows 2t and
// 2t + 1 the part keeps [t % kept_rows][vector][phase][o][kx][8].  In images narrower than a vector neighbouring rows share one, so
// that there the products stay apart: [vector][ky][o][kx][8].
//
// Where the path has leaves for pairs of vectors, they are two of a row, or of rows of one vector each those of two rows.  A few output
// channels would not pay for tables that nearly fill the first-level cache.
constexpr int kPairChannels = 16;
bool takes_pairs(const DeconvLayer& layer, const Leaves& leaves) {
  return leaves.multiply_sign_pairs != nullptr && layer.c_out >= kPairChannels;
}
bool pairs_rows(const DeconvLayer& layer, const Leaves& leaves) { return takes_pairs(layer, leaves) && layer.side == kLanes; }

// A row of input reaches the output of three t, two rows reach that of four.
int kept_rows(const DeconvLayer& layer, const Leaves& leaves) { return pairs_rows(layer, leaves) ? 4 : 3; }

std::ptrdiff_t sign_table_floats(const DeconvLayer& layer, const Leaves& leaves) {
  return (takes_pairs(layer, leaves) ? 2 : 1) * kBlockGroups * kTableFloats;
}

std::ptrdiff_t sign_product_floats(const DeconvLayer& layer, const Leaves& leaves) {
  const std::ptrdiff_t rows = kernel_rows(layer.c_out) * kLanes;
  return layer.side < kLanes ? pixel_vectors(layer.side) * kKernel * rows
                             : kept_rows(layer, leaves) * row_vectors(layer.side) * 2 * rows;
}

// ---- Floats: the product of one output channel and a band of rows, [row % (band + 2)][vector][ky][kx][8].
constexpr int kBandRows = 8;
int band_rows(int side) { return side >= 2 * kLanes ? kBandRows : side; }
std::ptrdiff_t float_product_floats(int side) {
  return (side >= 2 * kLanes ? (kBandRows + 2) * row_vectors(side) : pixel_vectors(side)) * kTaps * kLanes;
}
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
  task.out_channel_stride = deconv.to_image ? 2 * (deconv.last_row - deconv.first_row) * out_side : kLanes;
  task.out_vector_stride = deconv.to_image ? kLanes : static_cast<std::ptrdiff_t>(layer.c_out) * kLanes;
  const auto output = [&](std::ptrdiff_t pixel) {
    return deconv.y + first * task.out_channel_stride + pixel / kLanes * task.out_vector_stride + pixel % kLanes;
  };
  task.even = output(2 * (t - deconv.first_row) * out_side);
  task.odd = output((2 * (t - deconv.first_row) + 1) * out_side);
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

// Where a vector's product rows go; p null: nowhere.
struct Sums {
  float* p;
  bool accumulate;
};

constexpr std::ptrdiff_t kAlone = -1;

// For one vector of pixels, and `other` unless it is kAlone: calls rows(block, multiply) for each block of channels, in which multiply(ky,
// first, last, sums, sums of other) adds up the row blocks [first, last) of a ky; p: where its row 0 stands.
template <class Rows>
void multiply_signs(const DeconvRun& deconv, std::ptrdiff_t vector, std::ptrdiff_t other, float* tables, const Rows& rows) {
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
    rows(block, [&](int ky, std::ptrdiff_t first, std::ptrdiff_t last, const Sums& sums, const Sums& others) {
      const auto row = [&](float* p) { return p != nullptr ? p + first * kRowBlock * kLanes : nullptr; };
      task.numbers = numbers + (ky * kernel + first * kRowBlock) * task.groups;
      task.row_blocks = last - first;
      task.accumulate = sums.accumulate;
      task.p = row(sums.p);
      if (other == kAlone) deconv.run.leaves.multiply_signs(task);
      else deconv.run.leaves.multiply_sign_pairs({task, deconv.input_vector(other), row(others.p), others.accumulate});
      task.fill_tables = false;
    });
  }
}

// Parts take rows of the image; what they share, a row on either side, is computed for the ky that each wants.
void run_signs(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const Leaves& leaves = deconv.run.leaves;
  const std::ptrdiff_t vectors = row_vectors(layer.side);
  const std::ptrdiff_t kernel = kernel_rows(layer.c_out);
  const int kept = kept_rows(layer, leaves);
  const bool two_rows = pairs_rows(layer, leaves);
  const std::ptrdiff_t together = takes_pairs(layer, leaves) && !two_rows ? 2 : 1;
  for_each_part(deconv.run, [&](int part) {
    const Share rows = share_of(deconv.last_row - deconv.first_row, part, deconv.run.parts);
    const int a = deconv.first_row + static_cast<int>(rows.first);
    const int b = deconv.first_row + static_cast<int>(rows.last);
    if (a == b) return;
    float* const tables = deconv.run.scratch_of(part);
    float* const product = tables + sign_table_floats(layer, leaves);
    const std::ptrdiff_t vector_stride = 2 * kernel * kLanes;
    const auto assemble = [&](int t) {
      const float* const first = product + t % kept * vectors * vector_stride;
      const float* const sums[kKernel] = {nullptr, first, first + kernel * kLanes, nullptr, nullptr};
      assemble_rows(deconv, sums, vector_stride, kKernel * kLanes, t, 0, layer.c_out);
    };
    const int begin = larger(a - 1, 0);
    const int end = smaller(b + 1, layer.side);
    // Where the product of row i and ky goes.
    const auto sums_of = [&](int i, int ky, std::ptrdiff_t v, int block) {
      const KernelRows wanted = wanted_kernel_rows(i, a, b);
      if (i < begin || i >= end || ky < wanted.first || ky >= wanted.last) return Sums{nullptr, false};
      const int t = i - kRowOffset[ky];
      const int phase = 1 - ky % 2;
      const bool first_touch = block == 0 && (i < t || i == 0);
      return Sums{product + (t % kept * vectors + v) * vector_stride + phase * kernel * kLanes, !first_touch};
    };
    // The blocks of two rows take turns, so that the order of a sum depends on which rows are together: an even one and the next, in every
    // part.
    const int count = two_rows ? 2 : 1;
    for (int i = begin / count * count; i < end; i += count) {
      for (std::ptrdiff_t v = 0; v < vectors; v += together) {
        const std::ptrdiff_t other = count == 2 ? i + 1 : together == 2 ? i * vectors + v + 1 : kAlone;
        multiply_signs(deconv, i * vectors + v, other, tables, [&](int block, const auto& multiply) {
          // Where two rows reach the same output, the upper one does so by the larger ky: it touches the sums first.
          for (int ky = kKernel - 1; ky >= 0; --ky) {
            const Sums sums = sums_of(i, ky, v, block);
            Sums others{nullptr, false};
            if (other != kAlone) others = count == 2 ? sums_of(i + 1, ky, v, block) : sums_of(i, ky, v + 1, block);
            if (sums.p != nullptr || others.p != nullptr) multiply(ky, 0, kernel / kRowBlock, sums, others);
          }
        });
      }
      for (int row = larger(i, a + 1); row < smaller(i + count, end); ++row) assemble(row - 1);
    }
    if (b == layer.side) assemble(b - 1);
  });
}

// Parts take output channels.
void run_narrow_signs(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const Leaves& leaves = deconv.run.leaves;
  const std::ptrdiff_t kernel = kernel_rows(layer.c_out);
  const std::ptrdiff_t vectors = pixel_vectors(layer.side);
  const std::ptrdiff_t together = takes_pairs(layer, leaves) && vectors % 2 == 0 ? 2 : 1;
  for_each_part(deconv.run, [&](int part) {
    const Share channels = share_of(layer.c_out, part, deconv.run.parts);
    if (channels.first == channels.last) return;
    float* const tables = deconv.run.scratch_of(part);
    float* const product = tables + sign_table_floats(layer, leaves);
    const std::ptrdiff_t vector_stride = kKernel * kernel * kLanes;
    for (std::ptrdiff_t v = 0; v < vectors; v += together)
      multiply_signs(deconv, v, together == 2 ? v + 1 : kAlone, tables, [&](int block, const auto& multiply) {
        for (int ky = 0; ky < kKernel; ++ky) {
          float* const p = product + v * vector_stride + ky * kernel * kLanes;
          multiply(ky, channels.first * kKernel / kRowBlock, round_up(channels.last * kKernel, kRowBlock) / kRowBlock, {p, block > 0},
                   {p + vector_stride, block > 0});
        }
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

// Parts take bands of rows of output channels: channel by channel, so that weights stream through once, or, where they are fewer
// than the pixels, band by band, so that a part reads few rows that another one made.
void run_floats(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  const int band = band_rows(layer.side);
  const int bands = (deconv.last_row - deconv.first_row) / band;
  const bool by_band = static_cast<std::int64_t>(layer.c_out) * kTaps < static_cast<std::int64_t>(layer.side) * layer.side;
  for_each_part(deconv.run, [&](int part) {
    float* const product = deconv.run.scratch_of(part);
    const ProductLayout layout{product, band == layer.side ? band : band + 2, kTaps * kLanes, kKernel * kLanes, 0};
    const Share items = share_of(static_cast<std::ptrdiff_t>(layer.c_out) * bands, part, deconv.run.parts);
    for (std::ptrdiff_t item = items.first; item < items.last; ++item) {
      const int o = static_cast<int>(by_band ? item % layer.c_out : item / bands);
      const int a = deconv.first_row + static_cast<int>(by_band ? item / layer.c_out : item % bands) * band;
      multiply_floats(deconv, o, a, a + band, layout, product);
      assemble_rows(deconv, layout, a, a + band, o, o + 1);
    }
  });
}
}  // namespace

std::ptrdiff_t pixel_deconv_floats(const DeconvLayer& layer, const Leaves& leaves) {
  if (layer.weights != nullptr) return float_product_floats(layer.side);
  return sign_table_floats(layer, leaves) + sign_product_floats(layer, leaves);
}

int pixel_band_rows(const DeconvLayer& layer) { return layer.side < kLanes ? layer.side : band_rows(layer.side); }

void run_pixel_deconv(const DeconvRun& deconv) {
  if (deconv.layer.weights != nullptr) run_floats(deconv);
  else if (deconv.layer.side < kLanes) run_narrow_signs(deconv);
  else run_signs(deconv);
}

}  // namespace pbgen::edge

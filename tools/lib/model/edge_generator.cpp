#include "tools/lib/model/edge_generator.h"

#include <algorithm>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "gan/edge/pack.h"

namespace pbgen {
namespace {

void run_parts(void*, int count, void (*body)(void* body_context, int index), void* body_context) {
  parallel_items(count, [&](std::int64_t i) { body(body_context, static_cast<int>(i)); });
}

}  // namespace

edge::ParallelFor threads_in_force() {
  edge::ParallelFor parallel;
  parallel.run = run_parts;
  parallel.parts = thread_count();
  return parallel;
}

edge::Path edge_path() {
  const bool held_back = machine_supports(Isa::avx2) && isa() != Isa::avx2;
  return held_back ? edge::Path::portable : edge::best_path();
}

template <class T>
T* EdgeGenerator::keep(std::size_t count) {
  arrays_.emplace_back(static_cast<std::int64_t>(count * sizeof(T)));
  return reinterpret_cast<T*>(arrays_.back().data());
}

float* EdgeGenerator::keep_copy(const AlignedBuffer<float>& values) {
  float* const copy = keep<float>(static_cast<std::size_t>(values.size()));
  std::copy(values.begin(), values.end(), copy);
  return copy;
}

void EdgeGenerator::add_linear(const FoldedGenerator& folded) {
  const FoldedLayer& from = folded.layers[0];
  edge::LinearLayer& layer = generator_.linear;
  layer.z_dim = folded.config.z_dim;
  layer.channels = folded.config.g_widths[0];
  layer.side = folded.config.base();
  layer.scale = keep_copy(from.scale);
  float* const shift = keep<float>(edge::linear_shift_size(layer.channels, layer.side));
  edge::pack_linear_shift(from.shift.data(), layer.channels, layer.side, shift);
  layer.shift = shift;
  if (from.shape.binarized) {
    auto* const words = keep<std::uint32_t>(edge::linear_signs_size(layer.z_dim, layer.channels, layer.side));
    edge::pack_linear_signs(from.weights.data(), layer.z_dim, layer.channels, layer.side, words);
    layer.sign_words = words;
  } else {
    float* const weights = keep<float>(edge::linear_floats_size(layer.z_dim, layer.channels, layer.side));
    edge::pack_linear_floats(from.weights.data(), layer.z_dim, layer.channels, layer.side, weights);
    layer.weights = weights;
  }
}

void EdgeGenerator::add_deconv(const FoldedGenerator& folded, int number) {
  const FoldedLayer& from = folded.layers[number];
  edge::DeconvLayer& layer = generator_.deconvs[generator_.deconv_count++];
  layer.c_in = static_cast<int>(from.shape.dims[0]);
  layer.c_out = static_cast<int>(from.shape.c_out);
  layer.side = folded.config.base() << (number - 1);
  layer.activation = number + 1 == FoldedGenerator::kLayers ? edge::Activation::tanh : edge::Activation::relu;
  layer.scale = keep_copy(from.scale);
  layer.shift = keep_copy(from.shift);
  if (from.shape.binarized) {
    auto* const row_numbers = keep<std::uint8_t>(edge::deconv_signs_size(layer.c_in, layer.c_out));
    edge::pack_deconv_signs(from.weights.data(), layer.c_in, layer.c_out, row_numbers);
    layer.row_numbers = row_numbers;
  } else {
    float* const weights = keep<float>(edge::deconv_floats_size(layer.c_in, layer.c_out, layer.side));
    edge::pack_deconv_floats(from.weights.data(), layer.c_in, layer.c_out, layer.side, weights);
    layer.weights = weights;
  }
}

EdgeGenerator::EdgeGenerator(const FoldedGenerator& folded, edge::Path path) {
  check(edge::runs_here(path), "edge generator: this machine lacks path ", static_cast<int>(path));
  generator_.path = path;
  add_linear(folded);
  for (int number = 1; number < FoldedGenerator::kLayers; ++number) add_deconv(folded, number);
  const char* const fault = edge::fault_of(generator_);
  check(fault == nullptr, "edge generator: ", fault == nullptr ? "" : fault);
  parallel_ = threads_in_force();
  scratch_ = AlignedBuffer<unsigned char>(static_cast<std::int64_t>(edge::scratch_bytes(generator_, parallel_.parts)));
}

EdgeGenerator::EdgeGenerator(const Sequential& network, const NetworkConfig& config, edge::Path path)
    : EdgeGenerator(fold_generator(network, config), path) {}

std::int64_t EdgeGenerator::weight_bytes() const {
  std::int64_t bytes = 0;
  for (const AlignedBuffer<unsigned char>& array : arrays_) bytes += array.size();
  return bytes;
}

std::int64_t EdgeGenerator::scratch_bytes_alone() const { return static_cast<std::int64_t>(edge::scratch_bytes(generator_, 1)); }

void EdgeGenerator::generate_alone(const float* z, float* image, unsigned char* scratch) const {
  flush_denormals();
  edge::generate_one(generator_, z, image, scratch, nullptr);
}

void EdgeGenerator::generate(const float* z, float* image) {
  flush_denormals();  // as in the other threads
  edge::generate_one(generator_, z, image, scratch_.data(), &parallel_);
}

}  // namespace pbgen

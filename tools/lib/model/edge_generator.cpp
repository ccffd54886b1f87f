#include "tools/lib/model/edge_generator.h"

#include <utility>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "gan/edge/pbgen.h"
#include "gan/edge/pixels.h"
#include "gan/edge/placed_model.h"

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
  if (isa() == best_isa()) return edge::best_path();
  return isa() == Isa::ref ? edge::Path::portable : edge::Path::avx2;
}

EdgeGenerator::EdgeGenerator(PackedModel model, edge::Path path) : model_(std::move(model)), parallel_(threads_in_force()) {
  check(edge::runs_here(path), "edge generator: this machine lacks path ", static_cast<int>(path));
  edge::Arena measured;
  edge::place_generator(model_.layers(), path, measured, generator_);
  arena_ = AlignedBuffer<unsigned char>(static_cast<std::int64_t>(measured.bytes()));
  edge::Arena arena(arena_.data());
  edge::place_generator(model_.layers(), path, arena, generator_);
  const char* const fault = edge::fault_of(generator_);
  check(fault == nullptr, "edge generator: ", fault == nullptr ? "" : fault);
  scratch_ = AlignedBuffer<unsigned char>(static_cast<std::int64_t>(edge::scratch_bytes(generator_, parallel_.parts)));
}

EdgeGenerator::EdgeGenerator(const FoldedGenerator& folded, edge::Path path)
    : EdgeGenerator(PackedModel::parse(encode_packed_model(folded, {}), "the generator"), path) {}

EdgeGenerator::EdgeGenerator(const Sequential& network, const NetworkConfig& config, edge::Path path)
    : EdgeGenerator(fold_generator(network, config), path) {}

std::int64_t EdgeGenerator::weight_bytes() const {
  // In the arena; in the file all scales, and what the kernels read in place.
  std::int64_t bytes = arena_.size();
  for (const edge::ModelLayer& layer : model_.layers().layers) {
    const bool linear = &layer == model_.layers().layers;
    const bool in_place = layer.kind == edge::Weights::packed_signs || (linear && layer.kind != edge::Weights::signs);
    if (in_place) bytes += static_cast<std::int64_t>(layer.weight_bytes);
    bytes += 4 * (linear ? layer.c_out : 2 * layer.c_out);
  }
  return bytes;
}

std::int64_t EdgeGenerator::scratch_bytes_alone() const { return static_cast<std::int64_t>(edge::scratch_bytes(generator_, 1)); }

void EdgeGenerator::generate_alone(const float* z, float* image, unsigned char* scratch) const {
  flush_denormals();
  edge::generate_one(generator_, z, image, scratch, nullptr);
}

void EdgeGenerator::to_bytes(const float* image, std::uint8_t* bytes) const {
  const int pixels = config().size * config().size;
  edge::write_pixels(image, pixels, config().channels, pixels, PBGEN_CHANNELS8, bytes, 0);
}

void EdgeGenerator::generate(const float* z, float* image) {
  flush_denormals();  // as in the other threads
  edge::generate_one(generator_, z, image, scratch_.data(), &parallel_);
}

}  // namespace pbgen

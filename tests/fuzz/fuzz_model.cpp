// Exported models, as libpbgen and as the tools read them.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/files/crc64.h"
#include "gan/edge/pbgen.h"
#include "gan/folded_generator.h"
#include "gan/packed_model.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/allocations.h"
#include "tests/support/drawn_as_tool.h"
#include "tests/support/memory_bounds.h"
#include "tests/support/some_generator.h"

namespace pbgen::fuzz {
namespace {

// Arenas up to here are granted: room for an image of 256x256 with a few channels.
constexpr std::size_t kGrantedBytes = 4 << 20;

Bytes model_of(int size, int channels, int z_dim, std::array<int, 4> widths, LayerSet binarized, PackedModelOptions packing) {
  NetworkConfig config;
  config.size = size;
  config.channels = channels;
  config.z_dim = z_dim;
  config.g_widths = widths;
  config.binarized.generator = binarized;
  return encode_packed_model(fold_generator(some_generator(config), config), packing);
}

// Base maps from one pixel on, every kind of layer in every place, of both versions.
std::vector<Bytes> seeds() {
  constexpr PackedModelOptions kSingle{};
  constexpr PackedModelOptions kHalf{LinearPrecision::half};
  constexpr PackedModelOptions kPrepacked{LinearPrecision::single, true};
  return {model_of(16, 3, 3, {4, 3, 2, 1}, {0, 2}, kSingle),
          model_of(16, 1, 7, {5, 3, 7, 2}, {}, kHalf),
          model_of(32, 1, 31, {3, 5, 1, 3}, {0, 1, 2, 3, 4}, kSingle),
          model_of(64, 3, 2, {1, 9, 2, 2}, {1, 3}, kSingle),
          model_of(128, 1, 1, {2, 1, 1, 1}, {2, 4}, kSingle),
          model_of(32, 3, 64, {2, 2, 3, 2}, {1, 2, 3}, kHalf),
          model_of(16, 3, 3, {4, 3, 2, 1}, {0, 2}, kPrepacked),
          model_of(32, 1, 31, {3, 13, 1, 3}, {0, 1, 2, 3, 4}, kPrepacked),
          model_of(16, 1, 2, {67, 1, 2, 1}, {1, 3}, {LinearPrecision::half, true})};
}

// Another network altogether.
Bytes new_model(Draw& draw) {
  const auto some = [&](std::size_t most) { return static_cast<int>(1 + draw.below(most)); };
  std::string layers;
  for (char layer = '0'; layer <= '4'; ++layer)
    if (draw.one_in(2)) layers += layers.empty() ? std::string(1, layer) : concat(',', layer);
  return model_of(16 << draw.below(3), draw.one_in(2) ? 1 : 3, some(40), {some(8), some(12), some(9), some(7)},
                  LayerSet::parse(layers.empty() ? "none" : layers, 0, "layers"),
                  {draw.one_in(2) ? LinearPrecision::half : LinearPrecision::single, draw.one_in(2)});
}

void run_in_turn(void*, int count, void (*body)(void* body_context, int index), void* body_context) {
  for (int i = count - 1; i >= 0; --i) body(body_context, i);
}

struct Drawn {
  pbgen_info info{};
  bool accepted = false;
  std::optional<Bytes> image;  // nothing where the file is refused or wants a large arena
};

// Whatever its bytes: a code with a sentence, or a model that draws; never memory of its own.
Drawn draw_as_library(std::span<const std::uint8_t> file, const pbgen_options& options) {
  Drawn drawn;
  const int query = pbgen_query(file.data(), file.size(), &options, &drawn.info);
  require(query >= PBGEN_OK && query <= PBGEN_TOO_LARGE && std::strlen(pbgen_error_text(query)) > 10, "a code has a sentence");
  const std::size_t arena_bytes = query == PBGEN_OK ? drawn.info.arena_bytes : 1;
  if (query == PBGEN_OK) {
    require(arena_bytes <= largest_arena(file.size(), options.parallel_for.parts), "the arena is bounded as pbgen.h says");
    require(drawn.info.image_bytes <= std::size_t{3} * 1024 * 1024, "images are bounded");
  }
  const bool granted = arena_bytes <= kGrantedBytes;
  const std::unique_ptr<std::uint8_t[]> arena(new std::uint8_t[granted ? arena_bytes : 1]);
  pbgen_model* model = nullptr;
  int open = PBGEN_OK;
  const std::int64_t peak = peak_of([&] {
    open = pbgen_open(file.data(), file.size(), &options, arena.get(), granted ? arena_bytes : 1, &model);
  });
  require(peak == 0, "libpbgen allocates nothing", concat(peak));
  require((open >= PBGEN_OK && open <= PBGEN_TOO_LARGE) || open == PBGEN_ROW_NUMBERS, "a code has a sentence");
  require(query == PBGEN_OK || open != PBGEN_OK, "what cannot be queried cannot be opened");
  require((open == PBGEN_OK) == (model != nullptr), "a model or an error");
  require(open != PBGEN_ARENA || !granted, "the arena that was asked for is enough");
  drawn.accepted = open == PBGEN_OK || open == PBGEN_ARENA;  // the arena is looked at last
  if (open != PBGEN_OK) return drawn;
  drawn.image.emplace(drawn.info.image_bytes);
  require(pbgen_generate_seed(model, 1, 0, drawn.image->data()) == PBGEN_OK, "an opened model draws");
  return drawn;
}

std::optional<PackedModel> read_as_tool(std::span<const std::uint8_t> file) {
  std::optional<PackedModel> model;
  const std::int64_t peak = peak_of([&] {
    try {
      model = PackedModel::parse(file, kPath);
    } catch (const Error& error) {
      require_refusal(error, {ErrorKind::model_file, ErrorKind::diverged});
    }
  });
  require(peak <= largest_packed_model(std::ssize(file)), "memory is bounded as gan/packed_model.h says", concat(peak));
  return model;
}

}  // namespace
}  // namespace pbgen::fuzz

using namespace pbgen;
using namespace pbgen::fuzz;

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  make_seeds(*argc, *argv, seeds);
  flush_denormals();  // as the tools do; hostile weights may make them matter
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed) {
  Draw draw(seed);
  const Bytes file = draw.one_in(kAnewOneIn) ? new_model(draw) : Bytes(data, data + size);
  return give(mutated_file(file, max_size, draw), data, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> file(data, size);
  // Path and pieces as the bytes have it, so that a reproducer is one file.
  Crc64 crc;
  crc.add(file);
  const bool two_paths = machine_supports(Isa::avx2);
  const bool portable = two_paths && crc.value() % 2 == 0;
  const int parts = static_cast<int>(1 + crc.value() % 5);
  const pbgen_options options{portable ? PBGEN_PATH_PORTABLE : PBGEN_PATH_BEST, {run_in_turn, nullptr, parts}};
  const Drawn drawn = draw_as_library(file, options);
  std::optional<PackedModel> model = read_as_tool(file);
  require(drawn.accepted == model.has_value(), "what one reader refuses the other refuses", drawn.accepted ? "the tools do" : "it does");
  if (!model.has_value() || !drawn.image.has_value()) return 0;
  require(drawn.info.width == model->network().size && drawn.info.z_dim == model->network().z_dim, "both readers see one network");
  if (two_paths) set_isa(portable ? Isa::ref : Isa::avx2);
  require(*drawn.image == drawn_as_tool(std::move(*model)), "both draw the same image");
  return 0;
}

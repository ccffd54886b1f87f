#include "tools/web/module.h"

#include "core/freestanding/ints.h"
#include "gan/edge/model_file.h"

namespace edge = pbgen::edge;

static_assert(PBGEN_LAYERS == pbgen::kModelLayers);

// The linker's: behind the stack and the constants.
extern "C" unsigned char heap_begin asm("__heap_base");

void* pbgen_take_memory(size_t bytes) {
  constexpr std::uint64_t kAlignment = 64;
  constexpr std::uint64_t kPageBytes = 65536;  // of WebAssembly
  constexpr std::uint64_t kMostPages = 65536;
  static const std::uint64_t begin = reinterpret_cast<std::uintptr_t>(&heap_begin);
  static std::uint64_t used = begin;
  const std::uint64_t from = pbgen::round_up(used, kAlignment);
  const std::uint64_t to = from + bytes;
  const std::uint64_t there = __builtin_wasm_memory_size(0);
  const std::uint64_t wanted = pbgen::ceil_div(to, kPageBytes);
  if (wanted > kMostPages) return nullptr;
  if (wanted > there && __builtin_wasm_memory_grow(0, static_cast<std::size_t>(wanted - there)) == SIZE_MAX) return nullptr;
  used = to;
  return &heap_begin + (from - begin);
}

namespace {

int bits_of(edge::Weights kind) {
  switch (kind) {
    case edge::Weights::signs:
    case edge::Weights::packed_signs: return 1;
    case edge::Weights::halves: return 16;
    default: return 32;
  }
}

// What an array takes in the file.
std::uint64_t stored_bytes(std::uint64_t bytes) { return pbgen::round_up(bytes, std::uint64_t{pbgen::kModelArrayAlignment}); }

}  // namespace

int pbgen_layers(const void* data, size_t size, pbgen_layer layers[PBGEN_LAYERS]) {
  if (layers == nullptr) return PBGEN_ARGUMENT;
  pbgen_info info;
  edge::Header header;
  edge::Model model;
  edge::Fault fault;
  int code = pbgen_query(data, size, nullptr, &info);
  if (code == PBGEN_OK) code = edge::read_header(data, size, header);
  if (code == PBGEN_OK) code = edge::read_model(header, model, fault);
  if (code != PBGEN_OK) return code;
  for (int i = 0; i < PBGEN_LAYERS; ++i) {
    const edge::ModelLayer& from = model.layers[i];
    layers[i] = {from.c_in,
                 from.c_out,
                 i == 0 ? from.side : 2 * from.side,
                 bits_of(from.kind),
                 from.weight_count,
                 stored_bytes(from.weight_bytes),
                 stored_bytes(4 * static_cast<std::uint64_t>(from.c_out)) + stored_bytes(4 * from.shift_count)};
  }
  return PBGEN_OK;
}

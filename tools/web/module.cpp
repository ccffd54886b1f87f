#include "tools/web/module.h"

#include "core/freestanding/ints.h"
#include "gan/edge/model_file.h"

using namespace pbgen::edge;

static_assert(PBGEN_LAYERS == pbgen::kModelLayers);

extern "C" unsigned char __heap_base;  // the linker's: behind the stack and the constants

void* pbgen_take_memory(size_t bytes) {
  constexpr std::uint64_t kAlignment = 64;
  constexpr std::uint64_t kPageBytes = 65536;  // of WebAssembly
  static std::uint64_t used = reinterpret_cast<std::uintptr_t>(&__heap_base);
  const std::uint64_t begin = pbgen::round_up(used, kAlignment);
  const std::uint64_t end = begin + bytes;
  const std::uint64_t there = __builtin_wasm_memory_size(0);
  const std::uint64_t wanted = pbgen::ceil_div(end, kPageBytes);
  constexpr std::uint64_t kMostPages = 65536;
  if (wanted > kMostPages) return nullptr;
  if (wanted > there && __builtin_wasm_memory_grow(0, static_cast<std::size_t>(wanted - there)) == static_cast<std::size_t>(-1))
    return nullptr;
  used = end;
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(begin));
}

namespace {

int bits_of(Weights kind) {
  switch (kind) {
    case Weights::signs: return 1;
    case Weights::halves: return 16;
    default: return 32;
  }
}

// Bytes of an array in the file.
std::uint64_t stored_bytes(std::uint64_t count, int bits) {
  const std::uint64_t bytes = pbgen::ceil_div(count * static_cast<unsigned>(bits), std::uint64_t{8});
  return pbgen::round_up(bytes, std::uint64_t{pbgen::kModelArrayAlignment});
}

}  // namespace

int pbgen_layers(const void* data, size_t size, pbgen_layer layers[PBGEN_LAYERS]) {
  pbgen_info info;
  Header header;
  Model model;
  Fault fault;
  if (layers == nullptr) return PBGEN_ARGUMENT;
  int code = pbgen_query(data, size, nullptr, &info);
  if (code == PBGEN_OK) code = read_header(data, size, header);
  if (code == PBGEN_OK) code = read_model(header, model, fault);
  if (code != PBGEN_OK) return code;
  for (int i = 0; i < PBGEN_LAYERS; ++i) {
    const ModelLayer& from = model.layers[i];
    const int bits = bits_of(from.kind);
    layers[i] = {from.c_in,
                 from.c_out,
                 i == 0 ? from.side : 2 * from.side,
                 bits,
                 from.weight_count,
                 stored_bytes(from.weight_count, bits),
                 stored_bytes(static_cast<std::uint64_t>(from.c_out), 32) + stored_bytes(from.shift_count, 32)};
  }
  return PBGEN_OK;
}

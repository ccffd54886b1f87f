// What reading a file may take, as the readers' headers state it, for whatever file: of hostile ones by tests and by `make fuzz`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/check.h"
#include "core/files/json.h"
#include "core/files/safetensors.h"
#include "gan/checkpoint.h"
#include "tests/support/allocations.h"

namespace pbgen {

// Gives `expect` the most memory that `body` held, whether it was done or refused with an Error, which is then thrown on.
template <class Body, class Expect>
void with_peak(Body&& body, Expect&& expect) {
  std::optional<Error> refused;
  const std::int64_t peak = peak_of([&] {
    try {
      body();
    } catch (const Error& error) {
      refused = error;
    }
  });
  expect(peak);
  if (refused) throw Error(*refused);
}

// Beside what grows with a file: messages, tables of a fixed size, and the layers of the smallest network.
inline constexpr std::int64_t kReaderBytes = 64 << 10;

inline std::int64_t largest_json(std::int64_t text_bytes) { return kJsonMemoryFactor * text_bytes + kReaderBytes; }

// header_bytes: of file_bytes, those before the data.
inline std::int64_t largest_safetensors(std::int64_t header_bytes, std::int64_t file_bytes) {
  return kJsonMemoryFactor * header_bytes + 2 * file_bytes + kReaderBytes;
}

// PackedModel::parse.
inline std::int64_t largest_packed_model(std::int64_t file_bytes) { return file_bytes + kReaderBytes; }

// Checkpoint::generator().
inline std::int64_t largest_generator(std::int64_t file_bytes) { return 5 * file_bytes + kReaderBytes; }

// pbgen_query's arena_bytes.
inline std::size_t largest_arena(std::size_t file_bytes, int parts) {
  constexpr std::size_t kMegabyte = 1 << 20;
  return 32 * file_bytes + (524 + 32 * static_cast<std::size_t>(parts)) * kMegabyte;
}

}  // namespace pbgen

// What the fuzz targets share.  A target is a program of libFuzzer (`make fuzz`): it is given bytes, reads them as a tool would, and
// ends with a sentence where a promise of the reader's header does not hold.  `TARGET --make-seeds DIR` writes what to begin from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/rng.h"

namespace pbgen::fuzz {

using Bytes = std::vector<std::uint8_t>;

// Longer inputs are cut off (-max_len in run.sh): every seed is shorter.
inline constexpr std::size_t kLongestInput = 24 << 10;

// The path that readers are told.
inline constexpr const char* kPath = "fuzzed";

// libFuzzer keeps the input and a trace.
inline void require(bool holds, const char* promise, const std::string& instead = "") {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s%s%s\n", promise, instead.empty() ? "" : ": ", instead.c_str());
  std::abort();
}

// An error is of one of these kinds, and one line that a terminal shows as it is and that begins with kPath.
void require_refusal(const Error& error, std::initializer_list<ErrorKind> kinds);

// Random numbers of one call of a mutator.
class Draw {
 public:
  explicit Draw(unsigned int seed) : rng_(seed, Stream::test) {}
  // 0 .. count - 1
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(rng_.below(index_++, count)); }
  bool one_in(std::size_t count) { return below(count) == 0; }

 private:
  CounterRng rng_;
  std::uint64_t index_ = 0;
};

// What libFuzzer makes of the bytes, at most max_size of them.
Bytes mutated(Bytes bytes, std::size_t max_size);
// One of the numbers in `text` replaced by one that is likely to be a limit, or the next.
void change_a_number(Bytes& text, Draw& draw);
// A file of core/files/safetensors.h: its header or its data changed, the header's length, the place of the data and the checksum put right
// again, but not always.
Bytes mutated_file(const Bytes& file, std::size_t max_size, Draw& draw);

// How often a mutator begins anew from what is right: most of what libFuzzer keeps is refused early, and so is what follows from it.
inline constexpr std::size_t kAnewOneIn = 8;

// Copies to data, which has room for max_size bytes; what does not fit is cut off.
std::size_t give(const Bytes& bytes, std::uint8_t* data, std::size_t max_size);

// For LLVMFuzzerInitialize: where the program was called with --make-seeds DIR, writes the seeds and ends it.
void make_seeds(int argc, char** argv, std::vector<Bytes> (*seeds)());

}  // namespace pbgen::fuzz

// Several arrays gone through by threads in one region: a network has some thirty, most of them small.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/parallel.h"
#include "core/freestanding/ints.h"

namespace pbgen {

class ArrayChunks {
 public:
  // Floats of a chunk: they are looked at twice while they are in L1.
  static constexpr std::int64_t kChunk = 1 << 10;

  void append(std::int64_t size) {
    ends_.push_back((ends_.empty() ? 0 : ends_.back()) + ceil_div(size, kChunk));
    sizes_.push_back(size);
  }

  // Calls body(array, begin, end) for chunks that cover every array, threads splitting them.
  template <class Body>
  void for_each(Body body) const {
    if (ends_.empty()) return;
    parallel_for(ends_.back(), [&](std::int64_t first, std::int64_t last) {
      auto array = static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), first) - ends_.begin());
      for (std::int64_t chunk = first; chunk < last; ++chunk) {
        while (chunk >= ends_[array]) ++array;
        const std::int64_t begin = (chunk - (array == 0 ? 0 : ends_[array - 1])) * kChunk;
        body(array, begin, std::min(begin + kChunk, sizes_[array]));
      }
    }, min_piece_of(kChunk));
  }

 private:
  std::vector<std::int64_t> sizes_;
  std::vector<std::int64_t> ends_;  // in chunks
};

}  // namespace pbgen

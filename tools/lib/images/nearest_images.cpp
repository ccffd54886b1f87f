#include "tools/lib/images/nearest_images.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/check.h"
#include "core/base/parallel.h"

namespace pbgen {
namespace {

std::int64_t squared_difference(const std::uint8_t* a, const std::uint8_t* b, std::int64_t bytes) {
  // 32 bits hold the sum of 2^15 squares below 2^16; they are gathered in 64.
  constexpr std::int64_t kChunk = 1 << 15;
  std::int64_t total = 0;
  for (std::int64_t begin = 0; begin < bytes; begin += kChunk) {
    const std::int64_t end = std::min(bytes, begin + kChunk);
    std::uint32_t sum = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      const int difference = a[i] - b[i];
      sum += static_cast<std::uint32_t>(difference * difference);
    }
    total += sum;
  }
  return total;
}

}  // namespace

std::vector<std::vector<Neighbour>> nearest_images(const ImageSet& set, std::span<const std::uint32_t> candidates,
                                                   std::span<const std::uint8_t> queries, int count) {
  const std::int64_t bytes = set.bytes_per_image();
  check(bytes > 0 && static_cast<std::int64_t>(queries.size()) % bytes == 0, queries.size(), " bytes are not whole images of ", bytes);
  const std::size_t kept = std::min(static_cast<std::size_t>(count), candidates.size());
  std::vector<std::vector<Neighbour>> nearest;
  std::vector<std::pair<std::int64_t, std::size_t>> distances(candidates.size());
  for (std::size_t query = 0; query < queries.size(); query += static_cast<std::size_t>(bytes)) {
    parallel_for(static_cast<std::int64_t>(candidates.size()), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto place = static_cast<std::size_t>(i);
        distances[place] = {squared_difference(set.image(candidates[place]).data(), queries.data() + query, bytes), place};
      }
    });
    std::partial_sort(distances.begin(), distances.begin() + static_cast<std::ptrdiff_t>(kept), distances.end());
    std::vector<Neighbour>& found = nearest.emplace_back();
    for (std::size_t i = 0; i < kept; ++i) {
      found.push_back({candidates[distances[i].second], std::sqrt(static_cast<double>(distances[i].first) / static_cast<double>(bytes))});
    }
  }
  return nearest;
}

}  // namespace pbgen

#include "metrics/image_source.h"

#include <memory>
#include <utility>

#include "core/base/check.h"

namespace pbgen {

ImageSource subset(const ImageSource& source, std::vector<std::int64_t> numbers) {
  for (const std::int64_t number : numbers) check(number >= 0 && number < source.count, "image ", number, " of ", source.count);
  const auto shared = std::make_shared<const std::vector<std::int64_t>>(std::move(numbers));
  ImageSource chosen = source;
  chosen.count = static_cast<std::int64_t>(shared->size());
  chosen.read = [source, shared](std::int64_t first, std::int64_t n, std::uint8_t* out) {
    for (std::int64_t i = 0; i < n; ++i) source.read((*shared)[first + i], 1, out + i * source.bytes_per_image());
  };
  return chosen;
}

}  // namespace pbgen

// Decoded images, ready for the networks: bytes, all of one size, in memory or mapped from a cache file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "core/base/check.h"

namespace pbgen {

// Pixels [count][size][size][channels], channels interleaved, 0..255.  Copies share the pixels.
class ImageSet {
 public:
  ImageSet() = default;
  // storage keeps pixels alive.
  ImageSet(std::shared_ptr<const void> storage, const std::uint8_t* pixels, std::int64_t count, int size, int channels)
      : storage_(std::move(storage)), pixels_(pixels), count_(count), size_(size), channels_(channels) {}

  std::int64_t count() const { return count_; }
  int size() const { return size_; }
  int channels() const { return channels_; }
  std::int64_t bytes_per_image() const { return static_cast<std::int64_t>(size_) * size_ * channels_; }
  // i in [0, count), else std::logic_error.
  std::span<const std::uint8_t> image(std::int64_t i) const {
    check(i >= 0 && i < count_, "image ", i, " of ", count_);
    return {pixels_ + i * bytes_per_image(), static_cast<std::size_t>(bytes_per_image())};
  }

 private:
  std::shared_ptr<const void> storage_;
  const std::uint8_t* pixels_ = nullptr;
  std::int64_t count_ = 0;
  int size_ = 0;
  int channels_ = 0;
};

}  // namespace pbgen

// Channels in panels of a few heights: the rows of the general kernels' tiles.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pbgen {

// As few padded channels as can be, then as few panels, then as even ones.  Panels of six and four: of three channels and more at most one
// row is empty, and 7 and 8 are two fours.  Of twelve, eight and four: 16 are two eights.
class ChannelPanels {
 public:
  static constexpr int kHeights = 3;
  // What tiles there are, the highest first; 0 where there are fewer.
  using Heights = std::int64_t[kHeights];

  ChannelPanels(std::int64_t channels, const Heights& heights) : channels_(channels) {
    std::copy_n(heights, kHeights, heights_);
    padded_ = -1;
    for (std::int64_t third = 0; third <= (heights[2] > 0 ? 1 : 0); ++third)
      for (std::int64_t second = 0; second <= 2; ++second) {
        const std::int64_t lower = second * heights[1] + third * heights[2];
        const std::int64_t first = (std::max<std::int64_t>(channels - lower, 0) + heights[0] - 1) / heights[0];
        const std::int64_t padded = first * heights[0] + lower;
        const std::int64_t panels = first + second + third;
        if (padded_ >= 0 && (padded > padded_ || (padded == padded_ && panels >= count()))) continue;
        padded_ = padded;
        counts_[0] = first;
        counts_[1] = second;
        counts_[2] = third;
      }
  }

  std::int64_t channels() const { return channels_; }
  std::int64_t padded_channels() const { return padded_; }
  std::int64_t count() const { return counts_[0] + counts_[1] + counts_[2]; }
  std::int64_t highest() const { return counts_[0]; }  // the first ones
  int kind(std::int64_t panel) const { return panel < counts_[0] ? 0 : panel < counts_[0] + counts_[1] ? 1 : 2; }
  std::int64_t rows(std::int64_t panel) const { return heights_[kind(panel)]; }
  // First channel; of count() the padded channels.
  std::int64_t begin(std::int64_t panel) const {
    std::int64_t begin = 0;
    for (int i = 0; i < kHeights; ++i) {
      const std::int64_t before = std::min(panel, counts_[i]);
      begin += before * heights_[i];
      panel -= before;
    }
    return begin;
  }
  bool operator==(const ChannelPanels&) const = default;
  // Rows that are channels.
  std::int64_t valid(std::int64_t panel) const { return std::min(rows(panel), channels_ - begin(panel)); }

 private:
  std::int64_t channels_;
  Heights heights_;
  std::int64_t padded_;
  std::int64_t counts_[kHeights] = {};
};

}  // namespace pbgen

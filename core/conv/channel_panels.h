// Channels in panels of six, then of four: the rows of the general kernels' tiles.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pbgen {

// As few padded channels as can be, then as few panels: of three channels and more at most one row is empty, and 7 and 8 are two
// fours.
class ChannelPanels {
 public:
  static constexpr std::int64_t kRows = 6;
  static constexpr std::int64_t kFewRows = 4;

  explicit ChannelPanels(std::int64_t channels) : channels_(channels) {
    const std::int64_t rest = channels % kRows;
    const bool two_fours = (rest == 1 || rest == 2) && channels > kRows;
    sixes_ = channels / kRows + (rest == 5) - two_fours;
    fours_ = rest == 0 || rest == 5 ? 0 : 1 + two_fours;
  }

  std::int64_t channels() const { return channels_; }
  std::int64_t padded_channels() const { return sixes_ * kRows + fours_ * kFewRows; }
  std::int64_t count() const { return sixes_ + fours_; }
  std::int64_t sixes() const { return sixes_; }  // the first ones
  std::int64_t rows(std::int64_t panel) const { return panel < sixes_ ? kRows : kFewRows; }
  // First channel; of count() the padded channels.
  std::int64_t begin(std::int64_t panel) const {
    return panel <= sixes_ ? panel * kRows : sixes_ * kRows + (panel - sixes_) * kFewRows;
  }
  // Rows that are channels.
  std::int64_t valid(std::int64_t panel) const { return std::min(rows(panel), channels_ - begin(panel)); }

 private:
  std::int64_t channels_;
  std::int64_t sixes_;
  std::int64_t fours_;
};

}  // namespace pbgen

#include "data/formats/jpeg_colour.h"

#include <algorithm>
#include <vector>

namespace pbgen {
namespace {

using Row = std::vector<std::uint8_t>;

// Rows of one component at the picture's resolution.
class Upsampler {
 public:
  Upsampler(const JpegFrame& frame, const JpegComponent& component)
      : component_(component), across_(frame.h_most / component.h), down_(frame.v_most / component.v) {
    // The border's samples want a third one beside them.
    smooth_across_ = across_ == 2 && down_ <= 2 && component.width > 2;
    smooth_down_ = down_ == 2 && (across_ == 1 || smooth_across_);
    if (across_ > 1 || smooth_down_) row_.resize(static_cast<std::size_t>(component.width) * across_);
    if (smooth_across_ && smooth_down_) sums_.resize(static_cast<std::size_t>(component.width));
  }

  const std::uint8_t* row(int y) {
    const int near = y / down_;
    const std::uint8_t* const nearer = component_.row(near);
    if (smooth_down_) {
      const int far = std::clamp(y % 2 == 0 ? near - 1 : near + 1, 0, component_.height - 1);
      if (smooth_across_) {
        smooth_both(nearer, component_.row(far));
      } else {
        smooth_rows(nearer, component_.row(far), y % 2 == 0 ? 1 : 2);
      }
    } else if (smooth_across_) {
      smooth_columns(nearer);
    } else if (across_ > 1) {
      for (std::size_t x = 0; x < row_.size(); ++x) row_[x] = nearer[x / static_cast<std::size_t>(across_)];
    } else {
      return nearer;
    }
    return row_.data();
  }

 private:
  void smooth_columns(const std::uint8_t* in) {
    const auto last = static_cast<std::size_t>(component_.width) - 1;
    row_.front() = in[0];
    for (std::size_t x = 0; x < last; ++x) {
      row_[2 * x + 1] = static_cast<std::uint8_t>((3 * in[x] + in[x + 1] + 2) >> 2);
      row_[2 * x + 2] = static_cast<std::uint8_t>((in[x] + 3 * in[x + 1] + 1) >> 2);
    }
    row_.back() = in[last];
  }

  void smooth_rows(const std::uint8_t* nearer, const std::uint8_t* farther, int rounding) {
    for (std::size_t x = 0; x < row_.size(); ++x) row_[x] = static_cast<std::uint8_t>((3 * nearer[x] + farther[x] + rounding) >> 2);
  }

  void smooth_both(const std::uint8_t* nearer, const std::uint8_t* farther) {
    const auto last = static_cast<std::size_t>(component_.width) - 1;
    for (std::size_t x = 0; x <= last; ++x) sums_[x] = static_cast<std::int16_t>(3 * nearer[x] + farther[x]);
    const std::int16_t* const sums = sums_.data();
    std::uint8_t* const out = row_.data();
    out[0] = static_cast<std::uint8_t>((4 * sums[0] + 8) >> 4);
    for (std::size_t x = 0; x < last; ++x) {
      out[2 * x + 1] = static_cast<std::uint8_t>((3 * sums[x] + sums[x + 1] + 7) >> 4);
      out[2 * x + 2] = static_cast<std::uint8_t>((sums[x] + 3 * sums[x + 1] + 8) >> 4);
    }
    out[2 * last + 1] = static_cast<std::uint8_t>((4 * sums[last] + 7) >> 4);
  }

  const JpegComponent& component_;
  int across_;  // pixels to a sample
  int down_;
  bool smooth_across_;
  bool smooth_down_;
  Row row_;
  std::vector<std::int16_t> sums_;  // 3 of the nearer row and 1 of the farther one
};

std::uint8_t clamped(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

// Rec. 601 at full range, of 16 bits behind the point: R = Y + 1.402 Cr, G = Y - 0.34414 Cb - 0.71414 Cr, B = Y + 1.772 Cb.  Whole parts of
// the factors are added by themselves, so that products are of 16 bits by 16.
void ycbcr_to_rgb(const std::uint8_t* y, const std::uint8_t* cb, const std::uint8_t* cr, std::size_t width, std::uint8_t* red,
                  std::uint8_t* green, std::uint8_t* blue) {
  constexpr std::int16_t kRedCr = 26345;
  constexpr std::int16_t kGreenCb = -22554;
  constexpr std::int16_t kGreenCr = 18734;
  constexpr std::int16_t kBlueCb = -14942;
  constexpr int kHalf = 1 << 15;
  for (std::size_t x = 0; x < width; ++x) {
    const auto b = static_cast<std::int16_t>(cb[x] - 128);
    const auto r = static_cast<std::int16_t>(cr[x] - 128);
    red[x] = clamped(y[x] + r + ((r * kRedCr + kHalf) >> 16));
    green[x] = clamped(y[x] - r + ((b * kGreenCb + r * kGreenCr + kHalf) >> 16));
    blue[x] = clamped(y[x] + 2 * b + ((b * kBlueCb + kHalf) >> 16));
  }
}

void interleave(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue, std::size_t width, std::uint8_t* to) {
  for (std::size_t x = 0; x < width; ++x) {
    to[3 * x] = red[x];
    to[3 * x + 1] = green[x];
    to[3 * x + 2] = blue[x];
  }
}

std::uint8_t light(int ink, int black) { return static_cast<std::uint8_t>((ink * black + 127) / 255); }

}  // namespace

Image jpeg_pixels(const JpegFrame& frame, JpegColours colours) {
  std::vector<Upsampler> components;
  for (const JpegComponent& component : frame.components) components.emplace_back(frame, component);
  const bool grey = colours == JpegColours::grey;
  const auto width = static_cast<std::size_t>(frame.width);
  Image image = Image::black(frame.width, frame.height, grey ? 1 : 3);
  Row converted(3 * width);
  for (int y = 0; y < frame.height; ++y) {
    std::uint8_t* const to = image.row(y);
    const std::uint8_t* rows[4] = {};
    for (std::size_t c = 0; c < components.size(); ++c) rows[c] = components[c].row(y);
    if (grey) {
      std::copy_n(rows[0], width, to);
      continue;
    }
    if (colours == JpegColours::ycbcr || colours == JpegColours::ycck) {
      std::uint8_t* const red = converted.data();
      ycbcr_to_rgb(rows[0], rows[1], rows[2], width, red, red + width, red + 2 * width);
      for (std::size_t c = 0; c < 3; ++c) rows[c] = red + c * width;
    }
    interleave(rows[0], rows[1], rows[2], width, to);
    if (colours == JpegColours::rgb || colours == JpegColours::ycbcr) continue;
    for (std::size_t x = 0; x < width; ++x)
      for (std::size_t c = 0; c < 3; ++c) {
        std::uint8_t& value = to[3 * x + c];
        value = light(colours == JpegColours::ycck ? 255 - value : value, rows[3][x]);
      }
  }
  return image;
}

}  // namespace pbgen

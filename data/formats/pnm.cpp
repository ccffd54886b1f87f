#include "data/formats/pnm.h"

#include "core/base/check.h"

namespace pbgen {
namespace {

// Reads the header's numbers, which white space and comments separate.
class HeaderReader {
 public:
  explicit HeaderReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  // At most six digits, so that it cannot overflow.
  int number() {
    skip_space_and_comments();
    int value = 0;
    int digits = 0;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9'; ++at_) {
      if (++digits > 6) fail(ErrorKind::data, "a number of the PNM header has more than 6 digits");
      value = value * 10 + (bytes_[at_] - '0');
    }
    if (digits == 0) fail(ErrorKind::data, "the PNM header is broken: width, height and maximum expected");
    return value;
  }

  // Where the samples begin: after the one white space that follows the last number.
  std::size_t samples_begin() const {
    if (at_ >= bytes_.size() || !is_space(bytes_[at_])) fail(ErrorKind::data, "the PNM header is broken: white space expected");
    return at_ + 1;
  }

 private:
  static bool is_space(std::uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  void skip_space_and_comments() {
    for (; at_ < bytes_.size(); ++at_) {
      if (bytes_[at_] == '#') {
        while (at_ + 1 < bytes_.size() && bytes_[at_ + 1] != '\n' && bytes_[at_ + 1] != '\r') ++at_;
      } else if (!is_space(bytes_[at_])) {
        return;
      }
    }
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 2;
};

}  // namespace

DecodedImage decode_pnm(std::span<const std::uint8_t> bytes) {
  check(bytes.size() >= 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7', "not a PNM");
  if (bytes[1] <= '3')
    fail(ErrorKind::data, "a PNM written in plain text (P", char(bytes[1]), "), which is not read; save it as binary (P5, P6)");
  if (bytes[1] == '4') fail(ErrorKind::data, "a PNM of single bits (P4), which is not read; save it as grey (P5)");
  if (bytes[1] == '7') fail(ErrorKind::data, "a PAM (P7), which is not read; save it as PNM (P5, P6)");
  HeaderReader header(bytes);
  const int width = header.number();
  const int height = header.number();
  const int maximum = header.number();
  const std::size_t begin = header.samples_begin();
  check_image_sides(width, height);
  if (maximum < 1 || maximum > 65535) fail(ErrorKind::data, "the PNM maximum is ", maximum, ", it must be in 1..65535");

  const int channels = bytes[1] == '5' ? 1 : 3;
  const bool wide = maximum > 255;
  const std::size_t samples = static_cast<std::size_t>(width) * height * channels;
  const std::size_t needed = samples * (wide ? 2 : 1);
  const std::size_t available = bytes.size() - begin;
  if (available < needed) fail(ErrorKind::data, "truncated: ", available, " bytes of samples, ", needed, " expected");
  // A second picture, or samples wider than the maximum says; the format has no other bytes there.
  if (available > needed)
    fail(ErrorKind::data, available - needed, " bytes behind the last sample: several pictures in one PNM, or a wrong header");

  DecodedImage result;
  result.image = Image::black(width, height, channels);
  result.was_grey = channels == 1;
  result.was_16_bit = wide;
  const std::uint8_t* const source = bytes.data() + begin;
  for (std::size_t i = 0; i < samples; ++i) {
    const int sample = wide ? source[2 * i] << 8 | source[2 * i + 1] : source[i];
    if (sample > maximum) fail(ErrorKind::data, "corrupt: a sample of ", sample, " is above the PNM's maximum of ", maximum);
    result.image.pixels[i] = static_cast<std::uint8_t>((sample * 255 + maximum / 2) / maximum);
  }
  return result;
}

}  // namespace pbgen

// Which part of a picture is used.
#pragma once

#include <string>

namespace pbgen {

// Which part of a picture is kept before it is resized.
struct Crop {
  enum class Kind {
    largest_square,  // centred, of the shorter side: resizing all of an oblong picture would distort it
    rectangle,       // width x height from (left, top); an oblong one is resized to a square as it is, as the reference does
    centre,          // a centred square of width pixels
  };
  Kind kind = Kind::largest_square;
  int width = 0;
  int height = 0;
  int left = 0;
  int top = 0;

  bool operator==(const Crop&) const = default;
};

// The reference's crop of the 178x218 aligned faces, 108x108+35+55.
inline constexpr Crop kCelebaCrop{Crop::Kind::rectangle, 108, 108, 35, 55};

// "WxH+X+Y" (X from the left, Y from the top), "center:S", or "" for the largest centred square.  InvalidOption otherwise.
Crop parse_crop(const std::string& text);
// The inverse, for a report or a configuration.
std::string to_string(const Crop& crop);

}  // namespace pbgen

#include "data/crop.h"

#include <charconv>
#include <string_view>

#include "core/base/check.h"
#include "core/base/option_error.h"
#include "data/image.h"

namespace pbgen {
namespace {

// Takes decimal digits, and then the separator, off the front of text.  No separator ('\0'): the text must end there.
bool take_number(std::string_view& text, char separator, int& value) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value > kMaxImageSide) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (separator == '\0') return text.empty();
  if (!text.starts_with(separator)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Crop parse_crop(const std::string& text) {
  constexpr std::string_view kCentre = "center:";
  Crop crop;
  if (text.empty()) return crop;
  std::string_view rest = text;
  bool valid = false;
  if (rest.starts_with(kCentre)) {
    rest.remove_prefix(kCentre.size());
    crop.kind = Crop::Kind::centre;
    valid = take_number(rest, '\0', crop.width);
    crop.height = crop.width;
  } else {
    crop.kind = Crop::Kind::rectangle;
    valid = take_number(rest, 'x', crop.width) && take_number(rest, '+', crop.height) && take_number(rest, '+', crop.left) &&
            take_number(rest, '\0', crop.top);
  }
  if (!valid || crop.width < 1 || crop.height < 1)
    throw InvalidOption("crop", text, concat("WxH+X+Y (as 108x108+35+55: X from the left, Y from the top) or center:S, in pixels up to ",
                                             kMaxImageSide));
  return crop;
}

std::string to_string(const Crop& crop) {
  switch (crop.kind) {
    case Crop::Kind::largest_square: return "";
    case Crop::Kind::centre: return concat("center:", crop.width);
    case Crop::Kind::rectangle: break;
  }
  return concat(crop.width, "x", crop.height, "+", crop.left, "+", crop.top);
}

}  // namespace pbgen

// Golden pictures: files of all kinds with the pixels of an independent decoder (tests/golden/make_picture_golden.py).
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/files/file.h"
#include "data/image.h"
#include "tests/support/image_files.h"

namespace pbgen {

struct GoldenPicture {
  std::string name;
  Bytes file;
  Image image;
};

inline const std::vector<GoldenPicture>& golden_pictures() {
  static const std::vector<GoldenPicture> all = [] {
    const Bytes bytes = read_file("tests/golden/pictures.bin", 1 << 20);
    std::size_t at = 0;
    const auto number = [&](std::size_t count) {
      std::size_t value = 0;
      for (std::size_t i = 0; i < count; ++i) value |= std::size_t{bytes.at(at++)} << 8 * i;
      return value;
    };
    const auto part = [&](std::size_t count) {
      const Bytes result(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(at + count));
      at += count;
      return result;
    };
    std::vector<GoldenPicture> pictures;
    while (at < bytes.size()) {
      GoldenPicture picture;
      const Bytes name = part(number(2));
      picture.name.assign(name.begin(), name.end());
      picture.file = part(number(4));
      picture.image.width = static_cast<int>(number(2));
      picture.image.height = static_cast<int>(number(2));
      picture.image.channels = static_cast<int>(number(1));
      picture.image.pixels = part(static_cast<std::size_t>(picture.image.row_bytes()) * picture.image.height);
      pictures.push_back(std::move(picture));
    }
    return pictures;
  }();
  return all;
}

inline const GoldenPicture& golden_picture(std::string_view name) {
  for (const GoldenPicture& picture : golden_pictures())
    if (picture.name == name) return picture;
  throw std::logic_error("no golden picture is named " + std::string(name));
}

}  // namespace pbgen

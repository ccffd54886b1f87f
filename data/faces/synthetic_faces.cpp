#include "data/faces/synthetic_faces.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/base/parallel.h"
#include "core/freestanding/ints.h"
#include "data/faces/draw_parameters.h"
#include "data/faces/face_layers.h"

namespace pbgen {
namespace {

using faces::Colour;
using faces::Scene;
using faces::Tile;

// Exposure, the colour of the light, saturation and the lens, which all act on the finished picture.
Colour develop(Colour colour, const faces::FaceParameters& face, float x, float y) {
  colour = colour * face.light.tint * (face.finish.exposure * (1.0f - face.finish.vignette * 0.5f * (x * x + y * y)));
  const float luma = 0.299f * colour.r + 0.587f * colour.g + 0.114f * colour.b;
  return mix(Colour{luma, luma, luma}, colour, face.finish.saturation);
}

void paint_face(Tile& tile, const Scene& scene) {
  paint_background(tile, scene);
  paint_hair_behind(tile, scene);
  paint_body(tile, scene);
  paint_head(tile, scene);
  paint_beard(tile, scene);
  paint_mouth(tile, scene);
  paint_nose(tile, scene);
  paint_moustache(tile, scene);
  paint_eyes(tile, scene);
  paint_brows(tile, scene);
  paint_glasses(tile, scene);
  paint_hair_in_front(tile, scene);
  paint_hat(tile, scene);
}

std::uint8_t to_byte(float value) { return static_cast<std::uint8_t>(faces::clamp01(value) * 255.0f + 0.5f); }

void draw(std::uint64_t seed, std::uint64_t number, int size, int channels, std::uint8_t* pixels) {
  // Small pictures are drawn larger and averaged: below a certain size features are thinner than any edge.
  const int samples = ceil_div(Tile::kSide, size);
  const int resolution = size * samples;
  const int side = Tile::kSide / samples;
  const faces::FaceParameters face = faces::draw_parameters(seed, number);
  const Scene scene(face, 2.0f / static_cast<float>(resolution));
  const float share = 1.0f / static_cast<float>(samples * samples);
  for (int top = 0; top < size; top += side) {
    for (int left = 0; left < size; left += side) {
      const int width = std::min(side, size - left);
      const int height = std::min(side, size - top);
      Tile tile(resolution, left * samples, top * samples, width * samples, height * samples);
      paint_face(tile, scene);
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          Colour sum;
          for (int j = 0; j < samples; ++j) {
            for (int i = 0; i < samples; ++i) sum = sum + tile.at(x * samples + i, y * samples + j);
          }
          const float step = 2.0f / static_cast<float>(size);
          const Colour colour = develop(sum * share, face, (static_cast<float>(left + x) + 0.5f) * step - 1.0f,
                                        (static_cast<float>(top + y) + 0.5f) * step - 1.0f);
          std::uint8_t* pixel = pixels + (static_cast<std::int64_t>(top + y) * size + left + x) * channels;
          if (channels == 1) {
            pixel[0] = to_byte(0.299f * colour.r + 0.587f * colour.g + 0.114f * colour.b);
          } else {
            pixel[0] = to_byte(colour.r);
            pixel[1] = to_byte(colour.g);
            pixel[2] = to_byte(colour.b);
          }
        }
      }
    }
  }
}

void check_size(int size) {
  check(size >= kMinFaceSize && size <= kMaxFaceSize, "a face of ", size, " pixels, expected ", kMinFaceSize, " to ", kMaxFaceSize);
}

}  // namespace

void draw_face(std::uint64_t seed, std::uint64_t number, int size, std::uint8_t* rgb) {
  check_size(size);
  draw(seed, number, size, 3, rgb);
}

ImageSet synthetic_faces(std::uint64_t seed, std::int64_t first, std::int64_t count, int size, int channels) {
  check_size(size);
  check(first >= 0 && count >= 0, "faces from ", first, ", ", count, " of them");
  check(channels == 1 || channels == 3, "faces of ", channels, " channels, expected 1 or 3");
  const std::int64_t bytes = static_cast<std::int64_t>(size) * size * channels;
  const auto pixels = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(count * bytes));
  parallel_items(count,
                 [&](std::int64_t i) { draw(seed, static_cast<std::uint64_t>(first + i), size, channels, pixels->data() + i * bytes); });
  return ImageSet(pixels, pixels->data(), count, size, channels);
}

}  // namespace pbgen

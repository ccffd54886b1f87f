// How the parameters of a face are drawn: random numbers in order, and colours.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/rng.h"
#include "data/faces/face_canvas.h"

namespace pbgen::faces {

// Random draws one after the other: the order of the calls is what a seed means.  So an expression holds two calls only inside
// braces, whose elements are evaluated from left to right; the order of a function's arguments is the compiler's choice.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t number)
      : rng_(seed, Stream::face, static_cast<std::uint32_t>(number)), next_((number >> 32) << 16) {}

  float uniform(float low, float high) { return low + (high - low) * static_cast<float>(rng_.uniform(next_++)); }
  // Between low and high, most often near the middle.
  float bell(float low, float high) {
    const float first = uniform(low, high);
    return 0.5f * (first + uniform(low, high));
  }
  bool chance(float probability) { return uniform(0.0f, 1.0f) < probability; }
  // An index, with chances in proportion to the weights.
  std::size_t choose(std::span<const float> weights) {
    float total = 0.0f;
    for (float weight : weights) total += weight;
    float left = uniform(0.0f, total);
    for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
      left -= weights[i];
      if (left < 0.0f) return i;
    }
    return weights.size() - 1;
  }

 private:
  CounterRng rng_;
  std::uint64_t next_;
};

inline Colour rgb(int r, int g, int b) {
  return {static_cast<float>(r) / 255.0f, static_cast<float>(g) / 255.0f, static_cast<float>(b) / 255.0f};
}

struct Hue {
  float turn;        // 0 red, 1/3 green, 2/3 blue; any number
  float saturation;  // 0 .. 1
  float value;       // 0 .. 1
};

inline Colour from_hue(Hue hue) {
  const auto channel = [&](float offset) {
    const float turn = hue.turn + offset;
    const float position = 6.0f * (turn - std::floor(turn));
    return hue.value * (1.0f - hue.saturation * (1.0f - clamp01(std::fabs(position - 3.0f) - 1.0f)));
  };
  return {channel(0.0f), channel(2.0f / 3.0f), channel(1.0f / 3.0f)};
}

// The colour at t in 0 .. 1 of a ramp of at least two.
inline Colour along(std::span<const Colour> ramp, float t) {
  const float position = clamp01(t) * static_cast<float>(ramp.size() - 1);
  const std::size_t i = std::min(static_cast<std::size_t>(position), ramp.size() - 2);
  return mix(ramp[i], ramp[i + 1], position - static_cast<float>(i));
}

}  // namespace pbgen::faces

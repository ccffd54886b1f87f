// A tile of a picture and the few soft shapes that faces are painted with.
//
// Edges are antialiased analytically: a shape is a signed distance, negative inside, and `coverage` turns it into an
// opacity over the width of an edge.  Nothing here calls libm but sqrt and floor, so bytes are the same everywhere.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

namespace pbgen::faces {

struct Point {
  float x = 0.0f;
  float y = 0.0f;
};

// Display-referred (gamma-encoded) red, green, blue in 0 .. 1; may leave the range while light is added.
struct Colour {
  float r = 0.0f;
  float g = 0.0f;
  float b = 0.0f;
};

inline Colour operator+(Colour a, Colour b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Colour operator*(Colour a, float s) { return {a.r * s, a.g * s, a.b * s}; }
inline Colour operator*(Colour a, Colour b) { return {a.r * b.r, a.g * b.g, a.b * b.b}; }
inline float mix(float a, float b, float t) { return a + (b - a) * t; }
inline Colour mix(Colour a, Colour b, float t) { return {mix(a.r, b.r, t), mix(a.g, b.g, t), mix(a.b, b.b, t)}; }

inline float square(float x) { return x * x; }
inline float clamp01(float x) { return std::min(std::max(x, 0.0f), 1.0f); }

// 0 at and below 0, 1 at and above 1, with flat ends.
inline float smoothstep(float t) {
  t = clamp01(t);
  return t * t * (3.0f - 2.0f * t);
}

// A hill: 1 at radius 0, 0 from radius 1, given the squared radius.
inline float hill(float radius_squared) { return square(std::max(1.0f - radius_squared, 0.0f)); }

// An axis-parallel ellipse whose centre is 0 and whose border is at radius 1 in its own coordinates.
class Spot {
 public:
  Spot() = default;
  Spot(Point centre, Point radius) : centre_(centre), inverse_{1.0f / radius.x, 1.0f / radius.y} {}

  Point local(float x, float y) const { return {(x - centre_.x) * inverse_.x, (y - centre_.y) * inverse_.y}; }
  float hill_at(float x, float y) const {
    const Point p = local(x, y);
    return hill(p.x * p.x + p.y * p.y);
  }

 private:
  Point centre_;
  Point inverse_{1.0f, 1.0f};
};

// A smooth wave of period 1 between -1 and 1, made of parabolas.  |t| < 2^31.
inline float wave(float t) {
  // Baseline x86-64 has no instruction for floor(); a conversion is one.
  const float towards_zero = static_cast<float>(static_cast<int>(t));
  const float below = towards_zero > t ? towards_zero - 1.0f : towards_zero;
  const float x = 2.0f * (t - below) - 1.0f;
  return 4.0f * x * (std::fabs(x) - 1.0f);
}

// The smaller of two distances, their corner rounded over `width`.
inline float smooth_min(float a, float b, float width) {
  const float h = std::max(width - std::fabs(a - b), 0.0f);
  return std::min(a, b) - h * h * 0.25f / width;
}

// Opacity of a shape whose edge is `distance` away (negative inside); the edge fades over +-edge.
inline float coverage(float distance, float edge) { return smoothstep(0.5f - 0.5f * distance / edge); }

// Opacity of a stroke: right for strokes thinner than an edge, too.
inline float stroke(float distance, float half_width, float edge) {
  return coverage(distance - half_width, edge) - coverage(distance + half_width, edge);
}

// Distance to an axis-parallel ellipse around the origin, to first order.
inline float ellipse_distance(float x, float y, float radius_x, float radius_y) {
  const float px = x / radius_x;
  const float py = y / radius_y;
  const float f = std::sqrt(px * px + py * py);
  const float g = std::sqrt(square(px / radius_x) + square(py / radius_y));
  return f * (f - 1.0f) / (g + 1e-6f);
}

// What a shader lays over a pixel: colour times opacity, and opacity.
struct Ink {
  Colour colour;
  float opacity = 0.0f;

  void lay(Colour over, float alpha) {
    colour = colour * (1.0f - alpha) + over * alpha;
    opacity += (1.0f - opacity) * alpha;
  }
  // What was laid stays visible only as far as `alpha`.
  void keep(float alpha) {
    colour = colour * alpha;
    opacity *= alpha;
  }
};

// Coordinates of a thing in the picture.  The picture spans -1 .. 1 both ways, y down; a frame is turned, scaled and moved in it.
struct Frame {
  Point origin;                // in picture coordinates
  float scale = 1.0f;          // picture units for one unit of the frame
  float inverse_scale = 1.0f;
  float cosine = 1.0f;
  float sine = 0.0f;

  Point to_picture(Point p) const {
    return {origin.x + scale * (cosine * p.x - sine * p.y), origin.y + scale * (sine * p.x + cosine * p.y)};
  }
  Point from_picture(Point p) const {
    const float dx = p.x - origin.x;
    const float dy = p.y - origin.y;
    return {(cosine * dx + sine * dy) * inverse_scale, (cosine * dy - sine * dx) * inverse_scale};
  }
};

struct Box {
  float left, top, right, bottom;
};

// A square piece of a picture of resolution x resolution pixels, small enough to live on the stack.
class Tile {
 public:
  static constexpr int kSide = 64;

  // Pixels [left, left + width) x [top, top + height) of the picture; width, height in 1 .. kSide.
  Tile(int resolution, int left, int top, int width, int height)
      : resolution_(resolution), left_(left), top_(top), width_(width), height_(height) {}

  float pixel_size() const { return 2.0f / static_cast<float>(resolution_); }
  // x in [0, width), y in [0, height).
  Colour at(int x, int y) const { return pixels_[y * kSide + x]; }

  // Lays shader(x, y), an Ink for a point in the frame's coordinates, over every pixel whose centre is in the box's upright hull.
  template <class Shader>
  void paint(const Frame& frame, const Box& box, const Shader& shader) {
    const Point corners[4] = {frame.to_picture({box.left, box.top}), frame.to_picture({box.right, box.top}),
                              frame.to_picture({box.left, box.bottom}), frame.to_picture({box.right, box.bottom})};
    Point low = corners[0];
    Point high = corners[0];
    for (const Point& corner : corners) {
      low = {std::min(low.x, corner.x), std::min(low.y, corner.y)};
      high = {std::max(high.x, corner.x), std::max(high.y, corner.y)};
    }
    const int begin_x = column(low.x, left_, width_);
    const int end_x = column(high.x, left_, width_);
    const int begin_y = column(low.y, top_, height_);
    const int end_y = column(high.y, top_, height_);
    for (int y = begin_y; y < end_y; ++y) {
      for (int x = begin_x; x < end_x; ++x) {
        const Point p = frame.from_picture({centre(left_ + x), centre(top_ + y)});
        const Ink ink = shader(p.x, p.y);
        if (ink.opacity <= 0.0f) continue;
        Colour& pixel = pixels_[y * kSide + x];
        pixel = pixel * (1.0f - ink.opacity) + ink.colour;
      }
    }
  }

 private:
  float centre(int pixel) const { return (static_cast<float>(pixel) + 0.5f) * pixel_size() - 1.0f; }
  // The first pixel of the tile whose centre is at or after a picture coordinate, within 0 .. count.
  int column(float coordinate, int first, int count) const {
    const float pixel = std::floor((coordinate + 1.0f) / pixel_size() + 0.5f) - static_cast<float>(first);
    return static_cast<int>(std::min(std::max(pixel, 0.0f), static_cast<float>(count)));
  }

  int resolution_;
  int left_;
  int top_;
  int width_;
  int height_;
  std::array<Colour, kSide * kSide> pixels_{};
};

}  // namespace pbgen::faces

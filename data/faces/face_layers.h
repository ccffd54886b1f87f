// The layers of a synthetic face, painted from back to front onto a tile.
#pragma once

#include <cmath>

#include "data/faces/face_canvas.h"
#include "data/faces/face_parameters.h"

namespace pbgen::faces {

// How much broader than an ellipse skulls, hair and hats are at the top (0: an ellipse).
inline constexpr float kSkullRoundness = 0.4f;

// Distance to such a dome around the origin, to first order.
inline float dome_distance(float x, float y, float radius_x, float radius_y) {
  const float px = x / radius_x;
  const float py = y / radius_y;
  const float y2 = py * py;
  const float f = px * px + mix(y2, y2 * y2, kSkullRoundness) - 1.0f;
  return f / (std::sqrt(square(2.0f * px / radius_x) + square(2.0f * py / radius_y)) + 0.2f);
}

// A face made ready for painting at one resolution: frames, and where its features appear under its pose.
class Scene {
 public:
  // `pixel` is a pixel's width in picture coordinates.
  Scene(const FaceParameters& parameters, float pixel);

  // A feature at its place on the turned head; `lift` is how far it stands off the skull.
  Point on_face(float x, float y, float lift = 0.0f) const;
  // How wide a short horizontal piece at that place appears: 1 seen from the front, less where the head turns away.
  float foreshortening(float x, float y) const;
  // Distance to the head's outline, to first order.
  float head_distance(float x, float y) const;
  // How bright a surface with this outward direction is (z towards us, not normalised): about 0 in the dark, 0.5, 1 in full light.
  float shade(float nx, float ny, float nz) const;

  FaceParameters face;
  Frame picture;      // the picture itself
  Frame head;         // face units, turned with the head
  Frame body;         // face units, upright
  float edge;         // half the width of an edge in face units
  float picture_edge; // the same in picture units
};

// Every layer paints over what is there.
void paint_background(Tile& tile, const Scene& scene);
void paint_hair_behind(Tile& tile, const Scene& scene);
void paint_body(Tile& tile, const Scene& scene);
void paint_head(Tile& tile, const Scene& scene);
void paint_beard(Tile& tile, const Scene& scene);
void paint_mouth(Tile& tile, const Scene& scene);
void paint_nose(Tile& tile, const Scene& scene);
void paint_moustache(Tile& tile, const Scene& scene);
void paint_eyes(Tile& tile, const Scene& scene);
void paint_brows(Tile& tile, const Scene& scene);
void paint_glasses(Tile& tile, const Scene& scene);
void paint_hair_in_front(Tile& tile, const Scene& scene);
void paint_hat(Tile& tile, const Scene& scene);

}  // namespace pbgen::faces

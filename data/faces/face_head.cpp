// Head and ears: skin over an ellipsoid with hills and hollows, lit from one side.
#include <array>
#include <cmath>

#include "data/faces/face_layers.h"

namespace pbgen::faces {
namespace {

// A hill (or, with negative height, a hollow) that leans the surface outwards around its centre.
struct Relief {
  Spot spot;
  float height;
};

struct Stain {
  Spot spot;
  Colour colour;  // times the skin
  float opacity;
};

Colour skin_colour(const Head& head, float tone) {
  constexpr Colour kWhite{1.0f, 0.96f, 0.9f};
  const Colour base = mix(head.shadow, head.skin, std::min(std::max(tone, -0.25f) * 1.25f, 1.0f));
  return mix(base, kWhite, head.gloss * smoothstep((tone - 0.72f) * 2.2f));
}

void paint_ears(Tile& tile, const Scene& scene) {
  const Head& head = scene.face.head;
  for (const float side : {-1.0f, 1.0f}) {
    const float x_centre = side * head.width * 0.99f - 0.2f * scene.face.pose.yaw;
    const float y_centre = 0.10f + 0.4f * scene.face.pose.pitch;
    const float width = head.ear * 0.62f;
    const float height = head.ear * 1.15f;
    tile.paint(scene.head, {x_centre - 0.3f, y_centre - 0.4f, x_centre + 0.3f, y_centre + 0.4f}, [&](float px, float py) {
      const float x = px - x_centre - side * 0.12f * (0.0f - (py - y_centre));
      const float y = py - y_centre;
      Ink ink;
      const float outline = ellipse_distance(x, y, width * (1.0f - 0.6f * y), height);
      const float tone = scene.shade(side * 0.55f, -0.1f, 0.75f) - 0.08f;
      ink.lay(skin_colour(head, tone) * Colour{1.0f, 0.93f, 0.92f}, coverage(outline, scene.edge));
      const float bowl = hill(square((x + side * 0.015f) / (width * 0.62f)) + square(y / (height * 0.62f)));
      ink.lay(head.shadow * ink.opacity, 0.55f * bowl);
      return ink;
    });
  }
}

}  // namespace

void paint_head(Tile& tile, const Scene& scene) {
  paint_ears(tile, scene);
  const FaceParameters& face = scene.face;
  const Head& head = face.head;
  const Nose& nose = face.nose;
  const float eye_y = face.eyes.height;
  const auto place = [&](float x, float y, float lift = 0.0f) { return scene.on_face(x, y, lift); };
  const float narrow = scene.foreshortening(0.0f, 0.3f);
  const float left = scene.foreshortening(-face.eyes.spacing, eye_y);
  const float right = scene.foreshortening(face.eyes.spacing, eye_y);
  const Point tip = place(0.0f, nose.length - 0.03f, 0.16f);
  const Point root = place(0.0f, eye_y, 0.02f);
  const float wing = nose.width * 0.72f;

  const std::array reliefs{
      Relief{{place(-face.eyes.spacing, eye_y - 0.02f), {0.27f * left, 0.21f}}, -face.eyes.socket},
      Relief{{place(face.eyes.spacing, eye_y - 0.02f), {0.27f * right, 0.21f}}, -face.eyes.socket},
      Relief{{place(-0.40f, 0.30f), {0.34f * left, 0.30f}}, head.cheek},
      Relief{{place(0.40f, 0.30f), {0.34f * right, 0.30f}}, head.cheek},
      Relief{{place(0.0f, 0.88f), {0.26f, 0.20f}}, head.chin},
      Relief{{place(0.0f, face.mouth.height, 0.04f), {0.36f * narrow, 0.22f}}, 0.22f},
      Relief{{place(0.0f, eye_y - 0.2f), {0.55f, 0.2f}}, 0.12f},
      Relief{{tip, {nose.width * 0.85f, 0.13f}}, nose.relief * 1.25f},
      Relief{{place(-wing, nose.length, 0.08f), {nose.width * 0.55f, 0.085f}}, nose.relief * 0.7f},
      Relief{{place(wing, nose.length, 0.08f), {nose.width * 0.55f, 0.085f}}, nose.relief * 0.7f},
  };
  const Colour blush{1.0f, 0.72f, 0.70f};
  const Colour dim{0.62f, 0.52f, 0.52f};
  const float mouth_corner = face.mouth.width + 0.06f;
  const std::array stains{
      Stain{{place(-0.43f, 0.30f), {0.28f * left, 0.22f}}, blush, head.blush},
      Stain{{place(0.43f, 0.30f), {0.28f * right, 0.22f}}, blush, head.blush},
      Stain{{tip, {nose.width, 0.12f}}, blush, head.blush * 0.5f},
      Stain{{place(-face.eyes.spacing + 0.05f, eye_y + 0.13f), {0.2f * left, 0.09f}}, dim, 0.16f + 0.3f * head.age},
      Stain{{place(face.eyes.spacing - 0.05f, eye_y + 0.13f), {0.2f * right, 0.09f}}, dim, 0.16f + 0.3f * head.age},
      Stain{{place(0.0f, nose.length + 0.085f, 0.05f), {nose.width * 1.25f, 0.07f}}, dim, 0.45f},
      Stain{{place(0.0f, face.mouth.height + 0.15f), {0.17f, 0.06f}}, dim, 0.40f},
      Stain{{place(-mouth_corner, face.mouth.height - 0.2f * face.mouth.smile * face.mouth.width), {0.07f, 0.08f}}, dim, 0.35f},
      Stain{{place(mouth_corner, face.mouth.height - 0.2f * face.mouth.smile * face.mouth.width), {0.07f, 0.08f}}, dim, 0.35f},
  };
  // Folds from the wings of the nose to the corners of the mouth.
  const Point fold_top = place(wing + 0.05f, nose.length - 0.01f);
  const Point fold_end = place(mouth_corner + 0.05f, face.mouth.height + 0.02f);
  const Point other_top = place(-wing - 0.05f, nose.length - 0.01f);
  const Point other_end = place(-mouth_corner - 0.05f, face.mouth.height + 0.02f);
  const float fold_depth = 0.12f + 0.4f * head.age + 0.35f * std::max(face.mouth.smile, 0.0f);
  const Point phase = face.hair.phase;

  tile.paint(scene.head, {-head.width - 0.2f, -1.15f, head.width + 0.2f, 1.15f}, [&](float x, float y) {
    const float outline = coverage(scene.head_distance(x, y), scene.edge);
    if (outline <= 0.0f) return Ink{};
    float nx = 0.92f * x / head.width;
    float ny = 0.62f * y;
    const float nz = std::sqrt(std::max(1.0f - nx * nx - ny * ny, 0.06f));
    for (const Relief& relief : reliefs) {
      const Point p = relief.spot.local(x, y);
      const float inside = 1.0f - p.x * p.x - p.y * p.y;
      if (inside <= 0.0f) continue;
      const float slope = inside * relief.height;
      nx += slope * p.x;
      ny += slope * p.y;
    }
    // The ridge of the nose, from between the eyes to the tip.
    const float down = (y - root.y) / (tip.y - root.y);
    const float ridge_half = mix(nose.bridge, nose.width * 0.8f, clamp01(down)) * 1.25f;
    const float across = (x - mix(root.x, tip.x, down)) / ridge_half;
    const float ridge = std::max(1.0f - across * across, 0.0f) * smoothstep((down + 0.25f) * 2.0f) * smoothstep((1.15f - down) * 3.0f);
    nx += nose.relief * 2.0f * across * ridge;
    float tone = scene.shade(nx, ny, nz);
    tone += 0.14f * ridge * ridge * nose.relief;
    tone += face.finish.mottle * wave(x * 0.9f + phase.x) * wave(y * 0.8f + phase.y);
    // Skin darkens where it turns away, and towards the hair.
    tone -= 0.10f * hill(square(1.0f - x * x / square(head.width)) * 4.0f);
    Colour colour = skin_colour(head, tone);
    for (const Stain& stain : stains) {
      const float near = stain.spot.hill_at(x, y);
      if (near > 0.0f) colour = mix(colour, colour * stain.colour, stain.opacity * near);
    }
    const auto fold = [&](Point top, Point end) {
      const float t = (y - top.y) / (end.y - top.y);
      const float bow = x - mix(top.x, end.x, t) - 0.08f * (end.x - top.x) * t * (1.0f - t);
      return stroke(bow, 0.022f, 0.05f) * hill(square(2.0f * t - 0.9f));
    };
    const float folds = fold(fold_top, fold_end) + fold(other_top, other_end);
    colour = mix(colour, colour * dim, fold_depth * folds);
    return Ink{colour * outline, outline};
  });
}

}  // namespace pbgen::faces

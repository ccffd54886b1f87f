// Hair, beard and hats.
#include <cmath>

#include "data/faces/face_layers.h"

namespace pbgen::faces {
namespace {

// How hair lies on the head: its outline, the face that it leaves open, and its light.
class HairShape {
 public:
  explicit HairShape(const Scene& scene)
      : scene_(scene),
        hair_(scene.face.hair),
        width_(scene.face.head.width),
        face_shift_(scene.on_face(0.0f, -0.5f).x * 0.55f),
        face_drop_(0.45f * scene.face.pose.pitch) {
    // Strands that are finer than an edge blur into each other.
    const auto seen = [&](float rate) { return 1.0f / (1.0f + square(4.0f * rate * scene.edge)); };
    coarse_ = 0.6f * seen(hair_.strand_rate);
    fine_ = 0.4f * seen(2.3f * hair_.strand_rate);
    locks_ = 2.2f * hair_.curl * seen(1.5f * hair_.curl_rate);
    const Colour& base = hair_.colour;
    dark_ = base * 0.45f;
    bright_ = mix(base * 1.35f, Colour{1.0f, 0.97f, 0.92f}, 0.12f + 0.25f * hair_.gloss);
  }

  float curls(float x, float y) const {
    const float rate = hair_.curl_rate;
    return 0.5f * (wave(rate * (x + 0.35f * y) + hair_.phase.x) + wave(rate * (y - 0.4f * x) + hair_.phase.y));
  }

  // Distance to the outline of all hair, the skull under it included.
  float outline(float x, float y) const {
    const float warp = hair_.curl * 2.0f * curls(x, y);
    const float dome = dome_distance(x, y + 0.14f, width_ + hair_.side, 0.86f + hair_.top) + warp;
    if (hair_.length <= 0.0f) return std::max(dome, y - hair_.sideburn - 0.12f);
    const float down = clamp01((y + 0.2f) / (hair_.length + 0.2f));
    const float half = mix(width_ + hair_.side, hair_.spread, down);
    const float curtain = std::max(std::max(std::fabs(x) - half, y - hair_.length - 0.1f * warp), -0.2f - y);
    return smooth_min(std::max(dome, y - 0.2f), curtain + warp, 0.12f);
  }

  // Distance to the face that hair leaves open: negative where the face shows.
  float opening(float x, float y) const {
    const float u = (x - face_shift_) / (width_ * hair_.opening);
    const float from_part = u - hair_.part;
    const float u2 = from_part * from_part;
    const float steep = u * u * u * u * u * u;
    const float corners = hair_.corners * (hill(square((u - 0.5f) / 0.35f)) + hill(square((u + 0.5f) / 0.35f)));
    const float sway = (0.012f + 0.5f * hair_.curl) * wave(1.7f * u + hair_.phase.x) + 0.01f * wave(4.3f * u + hair_.phase.y);
    const float line = hair_.hairline + face_drop_ + hair_.drop * u2 + hair_.sweep * u + 0.62f * steep - corners + sway;
    const float slope = (2.0f * hair_.drop * from_part + hair_.sweep + 3.7f * u * u * u * u * u) / (width_ * hair_.opening);
    return (line - y) / std::sqrt(1.0f + slope * slope);
  }

  Colour colour(float x, float y) const {
    const float nx = x / (width_ + hair_.side);
    const float ny = 0.8f * (y + 0.14f);
    const float r2 = nx * nx + ny * ny;
    float tone = 0.08f + 0.8f * scene_.shade(nx * 0.85f, ny * 0.7f, std::sqrt(std::max(1.0f - r2, 0.12f)));
    // Strands fan out from above the part.
    const float fan = (x - 0.5f * hair_.part) / std::max(y + 2.1f, 0.5f);
    const float strands =
        coarse_ * wave(fan * hair_.strand_rate + hair_.phase.x) + fine_ * wave(fan * hair_.strand_rate * 2.3f + 0.6f * y + hair_.phase.y);
    tone += hair_.strand_depth * strands;
    // Locks: bands across the strands, bent so that no lattice shows.
    const float bend = 0.35f * wave(0.9f * x + 0.5f * y + hair_.phase.y);
    tone += locks_ * wave(1.5f * hair_.curl_rate * (x + bend) + hair_.phase.y) *
            wave(1.1f * hair_.curl_rate * (y + 0.6f * bend + 0.4f * wave(0.8f * x + hair_.phase.x)) + hair_.phase.x);
    // A band of gloss around the crown, on the lit side.
    const float band = hill(square((r2 - 0.62f) / 0.28f)) * smoothstep(0.3f - y) * smoothstep(0.6f + 0.6f * x * scene_.face.light.x);
    tone += hair_.gloss * band * (0.8f + 0.4f * strands);
    tone = std::max(tone, 0.0f);
    return tone < 0.5f ? mix(dark_, hair_.colour, 2.0f * tone) : mix(hair_.colour, bright_, std::min(2.0f * tone - 1.0f, 1.0f));
  }

 private:
  const Scene& scene_;
  const Hair& hair_;
  float width_;
  float face_shift_;
  float face_drop_;
  float coarse_;
  float fine_;
  float locks_;
  Colour dark_;
  Colour bright_;
};

Box hair_box(const Scene& scene) {
  const Hair& hair = scene.face.hair;
  const float half = std::max(scene.face.head.width + hair.side, hair.spread) + 2.0f * hair.curl + 0.15f;
  const float bottom = std::max(hair.length, hair.sideburn) + 0.3f;
  return {-half, -1.15f - hair.top - 2.0f * hair.curl, half, bottom};
}

// Down to which y hair is seen before the face and the shoulders.
float end_in_front(const Hair& hair) {
  if (hair.length <= 0.0f) return hair.sideburn;
  return hair.in_front ? hair.length : 0.75f;
}

// The wool of a beard varies a little, slowly.
float beard_tone(const Hair& hair, float x, float y) {
  return 0.85f + 0.06f * wave(1.3f * x + 0.7f * y + hair.phase.x) + 0.05f * wave(2.9f * x - 0.4f * y + hair.phase.y);
}

}  // namespace

void paint_hair_behind(Tile& tile, const Scene& scene) {
  const Hair& hair = scene.face.hair;
  if (hair.style == HairStyle::bald) return;
  const HairShape shape(scene);
  if (hair.bun > 0.0f) {
    const Point centre = hair.bun_place;
    tile.paint(scene.head, {centre.x - 0.5f, centre.y - 0.5f, centre.x + 0.5f, centre.y + 0.5f}, [&](float x, float y) {
      const float dx = x - centre.x;
      const float dy = y - centre.y;
      const float alpha = coverage(ellipse_distance(dx, dy, hair.bun * 1.1f, hair.bun), scene.edge);
      return Ink{shape.colour(dx * 1.6f, dy * 1.6f - 0.3f) * alpha, alpha};
    });
  }
  const float hidden = -2.0f * scene.edge - 0.02f;   // the head will cover it
  const float covered = end_in_front(hair) - 0.3f;   // hair in front will
  tile.paint(scene.head, hair_box(scene), [&](float x, float y) {
    if (scene.head_distance(x, y) < hidden || (y < covered && shape.opening(x, y) > 0.1f)) return Ink{};
    const float alpha = coverage(shape.outline(x, y), scene.edge + 0.015f);
    if (alpha <= 0.0f) return Ink{};
    // Behind the neck it is dark.
    const float depth = 1.0f - 0.45f * smoothstep(1.3f - std::fabs(x) * 1.4f) * smoothstep(y + 0.2f);
    return Ink{shape.colour(x, y) * (depth * alpha), alpha};
  });
}

void paint_hair_in_front(Tile& tile, const Scene& scene) {
  const FaceParameters& face = scene.face;
  const Hair& hair = face.hair;
  if (hair.style == HairStyle::bald) return;
  const HairShape shape(scene);
  const float edge = scene.edge + (hair.style == HairStyle::cropped || hair.style == HairStyle::receding ? 0.035f : 0.012f);
  Box box = hair_box(scene);
  const float end = end_in_front(hair);
  box.bottom = std::min(box.bottom, end + 0.3f);
  constexpr float kShadow = 0.2f;
  tile.paint(scene.head, box, [&](float x, float y) {
    Ink ink;
    const float open = shape.opening(x, y);
    if (open < -kShadow - edge) return ink;
    const float outside = shape.outline(x, y);
    if (outside > edge) return ink;
    const float fade = hair.length > 0.0f ? coverage(y - end, hair.in_front ? edge : 0.2f) : coverage(y - end, 0.14f);
    const float alpha = coverage(std::max(outside, -open), edge) * fade;
    if (alpha < 1.0f) {
      // Hair throws a soft shadow on the forehead and the cheeks.
      const float shadow = 0.38f * smoothstep(1.0f + open / kShadow) * coverage(scene.head_distance(x, y) + 0.02f, scene.edge);
      ink.lay(face.head.shadow * 0.55f, shadow * smoothstep((end + 0.25f - y) / 0.4f));
    }
    if (alpha > 0.0f) ink.lay(shape.colour(x, y) * (0.86f + 0.14f * smoothstep(open / 0.12f)), alpha);
    return ink;
  });
}

void paint_beard(Tile& tile, const Scene& scene) {
  const Beard& beard = scene.face.beard;
  if (beard.opacity <= 0.0f) return;
  const FaceParameters& face = scene.face;
  const float middle = scene.on_face(0.0f, 0.7f).x;
  const float drop = scene.on_face(0.0f, 0.6f).y - 0.6f;
  const float reach = face.head.width;
  tile.paint(scene.head, {-reach - 0.2f, -0.1f, reach + 0.2f, 1.2f + beard.length}, [&](float x, float y) {
    const float u = (x - 0.7f * middle) / reach;
    const float cheek_line = 0.57f + drop - 0.42f * u * u + 0.16f * square(square(1.0f - std::min(std::fabs(u) * 1.6f, 1.0f)));
    const float grown = scene.head_distance(x * (1.0f - 0.1f * beard.length), y - beard.length * smoothstep(y));
    const float jaw = grown - 0.3f * beard.length * smoothstep(2.0f * y - 0.6f);
    const float inside = coverage(jaw, scene.edge + 0.3f * beard.softness) * coverage(cheek_line - y, beard.softness);
    const float beside = coverage((std::fabs(x - middle) - beard.width * reach), beard.softness);
    const float below_mouth = hill(square((x - middle) / 0.2f) + square((y - drop - face.mouth.height - 0.13f) / 0.07f));
    const float alpha = beard.opacity * inside * beside * (1.0f - 0.5f * below_mouth);
    if (alpha <= 0.0f) return Ink{};
    const float tone = 0.72f + 0.6f * scene.shade(0.9f * x / reach, 0.5f * y, 0.6f);
    return Ink{beard.colour * (tone * beard_tone(face.hair, x, y) * alpha), alpha};
  });
}

void paint_moustache(Tile& tile, const Scene& scene) {
  const Beard& beard = scene.face.beard;
  if (beard.moustache <= 0.0f) return;
  const FaceParameters& face = scene.face;
  const float lip = face.mouth.height - face.mouth.width * (face.mouth.upper + 0.3f * face.mouth.open);
  const float y_place = mix(face.nose.length + 0.06f, lip, 0.62f);
  const Point centre = scene.on_face(0.0f, y_place, 0.1f);
  const float half = face.mouth.width * 1.12f * scene.foreshortening(0.0f, y_place);
  const float edge = scene.edge + 0.4f * beard.softness;
  tile.paint(scene.head, {centre.x - half - 0.2f, centre.y - 0.25f, centre.x + half + 0.2f, centre.y + 0.3f}, [&](float px, float py) {
    const float x = (px - centre.x) / half;
    const float line = centre.y + 0.075f * x * x - 0.04f * face.mouth.smile;
    const float thickness = 0.052f * (1.0f - 0.55f * x * x) * (1.0f - 0.3f * hill(square(x / 0.14f)));
    const float alpha = beard.moustache * stroke(py - line, std::max(thickness, 0.004f), edge) * coverage(std::fabs(x) - 1.0f, 0.15f);
    const float tone = 0.78f + 0.5f * scene.shade(0.4f * x, 0.2f, 0.8f);
    return Ink{beard.colour * (tone * beard_tone(face.hair, px, py) * alpha), alpha};
  });
}

void paint_hat(Tile& tile, const Scene& scene) {
  const Hat& hat = scene.face.hat;
  if (hat.style == HatStyle::none) return;
  const float width = scene.face.head.width + 0.09f;
  const float shift = 0.25f * scene.face.pose.yaw;
  const bool cap = hat.style == HatStyle::cap;
  tile.paint(scene.head, {-width - 0.35f, -1.7f, width + 0.35f, 0.1f}, [&](float x, float y) {
    Ink ink;
    const float u = x / width;
    const float edge_line = hat.edge + (cap ? 0.0f : 0.16f * u * u) + 0.3f * scene.face.pose.pitch;
    const float dome = dome_distance(x - hat.slouch * std::max(-0.6f - y, 0.0f), y + 0.15f, width, 0.88f + hat.height);
    const float rib = cap ? 0.0f : 0.06f * wave(7.0f * x / (1.6f + std::max(-y, 0.0f)));
    const float ny = 0.8f * (y + 0.15f);
    const float tone = 0.5f + 0.7f * scene.shade(0.85f * u, ny, std::sqrt(std::max(1.0f - u * u - ny * ny, 0.15f))) + rib;
    const float shadow = coverage(scene.head_distance(x, y), scene.edge) * smoothstep(1.0f - (y - edge_line) / 0.25f);
    ink.lay(Colour{0.05f, 0.04f, 0.04f}, 0.4f * shadow);
    ink.lay(hat.colour * tone, coverage(std::max(dome, y - edge_line), scene.edge));
    if (cap) {
      const float brim = ellipse_distance(x - 1.6f * shift, y - edge_line, width * 0.98f, 0.14f);
      ink.lay(hat.band * (tone * 0.7f + 0.2f), coverage(brim, scene.edge));
    } else {
      const float band = std::max(std::max(dome - 0.03f, y - edge_line), edge_line - 0.2f - y);
      ink.lay(hat.band * tone, coverage(band, scene.edge));
    }
    return ink;
  });
}

}  // namespace pbgen::faces

// Pose and light, and what lies around the face: background, neck, clothes.
#include <cmath>

#include "data/faces/face_layers.h"

namespace pbgen::faces {
namespace {

Frame make_frame(Point origin, float scale, float tangent) {
  const float cosine = 1.0f / std::sqrt(1.0f + tangent * tangent);
  return {origin, scale, 1.0f / scale, cosine, tangent * cosine};
}

}  // namespace

Scene::Scene(const FaceParameters& parameters, float pixel) : face(parameters) {
  const Pose& pose = face.pose;
  head = make_frame(pose.centre, pose.scale, pose.tilt);
  body = make_frame({pose.centre.x + 0.1f * pose.shoulder_turn, pose.centre.y}, pose.scale, 0.25f * pose.tilt);
  picture_edge = 0.75f * pixel + face.finish.blur;
  edge = picture_edge / pose.scale;
}

Point Scene::on_face(float x, float y, float lift) const {
  const Pose& pose = face.pose;
  const float depth = 0.72f * std::sqrt(std::max(1.0f - 0.7f * square(x / face.head.width) - 0.5f * y * y, 0.1f)) + lift;
  const float yaw_cosine = std::sqrt(1.0f - pose.yaw * pose.yaw);
  const float pitch_cosine = std::sqrt(1.0f - pose.pitch * pose.pitch);
  return {x * yaw_cosine + depth * pose.yaw, y * pitch_cosine + depth * pose.pitch};
}

float Scene::foreshortening(float x, float y) const {
  constexpr float kStep = 0.05f;
  const float shown = (on_face(x + kStep, y).x - on_face(x - kStep, y).x) / (2.0f * kStep);
  return std::min(std::max(shown, 0.35f), 1.15f);
}

float Scene::head_distance(float x, float y) const {
  const Head& shape = face.head;
  const float y2 = y * y;
  // The skull is rounder than an ellipse, the jaw as square as it likes; the chin turns with the yaw.
  const float jaw = std::max(y, 0.0f);
  const float half_width = shape.width * (1.0f - shape.taper * jaw * jaw);
  const float vertical = mix(y2, y2 * y2, jaw > 0.0f ? shape.squareness : kSkullRoundness);
  const float px = (x - 0.16f * face.pose.yaw * jaw) / half_width;
  const float f = px * px + vertical - 1.0f;
  const float slope = std::sqrt(square(2.0f * px / half_width) + 4.0f * y2);
  return f / (slope + 0.2f);
}

float Scene::shade(float nx, float ny, float nz) const {
  const Light& light = face.light;
  const float length = std::sqrt(nx * nx + ny * ny + nz * nz);
  const float facing = (nx * light.x + ny * light.y + nz * light.z) / (length + 1e-6f);
  // Wrapped: skin and hair scatter light past the terminator.
  const float lit = std::max(facing * 0.8f + 0.2f, 0.0f);
  return light.ambient * 0.55f + light.contrast * (1.0f - 0.55f * light.ambient) * (lit - 0.18f);
}

void paint_background(Tile& tile, const Scene& scene) {
  const Background& background = scene.face.background;
  tile.paint(scene.picture, {-1.1f, -1.1f, 1.1f, 1.1f}, [&](float x, float y) {
    Colour colour = mix(background.top, background.bottom, smoothstep(0.5f + 0.45f * (y + background.direction * x)));
    for (const Blob& blob : background.blobs) {
      const float near = blob.spot.hill_at(x, y);
      if (near > 0.0f) colour = mix(colour, blob.colour, blob.opacity * near);
    }
    return Ink{colour, 1.0f};
  });
}

void paint_body(Tile& tile, const Scene& scene) {
  const Head& head = scene.face.head;
  const Clothes& clothes = scene.face.clothes;
  const float yaw = scene.face.pose.yaw;
  const Colour sheen = mix(clothes.colour, Colour{1.0f, 1.0f, 1.0f}, 0.12f);
  tile.paint(scene.body, {-2.6f, 0.2f, 2.6f, 2.6f}, [&](float x, float y) {
    Ink ink;
    // The neck widens into the trapezius and the shoulders.
    const float flare = std::max(y - 0.95f, 0.0f);
    const float neck = std::fabs(x) - (head.neck + 0.55f * flare * flare);
    const float shoulder_line = clothes.shoulders - clothes.slope / (0.35f + x * x) + 0.22f * x * x;
    const float shoulders = (shoulder_line - y) * 0.8f;
    const float skin = smooth_min(std::max(neck, 0.25f - y), shoulders, 0.15f);
    const float skin_alpha = coverage(skin, scene.edge);
    if (skin_alpha > 0.0f) {
      const float round = std::min(std::fabs(x) / head.neck, 1.0f);
      const float nx = x / head.neck * 0.8f;
      float tone = scene.shade(nx, 0.1f, std::sqrt(std::max(1.0f - 0.7f * round * round, 0.1f)));
      // The chin keeps the light off the throat.
      const float under_chin = scene.head_distance(x - 0.12f * yaw, y - 0.04f);
      tone -= 0.42f * (1.0f - smoothstep(under_chin / 0.42f));
      tone -= 0.10f * hill(square(x / 0.14f) + square((y - 1.42f) / 0.2f));
      ink.lay(mix(head.shadow, head.skin, std::max(tone, -0.2f) * 1.15f), skin_alpha);
    }
    const float opening_depth = 1.12f + clothes.neckline.y;
    const float round_neck = ellipse_distance(x, y - 1.0f, clothes.neckline.x, opening_depth - 1.0f);
    const float point = opening_depth + 0.12f - y;
    const float pointed_neck = std::max((std::fabs(x) / clothes.neckline.x - 2.0f * point) * 0.3f, -point);
    const float neckline = mix(round_neck, pointed_neck, clothes.pointed);
    const float cloth = coverage(std::max(shoulders, -neckline), scene.edge);
    if (cloth > 0.0f) {
      const float fold = wave(x * 1.3f + y * 0.7f + scene.face.hair.phase.x) * wave(x * 0.6f - y * 1.1f);
      const float tone = 0.74f + 0.35f * (scene.shade(x * 0.5f, -0.4f, 0.8f) - 0.4f) + 0.07f * fold;
      const float collar = stroke(neckline, 0.05f, scene.edge);
      ink.lay(mix(mix(clothes.colour, sheen, 0.5f + 0.5f * fold), clothes.collar, collar) * tone, cloth);
    }
    return ink;
  });
}

}  // namespace pbgen::faces

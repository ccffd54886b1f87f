// Eyes, brows, nose, mouth and glasses.
#include <cmath>

#include "data/faces/face_layers.h"

namespace pbgen::faces {
namespace {

constexpr Colour kWhite{1.0f, 1.0f, 1.0f};

// A frame for a feature of one side: its unit is `unit` face units wide as it appears, its tangent leans it.
struct Place {
  Point centre;
  float width;   // face units for one unit across
  float height;  // and down
  float slope;   // y rises with x

  Point local(float x, float y) const {
    const float dx = x - centre.x;
    return {dx / width, (y - centre.y - slope * dx) / height};
  }
  Box box(float left, float top, float right, float bottom) const {
    const float lean = std::fabs(slope) * width * std::max(-left, right);
    return {centre.x + left * width, centre.y + top * height - lean, centre.x + right * width, centre.y + bottom * height + lean};
  }
};

void paint_eye(Tile& tile, const Scene& scene, float side) {
  const Eyes& eyes = scene.face.eyes;
  const Head& head = scene.face.head;
  const Light& light = scene.face.light;
  const float narrow = scene.foreshortening(side * eyes.spacing, eyes.height);
  const Place place{scene.on_face(side * eyes.spacing, eyes.height), eyes.width * narrow, eyes.width, -side * eyes.slant};
  const float edge = scene.edge / eyes.width;
  const Colour lash = mix(head.shadow * 0.35f, Colour{0.06f, 0.05f, 0.06f}, eyes.lashes);
  const Colour lid_colour = mix(head.shadow * 0.9f, scene.face.brows.colour, 0.3f * eyes.makeup);
  const Colour sclera = mix(Colour{0.93f, 0.91f, 0.89f}, head.skin, 0.12f) * (0.82f + 0.2f * scene.shade(side * 0.2f, 0.0f, 0.9f));
  const Point gaze{eyes.gaze.x * 0.8f + 0.35f * scene.face.pose.yaw, eyes.gaze.y - 0.04f};
  const float lash_width = 0.05f + 0.06f * eyes.lashes;
  tile.paint(scene.head, place.box(-1.6f, -1.7f, 1.6f, 1.3f), [&](float px, float py) {
    const auto [x, y] = place.local(px, py);
    Ink ink;
    // The opening lies between two parabolas; the upper one peaks towards the nose.
    const float outward = x * side;
    const float arc = 1.0f - x * x;
    const float upper = -eyes.upper * arc * (1.0f - 0.12f * outward);
    const float lower = eyes.lower * arc * (1.0f + 0.15f * outward);
    const float around = hill(square(x / 1.55f) + square((y + 0.45f) / 1.1f));
    ink.lay(lid_colour, (0.25f + 0.45f * eyes.makeup) * around);
    const float crease = stroke(y - upper * 1.05f + 0.30f, 0.045f, std::max(edge, 0.12f)) * clamp01(1.25f - x * x);
    ink.lay(head.shadow * 0.8f, 0.55f * crease);
    const float opening = coverage(std::max(upper - y, y - lower), edge);
    if (opening > 0.0f) {
      Ink ball;
      ball.lay(sclera, 1.0f);
      const float dx = (x - gaze.x) * narrow;
      const float dy = y - gaze.y;
      const float radius = std::sqrt(dx * dx + dy * dy);
      const Colour iris = mix(eyes.colour * 1.25f, eyes.colour * 0.45f, smoothstep((radius / eyes.iris - 0.55f) * 2.0f));
      ball.lay(iris * (1.0f + 0.5f * dy), coverage(radius - eyes.iris, edge));
      ball.lay({0.03f, 0.025f, 0.03f}, coverage(radius - 0.42f * eyes.iris, edge));
      // The lid's shadow, then the light's reflection.
      ball.lay(head.shadow * 0.3f, 0.55f * (1.0f - smoothstep((y - upper) / 0.35f)));
      ball.lay(kWhite, 0.85f * coverage(std::sqrt(square(dx - 0.3f * light.x) + square(dy + 0.16f)) - 0.11f, edge));
      ink.lay(ball.colour, opening);
    }
    const float reach = coverage(std::fabs(x) - 1.04f, 0.12f);
    ink.lay(head.shadow * 0.75f, 0.45f * stroke(y - lower, 0.05f, edge) * reach);
    ink.lay(lash, (0.55f + 0.4f * eyes.lashes) * stroke(y - upper + 0.02f, lash_width, edge) * reach);
    const float wing = stroke(y - upper + 0.04f + 0.35f * (outward - 0.9f), 0.05f, edge) * hill(square((outward - 1.05f) / 0.3f));
    ink.lay(lash, 0.6f * eyes.lashes * wing);
    return ink;
  });
}

}  // namespace

void paint_eyes(Tile& tile, const Scene& scene) {
  paint_eye(tile, scene, -1.0f);
  paint_eye(tile, scene, 1.0f);
}

void paint_brows(Tile& tile, const Scene& scene) {
  const Brows& brows = scene.face.brows;
  const Eyes& eyes = scene.face.eyes;
  for (const float side : {-1.0f, 1.0f}) {
    const float x_place = side * (eyes.spacing + 0.01f);
    const float y_place = eyes.height - brows.height;
    const float narrow = scene.foreshortening(x_place, y_place);
    const Place place{scene.on_face(x_place, y_place, 0.05f), brows.width * narrow, brows.width, -side * brows.slant};
    const float edge = scene.edge / brows.width;
    const float thickness = brows.thickness / brows.width;
    tile.paint(scene.head, place.box(-1.4f, -1.1f, 1.4f, 1.1f), [&](float px, float py) {
      const auto [x, y] = place.local(px, py);
      const float outward = x * side;
      const float line = brows.arch / brows.width * (square(outward - 0.25f) - 0.6f);
      const float taper = thickness * (1.0f - 0.45f * smoothstep(outward * 0.8f)) * (0.75f + 0.25f * smoothstep(2.0f + 2.0f * outward));
      Ink ink;
      const float ends = coverage(std::fabs(x) - 1.0f, std::max(edge, 0.3f));
      ink.lay(brows.colour, brows.opacity * ends * stroke(y - line, taper, std::max(edge, 0.06f)));
      return ink;
    });
  }
}

void paint_nose(Tile& tile, const Scene& scene) {
  const Nose& nose = scene.face.nose;
  const Head& head = scene.face.head;
  for (const float side : {-1.0f, 1.0f}) {
    const float narrow = scene.foreshortening(side * nose.width, nose.length);
    const Point hole = scene.on_face(side * nose.width * 0.46f, nose.length + 0.045f, 0.1f);
    const Point wing = scene.on_face(side * nose.width * 0.98f, nose.length - 0.005f, 0.04f);
    const float hole_width = 0.062f * narrow;
    tile.paint(scene.head, {hole.x - 0.2f, hole.y - 0.25f, hole.x + 0.2f, hole.y + 0.2f}, [&](float px, float py) {
      Ink ink;
      // The crease around the wing, then the nostril.
      const float ring = ellipse_distance(px - wing.x + side * 0.05f, py - wing.y, 0.06f * narrow, 0.085f);
      const float outside = smoothstep((px - wing.x) * side / 0.06f + 0.9f);
      ink.lay(head.shadow * 0.85f, 0.5f * outside * stroke(ring, 0.014f, std::max(scene.edge, 0.03f)));
      const float y = py - hole.y + side * 0.2f * (px - hole.x);
      const float nostril = coverage(ellipse_distance(px - hole.x, y, hole_width, 0.03f), std::max(scene.edge, 0.02f));
      ink.lay(head.shadow * 0.4f, nose.nostrils * nostril);
      return ink;
    });
  }
}

void paint_mouth(Tile& tile, const Scene& scene) {
  const Mouth& mouth = scene.face.mouth;
  const Head& head = scene.face.head;
  const float narrow = scene.foreshortening(0.0f, mouth.height);
  const Place place{scene.on_face(0.0f, mouth.height, 0.08f), mouth.width * narrow, mouth.width, 0.0f};
  const float edge = scene.edge / mouth.width;
  const float light = 0.62f + 0.5f * scene.shade(0.0f, 0.25f, 0.9f);
  const Colour upper_lip = mix(mouth.lip, head.shadow, 0.22f) * (light * 0.94f);
  const Colour lower_lip = mouth.lip * (light * 1.06f);
  const Colour inside = mix(Colour{0.22f, 0.07f, 0.07f}, head.shadow * 0.25f, 0.4f);
  const Colour teeth = Colour{0.95f, 0.93f, 0.88f} * (0.8f + 0.25f * light);
  tile.paint(scene.head, place.box(-1.35f, -1.1f, 1.35f, 1.4f), [&](float px, float py) {
    const auto [x, y] = place.local(px, py);
    Ink ink;
    const float arc = 1.0f - x * x;
    const float line = mouth.smile * (0.4f - x * x) + 0.05f * hill(square(x / 0.3f)) * (mouth.open > 0.0f ? 0.0f : 1.0f);
    const float gap_top = line - 0.3f * mouth.open * arc;
    const float gap_bottom = line + 0.7f * mouth.open * arc;
    // The bow: two peaks and a dip under the nose.
    const float bow = arc * (1.0f - 0.28f * hill(square(x / 0.32f)));
    const float lip_top = gap_top - mouth.upper * bow * 1.25f;
    const float lip_bottom = gap_bottom + mouth.lower * arc * (1.0f - 0.2f * x * x);
    ink.lay(upper_lip, coverage(std::max(lip_top - y, y - gap_top), edge));
    const float lower = coverage(std::max(gap_bottom - y, y - lip_bottom), edge);
    const float swell = hill(square(x / 0.6f) + square((y - mix(gap_bottom, lip_bottom, 0.45f)) / (0.6f * mouth.lower + 0.02f)));
    ink.lay(mix(lower_lip, kWhite, mouth.gloss * swell), lower);
    if (mouth.open > 0.0f) {
      const float opening = coverage(std::max(gap_top - y, y - gap_bottom), edge);
      Ink hollow;
      hollow.lay(inside, 1.0f);
      const float bite = mix(gap_top, gap_bottom, mouth.bite);
      const float row = coverage(y - bite, std::max(edge, 0.06f)) * (1.0f - 0.75f * smoothstep((std::fabs(x) - 0.55f) * 2.5f));
      hollow.lay(teeth, mouth.teeth * row);
      ink.lay(hollow.colour, opening);
      ink.lay(inside, 0.4f * stroke(y - gap_top, 0.03f, edge) * coverage(std::fabs(x) - 1.0f, 0.15f));
    } else {
      ink.lay(inside, 0.75f * stroke(y - line, 0.045f, std::max(edge, 0.05f)) * coverage(std::fabs(x) - 1.0f, 0.18f));
    }
    return ink;
  });
}

void paint_glasses(Tile& tile, const Scene& scene) {
  const Glasses& glasses = scene.face.glasses;
  if (!glasses.worn) return;
  const Eyes& eyes = scene.face.eyes;
  const Light& light = scene.face.light;
  const float edge = scene.edge;
  const float y_place = eyes.height + 0.025f;
  const Point bridge = scene.on_face(0.0f, y_place - 0.02f, 0.12f);
  for (const float side : {-1.0f, 1.0f}) {
    const Point centre = scene.on_face(side * eyes.spacing, y_place, 0.12f);
    const float width = glasses.width * scene.foreshortening(side * eyes.spacing, y_place);
    const float temple_x = side * (scene.face.head.width + 0.05f);
    const float first = std::min(centre.x - width, temple_x) - 0.12f;
    const float last = std::max(centre.x + width, temple_x) + 0.12f;
    const Box box{first, centre.y - 0.4f, last, centre.y + 0.4f};
    tile.paint(scene.head, box, [&](float px, float py) {
      const float x = px - centre.x;
      const float y = py - centre.y;
      const float corner = 0.55f * glasses.height;
      const float bx = std::fabs(x) - width + corner;
      const float by = std::fabs(y) - glasses.height + corner;
      const float rounded = std::sqrt(square(std::max(bx, 0.0f)) + square(std::max(by, 0.0f))) + std::min(std::max(bx, by), 0.0f) - corner;
      const float lens = mix(rounded, ellipse_distance(x, y, width, glasses.height), glasses.roundness);
      Ink ink;
      const float glass = coverage(lens, edge);
      ink.lay(glasses.lens * (1.0f - 0.35f * y / glasses.height), glasses.tint * glass);
      // A soft streak of the sky.
      const float streak = hill(square((x + 0.55f * y - 0.3f * width * light.x) / 0.09f)) * glass;
      ink.lay(kWhite, (0.06f + 0.14f * glasses.tint) * streak);
      ink.lay(glasses.frame, stroke(lens, glasses.rim, edge));
      const float outward = x * side;
      const float arm = coverage(width - outward, edge) * coverage((px - temple_x) * side, edge);
      ink.lay(glasses.frame, arm * stroke(y + 0.25f * glasses.height, glasses.rim, edge));
      const float over_nose = stroke(py - bridge.y + 0.05f - 0.5f * square(px - bridge.x), glasses.rim, edge);
      ink.lay(glasses.frame, over_nose * coverage(width + outward, edge) * coverage((bridge.x - px) * side, edge * 0.5f));
      return ink;
    });
  }
}

}  // namespace pbgen::faces

#include "data/faces/draw_parameters.h"

#include <array>
#include <cmath>

#include "data/faces/face_draws.h"
#include "data/faces/face_hair_parameters.h"

namespace pbgen::faces {
namespace {

Pose draw_pose(Draws& draws) {
  Pose pose{};
  pose.centre = {draws.bell(-0.11f, 0.11f), draws.bell(0.04f, 0.20f)};
  pose.scale = draws.bell(0.64f, 0.88f);
  pose.tilt = draws.bell(-0.26f, 0.26f);
  pose.yaw = draws.bell(-0.44f, 0.44f);
  pose.pitch = draws.bell(-0.16f, 0.16f);
  pose.shoulder_turn = draws.bell(-0.15f, 0.15f);
  return pose;
}

Light draw_light(Draws& draws) {
  Light light{};
  const float x = draws.uniform(-0.95f, 0.95f);
  const float y = draws.uniform(-0.85f, -0.1f);
  const float z = draws.uniform(0.75f, 1.2f);
  const float length = std::sqrt(x * x + y * y + z * z);
  light.x = x / length;
  light.y = y / length;
  light.z = z / length;
  light.ambient = draws.uniform(0.4f, 0.75f);
  light.contrast = draws.uniform(0.75f, 1.35f);
  const float warmth = draws.bell(-1.0f, 1.0f);
  light.tint = {1.0f + 0.07f * warmth, 1.0f + 0.015f * draws.bell(-1.0f, 1.0f), 1.0f - 0.1f * warmth};
  return light;
}

Head draw_head(Draws& draws, float tone, float softness) {
  static const Colour skins[] = {rgb(245, 211, 190), rgb(238, 196, 167), rgb(228, 180, 142), rgb(206, 150, 110),
                                 rgb(172, 116, 78),  rgb(130, 84, 57),   rgb(94, 61, 45)};
  Head head{};
  head.width = draws.bell(0.63f, 0.80f) - 0.02f * softness;
  head.taper = draws.bell(0.08f, 0.30f) + 0.06f * softness;
  head.squareness = draws.uniform(0.0f, 0.55f) * (1.0f - 0.6f * softness);
  head.ear = draws.uniform(0.15f, 0.21f);
  head.neck = draws.uniform(0.38f, 0.49f) - 0.09f * softness;
  head.cheek = draws.uniform(0.1f, 0.4f);
  head.chin = draws.uniform(0.1f, 0.45f);
  head.age = square(draws.uniform(0.0f, 1.0f));
  const float redness = draws.bell(-1.0f, 1.0f);
  head.skin = along(skins, tone) * Colour{1.0f + 0.02f * redness, 1.0f - 0.025f * redness, 1.0f - 0.05f * draws.bell(-1.0f, 1.0f)};
  head.shadow = head.skin * mix(Colour{0.56f, 0.43f, 0.40f}, Colour{0.42f, 0.36f, 0.36f}, tone);
  head.blush = draws.uniform(0.0f, 0.5f) * (0.4f + 0.6f * softness);
  head.gloss = draws.uniform(0.05f, 0.3f);
  return head;
}

Eyes draw_eyes(Draws& draws, float tone, float softness) {
  static const Colour irises[] = {rgb(52, 32, 22),  rgb(84, 54, 32),   rgb(112, 84, 48),
                                  rgb(92, 112, 72), rgb(84, 124, 150), rgb(120, 136, 146)};
  Eyes eyes{};
  eyes.spacing = draws.bell(0.26f, 0.36f);
  eyes.height = draws.bell(-0.10f, 0.04f);
  eyes.width = draws.bell(0.13f, 0.18f) + 0.014f * softness;
  const float openness = draws.chance(0.04f) ? 0.12f : draws.bell(0.45f, 1.15f);
  eyes.upper = (0.42f + 0.08f * softness) * openness;
  eyes.lower = draws.uniform(0.18f, 0.30f) * (0.5f + 0.5f * openness);
  eyes.slant = draws.bell(-0.18f, 0.24f);
  eyes.iris = draws.uniform(0.43f, 0.52f);
  const Colour iris = along(irises, square(draws.uniform(0.0f, 1.0f)) * (1.0f - 0.75f * smoothstep(tone * 1.6f - 0.2f)));
  eyes.colour = iris * draws.uniform(0.8f, 1.15f);
  eyes.gaze = {draws.bell(-0.4f, 0.4f), draws.bell(-0.12f, 0.12f)};
  eyes.lashes = clamp01(0.35f + 0.55f * softness + draws.uniform(-0.2f, 0.2f));
  eyes.makeup = draws.chance(0.5f) ? softness * draws.uniform(0.0f, 0.6f) : 0.0f;
  eyes.socket = draws.uniform(0.1f, 0.45f);
  return eyes;
}

Nose draw_nose(Draws& draws, float softness) {
  Nose nose{};
  nose.length = draws.bell(0.28f, 0.42f);
  nose.width = draws.bell(0.105f, 0.185f) - 0.012f * softness;
  nose.bridge = draws.uniform(0.06f, 0.10f);
  nose.relief = draws.uniform(0.35f, 0.75f);
  nose.nostrils = draws.uniform(0.3f, 0.75f);
  return nose;
}

Mouth draw_mouth(Draws& draws, Colour skin, float tone, float softness) {
  Mouth mouth{};
  mouth.height = draws.bell(0.56f, 0.67f);
  mouth.smile = draws.bell(-0.18f, 0.5f);
  mouth.width = draws.bell(0.22f, 0.31f) + 0.09f * std::max(mouth.smile, 0.0f);
  mouth.upper = draws.bell(0.10f, 0.26f) + 0.03f * softness;
  mouth.lower = draws.bell(0.17f, 0.36f) + 0.03f * softness;
  const std::size_t opening = draws.choose(std::array{0.5f, 0.32f, 0.18f});
  const float gap = draws.uniform(0.0f, 1.0f);
  mouth.open = opening == 0 ? 0.0f : opening == 1 ? mix(0.14f, 0.34f, gap) : mix(0.2f, 0.6f, gap);
  mouth.teeth = draws.uniform(0.85f, 1.0f);
  mouth.bite = opening == 1 ? 0.82f : draws.uniform(-0.2f, 0.5f);
  if (opening == 1) mouth.smile = mix(0.2f, 0.55f, draws.uniform(0.0f, 1.0f));
  const Colour natural = mix(skin * Colour{0.84f, 0.60f, 0.58f}, skin * Colour{0.80f, 0.62f, 0.64f}, tone);
  const Colour painted = from_hue({draws.uniform(-0.08f, 0.02f), draws.uniform(0.5f, 0.8f), draws.uniform(0.5f, 0.85f)});
  mouth.lip = mix(natural, painted, draws.chance(0.45f) ? softness * draws.uniform(0.2f, 0.85f) : 0.0f);
  mouth.gloss = draws.uniform(0.05f, 0.35f);
  return mouth;
}

Brows draw_brows(Draws& draws, const Hair& hair, const Head& head, float softness) {
  Brows brows{};
  brows.height = draws.bell(0.17f, 0.28f);
  brows.width = draws.uniform(0.16f, 0.215f);
  brows.thickness = draws.bell(0.022f, 0.052f) - 0.010f * softness;
  brows.arch = draws.uniform(0.0f, 0.07f);
  brows.slant = draws.bell(-0.22f, 0.22f);
  brows.opacity = draws.uniform(0.5f, 0.95f);
  brows.colour = mix(hair.colour * 0.75f, head.shadow * 0.6f, draws.uniform(0.15f, 0.5f));
  return brows;
}

Glasses draw_glasses(Draws& draws, const Eyes& eyes) {
  static const Colour frames[] = {rgb(22, 20, 22),   rgb(66, 40, 26),    rgb(128, 34, 36),
                                  rgb(150, 120, 72), rgb(150, 152, 158), rgb(40, 56, 92)};
  Glasses glasses{};
  glasses.worn = draws.chance(0.17f);
  glasses.width = std::min(draws.uniform(0.21f, 0.29f), eyes.spacing - 0.03f);
  glasses.height = draws.uniform(0.15f, 0.235f);
  glasses.roundness = draws.uniform(0.0f, 1.0f);
  glasses.rim = draws.uniform(0.013f, 0.034f);
  const bool sunglasses = draws.chance(0.22f);
  const float tint = draws.uniform(0.0f, 1.0f);
  glasses.tint = sunglasses ? mix(0.75f, 0.95f, tint) : mix(0.02f, 0.14f, tint);
  glasses.frame = frames[draws.choose(std::array{4.0f, 2.0f, 1.0f, 1.0f, 1.5f, 1.0f})];
  glasses.lens = sunglasses ? from_hue({draws.uniform(0.0f, 1.0f), 0.3f, draws.uniform(0.08f, 0.2f)}) : Colour{0.82f, 0.88f, 0.92f};
  return glasses;
}

Clothes draw_clothes(Draws& draws) {
  Clothes clothes{};
  clothes.shoulders = draws.uniform(1.32f, 1.52f);
  clothes.slope = draws.uniform(0.14f, 0.3f);
  clothes.neckline = {draws.uniform(0.38f, 0.62f), draws.uniform(0.05f, 0.45f)};
  clothes.pointed = draws.chance(0.4f) ? draws.uniform(0.5f, 1.0f) : 0.0f;
  clothes.colour = draw_cloth(draws);
  clothes.collar = draws.chance(0.35f) ? draw_cloth(draws) : clothes.colour * 0.85f;
  return clothes;
}

Background draw_background(Draws& draws) {
  Background background{};
  const float hue = draws.uniform(0.0f, 1.0f);
  const float saturation = square(draws.uniform(0.1f, 0.85f));
  const float value = draws.uniform(0.12f, 0.95f);
  background.top = from_hue({hue, saturation, value});
  background.bottom =
      from_hue({hue + draws.bell(-0.15f, 0.15f), saturation * draws.uniform(0.4f, 1.2f), clamp01(value * draws.uniform(0.5f, 1.25f))});
  background.direction = draws.uniform(-1.0f, 1.0f);
  const float busyness = draws.uniform(0.0f, 1.0f);
  for (Blob& blob : background.blobs) {
    const Point centre{draws.uniform(-1.2f, 1.2f), draws.uniform(-1.2f, 1.0f)};
    blob.spot = Spot(centre, {draws.uniform(0.3f, 1.0f), draws.uniform(0.3f, 1.2f)});
    const float turn = draws.chance(0.7f) ? hue + draws.bell(-0.2f, 0.2f) : draws.uniform(0.0f, 1.0f);
    blob.colour = from_hue({turn, square(draws.uniform(0.1f, 0.8f)), draws.uniform(0.05f, 1.0f)});
    blob.opacity = busyness * draws.uniform(0.0f, 0.8f);
  }
  return background;
}

Finish draw_finish(Draws& draws, float tone) {
  Finish finish{};
  finish.blur = 0.022f * square(draws.uniform(0.0f, 1.0f));
  // A photographer exposes for the skin.
  finish.exposure = draws.bell(0.9f, 1.2f) + 0.2f * tone;
  finish.saturation = draws.bell(0.7f, 1.12f);
  finish.vignette = draws.uniform(0.0f, 0.22f);
  finish.mottle = draws.uniform(0.0f, 0.04f);
  return finish;
}

}  // namespace

FaceParameters draw_parameters(std::uint64_t seed, std::uint64_t number) {
  Draws draws(seed, number);
  const float tone = draws.uniform(0.0f, 1.0f);
  const float softness = smoothstep(draws.uniform(0.0f, 1.0f));
  FaceParameters face{};
  face.pose = draw_pose(draws);
  face.light = draw_light(draws);
  face.head = draw_head(draws, tone, softness);
  face.eyes = draw_eyes(draws, tone, softness);
  face.nose = draw_nose(draws, softness);
  face.mouth = draw_mouth(draws, face.head.skin, tone, softness);
  face.hair = draw_hair(draws, face.head, tone, softness);
  face.brows = draw_brows(draws, face.hair, face.head, softness);
  face.beard = draw_beard(draws, face.hair, face.head, softness);
  face.glasses = draw_glasses(draws, face.eyes);
  face.hat = draw_hat(draws, face.hair);
  face.clothes = draw_clothes(draws);
  face.background = draw_background(draws);
  face.finish = draw_finish(draws, tone);
  return face;
}

}  // namespace pbgen::faces

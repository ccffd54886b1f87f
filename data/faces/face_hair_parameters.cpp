// Draws hair, beards and hats.
#include <array>

#include "data/faces/face_hair_parameters.h"

namespace pbgen::faces {
namespace {

Colour draw_hair_colour(Draws& draws, float tone, float age) {
  static const Colour natural[] = {rgb(22, 18, 18),   rgb(42, 29, 24),    rgb(72, 48, 34),   rgb(108, 72, 46),
                                   rgb(152, 108, 66), rgb(205, 166, 108), rgb(232, 206, 156)};
  const float darkness = smoothstep(tone * 1.9f - 0.35f);
  Colour colour = along(natural, draws.uniform(0.0f, 1.0f) * (1.0f - 0.85f * darkness));
  if (draws.chance(0.12f * (1.0f - darkness))) colour = mix(rgb(92, 38, 22), rgb(196, 98, 48), draws.uniform(0.0f, 1.0f));
  const float grey = draws.uniform(0.0f, 1.0f) * smoothstep(age * 2.2f - 1.15f);
  colour = mix(colour, mix(rgb(128, 124, 122), rgb(222, 218, 212), draws.uniform(0.0f, 1.0f)), grey);
  const Colour dyed = from_hue({draws.uniform(0.0f, 1.0f), draws.uniform(0.3f, 0.6f), draws.uniform(0.45f, 0.85f)});
  return draws.chance(0.035f) ? dyed : colour;
}

}  // namespace

Colour draw_cloth(Draws& draws) {
  const float hue = draws.uniform(0.0f, 1.0f);
  const float saturation = draws.uniform(0.0f, 0.7f);
  return from_hue({hue, square(saturation) + 0.05f, draws.uniform(0.1f, 0.92f)});
}

Hair draw_hair(Draws& draws, const Head& head, float tone, float softness) {
  static constexpr float kMasculine[] = {9, 22, 14, 7, 20, 3, 3, 8, 1, 13};
  static constexpr float kFeminine[] = {0.5f, 3, 2, 16, 8, 27, 25, 9, 9, 0.5f};
  std::array<float, 10> weights{};
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = mix(kMasculine[i], kFeminine[i], softness);
  Hair hair{};
  hair.style = static_cast<HairStyle>(draws.choose(weights));
  hair.colour = draw_hair_colour(draws, tone, head.age);
  hair.phase = {draws.uniform(0.0f, 1.0f), draws.uniform(0.0f, 1.0f)};
  hair.strand_rate = draws.uniform(2.5f, 6.5f);
  hair.strand_depth = draws.uniform(0.04f, 0.16f);
  hair.gloss = draws.uniform(0.0f, 0.35f);
  const float side_of_part = draws.chance(0.5f) ? 1.0f : -1.0f;

  // A common cropped head; the styles depart from it.
  hair.top = draws.uniform(0.05f, 0.14f);
  hair.side = draws.uniform(0.02f, 0.07f);
  hair.hairline = draws.bell(-0.72f, -0.54f);
  hair.part = draws.bell(-0.15f, 0.15f);
  hair.drop = draws.uniform(0.05f, 0.2f);
  hair.sweep = draws.bell(-0.08f, 0.08f);
  hair.opening = draws.uniform(0.86f, 0.96f);
  hair.corners = draws.uniform(0.0f, 0.08f);
  hair.sideburn = draws.uniform(-0.05f, 0.25f);
  hair.curl_rate = draws.uniform(1.2f, 2.2f);
  hair.curl = draws.uniform(0.0f, 0.025f);

  const float a = draws.uniform(0.0f, 1.0f);
  const float b = draws.uniform(0.0f, 1.0f);
  const float c = draws.uniform(0.0f, 1.0f);
  const float d = draws.uniform(0.0f, 1.0f);
  const auto make_long = [&] {
    hair.length = mix(0.75f, 2.3f, a);
    hair.spread = head.width + mix(0.0f, 0.32f, b);
    hair.opening = mix(0.74f, 0.98f, c);
    hair.in_front = draws.chance(0.6f);
    hair.top = mix(0.07f, 0.2f, d);
    hair.side = draws.uniform(0.07f, 0.18f);
    hair.corners = 0.0f;
    hair.part = draws.bell(-0.4f, 0.4f);
    hair.drop = draws.uniform(0.05f, 0.3f);
    hair.sweep = 0.35f * hair.part * draws.uniform(0.0f, 1.0f);
    if (draws.chance(0.3f)) {
      hair.hairline = draws.uniform(-0.38f, -0.26f);
      hair.drop = draws.uniform(0.0f, 0.08f);
    }
  };
  switch (hair.style) {
    case HairStyle::bald: hair.top = hair.side = 0.0f; break;
    case HairStyle::cropped:
      hair.top = mix(0.02f, 0.08f, a);
      hair.side = mix(0.0f, 0.03f, b);
      break;
    case HairStyle::quiff:
      hair.top = mix(0.16f, 0.32f, a);
      hair.sweep = side_of_part * mix(0.03f, 0.14f, b);
      hair.hairline = mix(-0.74f, -0.62f, c);
      break;
    case HairStyle::fringe:
      hair.top = mix(0.07f, 0.18f, a);
      hair.side = mix(0.05f, 0.14f, b);
      hair.hairline = mix(-0.45f, -0.28f, c);
      hair.drop = mix(-0.02f, 0.08f, d);
      hair.sweep = draws.bell(-0.14f, 0.14f);
      hair.length = softness > 0.5f ? draws.uniform(0.35f, 1.1f) : 0.0f;
      hair.spread = head.width + draws.uniform(0.02f, 0.16f);
      hair.opening = draws.uniform(0.8f, 0.98f);
      hair.sideburn = draws.uniform(0.1f, 0.4f);
      break;
    case HairStyle::side_part:
      hair.top = mix(0.09f, 0.2f, a);
      hair.side = mix(0.02f, 0.09f, b);
      hair.part = side_of_part * mix(0.22f, 0.42f, c);
      hair.sweep = -side_of_part * mix(0.12f, 0.34f, d);
      hair.hairline = draws.uniform(-0.72f, -0.6f);
      break;
    case HairStyle::long_straight: make_long(); break;
    case HairStyle::long_wavy:
      make_long();
      hair.spread += 0.1f;
      hair.curl = draws.uniform(0.03f, 0.06f);
      hair.curl_rate = draws.uniform(1.0f, 1.9f);
      break;
    case HairStyle::curly:
      hair.top = mix(0.12f, 0.42f, a);
      hair.side = mix(0.08f, 0.4f, b);
      hair.curl = mix(0.02f, 0.04f, c);
      hair.curl_rate = mix(1.6f, 2.6f, d);
      hair.hairline = draws.uniform(-0.66f, -0.48f);
      hair.length = softness > 0.4f ? draws.uniform(0.2f, 1.3f) : 0.0f;
      hair.spread = head.width + hair.side + draws.uniform(-0.05f, 0.15f);
      hair.sideburn = draws.uniform(0.1f, 0.35f);
      break;
    case HairStyle::bun:
      hair.top = mix(0.04f, 0.1f, a);
      hair.side = mix(0.01f, 0.04f, b);
      hair.bun = mix(0.2f, 0.36f, c);
      hair.bun_place = {side_of_part * mix(0.0f, 0.25f, d), -1.12f};
      hair.corners = 0.0f;
      break;
    case HairStyle::receding:
      hair.top = mix(0.02f, 0.08f, a);
      hair.side = mix(0.02f, 0.1f, b);
      hair.hairline = mix(-0.9f, -0.7f, c);
      hair.corners = mix(0.1f, 0.3f, d);
      hair.drop = draws.uniform(0.2f, 0.4f);
      break;
  }
  return hair;
}

Beard draw_beard(Draws& draws, const Hair& hair, const Head& head, float softness) {
  Beard beard{};
  const bool grown = draws.chance(0.62f) && softness < 0.42f;
  const std::size_t kind = draws.choose(std::array{0.42f, 0.3f, 0.14f, 0.14f});  // stubble, full, goatee, moustache
  const float a = draws.uniform(0.0f, 1.0f);
  const float b = draws.uniform(0.0f, 1.0f);
  beard.softness = draws.uniform(0.05f, 0.12f);
  beard.colour = mix(hair.colour * 0.85f, head.shadow * 0.55f, draws.uniform(0.1f, 0.45f));
  beard.width = 1.2f;
  if (!grown) return beard;
  if (kind == 0) {
    beard.opacity = mix(0.12f, 0.45f, a);
    beard.moustache = beard.opacity * 0.9f;
    beard.softness += 0.08f;
  } else if (kind == 1) {
    beard.opacity = mix(0.65f, 0.95f, a);
    beard.moustache = mix(0.5f, 0.95f, b);
    beard.length = mix(0.0f, 0.3f, square(b));
  } else if (kind == 2) {
    beard.opacity = mix(0.55f, 0.9f, a);
    beard.moustache = draws.chance(0.7f) ? beard.opacity : 0.0f;
    beard.length = mix(0.0f, 0.12f, b);
    beard.width = mix(0.38f, 0.55f, b);
  } else {
    beard.moustache = mix(0.6f, 0.95f, a);
  }
  return beard;
}

Hat draw_hat(Draws& draws, Hair& hair) {
  Hat hat{};
  hat.style = static_cast<HatStyle>(draws.choose(std::array{0.93f, 0.04f, 0.03f}));
  hat.edge = draws.uniform(-0.6f, -0.44f);
  hat.height = draws.uniform(0.1f, 0.3f);
  hat.slouch = draws.bell(-0.15f, 0.15f);
  hat.colour = draw_cloth(draws);
  hat.band = draws.chance(0.5f) ? hat.colour * 0.8f : draw_cloth(draws);
  if (hat.style != HatStyle::none) {
    hair.top = std::min(hair.top, 0.05f);
    hair.bun = 0.0f;
  }
  return hat;
}

}  // namespace pbgen::faces

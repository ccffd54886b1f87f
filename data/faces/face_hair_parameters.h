// How hair, beards, hats and clothes of a face are drawn at random.
#pragma once

#include "data/faces/face_draws.h"
#include "data/faces/face_parameters.h"

namespace pbgen::faces {

// `tone` runs from pale skin (0) to dark (1), `softness` from a masculine (0) to a feminine (1) face.
Hair draw_hair(Draws& draws, const Head& head, float tone, float softness);
Beard draw_beard(Draws& draws, const Hair& hair, const Head& head, float softness);
// A hat flattens the hair.
Hat draw_hat(Draws& draws, Hair& hair);
Colour draw_cloth(Draws& draws);

}  // namespace pbgen::faces

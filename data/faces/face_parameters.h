// What a synthetic face is made of: everything that is drawn at random, in units that know nothing of pixels.
//
// Face units: the skull's crown is at y = -1, the chin at y = 1, x and y grow to the right and down; a head is some 0.75 wide
// each way.  Angles are given by their sine or tangent.
#pragma once

#include <array>

#include "data/faces/face_canvas.h"

namespace pbgen::faces {

struct Pose {
  Point centre;   // of the head, in picture coordinates (-1 .. 1)
  float scale;    // picture units for one face unit
  float tilt;     // tangent, towards a shoulder
  float yaw;      // sine, positive looks to the right of the picture
  float pitch;    // sine, positive looks down
  float shoulder_turn;
};

struct Light {
  float x, y, z;   // towards the light, length 1
  float ambient;   // 0 .. 1
  float contrast;
  Colour tint;
};

struct Head {
  float width;       // half the width of the skull
  float taper;       // how much narrower the jaw is
  float squareness;  // of the jaw
  float ear;         // size
  float neck;        // half the width
  float cheek;       // relief
  float chin;        // relief
  float age;         // folds, 0 .. 1
  Colour skin;
  Colour shadow;     // skin in the dark
  float blush;
  float gloss;
};

struct Eyes {
  float spacing;     // from the nose's axis
  float height;      // y
  float width;       // half
  float upper;       // how far the upper lid opens, in half widths
  float lower;
  float slant;
  float iris;        // radius, in half widths
  Colour colour;
  Point gaze;
  float lashes;      // 0 .. 1
  float makeup;      // 0 .. 1
  float socket;      // depth
};

struct Brows {
  float height;      // above the eye's centre
  float width;       // half
  float thickness;
  float arch;
  float slant;
  float opacity;
  Colour colour;
};

struct Nose {
  float length;      // y of the tip
  float width;
  float bridge;
  float relief;
  float nostrils;    // opacity
};

struct Mouth {
  float height;      // y
  float width;       // half
  float upper;       // lip heights in half widths
  float lower;
  float smile;       // negative: the corners hang
  float open;        // gap in half widths
  float teeth;       // opacity
  float bite;        // how far down the gap the teeth reach, as a part of it
  Colour lip;
  float gloss;
};

enum class HairStyle { bald, cropped, quiff, fringe, side_part, long_straight, long_wavy, curly, bun, receding };

struct Hair {
  HairStyle style;
  float top;         // how far it stands off the skull
  float side;
  float hairline;    // y at the part
  float part;        // x
  float drop;        // how much lower the hairline is at the temples
  float sweep;       // asymmetry of the hairline
  float opening;     // half the width of the face between the hair, in head widths
  float corners;     // receding temples
  float sideburn;    // y where short hair ends
  float length;      // y where long hair ends; short hair has none (0)
  float spread;      // half the width of long hair at its end
  bool in_front;     // long hair falls before the shoulders
  float curl;        // amplitude of the outline's waves
  float curl_rate;
  float strand_rate;
  float strand_depth;
  float gloss;
  float bun;         // radius, 0 for none
  Point bun_place;
  Point phase;
  Colour colour;
};

struct Beard {
  float opacity;     // of the beard on cheeks and chin
  float moustache;   // opacity
  float length;      // beyond the jaw
  float width;       // in head widths; small: a goatee
  float softness;
  Colour colour;
};

struct Glasses {
  bool worn;
  float width;       // half, of one lens
  float height;
  float roundness;   // 1: an ellipse, 0: a rounded box
  float rim;
  float tint;        // opacity of the lenses
  Colour frame;
  Colour lens;
};

enum class HatStyle { none, beanie, cap };

struct Hat {
  HatStyle style;
  float edge;        // y
  float height;
  float slouch;
  Colour colour;
  Colour band;
};

struct Clothes {
  float shoulders;   // y of the shoulders
  float slope;
  Point neckline;    // half width, depth
  float pointed;     // 0: round neckline, 1: a V
  Colour colour;
  Colour collar;
};

struct Blob {
  Spot spot;         // picture coordinates
  Colour colour;
  float opacity;
};

struct Background {
  Colour top;
  Colour bottom;
  float direction;   // -1 .. 1: how much the gradient runs sideways
  std::array<Blob, 5> blobs;
};

struct Finish {
  float blur;        // widens every edge, picture units
  float exposure;
  float saturation;
  float vignette;
  float mottle;      // slow variations of the skin
};

struct FaceParameters {
  Pose pose;
  Light light;
  Head head;
  Eyes eyes;
  Brows brows;
  Nose nose;
  Mouth mouth;
  Hair hair;
  Beard beard;
  Glasses glasses;
  Hat hat;
  Clothes clothes;
  Background background;
  Finish finish;
};

}  // namespace pbgen::faces

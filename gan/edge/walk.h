// The way from one latent vector to another.
#pragma once

namespace pbgen::edge {

// What the ends of a way are multiplied by: z = from_factor * from + to_factor * to.
struct WalkFactors {
  float from;
  float to;
};

// t: in [0, 1].
WalkFactors linear_factors(float t);
// from, to: [z_dim].  Those of linear_factors where the angle is 0 or undefined, or its cosine of half below 2^-10.
WalkFactors spherical_factors(const float* from, const float* to, int z_dim, float t);

// z: [z_dim], which may be `from` or `to`.
void walk(const WalkFactors& factors, const float* from, const float* to, int z_dim, float* z);

}  // namespace pbgen::edge

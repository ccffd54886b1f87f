// The rule for the numbers of a trained network that are stored, for every reader and every writer of ours: they are finite, and what is
// a sum of squares is not negative.
//
// A file of a right checksum holds others because somebody changed it or another program wrote it, and whoever would write others has a
// network that diverged.  Both are Error(diverged), whose mend is another checkpoint; what is damaged has a wrong checksum, which is
// Error(model_file).
#pragma once

#include <span>
#include <string>

namespace pbgen {

// what: "PATH: generator.linear.weight".  Error(diverged) naming the first value that is not finite.
void require_finite(std::span<const float> values, const std::string& what);

// The same, and for the first one below 0.
void require_squares(std::span<const float> values, const std::string& what);

}  // namespace pbgen

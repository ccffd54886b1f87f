#include "gan/stored_values.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"

namespace pbgen {
namespace {

template <class IsRight>
void require(std::span<const float> values, const std::string& what, IsRight is_right, const char* rule) {
  const auto wrong = std::find_if_not(values.begin(), values.end(), is_right);
  if (wrong != values.end()) fail(ErrorKind::diverged, what, " holds ", *wrong, ", which is ", rule, ": take an earlier checkpoint");
}

}  // namespace

void require_finite(std::span<const float> values, const std::string& what) {
  require(values, what, [](float value) { return std::isfinite(value); }, "not finite");
}

void require_squares(std::span<const float> values, const std::string& what) {
  require_finite(values, what);
  require(values, what, [](float value) { return value >= 0.0f; }, "a negative sum of squares");
}

}  // namespace pbgen

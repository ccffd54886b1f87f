// Which layers hold one-bit weights: the paper's Table II, and any other list.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pbgen {

// A set of layer numbers 0 .. 4.  In the generator 0 is the linear layer and 1 .. 4 are the deconvolutions; in the
// discriminator 1 .. 4 are the convolutions.
class LayerSet {
 public:
  static constexpr int kLayers = 5;

  constexpr LayerSet() = default;
  constexpr LayerSet(std::initializer_list<int> layers) {
    for (const int layer : layers) bits_ |= 1u << layer;
  }

  // "none", "all" (1,2,3,4: what the paper calls all), or numbers with commas, each at most once and at least `lowest`.
  // InvalidOption naming `field` otherwise.
  static LayerSet parse(std::string_view text, int lowest, std::string_view field);

  constexpr bool contains(int layer) const { return (bits_ >> layer & 1u) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr LayerSet with(int layer) const {
    LayerSet more = *this;
    more.bits_ |= 1u << layer;
    return more;
  }
  constexpr bool operator==(const LayerSet&) const = default;
  // "none" or "1,2,3": parse() reads it back.
  std::string to_string() const;

 private:
  std::uint32_t bits_ = 0;
};

struct Setting {
  LayerSet generator;
  LayerSet discriminator;
  constexpr bool operator==(const Setting&) const = default;
};

// Table II: A none; B 1; C 2; D 3; E 4; F 1,2,3; G 1,2,3,4; H 1,2,3 and the whole discriminator.  Lower case is taken as well.  And one of
// ours: "inner", H with the discriminator's first convolution in float, so that in both networks the layers which meet the image hold
// floats and those within one bit.  InvalidOption for any other name.
Setting parse_setting(std::string_view name);

// The name of such a setting, or one of the same kind for others: "g02-dall", "g13-dnone".
std::string setting_name(const Setting& setting);

}  // namespace pbgen

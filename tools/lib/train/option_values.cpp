#include "tools/lib/train/option_values.h"

#include "core/base/check.h"
#include "core/base/option_error.h"

namespace pbgen {
namespace {

// The rule that the engine refuses the text by, or "" with the value taken.
template <class Value, class Parse>
std::string parsed(Value& value, Parse parse) {
  try {
    value = parse();
    return "";
  } catch (const InvalidOption& wrong) {
    return wrong.rule();
  }
}

}  // namespace

std::string parse_value(std::string_view text, LayerSet& value) {
  if (parsed(value, [&] { return LayerSet::parse(text, 0, "layers"); }).empty()) return "";
  // Which number is the lowest is a rule of the flag's.
  return concat("none, all, or different layer numbers up to ", LayerSet::kLayers - 1, " with commas, such as 1,2,3");
}

std::string parse_value(std::string_view text, Setting& value) {
  return parsed(value, [&] { return parse_setting(text); });
}

std::string parse_value(std::string_view text, BinaryRecipe& value) {
  const auto recipe = recipe_named(text);
  if (!recipe) return "pbgen, xnor or port";
  value = *recipe;
  return "";
}

std::string parse_value(std::string_view text, Loss& value) {
  return parsed(value, [&] { return parse_loss(text); });
}

std::string parse_value(std::string_view text, Crop& value) {
  return parsed(value, [&] { return parse_crop(std::string(text)); });
}

std::string parse_value(std::string_view text, OnBad& value) {
  return parsed(value, [&] { return parse_on_bad(std::string(text)); });
}

std::string parse_value(std::string_view text, ConvAlgorithm& value) {
  return parsed(value, [&] { return conv_algorithm_named(text); });
}

std::string parse_value(std::string_view text, IsaChoice& value) {
  const std::optional<Isa> path = isa_named(text);
  if (!path && text != "auto") return concat("auto, ", isa_names());
  value = {path};
  return "";
}

}  // namespace pbgen

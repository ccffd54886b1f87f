// The engine's types as values of flags: how ArgumentParser reads and shows them (args.h has it for numbers, text and lists).
// The rules are the engine's own.
#pragma once

#include <string>
#include <string_view>

#include "core/conv/conv_algorithm.h"
#include "data/crop.h"
#include "data/folder/image_folder.h"
#include "gan/losses.h"
#include "gan/settings.h"
#include "layers/binary_weight.h"
#include "tools/lib/train/isa_choice.h"

namespace pbgen {

std::string parse_value(std::string_view text, LayerSet& value);
std::string parse_value(std::string_view text, Setting& value);  // a letter of Table II
std::string parse_value(std::string_view text, BinaryRecipe& value);
std::string parse_value(std::string_view text, Loss& value);
std::string parse_value(std::string_view text, Crop& value);
std::string parse_value(std::string_view text, OnBad& value);
std::string parse_value(std::string_view text, ConvAlgorithm& value);
std::string parse_value(std::string_view text, IsaChoice& value);

inline std::string value_text(const LayerSet& value) { return value.to_string(); }
inline std::string value_text(const Setting& value) { return setting_name(value); }
inline std::string value_text(BinaryRecipe value) { return name(value); }
inline std::string value_text(Loss value) { return std::string(loss_name(value)); }
inline std::string value_text(const Crop& value) { return to_string(value); }
inline std::string value_text(OnBad value) { return name(value); }
inline std::string value_text(ConvAlgorithm value) { return name(value); }
inline std::string value_text(const IsaChoice& value) { return value.path ? name(*value.path) : "auto"; }

}  // namespace pbgen

#include "gan/settings.h"

#include <algorithm>
#include <array>

#include "core/base/check.h"
#include "core/base/option_error.h"

namespace pbgen {
namespace {

constexpr LayerSet kAll{1, 2, 3, 4};

// Table II in the order of its letters.
constexpr std::array<Setting, 8> kTable{{
    {{}, {}},
    {{1}, {}},
    {{2}, {}},
    {{3}, {}},
    {{4}, {}},
    {{1, 2, 3}, {}},
    {{1, 2, 3, 4}, {}},
    {{1, 2, 3}, kAll},
}};

// Ours, not the paper's: see settings.h.
constexpr std::string_view kInnerName = "inner";
constexpr Setting kInner{{1, 2, 3}, {2, 3, 4}};

std::string part_name(LayerSet layers) {
  if (layers.empty()) return "none";
  if (layers == kAll) return "all";
  std::string name;
  for (int layer = 0; layer < LayerSet::kLayers; ++layer)
    if (layers.contains(layer)) name += static_cast<char>('0' + layer);
  return name;
}

}  // namespace

LayerSet LayerSet::parse(std::string_view text, int lowest, std::string_view field) {
  if (text == "none") return {};
  if (text == "all") return kAll;
  LayerSet layers;
  for (std::size_t at = 0;;) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string_view item = text.substr(at, comma - at);
    const int layer = item.size() == 1 ? item[0] - '0' : -1;
    if (layer < lowest || layer >= kLayers || layers.contains(layer)) {
      throw InvalidOption(std::string(field), text, concat("none, all, or different layer numbers from ", lowest, " to ", kLayers - 1,
                                                          " with commas, such as 1,2,3"));
    }
    layers.bits_ |= 1u << layer;
    if (comma == text.size()) return layers;
    at = comma + 1;
  }
}

std::string LayerSet::to_string() const {
  if (empty()) return "none";
  std::string text;
  for (int layer = 0; layer < kLayers; ++layer) {
    if (!contains(layer)) continue;
    if (!text.empty()) text += ',';
    text += static_cast<char>('0' + layer);
  }
  return text;
}

Setting parse_setting(std::string_view name) {
  if (name == kInnerName) return kInner;
  if (name.size() == 1) {
    const char upper = name[0] >= 'a' ? static_cast<char>(name[0] - 'a' + 'A') : name[0];
    if (upper >= 'A' && upper <= 'H') return kTable[static_cast<std::size_t>(upper - 'A')];
  }
  throw InvalidOption("setting", name, concat("a letter from A to H (Table II of the paper), or ", kInnerName));
}

std::string setting_name(const Setting& setting) {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (setting == kTable[i]) return {static_cast<char>('A' + static_cast<int>(i))};
  if (setting == kInner) return std::string(kInnerName);
  return concat("g", part_name(setting.generator), "-d", part_name(setting.discriminator));
}

}  // namespace pbgen

#include "tools/lib/plan/layers.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "tools/lib/cli/text.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxFileBytes = 1 << 20;
constexpr std::size_t kMaxLayers = 1000;
constexpr std::int64_t kMaxChannels = 1 << 20;
constexpr std::int64_t kMaxKernel = 1024;
constexpr std::int64_t kMaxStride = 1024;
constexpr std::int64_t kMaxSide = 65536;
constexpr double kMaxMultiplyAdds = 1e15;  // times kMaxLayers, and times 4 bytes, is below 2^63
constexpr std::size_t kMaxName = 32;

constexpr std::array<std::string_view, 9> kKeys{"name", "kind", "c_in", "c_out", "kernel", "stride", "height", "width", "binarized"};

// One layer's object, and how its errors begin.
class LayerReader {
 public:
  LayerReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) refuse("expected an object, such as ", kLayersFormat);
    for (const auto& [key, value] : object.as_object()) {
      if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) continue;
      const std::string known = nearest_word(key, {kKeys.begin(), kKeys.end()});
      refuse("unknown key ", shown(Json(key)), known.empty() ? "" : concat("; did you mean \"", known, "\"?"));
    }
  }

  LayerRow read(std::size_t index) {
    LayerRow row;
    row.kind = kind();
    row.name = layer_name(concat(name(row.kind), index));
    const bool linear = row.kind == LayerKind::linear;
    row.c_in = required("c_in", kMaxChannels);
    row.c_out = required("c_out", kMaxChannels);
    read_kernel(row);
    row.stride = linear ? alone("stride") : required("stride", kMaxStride);
    row.height_in = linear ? optional("height", kMaxSide) : required("height", kMaxSide);
    row.width_in = linear ? optional("width", kMaxSide) : required("width", kMaxSide);
    row.binarized = flag("binarized");
    row = row.with_same_padding();
    require_countable(row);
    return row;
  }

  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    fail(ErrorKind::data, where_, ": ", parts...);
  }

 private:
  // A value of the file, short enough for a line.
  static std::string shown(const Json& value) {
    const std::string text = value.text();
    return text.size() <= 60 ? text : text.substr(0, 57) + "...";
  }

  const Json& member(std::string_view key) const {
    const Json* const value = object_.find(key);
    if (value == nullptr) refuse("\"", key, "\" is missing");
    return *value;
  }

  std::int64_t in_range(std::string_view key, const Json& value, std::int64_t high) const {
    if (!value.is_integer() || value.as_integer() < 1 || value.as_integer() > high)
      refuse(key, " ", shown(value), ": expected a whole number from 1 to ", high);
    return value.as_integer();
  }
  std::int64_t required(std::string_view key, std::int64_t high) const { return in_range(key, member(key), high); }
  std::int64_t optional(std::string_view key, std::int64_t high) const {
    const Json* const value = object_.find(key);
    return value == nullptr ? 1 : in_range(key, *value, high);
  }

  // What a linear layer does not have.
  std::int64_t alone(std::string_view key) const {
    const Json* const value = object_.find(key);
    if (value != nullptr && *value != Json(1)) refuse(key, " ", shown(*value), ": a linear layer has none; leave it out");
    return 1;
  }

  LayerKind kind() const {
    const Json& value = member("kind");
    for (const LayerKind kind : {LayerKind::deconv, LayerKind::conv, LayerKind::linear})
      if (value == Json(name(kind))) return kind;
    refuse("kind ", shown(value), ": expected \"deconv\", \"conv\" or \"linear\"");
  }

  std::string layer_name(const std::string& otherwise) {
    const Json* const value = object_.find("name");
    if (value == nullptr) return otherwise;
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
    const std::string_view text = value->is_string() ? std::string_view(value->as_string()) : std::string_view();
    if (text.empty() || text.size() > kMaxName || text.find_first_not_of(kAllowed) != text.npos)
      refuse("name ", shown(*value), ": expected 1 to ", kMaxName, " letters, digits, '_', '-', '.' or '/'");
    where_ += concat(" (", value->as_string(), ")");
    return value->as_string();
  }

  void read_kernel(LayerRow& row) const {
    if (row.kind == LayerKind::linear) {
      row.kernel_height = row.kernel_width = alone("kernel");
      return;
    }
    const Json& value = member("kernel");
    if (!value.is_array()) {
      row.kernel_height = row.kernel_width = in_range("kernel", value, kMaxKernel);
      return;
    }
    if (value.as_array().size() != 2) refuse("kernel ", shown(value), ": expected a number or [height, width]");
    row.kernel_height = in_range("kernel[0]", value.as_array()[0], kMaxKernel);
    row.kernel_width = in_range("kernel[1]", value.as_array()[1], kMaxKernel);
  }

  bool flag(std::string_view key) const {
    const Json* const value = object_.find(key);
    if (value == nullptr) return false;
    if (!value->is_bool()) refuse(key, " ", shown(*value), ": expected true or false");
    return value->as_bool();
  }

  // In doubles: the product of what is allowed one by one does not fit 64 bits.
  void require_countable(const LayerRow& row) const {
    const auto product = [](auto... factors) { return (1.0 * ... * static_cast<double>(factors)); };
    const bool at_output = row.kind == LayerKind::conv;
    const double count = product(row.c_in, row.c_out, row.kernel_height, row.kernel_width, at_output ? row.height_out : row.height_in,
                                 at_output ? row.width_out : row.width_in);
    if (count > kMaxMultiplyAdds) refuse(count, " multiply-adds an image: expected at most ", kMaxMultiplyAdds);
  }

  const Json& object_;
  std::string where_;
};

}  // namespace

const char* const kLayersFormat =
    R"({"name": "up1", "kind": "deconv", "c_in": 512, "c_out": 256, "kernel": 5, "stride": 2, "height": 4, "width": 4, "binarized": true})";

std::vector<LayerRow> parse_layers(std::string_view text, const std::string& path) {
  const Json root = parse_json(text, ErrorKind::data, path);
  const Json* const layers = root.find("layers");
  if (layers == nullptr || !layers->is_array()) fail(ErrorKind::data, path, ": expected {\"layers\": [", kLayersFormat, ", ...]}");
  for (const auto& [key, value] : root.as_object())
    if (key != "layers") fail(ErrorKind::data, path, ": unknown key ", Json(key).text(), " beside \"layers\"");
  const Json::Array& items = layers->as_array();
  if (items.empty() || items.size() > kMaxLayers)
    fail(ErrorKind::data, path, ": ", items.size(), " layers, expected 1 to ", kMaxLayers);

  std::vector<LayerRow> rows;
  for (std::size_t i = 0; i < items.size(); ++i) {
    LayerReader reader(items[i], concat(path, ": layers[", i, "]"));
    const LayerRow row = reader.read(i);
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const LayerRow& other) { return other.name == row.name; });
    if (same != rows.end()) reader.refuse("name \"", row.name, "\" is that of layers[", same - rows.begin(), "]");
    rows.push_back(row);
  }
  return rows;
}

std::vector<LayerRow> load_layers(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path, kMaxFileBytes);
  return parse_layers(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), path);
}

}  // namespace pbgen

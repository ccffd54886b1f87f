#include "tools/lib/runs/run_preparation.h"

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "data/formats/image_io.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxConfigBytes = 1 << 20;
constexpr int kFoldersAbove = 2;

// A whole number of the object in [low, high], or nothing.
std::optional<int> number(const Json& object, const char* key, int low, int high) {
  const Json* const value = object.find(key);
  if (value == nullptr || !value->is_integer() || value->as_integer() < low || value->as_integer() > high) return std::nullopt;
  return static_cast<int>(value->as_integer());
}

std::optional<std::string> text_of(const Json& object, const char* key) {
  const Json* const value = object.find(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->as_string();
}

}  // namespace

std::optional<RunPreparation> parse_run_preparation(const std::string& text, const std::string& source) {
  try {
    const Json config = parse_json(text, ErrorKind::data, source);
    if (!config.is_object()) return std::nullopt;
    const auto size = number(config, "size", 1, kMaxImageSide);
    const auto channels = number(config, "channels", 1, 3);
    const auto crop = text_of(config, "crop");
    const Json* const stretch = config.find("contrast_stretch");
    const bool ours = text_of(config, "binarize_g") && size && channels && crop && stretch != nullptr && stretch->is_bool();
    if (!ours || *channels == 2) return std::nullopt;
    const RunPreparation preparation{source, parse_crop(*crop), *size, *channels, stretch->as_bool()};
    const std::optional<std::string> data = text_of(config, "data");
    const bool of_pictures = data ? !data->empty() : !crop->empty() || preparation.contrast_stretch;
    if (!of_pictures) return std::nullopt;
    return preparation;
  } catch (const Error&) {
    return std::nullopt;  // another program's file
  }
}

std::optional<RunPreparation> run_preparation(const std::string& path) {
  std::error_code error;
  fs::path folder = fs::weakly_canonical(path, error);
  if (error) return std::nullopt;
  if (!fs::is_directory(folder, error)) folder = folder.parent_path();
  for (int above = 0; above <= kFoldersAbove; ++above, folder = folder.parent_path()) {
    const std::string config = (folder / "config.json").string();
    if (!fs::is_regular_file(config, error)) continue;
    try {
      const auto preparation = parse_run_preparation(read_text_file(config, kMaxConfigBytes), config);
      if (preparation) return preparation;
    } catch (const Error&) {
      continue;  // cannot be read: as if it were not there
    }
  }
  return std::nullopt;
}

std::string preparation_text(const RunPreparation& preparation) {
  const std::string crop = to_string(preparation.crop);
  return concat(crop.empty() ? "the largest centred square" : "--crop " + crop, ", --size ", preparation.size, " --channels ",
                preparation.channels, preparation.contrast_stretch ? ", contrast stretched" : "");
}

}  // namespace pbgen

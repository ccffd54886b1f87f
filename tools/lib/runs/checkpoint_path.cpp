#include "tools/lib/runs/checkpoint_path.h"

#include <filesystem>

#include "core/base/check.h"

namespace pbgen {

namespace fs = std::filesystem;

std::string run_folder_of(const std::string& checkpoint) {
  const fs::path folder = fs::path(checkpoint).parent_path();
  if (folder.filename() != "checkpoints") return "";
  return folder.has_parent_path() ? folder.parent_path().string() : ".";
}

std::string output_beside(const std::string& model, std::string_view name) {
  const std::string run = run_folder_of(model);
  const fs::path folder = run.empty() ? fs::path(model).parent_path() : fs::path(run);
  return (folder / concat(fs::path(model).stem().string(), name)).string();
}

}  // namespace pbgen

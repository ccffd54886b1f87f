#include "tools/lib/cli/output_path.h"

#include <filesystem>
#include <system_error>

#include "core/base/check.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

}  // namespace

void require_free_output(const std::string& flag, const std::string& path, bool force, const std::vector<std::string>& inputs) {
  std::error_code error;
  for (const std::string& input : inputs)
    if (fs::equivalent(path, input, error)) fail(ErrorKind::usage, flag, ' ', path, " is what is read: choose another file");
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) fail(ErrorKind::usage, flag, ' ', path, " is a folder: name a file in it");
  if (fs::exists(status) && !fs::is_regular_file(status))
    fail(ErrorKind::usage, flag, ' ', path, " is a pipe or a device: name a file");
  // A link that leads nowhere is there as well.
  const bool taken = fs::symlink_status(path, error).type() != fs::file_type::not_found;
  if (taken && !force) fail(ErrorKind::usage, flag, ' ', path, " exists: choose another file, or add --force to replace it");
}

std::string name_ending(const std::string& path) {
  std::string ending = fs::path(path).extension().string();
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return ending;
}

}  // namespace pbgen

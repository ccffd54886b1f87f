// A folder for files that nobody keeps.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/base/check.h"

namespace pbgen {

// Below the system's folder for temporary files; removed at the end.
class TemporaryFolder {
 public:
  // Error(input_output) where it cannot be made.
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "pbgen-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) fail(ErrorKind::input_output, name, ": cannot be made: ", std::strerror(errno));
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace pbgen

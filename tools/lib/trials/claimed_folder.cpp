#include "tools/lib/trials/claimed_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/base/check.h"
#include "core/files/file.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

// Whether nothing is in it, but for a lock and what another process, at this moment, claims it with.
bool is_free(const std::string& folder, const std::string& name) {
  std::error_code error;
  const fs::directory_iterator entries(folder, error);
  return !error && std::all_of(begin(entries), end(entries), [&](const fs::directory_entry& entry) {
    const std::string other = entry.path().filename().string();
    return other.starts_with(name) || other.starts_with(".pbgen");
  });
}

}  // namespace

bool claim_folder(const std::string& folder, const std::string& name, std::string_view text, const char* what) {
  const std::string path = concat(folder, '/', name);
  if (fs::exists(path)) return false;
  make_directories(folder);
  if (!is_free(folder, name)) {
    // Once more: another process may have claimed it meanwhile, and gone on.
    if (fs::exists(path)) return false;
    fail(ErrorKind::usage, folder, ": is there and holds ", what, "; name another --out");
  }
  write_file_atomically(path, text);
  return true;
}

}  // namespace pbgen

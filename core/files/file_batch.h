// Many small files for one folder, each whole or not at all.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace pbgen {

// Files are written under partial names (kPartialEnding of core/files/file.h), synced together, and then named: one sync of the file system
// for all of them, because one a file takes minutes where there are thousands.  The caller holds the folder's lock.
class FileBatch {
 public:
  FileBatch(std::string folder, std::int64_t count);
  // Removes what was written and has no name of its own yet.
  ~FileBatch();
  FileBatch(const FileBatch&) = delete;
  FileBatch& operator=(const FileBatch&) = delete;

  // File `index`, 0 .. count - 1, each once, by any thread; a failure is told by commit().
  void write(std::int64_t index, const std::string& name, std::span<const std::uint8_t> bytes);
  // Gives the files their names, those that are there already being replaced.  Error(input_output) with the path and the system's
  // reason: of a file that could not be written, and then none has got its name, or of one that could not be renamed.
  void commit();

 private:
  std::string folder_;
  std::vector<std::string> names_;  // "": not written, or named by now
  std::mutex mutex_;
  std::string failure_;
};

}  // namespace pbgen

// Folders into which one process at a time writes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/files/descriptor.h"

namespace pbgen {

// A folder into which one process at a time writes.  The lock is that of a file in it, FOLDER/.pbgen.lock, which tells who holds it
// and goes with this object; one that a killed process left is taken over, and so are its half-written files (remove_stale_partials).
// Programs that we start do not inherit it.
class FolderLock {
 public:
  // Makes the folder where it is missing, and those above it; what this object made, and what is still empty in the end, goes with it.
  // Error(usage) where another process holds it, with that process and the mend, or where it is no folder; Error(input_output) where
  // it cannot be made, or where the file system keeps no locks or ignores them, which is tried each time.
  explicit FolderLock(const std::string& folder);
  // The same for a folder that must be new: nothing where something has that name.  Of two processes one gets it.
  static std::optional<FolderLock> make(const std::string& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

  const std::string& folder() const { return folder_; }

 private:
  FolderLock(const std::string& folder, std::vector<std::string> made);
  void take();
  bool try_to_take();

  std::string folder_;
  Descriptor descriptor_;
  std::vector<std::string> made_;  // folders, the innermost first
};

// Whether nothing is in the folder but a lock's file.  Error(input_output) where it cannot be read.
bool holds_nothing(const std::string& folder);

}  // namespace pbgen

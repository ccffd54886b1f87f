// Files, written so that nothing is ever lost: aside, synced, renamed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pbgen {

// The whole file.  Error(input_output) with the path where it cannot be opened or read, or is larger than max_bytes.
std::vector<std::uint8_t> read_file(const std::string& path, std::int64_t max_bytes);

// The same as text.
std::string read_text_file(const std::string& path, std::int64_t max_bytes);

// A file that appears whole or not at all, written piece by piece.  Creates missing parent folders and writes
// PATH.partial-PID; commit() syncs it, renames it over path and syncs the folder.  Without a commit the partial file is
// removed and what was at path stays.  Every failure is Error(input_output) with the path and the system's reason.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void append(std::span<const std::uint8_t> bytes);
  // Replaces bytes that were appended before: a header that is known only at the end.
  void overwrite(std::int64_t offset, std::span<const std::uint8_t> bytes);
  void commit();

 private:
  std::string path_;
  std::string partial_;
  int descriptor_ = -1;
};

// Creates missing parent folders, writes PATH.partial-PID beside the file, syncs it, renames it over path and syncs the
// folder: a reader sees the old file or the new one, whole.  Error(input_output) with the path and the system's reason;
// then the partial file is gone and the old file untouched.
void write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes);
void write_file_atomically(const std::string& path, std::string_view text);

// Error(input_output) where the folder cannot be made.
void make_directories(const std::string& path);

}  // namespace pbgen

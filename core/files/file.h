// Files, written so that nothing is ever lost: aside, synced, renamed.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/files/descriptor.h"

namespace pbgen {

// The whole file.  Error(input_output) with the path where it is no regular file, cannot be opened or read, or is larger than max_bytes.
std::vector<std::uint8_t> read_file(const std::string& path, std::int64_t max_bytes);

// The same as text.
std::string read_text_file(const std::string& path, std::int64_t max_bytes);

// What is done with a file that has the name already.
enum class Existing { replace, keep };

// A file that appears whole or not at all, written piece by piece.  Creates missing parent folders and writes
// PATH.partial-pbgen; commit() syncs it, gives it its name and syncs the folder.  Without a commit the partial file is
// removed and what was at path stays.  Every failure is Error(input_output) with the path and the system's reason;
// Existing::keep makes a file that has the name by then Error(usage).
// The partial file is locked while it lives: another process that writes to the same path waits, and what a killed one left is
// written over.
class AtomicFile {
 public:
  // waiting, where there is one: told before the first wait for another process.
  explicit AtomicFile(const std::string& path, Existing existing = Existing::replace, const std::function<void()>& waiting = {});
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
  Existing existing_;
  Descriptor descriptor_;
};

// Writes an AtomicFile in one go: a reader sees the old file or the new one, whole.
void write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes, Existing existing = Existing::replace);
void write_file_atomically(const std::string& path, std::string_view text, Existing existing = Existing::replace);

// Opens a file for appending, made where it is missing, closed in programs that we start.  Error(input_output) with the path and the
// reason, also where it is no regular file.
Descriptor open_to_append(const std::string& path);
// All bytes, or Error(input_output) with the path and the system's reason.
void write_all(int descriptor, std::span<const std::uint8_t> bytes, const std::string& path);
// So that names given in the folder survive a power cut; a file system that cannot do it is no error of ours.
void sync_folder(const std::string& folder);

// Ends the name of a file that is being written.
inline constexpr std::string_view kPartialEnding = ".partial-pbgen";

// Removes from the folder, not below it, the half-written files of killed processes.  For whoever holds the folder's lock
// (core/files/file_lock.h); one that a living process has locked stays, and so does what only looks like ours, such as a link or a folder.
void remove_stale_partials(const std::string& folder);

// Error(input_output) where the folder cannot be made.
void make_directories(const std::string& path);

}  // namespace pbgen

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

// Creates missing parent folders, writes PATH.partial-PID beside the file, syncs it, renames it over path and syncs the
// folder: a reader sees the old file or the new one, whole.  Error(input_output) with the path and the system's reason;
// then the partial file is gone and the old file untouched.
void write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes);
void write_file_atomically(const std::string& path, std::string_view text);

// Error(input_output) where the folder cannot be made.
void make_directories(const std::string& path);

}  // namespace pbgen

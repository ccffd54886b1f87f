// A file of the user's, opened for reading: nothing else that a path may name can keep us waiting or never end.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/files/descriptor.h"

namespace pbgen {

// Every path that a user gives is read through this class.  A pipe, a socket, a device and a folder are refused at once, also where
// one takes the file's place between the look and the opening.
class RegularFile {
 public:
  // Error(input_output) with the path and what is there instead of a file, or the system's reason.
  explicit RegularFile(const std::string& path);

  int descriptor() const { return descriptor_.get(); }
  // Bytes, as it was opened.
  std::int64_t size() const { return size_; }
  // Fills `bytes` from `offset` on.  Returns how many there were: fewer only where the file ends before.  Error(input_output).
  std::int64_t read(std::int64_t offset, std::span<std::uint8_t> bytes) const;

 private:
  std::string path_;
  Descriptor descriptor_;
  std::int64_t size_ = 0;
};

// The first bytes of a file, at most `count`; "" where it cannot be opened or read, or is no regular file.
std::string first_bytes(const std::string& path, std::int64_t count);

// What is no regular file, for messages: "a pipe", "a folder"; mode: st_mode.
const char* kind_of_file(unsigned mode);

}  // namespace pbgen

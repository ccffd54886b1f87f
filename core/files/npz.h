// Named arrays in one file for numpy.load: an uncompressed zip archive of .npy files, written only.
//
//   NAME.npy  a multiple of 64 bytes: "\x93NUMPY", version 1.0, a length, {'descr': .., 'fortran_order': False, 'shape': (..), }
//             then the values, row-major and little-endian
//
// Every member begins at a multiple of 64 from the file's start (a local extra field fills the space before it), so that its
// values can be mapped where they lie.  No time is kept: the same calls in the same order give the same bytes.
//
// Sources: PKWARE's APPNOTE.TXT 6.3 (zip, without its 64-bit fields), numpy/lib/format.py (npy).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/files/file.h"

namespace pbgen {

class NpzWriter {
 public:
  // values: row-major, borrowed until the file is made.  Names are 1 to 256 letters, digits, '.', '_' and '-', each once.
  void add(std::string_view name, const std::vector<std::int64_t>& dims, std::span<const float> values);
  // A single value of numpy's type bytes: numpy.load(path)[name].item().  text: without a zero at its end, not empty.
  void add_text(std::string_view name, std::string_view text);
  // An array without its values: enough for file_bytes(), not for a file.
  void declare(std::string_view name, const std::vector<std::int64_t>& dims);

  // The file's size.  Error(usage), as finish and write, where a member or the file would have 4 GiB or more.
  std::int64_t file_bytes() const;
  std::vector<std::uint8_t> finish() const;
  // The same, written atomically, without a copy of the values in memory.  Error(input_output) as AtomicFile.
  // Existing::keep: as AtomicFile.
  void write(const std::string& path, Existing existing = Existing::replace) const;

 private:
  struct Member {
    std::string name;                      // with .npy
    std::string head;                      // the .npy header, behind it the value of a text
    std::int64_t size;                     // in bytes, the head included
    std::span<const std::uint8_t> values;  // empty where it was only declared, and of a text
    bool declared;
  };
  using Put = std::function<void(std::span<const std::uint8_t>)>;

  Member& append(std::string_view name, std::string head, std::int64_t value_bytes);
  // The file's pieces in order.
  void put_all(const Put& put) const;

  std::vector<Member> members_;
};

}  // namespace pbgen

// Named arrays in one file: the safetensors format (https://github.com/huggingface/safetensors), with a checksum.
//
//   8 bytes   N, the header's length, little-endian
//   N bytes   JSON {"__metadata__": {text: text}, NAME: {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, ..},
//             then spaces until the data begins at a multiple of 64
//   the rest  the data, offsets counted from its start; every byte belongs to exactly one tensor
//
// The metadata's "checksum" holds 16 lowercase hexadecimal digits: the CRC-64/XZ of the whole file in which these
// 16 digits are the character '0'.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/check.h"
#include "core/files/file.h"
#include "core/freestanding/half.h"

namespace pbgen {

// Larger files are not read.
inline constexpr std::int64_t kMaxSafetensorsBytes = std::int64_t{16} << 30;

enum class Dtype { f64, i64, u64, f32, i32, u32, f16, bf16, i16, u16, i8, u8, boolean };

std::string_view dtype_name(Dtype dtype);  // "F32"
std::int64_t dtype_bytes(Dtype dtype);

template <class T>
inline constexpr Dtype kDtypeOf = [] {
  static_assert(sizeof(T) == 0, "no dtype for this type");
  return Dtype::u8;
}();
template <>
inline constexpr Dtype kDtypeOf<double> = Dtype::f64;
template <>
inline constexpr Dtype kDtypeOf<std::int64_t> = Dtype::i64;
template <>
inline constexpr Dtype kDtypeOf<std::uint64_t> = Dtype::u64;
template <>
inline constexpr Dtype kDtypeOf<float> = Dtype::f32;
template <>
inline constexpr Dtype kDtypeOf<std::int32_t> = Dtype::i32;
template <>
inline constexpr Dtype kDtypeOf<Half> = Dtype::f16;
template <>
inline constexpr Dtype kDtypeOf<std::uint8_t> = Dtype::u8;

// The same calls in the same order give the same bytes.  Values are borrowed: they stay as they are until the file is made.
class SafetensorsWriter {
 public:
  // Any key but "checksum", once.
  void add_metadata(std::string key, std::string value);

  // values: row-major, borrowed; dims empty is a single value.  Names are 1 to 256 bytes, each once.
  void add(std::string name, Dtype dtype, std::vector<std::int64_t> dims, std::span<const std::uint8_t> bytes);
  template <class T>
  void add(std::string name, std::vector<std::int64_t> dims, std::span<const T> values) {
    add(std::move(name), kDtypeOf<T>, std::move(dims), {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()});
  }
  // A tensor without its values: enough for file_bytes(), not for a file.
  void declare(std::string name, Dtype dtype, std::vector<std::int64_t> dims);

  // The file's size.
  std::int64_t file_bytes() const;
  // The file.  Tensors with larger elements come first, so that each begins at a multiple of its element's size.
  std::vector<std::uint8_t> finish() const;
  // The same, written atomically, without a copy of the values in memory.  Error(input_output) as write_file_atomically.
  // Existing::keep: as AtomicFile.
  void write(const std::string& path, Existing existing = Existing::replace) const;

 private:
  struct Tensor {
    std::string name;
    Dtype dtype;
    std::vector<std::int64_t> dims;
    std::int64_t size;                    // in bytes
    std::span<const std::uint8_t> bytes;  // empty where it was only declared
  };
  // In the order of the data.
  std::vector<const Tensor*> ordered() const;
  // What stands before the data, with zeros for a checksum.
  std::string head(const std::vector<const Tensor*>& order) const;
  // The file's pieces, in order: what stands before the data, then every tensor's bytes.
  struct Layout {
    std::string head;
    std::vector<std::span<const std::uint8_t>> data;
  };
  Layout layout() const;

  std::vector<std::pair<std::string, std::string>> metadata_;
  std::vector<Tensor> tensors_;
};

// A parsed file; owns its data.
class SafetensorsFile {
 public:
  struct Tensor {
    std::string name;
    Dtype dtype = Dtype::u8;
    std::vector<std::int64_t> dims;       // at most 8
    std::int64_t count = 0;               // product of dims
    std::span<const std::uint8_t> bytes;  // begins at a multiple of the element's size
  };

  // optional is for files of other programs: a checksum that is there must still be right.
  enum class Checksum { required, optional };

  // Error(model_file) that names `path` for whatever is not a valid file.  Bytes may be hostile: memory, the result included, stays
  // within kJsonMemoryFactor (core/files/json.h) bytes for each of the header, which has at most 4 MB, and 2 for each of the data.
  static SafetensorsFile parse(std::span<const std::uint8_t> bytes, std::string path, Checksum checksum = Checksum::required);
  // Error(input_output) where the file cannot be read.
  static SafetensorsFile load(const std::string& path, Checksum checksum = Checksum::required);

  SafetensorsFile(SafetensorsFile&&) = default;
  SafetensorsFile& operator=(SafetensorsFile&&) = default;

  const std::string& path() const { return path_; }
  // In the order of the data.
  const std::vector<Tensor>& tensors() const { return tensors_; }
  // nullptr where there is none of that name.
  const Tensor* find(std::string_view name) const;

  // The values of a tensor that must be there with that type and shape: Error(model_file) where it is not.
  template <class T>
  std::span<const T> values(std::string_view name, std::span<const std::int64_t> dims) const {
    const Tensor& tensor = expect(name, kDtypeOf<T>, dims);
    return {reinterpret_cast<const T*>(tensor.bytes.data()), static_cast<std::size_t>(tensor.count)};
  }
  template <class T>
  std::span<const T> values(std::string_view name, std::initializer_list<std::int64_t> dims) const {
    return values<T>(name, std::span(dims.begin(), dims.size()));
  }

  // "checksum" included.
  const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }
  // Error(model_file) where the key is not there.
  const std::string& metadata(std::string_view key) const;

 private:
  SafetensorsFile() = default;
  const Tensor& expect(std::string_view name, Dtype dtype, std::span<const std::int64_t> dims) const;
  void read_header(std::string_view header, std::int64_t data_bytes);
  void verify_checksum(std::span<const std::uint8_t> bytes, std::string_view header, Checksum checksum) const;
  void own_data(std::span<const std::uint8_t> data);

  std::string path_;
  std::map<std::string, std::string, std::less<>> metadata_;
  std::vector<Tensor> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;
  AlignedBuffer<std::uint8_t> data_;
  std::vector<AlignedBuffer<std::uint8_t>> realigned_;  // tensors that another program did not align
};

}  // namespace pbgen

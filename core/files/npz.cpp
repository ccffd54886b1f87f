#include "core/files/npz.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "core/base/check.h"
#include "core/files/crc32.h"

namespace pbgen {
namespace {

static_assert(std::endian::native == std::endian::little, "values are little-endian in the file and are not swapped");

constexpr std::int64_t kAlignment = 64;
constexpr std::int64_t kMaxBytes = 0xfffffffe;  // 0xffffffff in a 32-bit field would mean: look into the 64-bit one
constexpr std::size_t kMaxNameBytes = 256;
constexpr std::int64_t kLocalHeaderBytes = 30;
constexpr std::int64_t kDirectoryEntryBytes = 46;
constexpr std::int64_t kEndBytes = 22;
constexpr std::int64_t kExtraHeaderBytes = 6;  // its kind, its length, the alignment
constexpr std::uint64_t kAlignmentExtra = 0xd935;

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> 8 * i & 0xff));
  return text;
}

// What stands before the values of a .npy file.
std::string npy_head(const std::string& descr, const std::vector<std::int64_t>& dims) {
  std::string shape;
  for (const std::int64_t dim : dims) shape += concat(dim, dims.size() == 1 ? "," : ", ");
  if (dims.size() > 1) shape.resize(shape.size() - 2);
  std::string text = concat("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", shape, "), }");
  constexpr std::size_t kBefore = 10;
  text.append((kAlignment - (kBefore + text.size() + 1) % kAlignment) % kAlignment, ' ').push_back('\n');
  return std::string("\x93NUMPY\x01\x00", 8) + little_endian(text.size(), 2) + text;
}

// The number of bytes that bring what follows a local header at `offset` to the alignment.
std::int64_t extra_bytes(std::int64_t offset, const std::string& name) {
  const std::int64_t unaligned = (offset + kLocalHeaderBytes + std::ssize(name)) % kAlignment;
  const std::int64_t missing = (kAlignment - unaligned) % kAlignment;
  return missing > 0 && missing < kExtraHeaderBytes ? missing + kAlignment : missing;
}

std::string extra_field(std::int64_t bytes) {
  if (bytes == 0) return "";
  std::string field = little_endian(kAlignmentExtra, 2) + little_endian(bytes - 4, 2) + little_endian(kAlignment, 2);
  field.resize(static_cast<std::size_t>(bytes), '\0');
  return field;
}

// What local headers and the directory's entries have in common: stored, of 1980-01-01.
std::string common_fields(const std::string& name, std::int64_t size, std::uint32_t crc, std::int64_t extra) {
  return little_endian(20, 2) + little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 2) + little_endian(0x21, 2) +
         little_endian(crc, 4) + little_endian(size, 4) + little_endian(size, 4) + little_endian(name.size(), 2) + little_endian(extra, 2);
}

}  // namespace

NpzWriter::Member& NpzWriter::append(std::string_view name, std::string head, std::int64_t value_bytes) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  check(!name.empty() && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), plain),
        "NpzWriter: not a name for an array: '", name, "'");
  const std::string file = std::string(name) + ".npy";
  for (const Member& member : members_) check(member.name != file, "NpzWriter: array twice: ", name);
  const std::int64_t size = std::ssize(head) + value_bytes;
  return members_.emplace_back(Member{file, std::move(head), size, {}, false});
}

void NpzWriter::declare(std::string_view name, const std::vector<std::int64_t>& dims) {
  std::int64_t bytes = sizeof(float);
  for (const std::int64_t dim : dims) {
    check(dim >= 1 && dim <= (std::int64_t{1} << 61) / bytes, "NpzWriter: ", name, " has a shape that no file can hold");
    bytes *= dim;
  }
  append(name, npy_head("<f4", dims), bytes).declared = true;
}

void NpzWriter::add(std::string_view name, const std::vector<std::int64_t>& dims, std::span<const float> values) {
  declare(name, dims);
  Member& member = members_.back();
  member.values = {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()};
  member.declared = false;
  check_equal(std::ssize(member.head) + std::ssize(member.values), member.size, member.name.c_str());
}

void NpzWriter::add_text(std::string_view name, std::string_view text) {
  check(!text.empty() && text.back() != '\0', "NpzWriter: ", name, ": numpy drops zeros at the end of a text");
  append(name, npy_head(concat("|S", text.size()), {}).append(text), 0);
}

std::int64_t NpzWriter::file_bytes() const {
  const auto require_fits = [](const std::string& what, std::int64_t bytes) {
    if (bytes > kMaxBytes)
      fail(ErrorKind::usage, what, ": ", bytes, " bytes, a .npz file holds at most ", kMaxBytes, ": write a safetensors file");
  };
  std::int64_t bytes = 0;
  std::int64_t directory = kEndBytes;
  for (const Member& member : members_) {
    require_fits(member.name, member.size);
    bytes += kLocalHeaderBytes + std::ssize(member.name) + extra_bytes(bytes, member.name) + member.size;
    directory += kDirectoryEntryBytes + std::ssize(member.name);
    require_fits("all arrays together", bytes + directory);
  }
  check(members_.size() < 0xffff, "NpzWriter: ", members_.size(), " arrays are too many for a zip file");
  return bytes + directory;
}

void NpzWriter::put_all(const Put& put) const {
  std::int64_t offset = 0;
  std::string directory;
  for (const Member& member : members_) {
    check(!member.declared, "NpzWriter: ", member.name, " has no values");
    const std::uint32_t crc = crc32(crc32(0, as_bytes(member.head)), member.values);
    const std::int64_t extra = extra_bytes(offset, member.name);
    const std::string local = "PK\x03\x04" + common_fields(member.name, member.size, crc, extra) + member.name + extra_field(extra);
    put(as_bytes(local));
    put(as_bytes(member.head));
    put(member.values);
    // Made by version 2.0, no comment, disk 0, no attributes.
    directory += "PK\x01\x02" + little_endian(20, 2) + common_fields(member.name, member.size, crc, 0) + std::string(10, '\0') +
                 little_endian(offset, 4) + member.name;
    offset += std::ssize(local) + member.size;
  }
  const std::string count = little_endian(members_.size(), 2);
  const std::string end = "PK\x05\x06" + std::string(4, '\0') + count + count + little_endian(directory.size(), 4) +
                          little_endian(offset, 4) + std::string(2, '\0');
  put(as_bytes(directory));
  put(as_bytes(end));
}

std::vector<std::uint8_t> NpzWriter::finish() const {
  std::vector<std::uint8_t> file;
  file.reserve(static_cast<std::size_t>(file_bytes()));
  put_all([&](std::span<const std::uint8_t> bytes) { file.insert(file.end(), bytes.begin(), bytes.end()); });
  return file;
}

void NpzWriter::write(const std::string& path, Existing existing) const {
  file_bytes();  // or it does not fit
  AtomicFile file(path, existing);
  put_all([&](std::span<const std::uint8_t> bytes) { file.append(bytes); });
  file.commit();
}

}  // namespace pbgen

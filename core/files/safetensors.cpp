#include "core/files/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <optional>

#include "core/files/crc64.h"
#include "core/files/file_kind.h"
#include "core/files/json.h"
#include "core/freestanding/safetensors_layout.h"

namespace pbgen {
namespace {

static_assert(std::endian::native == std::endian::little, "values are little-endian in the file and are not swapped");

using namespace safetensors_layout;

constexpr std::size_t kMaxNameBytes = 256;
constexpr std::string_view kMetadata = "__metadata__";
constexpr std::string_view kChecksum = "checksum";
constexpr std::string_view kMend = "; the file is damaged or not ours: copy it again or take another";

struct DtypeInfo {
  std::string_view name;
  std::int64_t bytes;
};
// In the order of Dtype.
constexpr std::array<DtypeInfo, 13> kDtypes = {{{"F64", 8},
                                                {"I64", 8},
                                                {"U64", 8},
                                                {"F32", 4},
                                                {"I32", 4},
                                                {"U32", 4},
                                                {"F16", 2},
                                                {"BF16", 2},
                                                {"I16", 2},
                                                {"U16", 2},
                                                {"I8", 1},
                                                {"U8", 1},
                                                {"BOOL", 1}}};

template <class... Parts>
[[noreturn]] void refuse(const std::string& path, const Parts&... parts) {
  fail(ErrorKind::model_file, path, ": ", parts..., kMend);
}

std::optional<Dtype> dtype_named(const Json* name) {
  if (name == nullptr || !name->is_string()) return std::nullopt;
  for (std::size_t i = 0; i < kDtypes.size(); ++i)
    if (kDtypes[i].name == name->as_string()) return static_cast<Dtype>(i);
  return std::nullopt;
}

// The product, where it and all it is made of stay below 2^62: then nobody who multiplies some of the dims overflows.
std::optional<std::int64_t> product(std::span<const std::int64_t> dims, std::int64_t element_bytes) {
  std::int64_t room = (std::int64_t{1} << 62) / element_bytes;
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0 || std::max<std::int64_t>(dim, 1) > room) return std::nullopt;
    room /= std::max<std::int64_t>(dim, 1);
    count *= dim;
  }
  return count;
}

std::string shape_text(std::span<const std::int64_t> dims) {
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) text += concat(i > 0 ? ", " : "", dims[i]);
  return text + "]";
}

Json::Array json_list(std::span<const std::int64_t> numbers) { return Json::Array(numbers.begin(), numbers.end()); }

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The checksum's digits, of a file in which zeros stand in their place.
std::string checksum_text(const Crc64& crc) {
  char digits[kChecksumDigits + 1];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(crc.value()));
  return digits;
}

// A list of whole numbers that are not negative, at most `most` of them.
std::optional<std::vector<std::int64_t>> whole_numbers(const Json* json, std::size_t most) {
  if (json == nullptr || !json->is_array() || json->as_array().size() > most) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const Json& item : json->as_array()) {
    if (!item.is_integer() || item.as_integer() < 0) return std::nullopt;
    numbers.push_back(item.as_integer());
  }
  return numbers;
}

}  // namespace

std::string_view dtype_name(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].name; }
std::int64_t dtype_bytes(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].bytes; }

void SafetensorsWriter::add_metadata(std::string key, std::string value) {
  check(key != kChecksum, "SafetensorsWriter: the checksum is computed");
  for (const auto& entry : metadata_) check(entry.first != key, "SafetensorsWriter: metadata twice: ", key);
  metadata_.emplace_back(std::move(key), std::move(value));
}

void SafetensorsWriter::add(std::string name, Dtype dtype, std::vector<std::int64_t> dims, std::span<const std::uint8_t> bytes) {
  declare(std::move(name), dtype, std::move(dims));
  Tensor& tensor = tensors_.back();
  check_equal(static_cast<std::int64_t>(bytes.size()), tensor.size, tensor.name.c_str());
  tensor.bytes = bytes;
}

void SafetensorsWriter::declare(std::string name, Dtype dtype, std::vector<std::int64_t> dims) {
  check(!name.empty() && name.size() <= kMaxNameBytes && name != kMetadata, "SafetensorsWriter: not a name for a tensor: '", name, "'");
  for (const Tensor& tensor : tensors_) check(tensor.name != name, "SafetensorsWriter: tensor twice: ", name);
  const std::optional<std::int64_t> count = product(dims, dtype_bytes(dtype));
  check(dims.size() <= kMaxDims && count.has_value(), "SafetensorsWriter: ", name, " has a shape that no file can hold");
  tensors_.push_back({std::move(name), dtype, std::move(dims), *count * dtype_bytes(dtype), {}});
}

std::vector<const SafetensorsWriter::Tensor*> SafetensorsWriter::ordered() const {
  std::vector<const Tensor*> order;
  for (const Tensor& tensor : tensors_) order.push_back(&tensor);
  std::stable_sort(order.begin(), order.end(),
                   [](const Tensor* a, const Tensor* b) { return dtype_bytes(a->dtype) > dtype_bytes(b->dtype); });
  return order;
}

std::string SafetensorsWriter::head(const std::vector<const Tensor*>& order) const {
  Json::Object metadata = {{std::string(kChecksum), Json(kZeros)}};
  for (const auto& [key, value] : metadata_) metadata.emplace_back(key, value);
  Json::Object members = {{std::string(kMetadata), Json(std::move(metadata))}};
  std::int64_t data_bytes = 0;
  for (const Tensor* tensor : order) {
    const std::array<std::int64_t, 2> offsets = {data_bytes, data_bytes + tensor->size};
    Json info = Json::object();
    info.set("dtype", dtype_name(tensor->dtype)).set("shape", json_list(tensor->dims)).set("data_offsets", json_list(offsets));
    members.emplace_back(tensor->name, std::move(info));
    data_bytes = offsets[1];
  }
  std::string header = Json(std::move(members)).text();
  const std::size_t unaligned = (kLengthBytes + header.size()) % kDataAlignment;
  if (unaligned > 0) header.append(kDataAlignment - unaligned, ' ');
  check(header.size() <= kMaxHeaderBytes, "SafetensorsWriter: the header has ", header.size(), " bytes, at most ", kMaxHeaderBytes);

  std::string length;
  for (std::size_t i = 0; i < kLengthBytes; ++i) length.push_back(static_cast<char>(std::uint64_t{header.size()} >> 8 * i & 0xff));
  return length + header;
}

std::int64_t SafetensorsWriter::file_bytes() const {
  const std::vector<const Tensor*> order = ordered();
  auto bytes = static_cast<std::int64_t>(head(order).size());
  for (const Tensor* tensor : order) bytes += tensor->size;
  return bytes;
}

SafetensorsWriter::Layout SafetensorsWriter::layout() const {
  const std::vector<const Tensor*> order = ordered();
  Layout layout;
  layout.head = head(order);
  Crc64 crc;
  crc.add(as_bytes(layout.head));
  for (const Tensor* tensor : order) {
    check_equal(static_cast<std::int64_t>(tensor->bytes.size()), tensor->size, tensor->name.c_str());
    crc.add(tensor->bytes);
    layout.data.push_back(tensor->bytes);
  }
  // The checksum is the header's first text of this kind: it was put in front of all other.
  layout.head.replace(layout.head.find(kZeros), kChecksumDigits, checksum_text(crc));
  return layout;
}

std::vector<std::uint8_t> SafetensorsWriter::finish() const {
  const Layout pieces = layout();
  std::vector<std::uint8_t> file(pieces.head.begin(), pieces.head.end());
  for (const std::span<const std::uint8_t> bytes : pieces.data) file.insert(file.end(), bytes.begin(), bytes.end());
  return file;
}

void SafetensorsWriter::write(const std::string& path, Existing existing) const {
  const Layout pieces = layout();
  AtomicFile file(path, existing);
  file.append(as_bytes(pieces.head));
  for (const std::span<const std::uint8_t> bytes : pieces.data) file.append(bytes);
  file.commit();
}

SafetensorsFile SafetensorsFile::load(const std::string& path, Checksum checksum) {
  return parse(read_file(path, kMaxSafetensorsBytes), path, checksum);
}

SafetensorsFile SafetensorsFile::parse(std::span<const std::uint8_t> bytes, std::string path, Checksum checksum) {
  SafetensorsFile file;
  file.path_ = std::move(path);
  constexpr const char* kWanted = "a safetensors file, as checkpoints and exported models are";
  if (bytes.size() < kLengthBytes)
    fail(ErrorKind::model_file, file.path_, ": ", wrong_kind(bytes, kWanted), ": ", bytes.size(), " bytes are too few");
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), kLengthBytes);
  const std::size_t room = std::min(bytes.size() - kLengthBytes, kMaxHeaderBytes);
  const bool no_object = header_bytes > 0 && room > 0 && bytes[kLengthBytes] != '{';
  if (no_object && is_known_kind(bytes)) fail(ErrorKind::model_file, file.path_, ": ", wrong_kind(bytes, kWanted));
  if (header_bytes > room) refuse(file.path_, "says its header has ", header_bytes, " bytes, at most ", room, " can be");

  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header_bytes);
  const std::span<const std::uint8_t> data = bytes.subspan(kLengthBytes + header_bytes);
  file.read_header(header, static_cast<std::int64_t>(data.size()));
  file.verify_checksum(bytes, header, checksum);
  file.own_data(data);
  return file;
}

void SafetensorsFile::read_header(std::string_view header, std::int64_t data_bytes) {
  if (!header.starts_with('{')) refuse(path_, "the header does not begin with '{'");
  const Json json = parse_json(header, ErrorKind::model_file, path_ + " (header)");
  struct Placed {
    Tensor tensor;
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  std::vector<Placed> placed;
  for (const auto& [name, info] : json.as_object()) {
    if (name == kMetadata) {
      if (!info.is_object()) refuse(path_, kMetadata, " is not an object");
      for (const auto& [key, value] : info.as_object()) {
        if (!value.is_string()) refuse(path_, "the metadata's ", Json(key.substr(0, kMaxNameBytes)).text(), " is not a string");
        metadata_.emplace(key, value.as_string());
      }
      continue;
    }
    const std::string where = concat("tensor ", Json(name.substr(0, kMaxNameBytes)).text(), ": ");
    if (name.empty() || name.size() > kMaxNameBytes)
      refuse(path_, where, "a name has from 1 to ", kMaxNameBytes, " bytes");
    const std::optional<Dtype> dtype = dtype_named(info.find("dtype"));
    if (!dtype.has_value()) refuse(path_, where, "no dtype that we know, such as F32");
    auto dims = whole_numbers(info.find("shape"), kMaxDims);
    if (!dims.has_value()) refuse(path_, where, "no shape of at most ", kMaxDims, " whole numbers");
    const std::optional<std::int64_t> count = product(*dims, dtype_bytes(*dtype));
    if (!count.has_value()) refuse(path_, where, "its shape ", shape_text(*dims), " is too large");
    const auto offsets = whole_numbers(info.find("data_offsets"), 2);
    if (!offsets.has_value() || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1] || (*offsets)[1] > data_bytes)
      refuse(path_, where, "no data_offsets inside the ", data_bytes, " bytes of data");
    const std::int64_t begin = (*offsets)[0];
    const std::int64_t end = (*offsets)[1];
    if (end - begin != *count * dtype_bytes(*dtype))
      refuse(path_, where, end - begin, " bytes for the shape ", shape_text(*dims), " of ", dtype_name(*dtype));
    placed.push_back({{name, *dtype, std::move(*dims), *count, {}}, begin, end});
  }

  // Ordered by begin, then end: an empty tensor stands before the one that begins at its place.
  std::sort(placed.begin(), placed.end(),
            [](const Placed& a, const Placed& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::int64_t covered = 0;
  for (Placed& entry : placed) {
    if (entry.begin != covered)
      refuse(path_, "tensor ", Json(entry.tensor.name).text(), " begins at ", entry.begin, ", the data before it ends at ", covered);
    covered = entry.end;
    index_.emplace(entry.tensor.name, tensors_.size());
    tensors_.push_back(std::move(entry.tensor));
  }
  if (covered != data_bytes) refuse(path_, data_bytes, " bytes of data, its tensors have ", covered);
}

void SafetensorsFile::verify_checksum(std::span<const std::uint8_t> bytes, std::string_view header, Checksum checksum) const {
  const auto entry = metadata_.find(kChecksum);
  if (entry == metadata_.end()) {
    if (checksum == Checksum::required) refuse(path_, "no checksum in its metadata");
    return;
  }
  const std::string& expected = entry->second;
  const bool digits_alone = expected.size() == kChecksumDigits && expected.find_first_not_of("0123456789abcdef") == expected.npos;
  std::size_t at = header.npos;
  if (digits_alone) {
    // With its key before it, or, where another program wrote spaces between them, alone: where the same digits stood elsewhere
    // before, zeroing those gives another sum, which is refused and never accepted by mistake.
    const std::string key = concat('"', kChecksum, "\":");
    at = header.find(concat(key, '"', expected, '"'));
    at = at != header.npos ? at + key.size() : header.find('"' + expected + '"');
  }
  if (at == header.npos)
    refuse(path_, "its checksum is not ", kChecksumDigits, " hexadecimal digits");
  const std::size_t digits = kLengthBytes + at + 1;
  Crc64 crc;
  crc.add(bytes.first(digits));
  crc.add(as_bytes(kZeros));
  crc.add(bytes.subspan(digits + kChecksumDigits));
  const std::string actual = checksum_text(crc);
  if (actual != expected) refuse(path_, "corrupt: its bytes have the checksum ", actual, ", written was ", expected);
}

void SafetensorsFile::own_data(std::span<const std::uint8_t> data) {
  data_ = AlignedBuffer<std::uint8_t>(static_cast<std::int64_t>(data.size()));
  if (!data.empty()) std::memcpy(data_.data(), data.data(), data.size());
  std::int64_t begin = 0;  // there are no holes
  for (Tensor& tensor : tensors_) {
    const std::int64_t size = tensor.count * dtype_bytes(tensor.dtype);
    tensor.bytes = data_.span().subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    if (begin % dtype_bytes(tensor.dtype) != 0 && size > 0) {
      AlignedBuffer<std::uint8_t>& copy = realigned_.emplace_back(size);
      std::memcpy(copy.data(), tensor.bytes.data(), static_cast<std::size_t>(size));
      tensor.bytes = copy.span();
    }
    begin += size;
  }
}

const SafetensorsFile::Tensor* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found != index_.end() ? &tensors_[found->second] : nullptr;
}

const SafetensorsFile::Tensor& SafetensorsFile::expect(std::string_view name, Dtype dtype, std::span<const std::int64_t> dims) const {
  const Tensor* tensor = find(name);
  if (tensor == nullptr) fail(ErrorKind::model_file, path_, ": has no tensor ", name, "; is it a file of another kind?");
  if (tensor->dtype != dtype || !std::equal(dims.begin(), dims.end(), tensor->dims.begin(), tensor->dims.end()))
    fail(ErrorKind::model_file, path_, ": tensor ", name, " is ", dtype_name(tensor->dtype), " ", shape_text(tensor->dims), ", expected ",
         dtype_name(dtype), " ", shape_text(dims));
  return *tensor;
}

const std::string& SafetensorsFile::metadata(std::string_view key) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) fail(ErrorKind::model_file, path_, ": has no ", key, " in its metadata; is it a file of another kind?");
  return found->second;
}

}  // namespace pbgen

// The header of the file: what it names and where that lies, and the checksum.
#include "core/freestanding/crc64.h"
#include "core/freestanding/model_format.h"
#include "core/freestanding/safetensors_layout.h"
#include "gan/edge/model_file.h"

namespace pbgen::edge {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are little-endian in the file and are not swapped");

using namespace safetensors_layout;

constexpr int kMaxMetadata = 32;

bool has_escapes(Text text) {
  while (text.begin != text.end && *text.begin != '\\') ++text.begin;
  return text.begin != text.end;
}

// Every key once, as every reader of JSON sees it; what it means to us, or nothing.
bool read_metadata(HeaderText& text, Header& header) {
  struct Entry {
    const char* key;
    Text* value;
  };
  const Entry entries[] = {{"checksum", &header.checksum}, {"format", &header.format}, {"version", &header.version},
                           {"network", &header.network},   {"shapes", &header.shapes}, {"bits", &header.bits}};
  Text keys[kMaxMetadata];
  int count = 0;
  if (!text.take('{')) return false;
  do {
    Text key;
    Text value;
    if (count == kMaxMetadata || !text.take_string(key) || has_escapes(key) || !text.take(':') || !text.take_string(value)) return false;
    for (int i = 0; i < count; ++i)
      if (equals(key, keys[i])) return false;
    keys[count++] = key;
    for (const Entry& entry : entries)
      if (equals(key, entry.key)) *entry.value = value;
  } while (text.take(','));
  return text.take('}');
}

bool read_array(HeaderText& text, HeaderArray& array) {
  std::uint64_t offsets[2];
  int count = 0;
  if (!text.take("{\"dtype\":") || !text.take_string(array.dtype) || !text.take(",\"shape\":") ||
      !text.take_numbers(array.dims, kMaxDims, array.dim_count) || !text.take(",\"data_offsets\":") ||
      !text.take_numbers(offsets, 2, count) || count != 2 || offsets[0] > offsets[1])
    return false;
  array.begin = offsets[0];
  array.end = offsets[1];
  return text.take('}');
}

// Before anything that another version might write otherwise.
int check_format(Header& header) {
  if (!equals(header.format, kModelFormat)) return PBGEN_NOT_A_MODEL;
  header.prepacked = equals(header.version, kPrepackedModelVersion);
  return header.prepacked || equals(header.version, kModelVersion) ? PBGEN_OK : PBGEN_VERSION;
}

int read_members(HeaderText& text, Header& header) {
  if (!text.take('{')) return PBGEN_HEADER;
  bool metadata = false;
  do {
    Text key;
    if (!text.take_string(key) || !text.take(':')) return PBGEN_HEADER;
    if (equals(key, "__metadata__")) {
      if (metadata || !read_metadata(text, header)) return PBGEN_HEADER;
      metadata = true;
      const int code = check_format(header);
      if (code != PBGEN_OK) return code;
      continue;
    }
    HeaderArray array{};
    if (!read_array(text, array)) return PBGEN_HEADER;
    array.name = key;
    if (header.array_count < kModelArrays) header.arrays[header.array_count] = array;
    ++header.array_count;
  } while (text.take(','));
  if (!text.take('}')) return PBGEN_HEADER;
  while (text.take(' ')) {
  }
  if (!metadata) return PBGEN_NOT_A_MODEL;
  return text.at_end() ? PBGEN_OK : PBGEN_HEADER;
}

bool ends_before_its_data(const Header& header) {
  const std::size_t data = header.size - header.data_begin;
  for (int i = 0; i < header.array_count && i < kModelArrays; ++i)
    if (header.arrays[i].end > data) return true;
  return false;
}

}  // namespace

int read_header(const void* bytes, std::size_t size, Header& header) {
  header = {};
  header.bytes = static_cast<const std::uint8_t*>(bytes);
  header.size = size;
  if (size <= kLengthBytes) return PBGEN_TRUNCATED;
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) length |= std::uint64_t{header.bytes[i]} << 8 * i;
  if (length > kMaxHeaderBytes || header.bytes[kLengthBytes] != '{') return PBGEN_NOT_A_MODEL;
  if (length > size - kLengthBytes) return PBGEN_TRUNCATED;
  header.data_begin = kLengthBytes + static_cast<std::size_t>(length);
  const char* const begin = reinterpret_cast<const char*>(header.bytes) + kLengthBytes;
  HeaderText text({begin, begin + length});
  const int code = read_members(text, header);
  return code == PBGEN_OK && ends_before_its_data(header) ? PBGEN_TRUNCATED : code;
}

int verify_checksum(const Header& header) {
  const Text digits = header.checksum;
  if (digits.begin == nullptr || digits.end - digits.begin != std::ptrdiff_t{kChecksumDigits}) return PBGEN_CHECKSUM;
  const std::size_t before = static_cast<std::size_t>(digits.begin - reinterpret_cast<const char*>(header.bytes));
  const std::size_t behind = before + kChecksumDigits;
  std::uint64_t state = crc64_add(kCrc64Begin, header.bytes, before);
  state = crc64_add(state, reinterpret_cast<const std::uint8_t*>(kZeros), kChecksumDigits);
  state = ~crc64_add(state, header.bytes + behind, header.size - behind);
  for (std::size_t i = 0; i < kChecksumDigits; ++i)
    if (digits.begin[i] != "0123456789abcdef"[state >> (60 - 4 * i) & 0xf]) return PBGEN_CHECKSUM;
  return PBGEN_OK;
}

}  // namespace pbgen::edge

#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "core/files/file.h"
#include "tests/support/damaged_file.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace pbgen::fuzz {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 64;

Bytes joined(const Bytes& first, const Bytes& second) {
  Bytes all = first;
  all.insert(all.end(), second.begin(), second.end());
  return all;
}

Bytes length_of(const Bytes& header) {
  const std::uint64_t length = header.size();
  Bytes bytes(kLengthBytes);
  std::memcpy(bytes.data(), &length, kLengthBytes);
  return bytes;
}

// Spaces at the end until the data behind it begins at a multiple of 64.
void pad(Bytes& header) {
  while (!header.empty() && header.back() == ' ') header.pop_back();
  while ((kLengthBytes + header.size()) % kAlignment != 0) header.push_back(' ');
}

}  // namespace

void require_refusal(const Error& error, std::initializer_list<ErrorKind> kinds) {
  const std::string message = error.what();
  require(std::find(kinds.begin(), kinds.end(), error.kind()) != kinds.end(), "a refusal is of the reader's kind", message);
  require(message.starts_with(kPath), "a refusal names the file", message);
  require(message.size() > std::strlen(kPath) + 10 && message.size() < 2000, "a refusal is a sentence, not more", message);
  bool plain = true;  // of control characters, U+0080 to U+009F in UTF-8 among them
  for (std::size_t i = 0; i < message.size(); ++i) {
    const auto byte = static_cast<unsigned char>(message[i]);
    const auto next = static_cast<unsigned char>(i + 1 < message.size() ? message[i + 1] : 'x');
    plain = plain && byte >= 0x20 && byte != 0x7f && !(byte == 0xc2 && next >= 0x80 && next < 0xa0);
  }
  require(plain, "a refusal is one line that a terminal shows as it is", message);
}

Bytes mutated(Bytes bytes, std::size_t max_size) {
  const std::size_t size = std::min(bytes.size(), max_size);
  bytes.resize(max_size);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), size, max_size));
  return bytes;
}

void change_a_number(Bytes& text, Draw& draw) {
  static constexpr std::array kLimits = {"0",    "1",    "2",     "3",          "16",         "63",         "64",
                                         "1024", "4096", "4097",  "1048576",    "2147483647", "4294967296", "999999999999999999",
                                         "-1",   "1e9",  "0.5",   "1e-300",     "1e400",      "01",         "9223372036854775807",
                                         "null", "[]",   "\"3\"", "1152921504606846976"};
  const auto is_digit = [](std::uint8_t byte) { return std::isdigit(byte) != 0; };
  if (text.empty()) return;
  const auto begin = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(draw.below(text.size())), text.end(), is_digit);
  const auto end = std::find_if_not(begin, text.end(), is_digit);
  std::string number(begin, end);
  if (number.empty()) return;
  if (draw.one_in(3)) number.back() = static_cast<char>('0' + (number.back() - '0' + 1) % 10);
  else number = kLimits[draw.below(kLimits.size())];
  text.insert(text.erase(begin, end), number.begin(), number.end());
}

Bytes mutated_file(const Bytes& file, std::size_t max_size, Draw& draw) {
  const std::size_t begin = data_begin(file);
  Bytes changed;
  if (begin < kLengthBytes || begin > file.size() || draw.one_in(16)) {
    changed = mutated(file, max_size);
  } else {
    const auto middle = file.begin() + static_cast<std::ptrdiff_t>(begin);
    Bytes header(file.begin() + kLengthBytes, middle);
    Bytes data(middle, file.end());
    const std::size_t room = max_size - std::min(max_size, kLengthBytes + data.size());
    const std::size_t kind = draw.below(8);
    if (kind < 3) header = mutated(std::move(header), std::max(room, header.size()));
    else if (kind < 6) change_a_number(header, draw);
    else data = mutated(std::move(data), std::max<std::size_t>(data.size(), 1));
    if (!draw.one_in(16)) pad(header);
    changed = joined(joined(length_of(header), header), data);
    if (draw.one_in(16)) changed[draw.below(kLengthBytes)] = static_cast<std::uint8_t>(draw.below(256));
  }
  if (!draw.one_in(16)) repair_checksum(changed, checksum_place(changed));
  return changed;
}

std::size_t give(const Bytes& bytes, std::uint8_t* data, std::size_t max_size) {
  const std::size_t size = std::min(bytes.size(), max_size);
  std::copy_n(bytes.begin(), size, data);
  return size;
}

void make_seeds(int argc, char** argv, std::vector<Bytes> (*seeds)()) {
  if (argc != 3 || std::strcmp(argv[1], "--make-seeds") != 0) return;
  const std::vector<Bytes> files = seeds();
  for (std::size_t i = 0; i < files.size(); ++i) {
    require(files[i].size() <= kLongestInput, "a seed is not cut off", concat(files[i].size(), " bytes"));
    write_file_atomically(concat(argv[2], "/seed-", i), files[i]);
  }
  std::printf("%zu seeds in %s\n", files.size(), argv[2]);
  std::exit(0);
}

}  // namespace pbgen::fuzz

#include "data/formats/inflate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "core/base/check.h"

namespace pbgen {
namespace {

constexpr int kLongestCode = 15;
constexpr std::size_t kLiterals = 288;  // and lengths
constexpr std::size_t kDistances = 32;
constexpr int kEndOfBlock = 256;

[[noreturn]] void fail_early_end() { fail(ErrorKind::data, "truncated: the compressed pixels end too early"); }

// Bits of a byte are taken from its least significant end.
class BitReader {
 public:
  explicit BitReader(std::span<const std::uint8_t> bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // At least 56 bits are there afterwards; those behind the end are zeros, which take() refuses to hand out.
  void refill() {
    if (end_ - at_ >= 8) {
      std::uint64_t next = 0;
      for (int i = 0; i < 8; ++i) next |= std::uint64_t{at_[i]} << 8 * i;
      bits_ |= next << count_;
      const int bytes = (63 - count_) / 8;
      at_ += bytes;
      count_ += 8 * bytes;
      // What was read above count_ is read again by the next call.
      bits_ &= (std::uint64_t{1} << count_) - 1;
      return;
    }
    for (; count_ <= 56 && at_ < end_; count_ += 8) bits_ |= std::uint64_t{*at_++} << count_;
  }
  std::uint64_t peek() const { return bits_; }
  void take(int bits) {
    if (bits > count_) fail_early_end();
    bits_ >>= bits;
    count_ -= bits;
  }
  // bits <= 32, and refilled before.
  std::uint32_t number(int bits) {
    const auto value = static_cast<std::uint32_t>(bits_ & ((std::uint64_t{1} << bits) - 1));
    take(bits);
    return value;
  }
  // Copies bytes from the next boundary of bytes on.
  void copy_bytes(std::span<std::uint8_t> out) {
    take(count_ & 7);
    at_ -= count_ / 8;
    bits_ = 0;
    count_ = 0;
    if (static_cast<std::size_t>(end_ - at_) < out.size()) fail_early_end();
    if (!out.empty()) std::memcpy(out.data(), at_, out.size());
    at_ += out.size();
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::uint64_t bits_ = 0;
  int count_ = 0;
};

// A canonical Huffman code.  Codes of at most kTableBits are found by one look at the next bits.
class Code {
 public:
  // lengths: of each symbol's code, 0: it has none.  Where may_be_incomplete, a code of a single symbol of one bit, or of none, is
  // legal.
  void build(std::span<const std::uint8_t> lengths, bool may_be_incomplete) {
    std::array<int, kLongestCode + 1> count = {};
    for (const std::uint8_t length : lengths) ++count[length];
    count[0] = 0;
    int free = 1;
    int used = 0;
    for (std::size_t length = 1; length <= kLongestCode; ++length) {
      free = 2 * free - count[length];
      if (free < 0) fail(ErrorKind::data, "corrupt: a code of the compressed pixels has too many symbols");
      used += count[length];
    }
    if (free > 0 && !(may_be_incomplete && used <= 1 && used == count[1]))
      fail(ErrorKind::data, "corrupt: a code of the compressed pixels lacks symbols");
    std::uint32_t code = 0;
    int index = 0;
    for (std::size_t length = 1; length <= kLongestCode; ++length) {
      first_code_[length] = code;
      first_index_[length] = index;
      count_[length] = count[length];
      code = (code + static_cast<std::uint32_t>(count[length])) << 1;
      index += count[length];
    }
    table_.fill(0);
    std::array<int, kLongestCode + 1> next = first_index_;
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      const std::size_t length = lengths[symbol];
      if (length == 0) continue;
      const int position = next[length]++;
      symbols_[static_cast<std::size_t>(position)] = static_cast<std::uint16_t>(symbol);
      if (length > kTableBits) continue;
      const std::uint32_t forward = first_code_[length] + static_cast<std::uint32_t>(position - first_index_[length]);
      for (std::size_t i = reversed(forward, static_cast<int>(length)); i < table_.size(); i += std::size_t{1} << length)
        table_[i] = static_cast<std::uint16_t>(symbol << 4 | length);
    }
  }

  // The reader has been refilled since the last 41 bits.
  int decode(BitReader& reader) const {
    const std::uint64_t bits = reader.peek();
    const std::uint16_t entry = table_[bits & (table_.size() - 1)];
    if (entry != 0) {
      reader.take(entry & 15);
      return entry >> 4;
    }
    std::uint32_t code = static_cast<std::uint32_t>(reversed(static_cast<std::uint32_t>(bits & ((1u << kTableBits) - 1)), kTableBits));
    for (int length = kTableBits + 1; length <= kLongestCode; ++length) {
      code = code << 1 | static_cast<std::uint32_t>(bits >> (length - 1) & 1);
      const std::size_t l = static_cast<std::size_t>(length);
      if (code >= first_code_[l] && code - first_code_[l] < static_cast<std::uint32_t>(count_[l])) {
        reader.take(length);
        return symbols_[static_cast<std::size_t>(first_index_[l]) + code - first_code_[l]];
      }
    }
    fail(ErrorKind::data, "corrupt: the compressed pixels hold a code that stands for nothing");
  }

 private:
  static constexpr int kTableBits = 10;

  static std::size_t reversed(std::uint32_t code, int length) {
    std::size_t result = 0;
    for (int i = 0; i < length; ++i) result |= static_cast<std::size_t>(code >> i & 1u) << (length - 1 - i);
    return result;
  }

  std::array<std::uint16_t, 1 << kTableBits> table_ = {};  // symbol << 4 | length, 0: a longer code
  std::array<std::uint32_t, kLongestCode + 1> first_code_ = {};
  std::array<int, kLongestCode + 1> first_index_ = {};  // into symbols_
  std::array<int, kLongestCode + 1> count_ = {};
  std::array<std::uint16_t, kLiterals> symbols_ = {};
};

class Inflation {
 public:
  Inflation(std::span<const std::uint8_t> stream, std::span<std::uint8_t> out) : reader_(stream), out_(out) {}

  void run() {
    read_header();
    for (bool last = false; !last;) {
      reader_.refill();
      last = reader_.number(1) != 0;
      switch (reader_.number(2)) {
        case 0: copy_stored(); break;
        case 1:
          set_fixed_codes();
          copy_compressed();
          break;
        case 2:
          read_codes();
          copy_compressed();
          break;
        default: fail(ErrorKind::data, "corrupt: the compressed pixels hold a block of an unknown kind");
      }
    }
    if (filled_ < out_.size())
      fail(ErrorKind::data, "truncated: ", filled_, " bytes of rows are compressed in it, ", out_.size(), " expected");
    check_checksum();
  }

 private:
  void read_header() {
    reader_.refill();
    const std::uint32_t method = reader_.number(8);
    const std::uint32_t flags = reader_.number(8);
    if ((method & 15) != 8 || method >> 4 > 7 || (method * 256 + flags) % 31 != 0)
      fail(ErrorKind::data, "corrupt: the compressed pixels are no zlib stream");
    if ((flags & 32) != 0) fail(ErrorKind::data, "the compressed pixels want a preset dictionary, which a picture cannot have");
  }

  std::span<std::uint8_t> next_bytes(std::size_t count) {
    if (out_.size() - filled_ < count)
      fail(ErrorKind::data, "corrupt: more than the expected ", out_.size(), " bytes of rows are compressed in it");
    const std::span<std::uint8_t> result = out_.subspan(filled_, count);
    filled_ += count;
    return result;
  }

  void copy_stored() {
    std::array<std::uint8_t, 4> lengths = {};
    reader_.copy_bytes(lengths);
    const unsigned length = lengths[0] | lengths[1] << 8;
    const unsigned inverse = lengths[2] | lengths[3] << 8;
    if ((length ^ inverse) != 0xffff) fail(ErrorKind::data, "corrupt: a stored block of the pixels contradicts its length");
    reader_.copy_bytes(next_bytes(length));
  }

  void set_fixed_codes() {
    std::array<std::uint8_t, kLiterals> lengths;
    for (std::size_t i = 0; i < kLiterals; ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    literals_.build(lengths, false);
    std::array<std::uint8_t, kDistances> distances;
    distances.fill(5);
    distances_.build(distances, false);
  }

  void read_codes() {
    constexpr std::array<std::uint8_t, 19> kOrder = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const std::size_t literals = 257 + reader_.number(5);
    const std::size_t distances = 1 + reader_.number(5);
    const std::size_t given = 4 + reader_.number(4);
    if (literals > 286 || distances > 30) fail(ErrorKind::data, "corrupt: a code of the compressed pixels has too many symbols");
    std::array<std::uint8_t, 19> code_lengths = {};
    for (std::size_t i = 0; i < given; ++i) {
      reader_.refill();
      code_lengths[kOrder[i]] = static_cast<std::uint8_t>(reader_.number(3));
    }
    literals_.build(code_lengths, false);
    std::array<std::uint8_t, kLiterals + kDistances> lengths = {};
    for (std::size_t i = 0; i < literals + distances;) {
      reader_.refill();
      const int symbol = literals_.decode(reader_);
      if (symbol < 16) {
        lengths[i++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol == 16 && i == 0) fail(ErrorKind::data, "corrupt: a code of the compressed pixels repeats a length before the first");
      const std::uint8_t repeated = symbol == 16 ? lengths[i - 1] : std::uint8_t{0};
      const std::size_t times = symbol == 16 ? 3 + reader_.number(2) : symbol == 17 ? 3 + reader_.number(3) : 11 + reader_.number(7);
      if (times > literals + distances - i) fail(ErrorKind::data, "corrupt: a code of the compressed pixels has too many symbols");
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(i), times, repeated);
      i += times;
    }
    if (lengths[kEndOfBlock] == 0) fail(ErrorKind::data, "corrupt: a block of the compressed pixels has no end");
    const std::span<const std::uint8_t> all(lengths);
    literals_.build(all.first(literals), true);
    distances_.build(all.subspan(literals, distances), true);
  }

  void copy_compressed() {
    constexpr std::array<std::uint16_t, 29> kLength = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                                       31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    constexpr std::array<std::uint16_t, 30> kDistance = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                                         33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                                         1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    for (;;) {
      reader_.refill();
      const int symbol = literals_.decode(reader_);
      if (symbol < kEndOfBlock) {
        next_bytes(1)[0] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol == kEndOfBlock) return;
      const std::size_t l = static_cast<std::size_t>(symbol) - 257;
      if (l >= kLength.size()) fail(ErrorKind::data, "corrupt: the compressed pixels hold a length that stands for nothing");
      const std::size_t length = kLength[l] + reader_.number(l < 8 || l == 28 ? 0 : static_cast<int>(l) / 4 - 1);
      reader_.refill();
      const auto d = static_cast<std::size_t>(distances_.decode(reader_));
      if (d >= kDistance.size()) fail(ErrorKind::data, "corrupt: the compressed pixels hold a distance that stands for nothing");
      const std::size_t distance = kDistance[d] + reader_.number(d < 4 ? 0 : static_cast<int>(d) / 2 - 1);
      if (distance > filled_) fail(ErrorKind::data, "corrupt: the compressed pixels refer to what is before their beginning");
      const std::span<std::uint8_t> to = next_bytes(length);
      const std::uint8_t* const from = to.data() - distance;
      // Byte by byte where they overlap: what was just written is read again.
      if (distance >= length) {
        std::memcpy(to.data(), from, length);
      } else {
        for (std::size_t i = 0; i < length; ++i) to[i] = from[i];
      }
    }
  }

  // Adler-32.  5552 bytes at most can be added before a sum must be reduced.
  void check_checksum() {
    std::array<std::uint8_t, 4> stored = {};
    reader_.copy_bytes(stored);
    std::uint32_t a = 1;
    std::uint32_t b = 0;
    for (std::size_t at = 0; at < out_.size();) {
      for (const std::size_t end = std::min<std::size_t>(out_.size(), at + 5552); at < end; ++at) b += a += out_[at];
      a %= 65521;
      b %= 65521;
    }
    if ((std::uint32_t{stored[0]} << 24 | stored[1] << 16 | stored[2] << 8 | stored[3]) != (b << 16 | a))
      fail(ErrorKind::data, "corrupt: the checksum of the compressed pixels is wrong");
  }

  BitReader reader_;
  std::span<std::uint8_t> out_;
  std::size_t filled_ = 0;
  Code literals_;
  Code distances_;
};

}  // namespace

void inflate_zlib(std::span<const std::uint8_t> stream, std::span<std::uint8_t> out) { Inflation(stream, out).run(); }

}  // namespace pbgen

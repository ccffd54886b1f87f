// Exported models changed in one to four places by a seed: a header that a JSON reader may still take, numbers, names, order, spaces,
// escapes, types, places, and data; the header's length and the checksum are put right again, but not always.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "tests/support/damaged_file.h"

namespace pbgen {

class ModelMutator {
 public:
  explicit ModelMutator(std::uint64_t seed) : rng_(seed, Stream::test) {}

  std::vector<std::uint8_t> mutated(const std::vector<std::uint8_t>& model) {
    const auto begin = static_cast<std::ptrdiff_t>(data_begin(model));
    header_.assign(model.begin() + kLengthBytes, model.begin() + begin);
    data_.assign(model.begin() + begin, model.end());
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change();
    if (!one_in(8)) header_.resize((kLengthBytes + header_.size() + 63) / 64 * 64 - kLengthBytes, ' ');
    std::vector<std::uint8_t> file(kLengthBytes);
    const std::uint64_t length = one_in(200) ? header_.size() + below(100) : header_.size();
    std::memcpy(file.data(), &length, sizeof length);
    file.insert(file.end(), header_.begin(), header_.end());
    file.insert(file.end(), data_.begin(), data_.end());
    if (!one_in(100)) repair_checksum(file, checksum_place(file));
    return file;
  }

 private:
  static constexpr std::ptrdiff_t kLengthBytes = 8;

  std::size_t below(std::size_t count) { return static_cast<std::size_t>(rng_.below(index_++, count)); }
  bool one_in(std::size_t count) { return below(count) == 0; }
  template <class T, std::size_t n>
  T one_of(const std::array<T, n>& items) { return items[below(n)]; }

  // A place where `text` stands, chosen among all; npos where it does not.
  std::size_t place_of(const std::string& text) {
    std::vector<std::size_t> places;
    for (std::size_t at = header_.find(text); at != header_.npos; at = header_.find(text, at + 1)) places.push_back(at);
    return places.empty() ? header_.npos : places[below(places.size())];
  }
  void replace(const std::string& from, const std::string& to) {
    if (const std::size_t at = place_of(from); at != header_.npos) header_.replace(at, from.size(), to);
  }
  // Where a number begins, and its digits.
  std::size_t a_number(std::size_t& digits) {
    std::vector<std::size_t> places;
    const auto is_digit = [&](std::size_t i) { return i < header_.size() && header_[i] >= '0' && header_[i] <= '9'; };
    for (std::size_t i = 1; i < header_.size(); ++i)
      if (is_digit(i) && !is_digit(i - 1)) places.push_back(i);
    const std::size_t at = places[below(places.size())];
    for (digits = 0; is_digit(at + digits); ++digits) {
    }
    return at;
  }
  // The member of the header or of its metadata that begins at the quotation mark there, without a comma.
  std::string member_at(std::size_t begin) const {
    int depth = 0;
    bool inside = false;
    for (std::size_t i = begin; i < header_.size(); ++i) {
      if (header_[i] == '\\') ++i;
      else if (header_[i] == '"') inside = !inside;
      else if (inside) continue;
      else if (header_[i] == '{' || header_[i] == '[') ++depth;
      else if (header_[i] == '}' || header_[i] == ']') --depth;
      if (depth < 0 || (depth == 0 && !inside && header_[i] == ',')) return header_.substr(begin, i - begin);
      if (depth == 0 && !inside && header_[i] == '}') return header_.substr(begin, i + 1 - begin);
    }
    return header_.substr(begin);
  }

  void change() {
    constexpr std::array<const char*, 9> kKeys{"\"format\"", "\"version\"", "\"network\"", "\"shapes\"", "\"bits\"", "\"checksum\"",
                                               "\"linear.scale\":{", "\"deconv1.", "\"deconv4.shift\":{"};
    constexpr std::array<const char*, 12> kEntries{"\"a\":\"\"",        "\"a\":\"\\u0041\"",   "\"a\":\"\\ud800\"", "\"a\":\"\\x\"",
                                                   "\"\":\"b\"",        "\"a\":\"\\u00e9\"",   "\"a\":\"\xc3\xa9\"", "\"a\":\"\xff\"",
                                                   "\"a\":\"\\u20ac\"", "\"\\u0061\":\"twice\"", "\"forma\\u0074\":\"x\"", "\"a\":1"};
    constexpr std::array<const char*, 8> kSpaces{" ", "\n", "\t", "\r", "  ", "", "\v", "\xa0"};
    constexpr std::array<const char*, 4> kTypes{"F32", "U8", "F16", "+1"};
    constexpr std::array<const char*, 5> kOtherTypes{"F16", "F32", "I32", "U8", "f32"};
    constexpr std::array<const char*, 3> kLayers{"0,2", "none", "1"};
    constexpr std::array<const char*, 6> kOtherLayers{"2,0", "all", "0,0", "", "0, 2", "5"};
    constexpr std::array<const char*, 3> kOtherMembers{",\"x\":1,\"shape\"", ",\"dtype\":\"F32\",\"shape\"", ", \"shape\""};
    switch (below(16)) {
      case 0: header_[below(header_.size())] = static_cast<char>(below(256)); break;
      case 1: header_.insert(below(header_.size()), one_of(kSpaces)); break;
      case 2: header_.erase(below(header_.size()), 1 + below(3)); break;
      case 3: {
        std::size_t digits = 0;
        const std::size_t at = a_number(digits);
        constexpr std::array<const char*, 12> kNumbers{"0", "1", "-1", "00", "1e1", "1.0", "16", "64", "4096", "9223372036854775808",
                                                       "1e999", "2"};
        header_.replace(at, digits, one_of(kNumbers));
        break;
      }
      case 4: {  // the same number written otherwise, or the next one
        std::size_t digits = 0;
        const std::size_t at = a_number(digits);
        const std::string number = header_.substr(at, digits);
        const std::array<std::string, 6> others{number + ".0", "0" + number, number + "e0", "+" + number, number + "0",
                                                digits < 16 ? std::to_string(std::stoll(number) + 1) : number};
        header_.replace(at, digits, one_of(others));
        break;
      }
      case 5: {  // a member once more
        const std::size_t at = place_of(one_of(kKeys));
        if (at != header_.npos) header_.insert(at, member_at(at) + ",");
        break;
      }
      case 6: {  // two members change places, or one goes behind another
        const std::size_t from = place_of(one_of(kKeys));
        if (from == header_.npos) break;
        const std::string member = member_at(from) + ",";
        header_.erase(from, member.size());
        const std::size_t to = place_of(one_of(kKeys));
        if (to != header_.npos) header_.insert(to, member);
        break;
      }
      case 7: {  // another entry of the metadata
        const std::size_t at = place_of(one_of(std::array<const char*, 2>{"\"checksum\"", "\"bits\""}));
        if (at != header_.npos) header_.insert(at, std::string(one_of(kEntries)) + ",");
        break;
      }
      case 8: {  // many of them
        const std::size_t at = place_of("\"bits\"");
        std::string entries;
        for (std::size_t i = 0, count = below(60); i < count; ++i) entries += "\"k" + std::to_string(i) + "\":\"\",";
        if (at != header_.npos) header_.insert(at, entries);
        break;
      }
      case 9: replace(one_of(kTypes), one_of(kOtherTypes)); break;
      case 10: replace(one_of(kLayers), one_of(kOtherLayers)); break;
      case 11: {  // an escape for a character
        const std::size_t at = below(header_.size());
        constexpr const char* kHex = "0123456789abcdef";
        const auto c = static_cast<unsigned char>(header_[at]);
        if (c != '"' && c != '\\') header_.replace(at, 1, std::string("\\u00") + kHex[c >> 4] + kHex[c & 15]);
        break;
      }
      case 12: replace(",\"shape\"", one_of(kOtherMembers)); break;
      case 13: {  // a value that is no number, or large
        if (data_.size() < 8) break;
        constexpr std::array<std::uint32_t, 6> kBits{0x7f800000u, 0xff800000u, 0x7fc00000u, 0x7f7fffffu, 0x7c007c00u, 0x00000001u};
        const std::uint32_t bits = one_of(kBits);
        std::memcpy(data_.data() + below(data_.size() / 4) * 4, &bits, sizeof bits);
        break;
      }
      case 14: data_.resize(one_in(2) ? data_.size() + 1 + below(100) : data_.size() - std::min(data_.size(), below(70))); break;
      default: if (!data_.empty()) data_[below(data_.size())] = static_cast<std::uint8_t>(below(256)); break;
    }
    if (header_.empty()) header_ = "{";
  }

  CounterRng rng_;
  std::uint64_t index_ = 0;
  std::string header_;
  std::vector<std::uint8_t> data_;
};

}  // namespace pbgen

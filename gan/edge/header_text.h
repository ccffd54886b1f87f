// A cursor over the JSON of an exported model's header: compact, without spaces, in ASCII, numbers whole and not negative.
//
// The metadata holds JSON inside of JSON strings, in which a quotation mark is written \" and nothing else is escaped:
// `inside` reads that as it stands.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace pbgen::edge {

// Borrowed characters; not terminated.
struct Text {
  const char* begin = nullptr;
  const char* end = nullptr;
};

inline bool equals(Text a, Text b) {
  if (a.end - a.begin != b.end - b.begin) return false;
  for (; a.begin != a.end; ++a.begin, ++b.begin)
    if (*a.begin != *b.begin) return false;
  return true;
}

// Whether text is `first` followed by `second`.
inline bool equals(Text text, const char* first, const char* second = "") {
  for (const char* const literal : {first, second})
    for (const char* c = literal; *c != '\0'; ++c, ++text.begin)
      if (text.begin == text.end || *text.begin != *c) return false;
  return text.begin == text.end;
}

class HeaderText {
 public:
  explicit HeaderText(Text text, bool inside = false) : at_(text.begin), end_(text.end), inside_(inside) {}

  const char* at() const { return at_; }
  bool at_end() const { return at_ == end_; }

  // Each goes over what it names, and says whether that stood there.
  bool take(char c) {
    if (inside_ && c == '"') {
      if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != '"') return false;
      at_ += 2;
      return true;
    }
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool take(const char* literal) {
    for (; *literal != '\0'; ++literal)
      if (!take(*literal)) return false;
    return true;
  }
  // contents: between the quotation marks, with whatever is escaped still escaped.
  bool take_string(Text& contents) {
    if (!take('"')) return false;
    for (contents.begin = at_; at_ != end_; ++at_) {
      if (*at_ < ' ' || *at_ > '~') return false;
      contents.end = at_;
      if (*at_ == '"' || (inside_ && *at_ == '\\')) return take('"');
      if (*at_ == '\\' && !over_an_escape()) return false;
    }
    return false;
  }
  // A number of at most 18 digits: below 10^18.
  bool take_number(std::uint64_t& number) {
    const char* const first = at_;
    number = 0;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
      if (at_ - first == 18) return false;
      number = 10 * number + static_cast<std::uint64_t>(*at_++ - '0');
    }
    return at_ != first && (*first != '0' || at_ - first == 1);
  }
  // [a,b,..] of 1 to `most` numbers.
  bool take_numbers(std::uint64_t* numbers, int most, int& count) {
    count = 0;
    if (!take('[')) return false;
    do {
      if (count == most || !take_number(numbers[count])) return false;
      ++count;
    } while (take(','));
    return take(']');
  }

 private:
  // From a backslash to the last character that belongs to it.  Characters above the first 256 are not written.
  bool over_an_escape() {
    if (++at_ == end_) return false;
    if (*at_ != 'u') return contains("\"\\/bfnrt", *at_);
    constexpr const char* kHex = "0123456789abcdefABCDEF";
    if (end_ - at_ < 5 || at_[1] != '0' || at_[2] != '0' || !contains(kHex, at_[3]) || !contains(kHex, at_[4])) return false;
    at_ += 4;
    return true;
  }
  static bool contains(const char* characters, char c) {
    while (*characters != '\0' && *characters != c) ++characters;
    return *characters != '\0';
  }

  const char* at_;
  const char* end_;
  bool inside_;
};

}  // namespace pbgen::edge

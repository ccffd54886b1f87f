#include "tools/lib/cli/shown.h"

#include <algorithm>
#include <array>

#include "core/base/utf8.h"

namespace pbgen {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Joiners (U+200C, U+200D), which many scripts need, are none of these.
constexpr std::array kUnseen = {
    Range{0x00, 0x1f},       Range{0x7f, 0x9f},      // controls
    Range{0x061c, 0x061c},   Range{0x200e, 0x200f},  // marks of direction
    Range{0x2028, 0x202e},                           // ends of lines and paragraphs, embeddings and overrides of direction
    Range{0x2060, 0x206f},                           // isolates of direction, what is not seen
    Range{0xfeff, 0xfeff},   Range{0xfff9, 0xfffb},  // byte order mark, annotations
    Range{0xe0000, 0xe0fff},                         // tags
};

bool is_unseen(char32_t code) {
  return std::any_of(kUnseen.begin(), kUnseen.end(), [&](const Range& range) { return code >= range.first && code <= range.last; });
}

std::string escaped(char32_t code, bool is_byte) {
  if (code == '\n') return "\\n";
  if (code == '\t') return "\\t";
  if (code == '\r') return "\\r";
  char text[16];
  const char* const form = is_byte || code < 0x80 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x";
  std::snprintf(text, sizeof text, form, static_cast<unsigned>(code));
  return text;
}

// Calls seen(character) or unseen(code, is_byte) for each character, and for each byte that is part of none, in order.
template <class Seen, class Unseen>
void walk(std::string_view text, const Seen& seen, const Unseen& unseen) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    const char32_t code = length > 0 ? utf8_code(character) : static_cast<unsigned char>(text.front());
    if (length > 0 && !is_unseen(code)) seen(character);
    else unseen(code, length == 0);
    text.remove_prefix(character.size());
  }
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out;
  walk(text, [&](std::string_view character) { out += character; }, [&](char32_t code, bool is_byte) { out += escaped(code, is_byte); });
  return out;
}

std::string shown_lines(std::string_view text) {
  std::string out;
  walk(text, [&](std::string_view character) { out += character; },
       [&](char32_t code, bool is_byte) {
         if (code == '\n' || code == '\t') out += static_cast<char>(code);
         else out += escaped(code, is_byte);
       });
  return out;
}

bool is_showable(std::string_view text) {
  bool showable = true;
  walk(text, [](std::string_view) {}, [&](char32_t, bool) { showable = false; });
  return showable;
}

}  // namespace pbgen

// UTF-8: one character at a time, from text that may hold anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pbgen {

// The bytes of the valid character (Unicode, table 3-7) with which text, which is not empty, begins: 1 to 4; 0 where there is none.
std::size_t utf8_length(std::string_view text);

// The code point of the valid character with which text begins.
char32_t utf8_code(std::string_view text);

// The character's bytes; code is a code point, 0x10ffff at most.
void append_utf8(std::string& out, char32_t code);

}  // namespace pbgen

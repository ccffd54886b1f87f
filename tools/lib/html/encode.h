// Text and bytes as they must be written inside HTML and SVG.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pbgen {

// For element content and for quoted attributes, always valid UTF-8: shown_lines(), in which & < > " ' become entities.
std::string escape_markup(std::string_view text);

// RFC 4648, section 4, padded.
std::string base64(std::span<const std::uint8_t> bytes);

}  // namespace pbgen

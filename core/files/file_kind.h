// What a file is, by its first bytes: for the message that says why it is not what was wanted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pbgen {

// So many bytes of a file's beginning are enough.
inline constexpr std::size_t kKindBytes = 512;

// "a PNG picture", "a zip archive", "text", "empty", "of no known kind": what follows "is".  A guess where a format has no mark of its
// own; never more than the marks of a format are looked at.
std::string_view file_kind(std::span<const std::uint8_t> beginning);
std::string_view file_kind(std::string_view beginning);

// What a safetensors file holds, by its metadata's format; "" where it has none.
std::string_view safetensors_kind(std::string_view format);

// "is a PNG picture, not a checkpoint (safetensors)".
std::string wrong_kind(std::span<const std::uint8_t> beginning, std::string_view wanted);
std::string wrong_kind(std::string_view beginning, std::string_view wanted);

// Whether file_kind can tell it.
bool is_known_kind(std::span<const std::uint8_t> beginning);
// Whether it can, and it is neither text nor JSON: then a reader of text need not say where it stumbled.
bool is_surely_no_text(std::string_view beginning);

}  // namespace pbgen

// What a stream is written to: how wide its lines may be.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>

namespace pbgen {

// Columns of the stream's terminal; nothing where it is none, or does not say.  A number in the environment's COLUMNS comes first, for
// files and pipes too.
std::optional<std::int64_t> line_columns(std::FILE* out);

// Whether the stream is a terminal that can go back in its line.
bool can_rewrite_lines(std::FILE* out);

}  // namespace pbgen

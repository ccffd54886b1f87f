// Exported models as the tools read them: what libpbgen refuses is refused here as well, because it is asked.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gan/folded_generator.h"

namespace pbgen {

// The file's layers, expanded to floats.  Errors as PackedModel's (gan/packed_model.h); of what that would let pass and libpbgen does not,
// Error(model_file) with libpbgen's sentence.  Error(diverged) where a weight, scale or shift is not finite.
// bytes: at a multiple of 4.
FoldedGenerator parse_exported_model(std::span<const std::uint8_t> bytes, const std::string& path);

}  // namespace pbgen

// What the engine calls an option by its field, a tool's user calls by its flag.
#pragma once

#include <string>
#include <string_view>

#include "core/base/check.h"

namespace pbgen {

// "--d-steps" for the field d_steps; of a few the flag is another word.
std::string flag_of_field(std::string_view field);

// What an error says to the user of a tool: its message, with flags in the place of fields (core/base/option_error.h).
std::string told(const Error& error);

}  // namespace pbgen

// How this program was called, for commands that are printed to be copied.
#pragma once

#include <string>
#include <string_view>

namespace pbgen {

// The tool of that name as the user would call it, who called this program so: "./tools/NAME" beside ./tools/train_gan, NAME alone
// where the PATH found us.
std::string called_tool(std::string_view name);

// A shell's command line that does the same wherever its reader stands: `cd` to the present folder, then that.
std::string from_any_folder(const std::string& command);

}  // namespace pbgen

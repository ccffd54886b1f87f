// How this program was called, for commands that are printed to be copied.
#pragma once

#include <string>
#include <string_view>

namespace pbgen {

// What `make install` puts before the name of a tool, in which it writes hyphens for underscores: pbgen-train-gan.  tools/README.md,
// "Installed", says why.
inline constexpr std::string_view kInstalledPrefix = "pbgen-";

// The name of a tool beside a program of that name: "train_gan" beside "plan", "pbgen-train-gan" beside "pbgen-plan".
std::string name_beside(std::string_view program, std::string_view tool);

// The name of a tool where this program lies, by the name that it was called by.
std::string tool_name(std::string_view name);

// The tool of that name as the user would call it, who called this program so: "./tools/NAME" beside ./tools/train_gan, its name alone
// where the PATH found us.
std::string called_tool(std::string_view name);

// A shell's command line that does the same wherever its reader stands: `cd` to the present folder, then that.
std::string from_any_folder(const std::string& command);

}  // namespace pbgen

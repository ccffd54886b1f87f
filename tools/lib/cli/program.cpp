#include "tools/lib/cli/program.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/base/check.h"
#include "tools/lib/cli/text.h"

namespace pbgen {

std::string name_beside(std::string_view program, std::string_view tool) {
  if (!program.starts_with(kInstalledPrefix)) return std::string(tool);
  std::string name = concat(kInstalledPrefix, tool);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string tool_name(std::string_view name) { return name_beside(program_invocation_short_name, name); }

std::string called_tool(std::string_view name) {
  const std::string_view called = program_invocation_name;  // argv[0]
  return std::string(called.substr(0, called.rfind('/') + 1)).append(tool_name(name));  // npos + 1 == 0
}

std::string from_any_folder(const std::string& command) {
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string();
  return error ? command : concat(shell_command("cd", {here}), " && ", command);
}

}  // namespace pbgen

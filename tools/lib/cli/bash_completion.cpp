#include "tools/lib/cli/bash_completion.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/text.h"

namespace pbgen {
namespace {

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) text += concat(text.empty() ? "" : separator, word);
  return text;
}

// The flag by its names, as a pattern of `case`.
std::string pattern(const HelpEntry& flag) { return flag.short_name.empty() ? flag.name : concat(flag.name, "|", flag.short_name); }

// What completes the value; "" where nothing is known of it.
std::string completion(const HelpEntry& entry) {
  std::vector<std::string> commands;
  if (!entry.words.empty())
    commands.push_back(concat(entry.is_list ? "_pbgen_list" : "_pbgen_words", " '", joined(entry.words, " "), "'"));
  if (entry.path == HelpEntry::Path::file) commands.emplace_back("_pbgen_paths -f");
  if (entry.path == HelpEntry::Path::folder) commands.emplace_back("_pbgen_paths -d");
  return joined(commands, "; ");
}

// The same for every tool; each file holds them, for each is loaded alone.
constexpr const char* kHelpers = R"(_pbgen_words() {
  local found
  mapfile -t found < <(compgen -W "$1" -- "$word")
  COMPREPLY+=("${found[@]}")
}
_pbgen_list() {
  local before='' found
  [[ $word == *,* ]] && before=${word%,*},
  mapfile -t found < <(compgen -P "$before" -W "$1" -- "${word##*,}")
  COMPREPLY+=("${found[@]}")
  compopt -o nospace
}
_pbgen_paths() {
  local found
  mapfile -t found < <(compgen "$1" -- "$word")
  COMPREPLY+=("${found[@]}")
  compopt -o filenames
}
)";

}  // namespace

std::string bash_completion(const HelpText& help) {
  std::vector<std::string> flags;
  std::vector<std::string> with_value;
  std::string values;
  for (const HelpSection& section : help.sections) {
    for (const HelpEntry& flag : section.entries) {
      flags.push_back(flag.name);
      if (!flag.short_name.empty()) flags.push_back(flag.short_name);
      if (flag.metavar.empty()) continue;
      with_value.push_back(pattern(flag));
      if (const std::string words = completion(flag); !words.empty()) values += concat("      ", pattern(flag), ") ", words, " ;;\n");
    }
  }
  std::string places;
  for (std::size_t i = 0; i < help.arguments.size(); ++i)
    if (const std::string words = completion(help.arguments[i]); !words.empty()) places += concat("    ", i, ") ", words, " ;;\n");

  // A tool from its build is called export or plan: without more its function would be another's, such as bash-completion's _export.
  std::string name = concat("_", help.tool.starts_with(kInstalledPrefix) ? "" : kInstalledPrefix, help.tool);
  std::replace(name.begin(), name.end(), '-', '_');
  std::string text = concat("# bash completion of ", help.tool, ", made by `", help.tool, " --help=bash`\n", kHelpers);
  // bash parts `--flag=value` into three words.  The word before the last, the flags and the places of arguments follow from those before.
  text += concat(name, "() {\n",
                 "  local word=${COMP_WORDS[COMP_CWORD]} flag='' place=0 only_arguments='' i\n"
                 "  COMPREPLY=()\n"
                 "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
                 "    if [[ -n $flag ]]; then\n"
                 "      [[ ${COMP_WORDS[i]} == = ]] || flag=''\n"
                 "    elif [[ -n $only_arguments ]]; then\n"
                 "      ((++place))\n"
                 "    else\n"
                 "      case ${COMP_WORDS[i]} in\n"
                 "        --) only_arguments=1 ;;\n");
  if (!with_value.empty()) text += concat("        ", joined(with_value, "|"), ") flag=${COMP_WORDS[i]} ;;\n");
  text += "        -?*) ;;\n"
          "        *) ((++place)) ;;\n"
          "      esac\n"
          "    fi\n"
          "  done\n"
          "  [[ -n $flag && $word == = ]] && word=''\n"
          "  if [[ -n $flag ]]; then\n";
  text += values.empty() ? "    return\n" : concat("    case $flag in\n", values, "    esac\n");
  text += concat("    return\n"
                 "  fi\n"
                 "  if [[ $word == -* && -z $only_arguments ]]; then\n"
                 "    _pbgen_words '",
                 joined(flags, " "), "'\n    return\n  fi\n");
  if (!places.empty()) text += concat("  case $place in\n", places, "  esac\n");
  return text + concat("}\ncomplete -F ", name, " ", shell_command(help.called, {}), "\n");
}

}  // namespace pbgen

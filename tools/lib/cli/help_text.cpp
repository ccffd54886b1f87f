#include "tools/lib/cli/help_text.h"

#include <algorithm>
#include <cstddef>

#include "core/base/check.h"
#include "tools/lib/cli/text.h"

namespace pbgen {
namespace {

constexpr std::size_t kHelpWidth = 100;
constexpr std::size_t kHelpColumn = 28;

// Title left, meaning from the column on, below the title where that is too long.
std::string entry_lines(const HelpEntry& entry) {
  const std::string title = entry_title(entry);
  const std::string paragraph = wrapped(entry.meaning, kHelpColumn, kHelpWidth);
  const bool beside = title.size() + 4 <= kHelpColumn;
  return concat("  ", title, beside ? paragraph.substr(std::min(paragraph.size(), title.size() + 2)) : concat("\n", paragraph));
}

}  // namespace

std::string usage_arguments(const HelpText& help) {
  std::string text = "[flags]";
  for (const HelpEntry& argument : help.arguments)
    text += argument.required ? concat(" ", argument.name) : concat(" [", argument.name, "]");
  return text;
}

std::string entry_title(const HelpEntry& entry) {
  return concat(entry.name, entry.short_name.empty() ? "" : ", ", entry.short_name, entry.metavar.empty() ? "" : " ", entry.metavar);
}

std::string plain_help(const HelpText& help) {
  std::string text = concat(help.tool, ": ", help.summary, "\n\nUsage: ", help.tool, " ", usage_arguments(help), "\n");
  if (!help.description.empty()) text += concat("\n", wrapped(help.description, 0, kHelpWidth));
  if (!help.arguments.empty()) text += "\nArguments\n";
  for (const HelpEntry& argument : help.arguments) text += entry_lines(argument);
  for (const HelpSection& section : help.sections) {
    text += concat("\n", section.title, "\n");
    for (const HelpEntry& entry : section.entries) text += entry_lines(entry);
  }
  if (!help.examples.empty()) text += "\nExamples\n";
  for (const auto& [command, meaning] : help.examples) text += concat("  ", command, "\n", wrapped(meaning, 6, kHelpWidth));
  return concat(text, "\nExit codes\n", wrapped(kExitCodes, 2, kHelpWidth));
}

}  // namespace pbgen

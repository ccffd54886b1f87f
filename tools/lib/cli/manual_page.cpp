#include "tools/lib/cli/manual_page.h"

#include <cctype>
#include <cstddef>
#include <string_view>

#include "core/base/check.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/text.h"

namespace pbgen {
namespace {

constexpr std::size_t kSourceWidth = 72;  // of lines, before what must be escaped is

// Text that is shown as it stands and can be copied: a roff of its own takes - for a hyphen and ' for a quote.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\': result += "\\e"; break;
      case '-': result += "\\-"; break;
      case '\'': result += "\\(aq"; break;
      case '`': result += "\\(ga"; break;
      case '"': result += "\\(dq"; break;
      case '~': result += "\\(ti"; break;
      case '^': result += "\\(ha"; break;
      default: result += c;
    }
  }
  return result;
}

// Lines of text, which may begin with a full stop.
std::string lines(std::string_view text) {
  std::string result;
  const std::string broken = wrapped(text, 0, kSourceWidth);
  for (const std::string_view line : split(std::string_view(broken).substr(0, broken.size() - 1), '\n'))
    result += concat(line.starts_with('.') ? "\\&" : "", escaped(line), "\n");
  return result;
}

std::string bold(std::string_view text) { return concat("\\fB", escaped(text), "\\fR"); }
std::string italic(std::string_view text) { return concat("\\fI", escaped(text), "\\fR"); }

// Paragraphs ended by '\n'; empty ones part what others hold together, as they do in --help.
std::string paragraphs(std::string_view text) {
  std::string result;
  for (const std::string_view paragraph : split(text, '\n'))
    if (!paragraph.empty()) result += concat(result.empty() ? "" : ".PP\n", lines(paragraph));
  return result;
}

std::string entry(const HelpEntry& entry) {
  std::string title = bold(entry.name);
  if (!entry.short_name.empty()) title += concat(", ", bold(entry.short_name));
  if (!entry.metavar.empty()) title += concat(" ", italic(entry.metavar));
  return concat(".TP\n", title, "\n", lines(entry.meaning));
}

std::string heading(std::string_view title) {
  std::string capitals;
  for (const char c : title) capitals += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return concat(".SH ", escaped(capitals), "\n");
}

}  // namespace

std::string manual_page(const HelpText& help, const std::string& date, const std::string& source) {
  std::string page = concat(".\\\" Made by `", help.tool, " --help=man`.\n.TH \"");
  for (const char c : help.tool) page += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  page += concat("\" 1 \"", date, "\" \"", source, "\" \"PBGen\"\n");
  // Neither hyphenated nor stretched: names of flags and files stand everywhere.
  page += ".nh\n.ad l\n";
  page += concat(heading("name"), escaped(help.tool), " \\- ", escaped(help.summary), "\n");
  page += concat(heading("synopsis"), bold(help.tool), " ", escaped(usage_arguments(help)), "\n");
  page += concat(heading("description"), paragraphs(help.description.empty() ? help.summary : help.description));
  if (!help.arguments.empty()) page += heading("arguments");
  for (const HelpEntry& argument : help.arguments) page += entry(argument);
  page += heading("options");
  for (const HelpSection& section : help.sections) {
    if (section.title != kFirstSection) page += concat(".SS ", escaped(section.title), "\n");
    for (const HelpEntry& flag : section.entries) page += entry(flag);
  }
  if (!help.examples.empty()) page += heading("examples");
  for (const auto& [command, meaning] : help.examples) page += concat(".TP\n", bold(command), "\n", lines(meaning));
  page += concat(heading("exit status"), lines(kExitCodes));
  page += concat(heading("notes"),
                 lines(concat("Texts name a tool as a build does: train_gan is ", name_beside(help.tool, "train_gan"),
                              " here, and so with the others.")));
  return page;
}

}  // namespace pbgen

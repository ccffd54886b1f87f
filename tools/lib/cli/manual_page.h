// --help as a manual page.
#pragma once

#include <string>

#include "tools/lib/cli/help_text.h"

namespace pbgen {

// In roff, for man(7) macros; whatever the texts hold, no line of theirs is read as a command.
// date: year-month-day, or "" where none is known.  source: what the page's foot names, "PBGen 0.2.0".
std::string manual_page(const HelpText& help, const std::string& date, const std::string& source);

}  // namespace pbgen

// --help as bash's completion of a command line.
#pragma once

#include <string>

#include "tools/lib/cli/help_text.h"

namespace pbgen {

// A function and the `complete` that binds it to help.called; nothing but bash 4.4 is needed.  It completes flags, the words that a value
// may be, items of lists with commas, and names of files or of folders where a path is asked for.
std::string bash_completion(const HelpText& help);

}  // namespace pbgen

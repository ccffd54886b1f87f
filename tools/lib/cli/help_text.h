// What a tool says of itself, before it has a form: --help shows it as text, --help=man as a manual page (manual_page.h), --help=bash as
// what bash may complete (bash_completion.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pbgen {

// A flag, or an argument without one.
struct HelpEntry {
  std::string name;        // "--out", or "MODEL"
  std::string short_name;  // "-o"; "" where there is none
  std::string metavar;     // of a flag's value: "FILE"; "" for a bare flag and for an argument
  std::string meaning;     // with its default
  bool required = false;   // of an argument
  // What the value may be, for completion: words, all that there are unless it may be a path too; several of them with commas; a path.
  std::vector<std::string> words;
  bool is_list = false;
  enum class Path { none, file, folder } path = Path::none;
};

struct HelpSection {
  std::string title;
  std::vector<HelpEntry> entries;
};

struct HelpText {
  std::string tool;         // by the name that it was called by, without folders
  std::string called;       // with them, as a shell would find it
  std::string summary;      // one line, without a full stop
  std::string description;  // paragraphs, ended by '\n'
  std::vector<HelpEntry> arguments;
  std::vector<HelpSection> sections;                         // of flags; none is empty
  std::vector<std::pair<std::string, std::string>> examples;  // a command line and what it does
};

// The section of flags that were declared without one.
inline constexpr const char* kFirstSection = "Flags";

inline constexpr const char* kExitCodes = "0 done, 1 internal error, 2 usage, 3 data, 4 model file, 5 diverged, 6 input/output; "
                                          "128 + N where signal N ended it (130 SIGINT, 143 SIGTERM)";

// "[flags] REAL [FAKE]": what stands after the tool's name.
std::string usage_arguments(const HelpText& help);

// "--out, -o FILE".
std::string entry_title(const HelpEntry& entry);

// At most 100 columns wide.
std::string plain_help(const HelpText& help);

}  // namespace pbgen

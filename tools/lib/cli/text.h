// Small text helpers of the tools.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pbgen {

// The parts between the separators; one empty part for empty text.
std::vector<std::string_view> split(std::string_view text, char separator);

// The fewest insertions, deletions, replacements and swaps of neighbours that turn one into the other (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

// The first known word that begins as `word` does, where that has `shortest_beginning` bytes at least, else the one with the fewest
// edits, if they are few (at most three, and a third of the word).  Empty where there is none.
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known, std::size_t shortest_beginning = 3);

// Every paragraph (ended by '\n') broken between words into lines of at most `width` bytes, indented by `indent`, each ended by '\n'.
// Words longer than a line stand alone.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

// A command line that a shell reads back as these words: what is not plain is quoted; words that may not be shown as they are
// (shown.h) as $'..', which bash, zsh, ksh and POSIX since 2024 read.
std::string shell_command(std::string_view program, const std::vector<std::string>& arguments);
// That of this process; argc is 1 at least.
std::string shell_command(int argc, const char* const* argv);

}  // namespace pbgen

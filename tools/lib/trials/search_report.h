// What a search for layers found, for people and for programs.
#pragma once

#include <string>

#include "tools/lib/cli/text_table.h"
#include "tools/lib/trials/search.h"

namespace pbgen {

// A row a trial: step, trial, layers, discriminator, redundancy, seed, the mean SWD with its spread over repeated scoring, each level's,
// the noise floor, the column that the step is judged by, its degradation with its standard error and above the floor,
// verdict, seconds of training, command.
Table search_csv(const Search& search, const SearchOptions& options);

// A row a step.
Table search_table(const Search& search, const SearchOptions& options);

// One step of the search: "deconv2 (redundancy 192), Setting C: SWD 0.0450, at 64 0.0610, +2.3% +- 1.0%: within +100.0%".
std::string step_text(const Search& search, const SearchStep& step, const SearchOptions& options);

// What came out, in sentences, of a complete search; what a reader should beware of, each a sentence.
std::string search_verdict(const Search& search, const SearchOptions& options);
std::vector<std::string> search_caveats(const Search& search, const SearchOptions& options);

// "--binarize-g 1,2,3 --binarize-d 2,3,4".  Of a complete search.
std::string strategy_flags(const Search& search);

// One self-contained page: verdict, table, degradation against redundancy, sample grids, commands.  Error(input_output) where a sample
// cannot be read.
std::string search_report(const Search& search, const SearchOptions& options, const std::string& command);

}  // namespace pbgen

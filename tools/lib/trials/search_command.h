// ./tools/plan --search: the paper's Algorithm 1 with real training, as a command line of its own.
#pragma once

namespace pbgen {

// Whether --search is among the arguments.
bool asks_for_search(int argc, const char* const* argv);

// Parses the command line (the flags of train_gan that say how to train, and the search's own), trains and scores what is missing, writes
// OUT/search.csv after each step and OUT/report.html, and prints the strategy on the last line of stdout.  Returns the exit code:
// 0, or 129, 130, 143 and 152 after SIGHUP, SIGINT, SIGTERM and SIGXCPU.  Error(usage) for wrong flags and where OUT holds something else;
// Error(diverged) where the float baseline diverged or is not better than an untrained generator; otherwise as run_trials().
int run_search(int argc, const char* const* argv);

}  // namespace pbgen

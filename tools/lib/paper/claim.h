// The paper's claims beside what was found: a table of them, and their count.
#pragma once

#include <string>
#include <vector>

#include "tools/lib/cli/text_table.h"
#include "tools/lib/trials/verdict.h"

namespace pbgen {

struct Claim {
  std::string claim;    // a sentence that may hold or not: "E is above A"
  std::string printed;  // what the paper prints for it, "10.2 times"; empty: no figure
  Comparison here;
  Verdict verdict = Verdict::no_figure;
};

// A row for each: claim, paper, here (a ratio), difference, how many seeds would tell one as large (runs_to_tell), verdict.
Table claim_table(const std::vector<Claim>& claims);

// "5 hold, 1 does not hold, 3 cannot be told": every kind that occurs, by its name.
std::string verdict_counts(const std::vector<Verdict>& verdicts);

// "Of 9 claims 5 hold, 1 does not hold, 3 cannot be told."; empty without claims.
std::string claim_summary(const std::vector<Claim>& claims);

}  // namespace pbgen

#include "tools/lib/paper/claim.h"

#include <algorithm>
#include <array>

#include "core/base/check.h"

namespace pbgen {

Table claim_table(const std::vector<Claim>& claims) {
  Table table{{"claim", "paper", "here", "difference", "seeds to tell", "verdict"}, {}};
  for (const Claim& claim : claims) {
    table.rows.push_back({claim.claim, claim.printed.empty() ? "-" : claim.printed, ratio_text(claim.here), difference_text(claim.here),
                          runs_to_tell_text(claim.here), std::string(verdict_text(claim.verdict))});
  }
  return table;
}

std::string verdict_counts(const std::vector<Verdict>& verdicts) {
  struct Word {
    Verdict verdict;
    const char* one;
    const char* many;
  };
  static constexpr std::array<Word, 5> kWords{{{Verdict::holds, "holds", "hold"},
                                               {Verdict::does_not_hold, "does not hold", "do not hold"},
                                               {Verdict::cannot_be_told, "cannot be told", "cannot be told"},
                                               {Verdict::one_seed, "has one seed and no verdict", "have one seed and no verdict"},
                                               {Verdict::no_figure, "has no figure", "have no figure"}}};
  std::string text;
  for (const Word& word : kWords) {
    const auto count = std::count(verdicts.begin(), verdicts.end(), word.verdict);
    if (count > 0) text += concat(text.empty() ? "" : ", ", count, " ", count == 1 ? word.one : word.many);
  }
  return text;
}

std::string claim_summary(const std::vector<Claim>& claims) {
  if (claims.empty()) return "";
  std::vector<Verdict> verdicts;
  for (const Claim& claim : claims) verdicts.push_back(claim.verdict);
  const std::string text = verdict_counts(verdicts);
  return claims.size() == 1 ? concat("Of 1 claim, ", text, ".") : concat("Of ", claims.size(), " claims ", text, ".");
}

}  // namespace pbgen

#include <cmath>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/claim.h"
#include "tools/lib/paper/pieces/settings_parts.h"
#include "tools/lib/paper/resolution_chart.h"

namespace pbgen {
namespace {

// Bars: the standard deviation over the seeds.
std::string settings_chart(const std::vector<SettingScores>& all, const std::vector<int>& sizes, std::string_view letters,
                           const std::string& title, bool bars) {
  std::vector<ResolutionCurve> curves;
  for (const char letter : letters) {
    const SettingScores* const scores = find_setting(all, {&letter, 1});
    if (scores != nullptr) curves.push_back(curve_of(scores->letter, *scores, bars));
  }
  return resolution_chart(curves, sizes, title, !bars);
}

Table resolution_table(const std::vector<SettingScores>& all, const std::vector<int>& sizes) {
  Table table{{"setting", "resolution", "seeds", "SWD", "sd over seeds", "noise floor"}, {}};
  for (const SettingScores& scores : all)
    for (std::size_t level = 0; level < sizes.size(); ++level) {
      const Sample& swd = scores.levels[level];
      table.rows.push_back({scores.letter, concat(sizes[level]), concat(swd.n), fixed_text(swd.mean, 6),
                            swd.n < 2 ? "" : fixed_text(swd.sd, 6), fixed_text(scores.level_floors[level].mean, 6)});
    }
  return table;
}

// The other setting that is lowest at that level; null where none has a figure.
const SettingScores* lowest_other(const std::vector<SettingScores>& all, std::string_view letter, std::size_t level) {
  const SettingScores* found = nullptr;
  for (const SettingScores& scores : all) {
    if (scores.letter == letter || scores.levels[level].n == 0) continue;
    if (found == nullptr || scores.levels[level].mean < found->levels[level].mean) found = &scores;
  }
  return found;
}

std::vector<Claim> resolution_claims(const std::vector<SettingScores>& all, const std::vector<int>& sizes) {
  std::vector<Claim> claims;
  const auto each_level = [&](std::string_view letter, std::string_view other, std::string_view claim, const auto& judge) {
    const SettingScores* const a = find_setting(all, letter);
    const SettingScores* const b = find_setting(all, other);
    if (a == nullptr || b == nullptr) return;
    for (std::size_t level = 0; level < sizes.size(); ++level) {
      const Comparison here = compare(a->levels[level], b->levels[level]);
      claims.push_back({concat(claim, " at ", side_text(sizes[level])), "", here, judge(here)});
    }
  };
  each_level("B", "A", "Fig. 9: B is below A", is_lower);
  each_level("F", "D", "Fig. 11: F is within 13.6% of D", [](const Comparison& here) { return is_near(here, kSmallestPrintedDifference); });
  each_level("H", "F", "Fig. 16: H is below F", is_lower);
  const auto lowest = [&](std::string_view letter, std::size_t level, std::string_view claim) {
    const SettingScores* const scores = find_setting(all, letter);
    const SettingScores* const other = lowest_other(all, letter, level);
    if (scores == nullptr || other == nullptr) return;
    const Comparison here = compare(scores->levels[level], other->levels[level]);
    claims.push_back({concat(claim, " (next: ", other->letter, ")"), "", here, is_lower(here)});
  };
  lowest("H", sizes.size() - 1, concat("Fig. 16: H is lowest at ", side_text(sizes.back())));
  lowest("C", 0, concat("Fig. 16: C is lowest at ", side_text(sizes.front())));
  return claims;
}

}  // namespace

void add_resolutions(const Experiment& experiment, const std::vector<SettingScores>& dcgan, PieceFolder& folder) {
  const std::vector<int> sizes = level_sizes(experiment);
  Html& page = folder.page();
  page.heading("Distances by resolution (Fig. 9, 11 and 16)", 3);
  folder.csv("by_resolution", resolution_table(dcgan, sizes));
  const std::vector<Claim> claims = resolution_claims(dcgan, sizes);
  page.paragraph(claim_summary(claims), "verdict");
  page.begin_group("charts");
  const std::string bars = experiment.seeds > 1 ? " Bars: one standard deviation over the seeds." : " One seed.";
  if (experiment.has_setting("A") && experiment.has_setting("B"))
    folder.chart("figure9", settings_chart(dcgan, sizes, "AB", "Settings A and B (Fig. 9)", true), concat("Fig. 9.", bars));
  if (experiment.has_setting("D") && experiment.has_setting("F"))
    folder.chart("figure11", settings_chart(dcgan, sizes, "DF", "Settings D and F (Fig. 11)", true), concat("Fig. 11.", bars));
  folder.chart("figure16", settings_chart(dcgan, sizes, "ABCDEFGH", "All settings (Fig. 16)", false),
               concat("Fig. 16, on a logarithmic axis.", experiment.seeds > 1 ? " Means over the seeds." : " One seed."));
  page.end_group();
  page.paragraph("The paper draws these curves and prints no numbers for them except their averages, so none stand beside ours.", "note");
  folder.claims("resolution_claims", claims);
}

}  // namespace pbgen

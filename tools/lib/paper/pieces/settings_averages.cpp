#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/claim.h"
#include "tools/lib/paper/pieces/settings_parts.h"

namespace pbgen {
namespace {

void add_rows(Table& table, const std::vector<SettingScores>& all, std::string_view loss, bool printed) {
  const SettingScores* const a = find_setting(all, "A");
  for (const SettingScores& scores : all) {
    const Comparison to_a = compare(scores.mean, a ? a->mean : sample_of({}));
    const Sample& swd = scores.mean;
    const double printed_figure = printed_swd(scores.letter).value();
    const Setting setting = parse_setting(scores.letter);
    const std::string layers = setting.generator.to_string() + (setting.discriminator.empty() ? "" : " and D");
    table.rows.push_back({std::string(loss), scores.letter, layers, concat(swd.n), known_text(swd.mean, 4),
                          swd.n < 2 ? "-" : known_text(swd.sd, 4),
                          known_text(1000.0 * swd.mean, 1), known_text(scores.floor.mean, 4), known_text(scores.untrained.mean, 4),
                          known_text(to_a.ratio, 2), scores.letter == "A" ? "-" : known_text(to_a.ratio_error, 2),
                          printed && scores.letter != "G" ? fixed_text(printed_figure, 3) : "-",
                          printed ? fixed_text(printed_figure / printed_swd("A").value(), 2) : "-"});
  }
}

// The one of Table III's settings with the lowest mean; null unless all were trained and one has a figure.
const SettingScores* lowest_of_table_3(const std::vector<SettingScores>& all) {
  const SettingScores* lowest = nullptr;
  for (const char letter : std::string_view("ABCDE")) {
    const SettingScores* const scores = find_setting(all, {&letter, 1});
    if (scores == nullptr) return nullptr;
    if (scores->mean.n > 0 && (lowest == nullptr || scores->mean.mean < lowest->mean.mean)) lowest = scores;
  }
  return lowest;
}

std::vector<Claim> average_claims(const std::vector<SettingScores>& all) {
  std::vector<Claim> claims;
  const auto add = [&](std::string_view letter, std::string_view other, std::string_view claim, const auto& judge) {
    const SettingScores* const a = find_setting(all, letter);
    const SettingScores* const b = find_setting(all, other);
    if (a == nullptr || b == nullptr) return;
    const Comparison here = compare(a->mean, b->mean);
    claims.push_back({std::string(claim), printed_ratio(letter, other), here, judge(here)});
  };
  add("B", "A", "B is below A", is_lower);
  add("C", "A", "C is at most 13.6% above A", [](const Comparison& here) { return is_at_most(here, 1.0 + kSmallestPrintedDifference); });
  add("D", "A", "D is above A", is_higher);
  add("E", "A", "E is above A", is_higher);
  add("F", "A", "F is above A", is_higher);
  add("F", "D", "F is within 13.6% of D", [](const Comparison& here) { return is_near(here, kSmallestPrintedDifference); });
  add("G", "A", "G is above A", is_higher);
  add("H", "A", "H is below A", is_lower);
  add("H", "F", "H is below F", is_lower);
  // Where A is the lowest, that claim is the one on A.
  if (const SettingScores* const lowest = lowest_of_table_3(all); lowest != nullptr && lowest->letter != "A")
    add("H", lowest->letter, concat("H is below A to E (lowest: ", lowest->letter, ")"), is_lower);
  return claims;
}

// "H < B < A"; those without a figure are left out.
std::string order_of(const std::vector<SettingScores>& all) {
  std::vector<const SettingScores*> sorted;
  for (const SettingScores& scores : all)
    if (scores.mean.n > 0) sorted.push_back(&scores);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->mean.mean < b->mean.mean; });
  std::string text;
  for (const SettingScores* const scores : sorted) text += concat(text.empty() ? "" : " < ", scores->letter);
  return text;
}

// How many of the pairs that the paper orders stand in its order, by the margin.
std::string pairs_text(const std::vector<SettingScores>& all) {
  int agree = 0;
  int contradict = 0;
  int open = 0;
  for (const SettingScores& a : all)
    for (const SettingScores& b : all) {
      if (!(printed_swd(a.letter).value() < printed_swd(b.letter).value())) continue;
      const Verdict verdict = is_lower(compare(a.mean, b.mean));
      (verdict == Verdict::holds ? agree : verdict == Verdict::does_not_hold ? contradict : open) += 1;
    }
  if (agree + contradict + open == 0) return "";
  return concat("Of the ", agree + contradict + open, " pairs that the paper's figures put in an order, ", agree,
                " stand in the same order here by more than two standard errors, ", contradict, " in the opposite one, ", open,
                " in neither.");
}

}  // namespace

void add_averages(const std::vector<SettingScores>& dcgan, const std::vector<SettingScores>& lsgan, PieceFolder& folder) {
  Html& page = folder.page();
  page.heading("Average distances (Table III and the text on F, G and H)", 3);
  const std::vector<Claim> claims = average_claims(dcgan);
  page.paragraph(claim_summary(claims), "verdict");
  folder.claims("claims", claims);
  page.paragraph(
      "A claim holds, or does not, where the difference of means is beyond two standard errors of it, by the spread over the seeds. Seeds "
      "to tell: with so many of each, a difference as large would be beyond it four times in five. What the paper calls the same may "
      "differ by what it discusses as a difference elsewhere: 13.6%, B against A. The paper's G is 2.83 times A in its abstract only; its "
      "E / A is 449 / 44 in Table III, so 10.2, and +913.6%, so 10.1, in the text.",
      "note");
  page.paragraph(concat("Order for dcgan: ", order_of(dcgan), ". The paper: H < B < A < C < D = F < G < E. ", pairs_text(dcgan)));
  if (!lsgan.empty())
    page.paragraph(concat("Order for lsgan, one seed: ", order_of(lsgan), ". The paper prints pictures for this loss and no distances; it "
                          "says that they get worse from B to E, that F is like A to D and that G shows nothing."));
  Table table{{"loss", "setting", "in one bit", "seeds", "SWD", "sd", "x1000", "floor", "untrained", "to A", "+-", "paper", "paper: to A"},
              {}};
  add_rows(table, dcgan, "dcgan", true);
  add_rows(table, lsgan, "lsgan", false);
  folder.table("table3", table);
  page.paragraph(
      "SWD is the mean over the resolutions and the seeds, raw; Karras's code prints it times 1000. The paper prints 44 for A under the "
      "label x10^-3 in Table III, and 0.067 and 0.034 for F and H in the text: both raw. They are of CelebA at 64x64; unless this run is "
      "of the same, only ratios can be compared. D is the discriminator; sd is over the seeds; to A is the ratio, with one standard error; "
      "the floor is the distance of two sets of real images.",
      "note");
}

}  // namespace pbgen

// Whether the two networks of a GAN still compete, as numbers (the paper, Section IV.C.6, shows curves and says "vanishes").
//
// The advantage of the discriminator, a = D(real) - D(fake), each a mean probability over a batch, is the measure, because it says
// exactly how much of the game is left for it: the gradient of its loss with respect to its logits has the absolute sum
// (1 - D(real)) + D(fake) = 1 - a.  An undecided discriminator (a = 0) is corrected in full, one that has won (a = 1) not at all: it
// stays what it is, and the generator plays against something that no longer answers.  The generator's own gradient at the logits,
// 1 - D(fake), does not fade then (its loss is the non-saturating one): it is near its maximum for every image alike, so it no
// longer tells better images from worse.  "Vanished" is therefore a statement about the discriminator, not that the generator stands
// still; whether its images still improve is a number of its own, swd_factor.
//
// Vanished means a >= 0.9: nine tenths of the gradient are gone.  That is a discriminator which is right with 95% on either kind,
// whose loss is -2 ln 0.95 = 0.103, where an undecided one has 2 ln 2 = 1.386.  A mean loss below 0.103 implies a mean advantage
// above 0.9 (Jensen, then the inequality of the means); the reverse does not hold, for a few images that the discriminator gets
// very wrong can carry the loss.
//
// What it cannot see: a discriminator that says one half to everything because it learned nothing has a = 0 as one that meets a perfect
// generator has.  The distance of the images (SWD) tells these apart.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "tools/lib/runs/run_directory.h"

namespace pbgen {

inline constexpr double kVanishedAdvantage = 0.9;
// -2 ln 0.95: D's loss where it is right with 95% on either kind.
inline constexpr double kVanishedLoss = 0.10258658877510107;
// The generator has gained something where the advantage is this far below its highest so far: what is left at kVanishedAdvantage.
inline constexpr double kGain = 1.0 - kVanishedAdvantage;
// Below it the discriminator counts as undecided, as far from having won as the other threshold is from certainty.
inline constexpr double kUndecidedAdvantage = 1.0 - kVanishedAdvantage;

// The images go on to improve where the SWD is multiplied by less than this over the second half of training: a tenth, once more.
inline constexpr double kImprovingFactor = 0.9;

struct Competition {
  // The first iteration at which the advantage is kGain below its highest so far: before, the discriminator only learned to tell the
  // first blots from images, which the game begins with everywhere.  Nothing where that never came.
  std::optional<double> initiated;
  // The iteration from which on the advantage stays vanished to the end, over as many rows as are smoothed over at least.
  std::optional<double> vanished;
  // The share that is vanished of the rows since it was initiated (of all, where it never was).
  double vanished_share = std::numeric_limits<double>::quiet_NaN();
  double late_advantage = std::numeric_limits<double>::quiet_NaN();  // mean over the second half of the training
  double late_loss_d = std::numeric_limits<double>::quiet_NaN();     // the same of D's loss
  // By what the SWD is multiplied over the second half: least squares through the logarithms of the scores there, so that one
  // score's noise does not decide.  1: the images stopped improving.  NaN where there are fewer than two scores.
  double swd_factor = std::numeric_limits<double>::quiet_NaN();
};

// Rows of the log that a moving average covers: a thirtieth of the run, which tames the noise of single batches.
std::size_t smoothed_rows(std::size_t rows);

// The smoothed advantage at each row.
std::vector<double> smoothed_advantage(const std::vector<LogRow>& rows);

// The competition in a run under the dcgan loss, whose D(real) and D(fake) are probabilities.  Everything NaN or nothing without rows.
Competition measure_competition(const std::vector<LogRow>& rows);

}  // namespace pbgen

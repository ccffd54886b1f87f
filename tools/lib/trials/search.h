// The paper's Algorithm 1 (Section III), with real training: which layers of a GAN bear one bit a weight.
//
//   train the float baseline
//   sort the generator's layers by their degree of redundancy, high to low
//   for each in that order: train with it alone in one bit; where the degradation exceeds T, stop
//   the layers before the stop are the generator's; train them together
//   the same with the discriminator's layers, each beside those of the generator, and against them alone
//   train what was chosen in both
//
// The paper goes through the generator so and then puts the whole discriminator into one bit (Setting H), conv 1 with its redundancy of 11
// among layers of 1472 and more.  There the harm is, and at the finest level (gan/PAPER.md): so the discriminator's layers are tried like
// the others, but by the distance at that level.  The discriminator is thrown away after training, and one bit in it saves time alone; its
// threshold is the lower one.
//
// The paper's pseudo-code is off by one against itself.  It begins with i = 1, adds 1 for each layer that passes, and leaves the loop
// with i at the first layer that failed, or at L + 1 where none did; then it says `return i`, and in the next line binarizes "the
// first i - 1 layers".  What it returns is not how many layers to binarize, but one more: the failed layer would be among them.
// Here the result is the first i - 1 layers.
//
// What is compared.  The degradation is d = SWD_l / SWD_A - 1 of the mean sliced Wasserstein distance over the levels, against the
// float baseline A: the quantity of the paper's Table III (-13.6%, +2.3%, +52.3%, +913.6% for layers 1 to 4).  Any threshold from
// 0.523 to 9.136 gives the paper's own choice, Setting F; ours is 1: no more than twice the baseline's distance.
//   finest  A layer of the discriminator is held to the distance at the images' own size, where alone the harm shows: over eight seeds
//           conv 1 has 1.42 +- 0.10 times there what a float discriminator has, and 1.10 +- 0.08 times the mean.  The threshold of 0.25
//           lies between it and the others' 0.97 to 1.15.
//   floor   Both distances contain the noise floor, what two sets of real images are apart at the same count, so d is smaller than
//           it would be among infinitely many images.  Beside d stands (SWD_l - floor) / (SWD_A - floor) - 1; it does not decide,
//           for near the floor it is all noise.  A difference SWD_l - SWD_A within the floor's own spread over repeated scoring
//           is never called a degradation, whatever the threshold.
//   error   d's standard error, to first order, from the spread over seeds; with one seed from that over repeated scoring, which
//           knows nothing of how training varies.  Where the threshold is within two standard errors of d, or no error is
//           known, the verdict says that it is not decided; d decides all the same, as in the paper.
//   untrained A baseline that is not better than a generator before its first update has learned nothing: any layer would do as well, and
//           the search ends there without an answer.
//   diverged  A layer with which any seed's training diverges exceeds every threshold.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gan/networks.h"
#include "tools/lib/trials/trial.h"
#include "tools/lib/trials/verdict.h"

namespace pbgen {

inline constexpr double kDefaultThreshold = 1.0;
inline constexpr double kDefaultDiscriminatorThreshold = 0.25;

// Which of a trial's distances: the mean over the levels, or that of the finest level, the images' own size.
enum class Distance { mean, finest };

// What the seeds of one choice of layers scored.
struct Measurement {
  Sample swd;                 // over the seeds; with one seed over its repeated scoring
  int seeds = 0;
  int diverged = 0;           // of the seeds
  double floor = 0.0;         // mean noise floor; NaN where nothing was held out
  double floor_spread = 0.0;  // its standard deviation over repeated scoring; 0 where it is not known
};
// One trial at least.
Measurement measurement(std::span<const TrialResult> seeds, Distance distance);

struct Degradation {
  double swd = 0.0;           // d; NaN where no seed has a figure
  double error = 0.0;         // standard error of d; NaN where it is not known
  double above_floor = 0.0;   // the same of the distances less the floor; NaN where the baseline is not above it
  bool within_floor = false;  // the difference is within the floor's spread
  bool diverged = false;      // with one seed at least
  bool exceeds = false;       // the threshold
  bool decided = false;       // beyond the noise
};
// The baseline has a figure.
Degradation degradation(const Measurement& layers, const Measurement& baseline, double threshold);

// "+52.3% +- 4.1%: within +100.0%", and what else is to be said, on one line.
std::string verdict_text(const Degradation& degradation, double threshold);

struct SearchOptions {
  RunConfig training = {};                 // of all trials, but for the seed and for what is in one bit
  double threshold = kDefaultThreshold;
  double discriminator_threshold = kDefaultDiscriminatorThreshold;
  std::uint64_t first_seed = 1;
  int seeds = 1;                           // trials of each step: first_seed, first_seed + 1, ...
  bool with_linear = false;                // layer 0 has a place in the order, too
};

// One layer in the order in which it is tried.
struct SearchLayer {
  int number = 0;  // as --binarize-g or --binarize-d has it
  std::int64_t redundancy = 0;
};
std::vector<SearchLayer> search_order(const NetworkConfig& network, bool with_linear);
std::vector<SearchLayer> discriminator_search_order(const NetworkConfig& network);

// generator: its chosen layers together, where there is more than one; discriminator_layer: one, beside those; together: all chosen ones.
enum class StepKind { baseline, layer, generator, discriminator_layer, together };

// Why the float baseline is none that layers could be compared with: its distance is not, beyond the noise, below that of a generator
// before its first update.  "" where it is, or where the untrained one was not scored.
std::string why_no_answer(std::span<const TrialResult> baseline);

// One choice of layers, trained with every seed.
struct SearchStep {
  StepKind kind = StepKind::baseline;
  Setting setting;
  std::optional<std::int64_t> redundancy;  // of the one layer, or the lowest of those together
  std::vector<TrialResult> trials;
  Measurement mean;
  Measurement finest;
  // By mean, against the baseline; of a discriminator's layer by finest, against the generator's chosen layers alone.  Nothing for the
  // baseline.
  std::optional<Degradation> degraded;

  const Measurement& measured(Distance distance) const { return distance == Distance::mean ? mean : finest; }
};
// By which distance such a step is judged.
Distance judged_by(StepKind kind);
// What a step's degradation is held to.
double threshold_of(const SearchStep& step, const SearchOptions& options);

struct Search {
  std::vector<SearchLayer> order;
  std::vector<SearchLayer> discriminator_order;
  std::vector<SearchStep> steps;  // as far as they went
  Setting chosen;                 // so far; when complete, the strategy
  bool complete = false;
  std::string no_answer;          // why the search cannot answer, and ended with its baseline; "" otherwise

  const SearchStep& baseline() const { return steps.front(); }
};

// A step's trials, named after their settings: "A-seed1", "C-seed1", "g12-dall-seed1".
std::vector<Trial> step_trials(const SearchOptions& options, const Setting& setting);

// Algorithm 1.  train gives the results in the order of the trials, or nothing where it was stopped; then the search is not complete.
// after_step is called after each step.  Error(diverged) where all seeds of the baseline diverged.
Search search_layers(const SearchOptions& options,
                     const std::function<std::optional<std::vector<TrialResult>>(const std::vector<Trial>&)>& train,
                     const std::function<void(const Search&)>& after_step);

}  // namespace pbgen

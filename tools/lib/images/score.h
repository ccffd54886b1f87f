// Scores: sliced Wasserstein distances with their spread, their noise floor, and how they are shown.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/files/json.h"
#include "data/image_set.h"
#include "metrics/image_source.h"
#include "metrics/sliced_wasserstein.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {

// Sets of images that are compared at most this large: Karras's configuration.
inline constexpr std::int64_t kMaxScoredImages = 16384;

struct ScoreOptions {
  SwdOptions swd;        // its seed decides about everything that is drawn
  int repeats = 1;       // independent repetitions: other images, patches and directions
  std::int64_t num_images = kMaxScoredImages;  // of each set, fewer where one has fewer
  // done of total distances are computed.  May throw.
  std::function<void(int done, int total)> progress;
};

// Over the repetitions: the mean and the sample standard deviation, which is not known (NaN; null in JSON) where there is one only.
struct Estimate {
  double mean = 0.0;
  double sd = 0.0;
};
Estimate estimate(std::span<const double> values);

// One comparison of two sets.
struct Score {
  std::int64_t num_images = 0;   // of each set
  int repeats = 0;
  std::vector<int> sizes;        // of the levels
  std::vector<Estimate> levels;
  Estimate mean;                 // of the mean over the levels
  // By level, the most over the repetitions: channels that do not vary in the first set and in the second (metrics/sliced_wasserstein.h).
  struct Constant {
    int a = 0;
    int b = 0;
  };
  std::vector<Constant> constant = {};
  double lattice = 1.0;          // b's energy at the Nyquist frequencies over a's (metrics/lattice.h); NaN where a has none
};

// What the distance of a and b cannot see, a line for each kind of level; empty where it sees all.
std::vector<std::string> blind_spots(const Score& score, const std::string& a, const std::string& b);

// a against b, at the count that both have, options.num_images at most; which images is drawn by the seed.
// Unlike sizes or channels, sizes that are not 16 * 2^k, and empty sets are std::logic_error.
Score score(const ImageSource& a, const ImageSource& b, const ScoreOptions& options);

// The distance of two disjoint halves of `real`: what a perfect generator would reach at this count.  Its sets have
// min(num_images, real.count / 2) images; real has at least 2, else std::logic_error.
Score noise_floor(const ImageSource& real, const ScoreOptions& options);

// SWD depends on the number of images, so the floor stands beside a comparison at its own count.
struct ScoreReport {
  Score swd;                 // real against fake, at all images that there are
  Score swd_at_floor_count;  // real against fake, at the floor's count
  Score floor;               // real against real
};
ScoreReport score_with_floor(const ImageSource& real, const ImageSource& fake, const ScoreOptions& options);

struct ScoreColumn {
  std::string title;
  Score score;
};
// What the table's words mean, for who sees one for the first time.
inline constexpr const char* kScoreWords =
    "Lower is better. Noise floor: real from real. x1000: as papers print it.\n"
    "Lattice: energy of dots two pixels apart, over that of the real images.";

// A row for each level, one for the mean and one for the lattice; for each score the raw figure, its spread where it was repeated, and
// the figure times 1000; of the lattice the figure alone.  The scores have the same levels, else std::logic_error.
Table score_table(std::span<const ScoreColumn> columns);
// The comparison at the floor's count has its columns only where that count is another.
Table score_table(const ScoreReport& report);

// Raw figures: levels: [{size, swd, swd_at_floor_count, noise_floor, constant_real, constant_fake}], mean, mean_at_floor_count,
// noise_floor_mean, each figure with its spread beside it under the same name and _sd, null where there is one repetition; lattice and
// noise_floor_lattice;
// constant_*: channels of REAL and of FAKE that do not vary, which the distance cannot see; num_images, floor_num_images, repeats.
Json score_json(const ScoreReport& report);

// The set as a source; the source keeps its pixels alive.
ImageSource image_source(const ImageSet& images);

}  // namespace pbgen

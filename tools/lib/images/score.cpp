#include "tools/lib/images/score.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "metrics/lattice.h"
#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

// The first repetition has the seed itself, so that more repetitions add to it.
std::uint64_t seed_of_repeat(std::uint64_t seed, int repeat) {
  return seed + static_cast<std::uint64_t>(repeat) * 0x9e3779b97f4a7c15u;
}

// Which set is drawn from: each has its own order of images.
enum class Role : std::uint32_t { first = 0, second = 1 };

// Numbers first .. first + n - 1 of the seed's random order of the set's images, ascending, which is how disks like it.
ImageSource drawn(const ImageSource& source, std::uint64_t seed, Role role, std::int64_t first, std::int64_t n) {
  if (first == 0 && n == source.count) return source;
  check(source.count <= std::numeric_limits<std::uint32_t>::max(), "a set of ", source.count, " images cannot be drawn from");
  const CounterRng rng(seed, Stream::subsample, static_cast<std::uint32_t>(role));
  const std::vector<std::uint32_t> order = random_permutation(rng, static_cast<std::uint32_t>(source.count));
  std::vector<std::int64_t> numbers(order.begin() + first, order.begin() + first + n);
  std::sort(numbers.begin(), numbers.end());
  return subset(source, std::move(numbers));
}

Score summary(const std::vector<std::vector<SwdLevel>>& repeats, std::int64_t num_images) {
  Score score;
  score.num_images = num_images;
  score.repeats = static_cast<int>(repeats.size());
  std::vector<double> values(repeats.size());
  for (std::size_t level = 0; level < repeats[0].size(); ++level) {
    for (std::size_t r = 0; r < repeats.size(); ++r) values[r] = repeats[r][level].swd;
    score.sizes.push_back(repeats[0][level].size);
    score.levels.push_back(estimate(values));
    Score::Constant& constant = score.constant.emplace_back();
    for (const std::vector<SwdLevel>& repeat : repeats) {
      constant.a = std::max(constant.a, repeat[level].constant_a);
      constant.b = std::max(constant.b, repeat[level].constant_b);
    }
  }
  for (std::size_t r = 0; r < repeats.size(); ++r) values[r] = mean_swd(repeats[r]);
  score.mean = estimate(values);
  return score;
}

// At most so many images of a set are asked for their energy: it is known within a few percent then.
constexpr std::int64_t kLatticeImages = 2048;

double lattice(const ImageSource& a, const ImageSource& b) {
  const double energy = nyquist_energy(a, std::min(a.count, kLatticeImages));
  return energy > 0.0 ? nyquist_energy(b, std::min(b.count, kLatticeImages)) / energy : std::numeric_limits<double>::quiet_NaN();
}

// Counts the distances of several scores for one progress callback.
class Steps {
 public:
  Steps(const ScoreOptions& options, int scores) : options_(options), total_(scores * options.repeats) { tell(); }
  void next() {
    ++done_;
    tell();
  }

 private:
  void tell() const {
    if (options_.progress) options_.progress(done_, total_);
  }
  const ScoreOptions& options_;
  int total_;
  int done_ = 0;
};

void check_options(const ScoreOptions& options) {
  check(options.repeats >= 1, "score with ", options.repeats, " repeats, expected at least 1");
  check(options.num_images >= 1, "score of ", options.num_images, " images, expected at least 1");
}

Score compare(const ImageSource& a, const ImageSource& b, std::int64_t n, const ScoreOptions& options, Steps& steps) {
  std::vector<std::vector<SwdLevel>> repeats;
  for (int r = 0; r < options.repeats; ++r) {
    SwdOptions swd = options.swd;
    swd.seed = seed_of_repeat(options.swd.seed, r);
    repeats.push_back(sliced_wasserstein(drawn(a, swd.seed, Role::first, 0, n), drawn(b, swd.seed, Role::second, 0, n), swd));
    steps.next();
  }
  Score score = summary(repeats, n);
  score.lattice = lattice(drawn(a, options.swd.seed, Role::first, 0, n), drawn(b, options.swd.seed, Role::second, 0, n));
  return score;
}

Score halves(const ImageSource& real, std::int64_t n, const ScoreOptions& options, Steps& steps) {
  std::vector<std::vector<SwdLevel>> repeats;
  for (int r = 0; r < options.repeats; ++r) {
    SwdOptions swd = options.swd;
    swd.seed = seed_of_repeat(options.swd.seed, r);
    repeats.push_back(sliced_wasserstein(drawn(real, swd.seed, Role::first, 0, n), drawn(real, swd.seed, Role::first, n, n), swd));
    steps.next();
  }
  Score score = summary(repeats, n);
  score.lattice = lattice(drawn(real, options.swd.seed, Role::first, 0, n), drawn(real, options.swd.seed, Role::first, n, n));
  return score;
}

}  // namespace

Estimate estimate(std::span<const double> values) {
  check(!values.empty(), "estimate from no values");
  const double n = static_cast<double>(values.size());
  double sum = 0.0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1.0)) : std::numeric_limits<double>::quiet_NaN()};
}

std::vector<std::string> blind_spots(const Score& score, const std::string& a, const std::string& b) {
  std::vector<std::string> lines;
  const auto add = [&](bool in_a, bool in_b, const std::string& sets, const char* seen) {
    std::string sizes;
    for (std::size_t level = 0; level < score.constant.size(); ++level)
      if ((score.constant[level].a > 0) == in_a && (score.constant[level].b > 0) == in_b)
        sizes += concat(sizes.empty() ? "" : ", ", score.sizes[level]);
    if (sizes.empty()) return;
    lines.push_back(concat("level ", sizes, ": channels of ", sets,
                           " do not vary at all; normalised they are nothing, whatever their value: ", seen));
  };
  add(true, true, concat(a, " and of ", b), "a distance of 0 there says nothing, the distance cannot see such a difference");
  add(true, false, a, "the distance sees that they do not vary, and not their value");
  add(false, true, b, "the distance sees that they do not vary, and not their value");
  return lines;
}

Score score(const ImageSource& a, const ImageSource& b, const ScoreOptions& options) {
  check_options(options);
  Steps steps(options, 1);
  return compare(a, b, std::min({options.num_images, a.count, b.count}), options, steps);
}

Score noise_floor(const ImageSource& real, const ScoreOptions& options) {
  check_options(options);
  check(real.count >= 2, "noise floor of a set of ", real.count, " images, expected at least 2");
  Steps steps(options, 1);
  return halves(real, std::min(options.num_images, real.count / 2), options, steps);
}

ScoreReport score_with_floor(const ImageSource& real, const ImageSource& fake, const ScoreOptions& options) {
  check_options(options);
  check(real.count >= 2, "noise floor of a set of ", real.count, " images, expected at least 2");
  const std::int64_t n = std::min({options.num_images, real.count, fake.count});
  const std::int64_t floor_n = std::min(n, real.count / 2);
  Steps steps(options, floor_n == n ? 2 : 3);
  ScoreReport report;
  report.swd = compare(real, fake, n, options, steps);
  // At the same count the same images would be drawn.
  report.swd_at_floor_count = floor_n == n ? report.swd : compare(real, fake, floor_n, options, steps);
  report.floor = halves(real, floor_n, options, steps);
  return report;
}

Table score_table(std::span<const ScoreColumn> columns) {
  check(!columns.empty(), "score table without scores");
  Table table;
  table.header.emplace_back("level");
  const std::vector<int>& sizes = columns[0].score.sizes;
  for (const int size : sizes) table.rows.push_back({std::to_string(size)});
  table.rows.push_back({"mean"});
  std::vector<std::string> lattices = {"lattice"};
  for (const ScoreColumn& column : columns) {
    const Score& score = column.score;
    check(score.sizes == sizes, "score table: ", column.title, " has other levels than ", columns[0].title);
    const bool spread = score.repeats > 1;
    table.header.push_back(column.title);
    if (spread) table.header.emplace_back("sd");
    table.header.emplace_back("x1000");
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      const Estimate& value = row < sizes.size() ? score.levels[row] : score.mean;
      table.rows[row].push_back(fixed_text(value.mean, 5));
      if (spread) table.rows[row].push_back(fixed_text(value.sd, 5));
      table.rows[row].push_back(fixed_text(1000.0 * value.mean, 2));
    }
    lattices.push_back(std::isfinite(score.lattice) ? fixed_text(score.lattice, 2) : "-");
    lattices.resize(table.header.size());
  }
  table.rows.push_back(std::move(lattices));
  return table;
}

Table score_table(const ScoreReport& report) {
  const auto titled = [](const char* what, const Score& score) {
    return ScoreColumn{concat(what, " at ", score.num_images), score};
  };
  std::vector<ScoreColumn> columns = {titled("SWD", report.swd)};
  if (report.floor.num_images != report.swd.num_images) columns.push_back(titled("SWD", report.swd_at_floor_count));
  columns.push_back(titled("floor", report.floor));
  return score_table(columns);
}

Json score_json(const ScoreReport& report) {
  const auto set = [](Json& object, const std::string& name, const Estimate& value) {
    object.set(name, value.mean);
    object.set(name + "_sd", value.sd);
  };
  Json levels = Json::array();
  for (std::size_t i = 0; i < report.swd.sizes.size(); ++i) {
    Json level = Json::object();
    level.set("size", report.swd.sizes[i]);
    set(level, "swd", report.swd.levels[i]);
    set(level, "swd_at_floor_count", report.swd_at_floor_count.levels[i]);
    set(level, "noise_floor", report.floor.levels[i]);
    const Score::Constant constant = i < report.swd.constant.size() ? report.swd.constant[i] : Score::Constant{};
    level.set("constant_real", constant.a);
    level.set("constant_fake", constant.b);
    levels.push_back(std::move(level));
  }
  Json object = Json::object();
  object.set("levels", std::move(levels));
  set(object, "mean", report.swd.mean);
  set(object, "mean_at_floor_count", report.swd_at_floor_count.mean);
  set(object, "noise_floor_mean", report.floor.mean);
  object.set("lattice", report.swd.lattice);
  object.set("noise_floor_lattice", report.floor.lattice);
  object.set("num_images", report.swd.num_images);
  object.set("floor_num_images", report.floor.num_images);
  object.set("repeats", report.swd.repeats);
  return object;
}

ImageSource image_source(const ImageSet& images) {
  ImageSource source;
  source.count = images.count();
  source.size = images.size();
  source.channels = images.channels();
  source.read = [images](std::int64_t first, std::int64_t n, std::uint8_t* out) {
    for (std::int64_t i = 0; i < n; ++i) {
      const auto image = images.image(first + i);
      std::memcpy(out + i * images.bytes_per_image(), image.data(), image.size());
    }
  };
  return source;
}

}  // namespace pbgen

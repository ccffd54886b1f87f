#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "metrics/sliced_wasserstein.h"
#include "tools/lib/bench/case.h"

namespace pbgen {
namespace {

constexpr int kSize = 64;
constexpr int kChannels = 3;
constexpr std::int64_t kBytes = kSize * kSize * kChannels;

// Mixed frequencies, so that every level of the pyramid has something to say: 8x8 blocks of random colours, and noise on them, which is
// stronger with a higher seed.
std::vector<std::uint8_t> make_images(std::uint64_t seed, std::int64_t count) {
  constexpr int kBlock = 8;
  const CounterRng rng(seed, Stream::test);
  const std::uint32_t noise = 40 + 8 * static_cast<std::uint32_t>(seed);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(count * kBytes));
  parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t image = begin; image < end; ++image) {
      std::uint8_t coarse[kSize / kBlock][kSize / kBlock][kChannels];
      std::uint8_t* out = pixels.data() + image * kBytes;
      std::uint32_t state = rng.bits(static_cast<std::uint64_t>(image)) | 1u;
      // xorshift32 (Marsaglia 2003): a draw of CounterRng for every byte would take longer than the distance.
      const auto below = [&state](std::uint32_t bound) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return static_cast<std::uint8_t>((state >> 8) % bound);
      };
      for (auto& row : coarse)
        for (auto& block : row)
          for (std::uint8_t& value : block) value = below(200);
      for (int y = 0; y < kSize; ++y)
        for (int x = 0; x < kSize; ++x)
          for (const std::uint8_t value : coarse[y / kBlock][x / kBlock]) *out++ = static_cast<std::uint8_t>(value + below(noise));
    }
  });
  return pixels;
}

ImageSource source_of(const std::vector<std::uint8_t>& pixels, std::int64_t count) {
  return {count, kSize, kChannels, [&pixels](std::int64_t first, std::int64_t n, std::uint8_t* out) {
            std::copy_n(pixels.data() + first * kBytes, n * kBytes, out);
          }};
}

class ThreadScope {
 public:
  explicit ThreadScope(int threads) : outer_(thread_count()) { set_thread_count(threads); }
  ~ThreadScope() { set_thread_count(outer_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int outer_;
};

class IsaScope {
 public:
  explicit IsaScope(Isa chosen) : outer_(isa()) { set_isa(chosen); }
  ~IsaScope() { set_isa(outer_); }
  IsaScope(const IsaScope&) = delete;
  IsaScope& operator=(const IsaScope&) = delete;

 private:
  Isa outer_;
};

class Distance {
 public:
  explicit Distance(std::int64_t count) : count_(count), a_(make_images(1, count)), b_(make_images(2, count)) {}

  void run() { value_ = mean_swd(sliced_wasserstein(source_of(a_, count_), source_of(b_, count_), {})); }
  double value() const { return value_; }

  // On the first few images: a set is no distance from itself, the number of threads changes nothing, and the definition (the
  // reference path: descriptors, a matrix product, floats) gives the same but for rounding.
  void check_identities() const {
    const std::int64_t few = std::min<std::int64_t>(count_, 64);
    const ImageSource a = source_of(a_, few);
    const ImageSource b = source_of(b_, few);
    const SwdOptions options;
    SwdDraws draws = draw_swd(options, 0, kSize, few, kChannels);
    draws.centres_b = draws.centres_a;
    const double same = sliced_wasserstein_level(a, a, 0, options.nhood_size, draws);
    check(same == 0.0, "bench: SWD of a set and itself is ", same, ", expected 0");
    const auto with_threads = [&](int threads) {
      const ThreadScope scope(threads);
      return mean_swd(sliced_wasserstein(a, b, options));
    };
    const double one = with_threads(1);
    const double two = with_threads(2);
    check(one == two, "bench: SWD is ", one, " by one thread, ", two, " by two");
    const double by_definition = [&] {
      const IsaScope scope(Isa::ref);
      return mean_swd(sliced_wasserstein(a, b, options));
    }();
    check(std::fabs(one - by_definition) <= 2e-6 * by_definition, "bench: SWD is ", one, ", by the definition ", by_definition);
  }

 private:
  std::int64_t count_;
  std::vector<std::uint8_t> a_;
  std::vector<std::uint8_t> b_;
  double value_ = 0.0;
};

BenchCase distance_case(std::int64_t count) {
  constexpr std::int64_t kMostByDefault = 4096;
  BenchCase one;
  one.section = "swd";
  one.layer = concat("swd", count);
  one.op = "distance";
  one.path = "exact";
  one.shape = concat(count, " images a set, 3x64x64");
  one.only_by_name = count > kMostByDefault;
  one.most_repeats = one.only_by_name ? 1 : 3;
  // Shared by the runs with one number of threads and another.
  const auto expected = std::make_shared<std::optional<double>>();
  one.prepare = [count, expected] {
    const auto state = std::make_shared<Distance>(count);
    const auto check_value = [state, expected] {
      const double value = state->value();
      check(std::isfinite(value) && value > 0.0, "bench: SWD of two sets is ", value);
      if (!*expected) *expected = value;
      check(value == **expected, "bench: SWD is ", value, ", with another number of threads ", **expected);
      state->check_identities();
    };
    return PreparedCase{[state] { state->run(); }, check_value};
  };
  return one;
}

}  // namespace

std::vector<BenchCase> swd_cases(const BenchSizes& sizes) {
  std::vector<BenchCase> cases;
  for (const std::int64_t count : sizes.swd_counts) cases.push_back(distance_case(count));
  return cases;
}

}  // namespace pbgen

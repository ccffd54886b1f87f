// Measures the kernels on the shapes of the paper's generator.  Every result is checked before it is timed.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "core/aligned_buffer.h"
#include "core/check.h"
#include "core/conv_geometry.h"
#include "core/cpu.h"
#include "core/fma_peak.h"
#include "core/gemm.h"
#include "core/im2col.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "core/tensor.h"
#include "tools/lib/args.h"
#include "tools/lib/exit.h"

#ifndef PBGEN_BUILD_FLAGS
#define PBGEN_BUILD_FLAGS "flags unknown"
#endif
#ifndef PBGEN_COMMIT
#define PBGEN_COMMIT ""
#endif

namespace pbgen {
namespace {

struct Deconvolution {
  std::int64_t c_in;
  std::int64_t c_out;
  std::int64_t side;  // of its input
};
constexpr Deconvolution kDeconvolutions[] = {{512, 256, 4}, {256, 128, 8}, {128, 64, 16}, {64, 3, 32}};

struct Times {
  double median = 0.0;
  double best = 0.0;
};

double seconds(FunctionRef<void()> body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Times measure(int repeats, FunctionRef<void()> body) {
  std::vector<double> samples;
  for (int i = 0; i < repeats; ++i) samples.push_back(seconds(body));
  std::sort(samples.begin(), samples.end());
  return {samples[samples.size() / 2], samples.front()};
}

// FLOP/s of the threads in force, from registers; 0 where the machine has no such units.
double fma_peak() {
  if (!machine_supports(Isa::avx2)) return 0.0;
  constexpr std::int64_t kSteps = 1'000'000;  // a few milliseconds
  std::vector<float> sums(thread_count());
  const Times times = measure(7, [&] {
    parallel_items(thread_count(), [&](std::int64_t thread) { sums[thread] = run_fma_steps_avx2(kSteps); });
  });
  check(std::all_of(sums.begin(), sums.end(), [](float sum) { return std::isfinite(sum); }), "bench: the FMA chain left the finite numbers");
  return static_cast<double>(thread_count() * kSteps * kFlopsPerFmaStep) / times.best;
}

// Uniform in [-1, 1); a prime period keeps rows apart.
AlignedBuffer<float> random_values(std::int64_t count, std::uint64_t seed) {
  constexpr std::int64_t kPeriod = 10007;
  const CounterRng rng(seed, Stream::test);
  std::vector<float> pattern(kPeriod);
  for (std::int64_t i = 0; i < kPeriod; ++i) pattern[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  AlignedBuffer<float> values(count);
  for (std::int64_t i = 0; i < count; ++i) values[i] = pattern[i % kPeriod];
  return values;
}

struct Product {
  std::string what;
  Transpose a_op;
  Transpose b_op;
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
};

std::vector<Product> products(std::int64_t batch) {
  std::vector<Product> all;
  const std::string layer[] = {"deconv 1", "deconv 2", "deconv 3", "deconv 4"};
  const auto no = Transpose::no;
  const auto yes = Transpose::yes;
  for (int l = 0; l < 4; ++l) {
    const Deconvolution& d = kDeconvolutions[l];
    all.push_back({layer[l] + " forward", yes, no, 25 * d.c_out, batch * d.side * d.side, d.c_in});
  }
  for (int l = 0; l < 4; ++l) {
    const Deconvolution& d = kDeconvolutions[l];
    all.push_back({layer[l] + " input gradient", no, no, d.c_in, batch * d.side * d.side, 25 * d.c_out});
  }
  for (int l = 0; l < 4; ++l) {
    const Deconvolution& d = kDeconvolutions[l];
    all.push_back({layer[l] + " weight gradient", no, yes, d.c_in, 25 * d.c_out, batch * d.side * d.side});
  }
  return all;
}

// Compares sampled entries, the corners among them, with the definition, within gemm's bound.
void check_product(const Product& g, const float* a, std::int64_t lda, const float* b, std::int64_t ldb, const float* c) {
  constexpr int kSamples = 100;
  const CounterRng rng(3, Stream::test);
  for (int sample = 0; sample < kSamples; ++sample) {
    const std::int64_t i = sample < 4 ? sample / 2 * (g.m - 1) : rng.below(2 * sample, g.m);
    const std::int64_t j = sample < 4 ? sample % 2 * (g.n - 1) : rng.below(2 * sample + 1, g.n);
    const std::int64_t a_step = g.a_op == Transpose::no ? 1 : lda;
    const std::int64_t b_step = g.b_op == Transpose::no ? ldb : 1;
    const float* const a_row = a + i * (g.a_op == Transpose::no ? lda : 1);
    const float* const b_column = b + j * (g.b_op == Transpose::no ? 1 : ldb);
    float expected = 0.0f;
    gemm_ref(g.a_op, g.b_op, 1, 1, g.k, a_row, lda, b_column, ldb, 0.0f, &expected, 1);
    double magnitude = 0.0;
    for (std::int64_t p = 0; p < g.k; ++p) magnitude += std::fabs(static_cast<double>(a_row[p * a_step]) * b_column[p * b_step]);
    const double bound = (static_cast<double>(g.k) + 8.0) * std::ldexp(1.0, -24) * magnitude;
    const float got = c[i * g.n + j];
    check(std::fabs(static_cast<double>(got) - expected) <= bound, "bench: ", g.what, ": entry ", i, ", ", j, " is ", got, ", expected ",
          expected, " within ", bound);
  }
}

void bench_gemm(const Product& g, int repeats) {
  const AlignedBuffer<float> a = random_values(g.m * g.k, 1);
  const AlignedBuffer<float> b = random_values(g.k * g.n, 2);
  AlignedBuffer<float> c(g.m * g.n);
  const std::int64_t lda = g.a_op == Transpose::no ? g.k : g.m;
  const std::int64_t ldb = g.b_op == Transpose::no ? g.n : g.k;
  const auto run = [&] { gemm(g.a_op, g.b_op, g.m, g.n, g.k, a.data(), lda, b.data(), ldb, 0.0f, c.data(), g.n); };
  run();
  check_product(g, a.data(), lda, b.data(), ldb, c.data());
  const double peak_before = fma_peak();
  const Times times = measure(repeats, run);
  const double peak = std::max(peak_before, fma_peak());
  const double flops = 2.0 * static_cast<double>(g.m * g.n * g.k);
  std::printf("%-25s %5lld %6lld %6lld %9.2f %9.2f %9.1f", g.what.c_str(), static_cast<long long>(g.m), static_cast<long long>(g.n),
              static_cast<long long>(g.k), times.median * 1e3, times.best * 1e3, flops / times.best * 1e-9);
  if (peak > 0.0) std::printf(" %9.1f %8.2f %8.2f", peak * 1e-9, flops / times.median / peak, flops / times.best / peak);
  std::printf("\n");
  std::fflush(stdout);
}

void bench_copies(const Deconvolution& d, std::int64_t batch, int repeats) {
  const ConvGeometry geometry = same_padding(2 * d.side, 2 * d.side);
  const LaneShape shape{batch, geometry.big_height, geometry.big_width, d.c_out};
  const std::int64_t matrix_floats = im2col_rows(geometry, d.c_out) * im2col_columns(geometry, batch);
  Tensor big(shape);
  const AlignedBuffer<float> values = random_values(shape.floats(), 1);
  std::memcpy(big.data(), values.data(), static_cast<std::size_t>(shape.floats()) * sizeof(float));
  AlignedBuffer<float> matrix(matrix_floats);
  const double bytes = static_cast<double>(matrix_floats + shape.floats()) * sizeof(float);
  im2col(big.view(), geometry, matrix.data());

  // Of a pixel's taps all equal its value, so the sum is the value times a whole number of taps.
  col2im(matrix.data(), geometry, big.view());
  for (std::int64_t i = 0; i < shape.floats(); ++i) {
    const double taps = big.data()[i] / static_cast<double>(values[i]);
    check(values[i] == 0.0f || std::fabs(taps - std::round(taps)) < 1e-4, "bench: im2col and col2im: value ", i, " counts ", taps, " times");
  }

  const Times out = measure(repeats, [&] { im2col(big.view(), geometry, matrix.data()); });
  const Times back = measure(repeats, [&] { col2im(matrix.data(), geometry, big.view()); });
  AlignedBuffer<float> copy(matrix_floats);
  const Times plain = measure(repeats, [&] {
    parallel_for(matrix_floats, [&](std::int64_t begin, std::int64_t end) {
      std::memcpy(copy.data() + begin, matrix.data() + begin, static_cast<std::size_t>(end - begin) * sizeof(float));
    });
  });
  std::printf("%4lld channels, %2lldx%-2lld -> %2lldx%-2lld %9.2f %9.1f %9.2f %9.1f %9.1f\n", static_cast<long long>(d.c_out),
              static_cast<long long>(d.side), static_cast<long long>(d.side), static_cast<long long>(2 * d.side),
              static_cast<long long>(2 * d.side), out.best * 1e3, bytes / out.best * 1e-9, back.best * 1e3, bytes / back.best * 1e-9,
              2.0 * static_cast<double>(matrix_floats) * sizeof(float) / plain.best * 1e-9);
  std::fflush(stdout);
}

void bench_all(std::int64_t batch, int repeats) {
  std::printf("\n%d thread%s\n", thread_count(), thread_count() == 1 ? "" : "s");
  std::printf("%-25s %5s %6s %6s %9s %9s %9s %9s %8s %8s\n", "gemm", "m", "n", "k", "median ms", "best ms", "GFLOP/s", "FMA peak", "median", "best");
  for (const Product& product : products(batch)) bench_gemm(product, repeats);
  std::printf("%-28s %9s %9s %9s %9s %9s\n", "copies", "im2col ms", "GB/s", "col2im ms", "GB/s", "memcpy");
  for (const Deconvolution& d : kDeconvolutions) bench_copies(d, batch, repeats);
}

int bench(int argc, char** argv) {
  std::optional<int> threads;
  std::optional<std::string> path;
  std::optional<std::int64_t> batch;
  int repeats = 7;
  ArgumentParser parser("bench", "the kernels on the shapes of the paper's generator: checked, then timed",
                        "Ratios are to the multiply-add peak of the same threads, measured in registers just before and after.");
  parser.add("--threads", &threads, "N", "how many threads; without it one, then all", at_least(1));
  parser.add("--isa", &path, "PATH", "ref or avx2; without it the best that the machine has", one_of({"ref", "avx2"}));
  parser.add("--repeats", &repeats, "N", "how often each is timed", at_least(1));
  parser.add("--batch", &batch, "N", "images; 64 without it, 8 on the ref path", all_of(at_least(8), multiple_of(8)));
  if (!parser.parse(argc, argv)) return 0;
  if (path) set_isa(*path == "ref" ? Isa::ref : Isa::avx2);
  const std::int64_t images = batch.value_or(isa() == Isa::ref ? 8 : 64);

  const std::string commit = PBGEN_COMMIT;
  std::printf("%s; path %s; batch %lld; best and median of %d%s\n%s\n", cpu_name().c_str(), name(isa()), static_cast<long long>(images), repeats,
              commit.empty() ? "" : concat("; commit ", commit).c_str(), PBGEN_BUILD_FLAGS);
  const int all_threads = thread_count();
  if (threads) {
    set_thread_count(*threads);
    bench_all(images, repeats);
    return 0;
  }
  set_thread_count(1);
  bench_all(images, repeats);
  if (all_threads > 1) {
    set_thread_count(all_threads);
    bench_all(images, repeats);
  }
  return 0;
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("bench", [&] { return pbgen::bench(argc, argv); });
}

#include <cmath>
#include <memory>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/gemm/gemm.h"
#include "gan/accounting.h"
#include "gan/networks.h"
#include "tools/lib/bench/case.h"
#include "tools/lib/bench/random_values.h"

namespace pbgen {
namespace {

struct Product {
  std::string what;
  Transpose a_op = Transpose::no;
  Transpose b_op = Transpose::no;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;

  std::int64_t lda() const { return a_op == Transpose::no ? k : m; }
  std::int64_t ldb() const { return b_op == Transpose::no ? n : k; }
};

// Compares sampled entries, the corners among them, with the definition, within gemm's bound.
void check_product(const Product& g, const float* a, const float* b, const float* c) {
  constexpr int kSamples = 100;
  const CounterRng rng(3, Stream::test);
  for (int sample = 0; sample < kSamples; ++sample) {
    const std::int64_t i = sample < 4 ? sample / 2 * (g.m - 1) : static_cast<std::int64_t>(rng.below(2 * sample, g.m));
    const std::int64_t j = sample < 4 ? sample % 2 * (g.n - 1) : static_cast<std::int64_t>(rng.below(2 * sample + 1, g.n));
    double expected = 0.0;
    double magnitude = 0.0;
    for (std::int64_t p = 0; p < g.k; ++p) {
      const float left = g.a_op == Transpose::no ? a[i * g.k + p] : a[p * g.m + i];
      const float right = g.b_op == Transpose::no ? b[p * g.n + j] : b[j * g.k + p];
      const double term = static_cast<double>(left) * right;
      expected += term;
      magnitude += std::fabs(term);
    }
    const double bound = (static_cast<double>(g.k) + 8.0) * std::ldexp(1.0, -24) * magnitude;
    const float got = c[i * g.n + j];
    check(std::fabs(static_cast<double>(got) - expected) <= bound, "bench: gemm, ", g.what, ": entry ", i, ", ", j, " is ", got,
          ", expected ", expected, " within ", bound);
  }
}

PreparedCase prepare_product(const Product& g) {
  struct State {
    AlignedBuffer<float> a, b, c;
  };
  const auto state = std::make_shared<State>();
  state->a = random_values(g.m * g.k, 1);
  state->b = random_values(g.k * g.n, 2);
  state->c = AlignedBuffer<float>(g.m * g.n);
  PreparedCase prepared;
  prepared.run = [g, state] {
    gemm(g.a_op, g.b_op, g.m, g.n, g.k, state->a.data(), g.lda(), state->b.data(), g.ldb(), 0.0f, state->c.data(), g.n);
  };
  prepared.check = [g, state] { check_product(g, state->a.data(), state->b.data(), state->c.data()); };
  return prepared;
}

}  // namespace

std::vector<BenchCase> gemm_cases(const BenchSizes& sizes) {
  std::vector<BenchCase> cases;
  for (const LayerRow& row : layer_table(NetworkConfig{})) {
    if (row.kind != LayerKind::deconv) continue;
    const std::int64_t taps = NetworkConfig::kKernel * NetworkConfig::kKernel;
    const std::int64_t columns = sizes.batch * row.pixels_in();
    const Product products[] = {
        {"forward", Transpose::yes, Transpose::no, taps * row.c_out, columns, row.c_in},
        {"dx", Transpose::no, Transpose::no, row.c_in, columns, taps * row.c_out},
        {"dw", Transpose::no, Transpose::yes, row.c_in, taps * row.c_out, columns},
    };
    for (const Product& product : products) {
      BenchCase one;
      one.section = "kernels";
      one.layer = row.name;
      one.op = product.what;
      one.path = "gemm";
      one.shape = concat(product.m, " x ", product.n, " x ", product.k);
      one.batch = sizes.batch;
      one.flops = 2.0 * static_cast<double>(product.m) * static_cast<double>(product.n) * static_cast<double>(product.k);
      one.prepare = [product] { return prepare_product(product); };
      cases.push_back(one);
    }
  }
  return cases;
}

}  // namespace pbgen

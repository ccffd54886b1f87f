// Adam in TensorFlow's form.
//
// Source: Kingma and Ba, ICLR 2015, the variant before its section 2.1 ("epsilon hat").
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/array_chunks.h"
#include "core/tensor/param.h"

namespace pbgen {

struct AdamOptions {
  double lr = 2e-4;
  double beta1 = 0.5;
  double beta2 = 0.999;
  double eps = 1e-8;
};

// m += (1 - beta1)(g - m),  v += (1 - beta2)(g^2 - v),  w -= lr sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + eps).
class Adam {
 public:
  struct Moments {
    AlignedBuffer<float> first;   // m
    AlignedBuffer<float> second;  // v
  };

  // Moments start at 0.  The parameters must outlive the optimiser.  lr >= 0, betas in [0, 1), eps > 0, else
  // std::logic_error.
  Adam(std::vector<Param*> params, const AdamOptions& options);

  // One update from the parameters' gradients, which it uses up: they are 0 afterwards, for the next update's sums.
  // Returns the first parameter that now holds a value that is not finite, or null.
  const Param* step();

  const std::vector<Param*>& params() const { return params_; }
  const AdamOptions& options() const { return options_; }

  // The state that a checkpoint keeps: steps done, and each parameter's moments in the order of params().  Whoever resumes
  // writes into the moments and sets the count.
  std::int64_t step_count() const { return step_count_; }
  void set_step_count(std::int64_t count);
  std::vector<Moments>& moments() { return moments_; }
  const std::vector<Moments>& moments() const { return moments_; }

 private:
  std::vector<Param*> params_;
  AdamOptions options_;
  std::int64_t step_count_ = 0;
  std::vector<Moments> moments_;
  ArrayChunks chunks_;  // of the parameters
};

}  // namespace pbgen

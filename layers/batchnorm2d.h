// Batch normalisation over images and pixels, one mean and variance a channel, and the ReLU or leaky ReLU behind it.
//
// Source: Ioffe and Szegedy, "Batch normalization", ICML 2015.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/cuts.h"
#include "layers/layer.h"

namespace pbgen {

// v = gamma (x - mean) / sqrt(variance + 1e-5) + beta;  y = v where v > 0, else slope v.  Any input with `channels`
// channels; y has x's shape.  slope 1 (no activation), 0 (ReLU) or between (leaky ReLU): to the bit what the layers of
// activations.h give behind batch normalisation, in half the passes over memory.
//
// Train mode takes mean and biased variance from the whole batch, which several processes may share (share()), and leaves them in the
// record: one exchange of 16 bytes a channel forward, and one backward.  Inference mode takes the moving ones.  Moving statistics (decay
// 0.9, unbiased variance) change in update_moving_statistics alone.
//
// params: <name>.gamma (1), <name>.beta (0); buffers: <name>.running_mean (0), <name>.running_var (1); dims [channels].
// Sums are cut by the shape alone, so results are the same for any number of threads and on both paths of core/base/cpu.h.
// Backward takes gamma and beta as they were in the forward.
class BatchNorm2d final : public Layer {
 public:
  static constexpr double kEpsilon = 1e-5;  // added to variances

  // slope in [0, 1], else std::logic_error.
  BatchNorm2d(const std::string& name, std::int64_t channels, float slope = 1.0f);

  LaneShape output_shape(const LaneShape& input) const override;
  std::int64_t workspace_floats(const LaneShape& input) const override;
  std::int64_t record_floats(const LaneShape& input) const override;
  bool combines_images() const override { return true; }
  void share(const Sharing& sharing) override;
  bool gradient_in_place() const override { return true; }
  void forward(ConstTensorView x, TensorView y, std::span<float> record, Workspace& workspace, Mode mode) const override;
  void backward(ConstTensorView x, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float> record, Want want,
                Workspace& workspace) override;
  std::vector<Param*> params() override { return {&gamma_, &beta_}; }
  std::vector<NamedArray*> buffers() override { return {&running_mean_, &running_var_}; }

  // How thread_count() threads would share a forward in Mode::train, whose two parts a backward has as well.
  static DealtWork dealt(const LaneShape& input);

  // Moves the moving statistics a tenth of the way to the record's; between begin_calibration and finish_calibration it
  // pools the record instead and leaves them alone.
  void update_moving_statistics(std::span<const float> record) override;

  // Calibration replaces the moving statistics by the exact mean and unbiased variance of all values of the batches that
  // update_moving_statistics was given in between (at least one, else std::logic_error).
  void begin_calibration();
  void finish_calibration();

  // What a train-mode forward left in its record.
  struct BatchStatistics {
    std::span<const float> mean;
    std::span<const float> rstd;      // 1 / sqrt(biased variance + 1e-5)
    std::span<const float> variance;  // unbiased
    double values = 0.0;              // images times pixels: how many values each of them sums up
  };
  BatchStatistics batch_statistics(std::span<const float> record) const;

 private:
  std::int64_t channels() const { return gamma_.value.size(); }
  LaneShape shard_shape(LaneShape input) const;

  // The batches of a calibration, taken together.
  struct Pool {
    bool open = false;
    double values = 0.0;
    std::vector<double> mean;
    std::vector<double> squares;  // summed squared distances from mean
  };

  Sharing sharing_;
  float slope_;
  Param gamma_;
  Param beta_;
  NamedArray running_mean_;
  NamedArray running_var_;
  Pool pool_;
};

}  // namespace pbgen

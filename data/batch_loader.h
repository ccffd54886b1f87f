// Training batches, prepared by a thread of their own while the networks compute on the one before.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/tensor/tensor.h"
#include "data/image_set.h"

namespace pbgen {

struct BatchOptions {
  bool mirror = false;  // half of the images, drawn anew in every epoch, are shown with left and right exchanged
  bool shuffle = true;  // false: in the order of the indices, the same in every epoch
  int part = 0;         // which of so many equal parts of every batch is prepared: another process has the others
  int parts = 1;
};

// Batch t is a pure function of (images, indices, batch, seed, options, t): with b = iterations_per_epoch() it is number
// t % b of epoch t / b, whose order is a permutation drawn for that epoch.  The images that fill no whole batch are left
// out; the shuffle makes them others in every epoch.
class BatchLoader {
 public:
  // indices: which images of the set, each in [0, images.count()).  batch: a positive multiple of kLanes.  Both else
  // std::logic_error.  first_iteration: the t of the first next(), >= 0.  Error(data) where indices are fewer than a batch.
  BatchLoader(ImageSet images, std::vector<std::uint32_t> indices, std::int64_t batch, std::uint64_t seed, const BatchOptions& options,
              std::int64_t first_iteration);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;

  // The next batch in the lane layout, values in [-1, 1]; waits where it is not ready.  Valid until the following call.
  // Throws what went wrong in the thread; then every further call does.
  ConstTensorView next();

  std::int64_t iterations_per_epoch() const { return static_cast<std::int64_t>(indices_.size()) / batch_; }

 private:
  void run();
  void fill(std::int64_t iteration, TensorView batch);

  const ImageSet images_;
  const std::vector<std::uint32_t> indices_;
  const std::int64_t batch_;
  const std::uint64_t seed_;
  const BatchOptions options_;
  const std::int64_t first_iteration_;
  std::array<Tensor, 2> buffers_;  // the n-th batch handed out is in buffer n % 2

  // Only the thread's.
  std::vector<std::uint32_t> order_;
  std::int64_t order_epoch_ = -1;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::int64_t ready_ = 0;      // batches prepared; guarded by mutex_, as what follows
  std::int64_t requested_ = 0;  // calls of next() begun
  bool stop_ = false;
  std::exception_ptr error_;

  std::thread thread_;  // last: it starts when everything else is there
};

}  // namespace pbgen

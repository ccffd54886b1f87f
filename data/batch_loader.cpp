#include "data/batch_loader.h"

#include <numeric>
#include <utility>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/option_error.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/base/thread.h"
#include "data/lane_images.h"

namespace pbgen {

BatchLoader::BatchLoader(ImageSet images, std::vector<std::uint32_t> indices, std::int64_t batch, std::uint64_t seed,
                         const BatchOptions& options, std::int64_t first_iteration)
    : images_(std::move(images)),
      indices_(std::move(indices)),
      batch_(batch),
      seed_(seed),
      options_(options),
      first_iteration_(first_iteration) {
  check(batch > 0 && batch % kLanes == 0, "batch is ", batch, ", expected a positive multiple of ", kLanes);
  check(first_iteration >= 0, "first iteration is ", first_iteration, ", expected at least 0");
  for (const std::uint32_t index : indices_) check(index < images_.count(), "index ", index, " of ", images_.count(), " images");
  if (static_cast<std::int64_t>(indices_.size()) < batch)
    fail_naming_options(ErrorKind::data, indices_.size(), " training images do not fill a batch of ", batch, "; add images, or lower ",
                        OptionName{"batch"}, " (a multiple of ", kLanes, ") or ", OptionName{"holdout"});
  check(options.parts >= 1 && options.part >= 0 && options.part < options.parts && batch / kLanes % options.parts == 0, "part ",
        options.part, " of ", options.parts, " of a batch of ", batch);
  for (Tensor& buffer : buffers_) buffer = Tensor({batch / options.parts, images_.size(), images_.size(), images_.channels()});
  thread_ = start_thread("the thread that prepares batches", [this] { run(); });
}

BatchLoader::~BatchLoader() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

ConstTensorView BatchLoader::next() {
  std::unique_lock lock(mutex_);
  const std::int64_t number = requested_++;
  changed_.notify_all();
  changed_.wait(lock, [&] { return ready_ > number || error_ != nullptr; });
  if (ready_ <= number) std::rethrow_exception(error_);
  return std::as_const(buffers_[static_cast<std::size_t>(number % 2)]).view();
}

void BatchLoader::run() {
  const SerialScope serial;
  flush_denormals();
  try {
    for (std::int64_t number = 0;; ++number) {
      {
        // The buffer holds batch number - 2, which is given back when the next() after it, the number-th, begins.
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stop_ || requested_ >= number; });
        if (stop_) return;
      }
      fill(first_iteration_ + number, buffers_[static_cast<std::size_t>(number % 2)].view());
      const std::lock_guard lock(mutex_);
      ready_ = number + 1;
      changed_.notify_all();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    error_ = std::current_exception();
    changed_.notify_all();
  }
}

void BatchLoader::fill(std::int64_t iteration, TensorView batch) {
  const std::int64_t epoch = iteration / iterations_per_epoch();
  if (epoch != order_epoch_) {
    const auto count = static_cast<std::uint32_t>(indices_.size());
    if (options_.shuffle) {
      order_ = random_permutation(CounterRng(seed_, Stream::shuffle, static_cast<std::uint32_t>(epoch)), count);
    } else {
      order_.resize(count);
      std::iota(order_.begin(), order_.end(), 0u);
    }
    order_epoch_ = epoch;
  }
  const CounterRng mirror(seed_, Stream::mirror, static_cast<std::uint32_t>(epoch));
  const std::int64_t images = batch_ / options_.parts;
  const std::int64_t begin = iteration % iterations_per_epoch() * batch_ + options_.part * images;
  for (std::int64_t i = 0; i < images; ++i) {
    const std::uint32_t image = indices_[order_[static_cast<std::size_t>(begin + i)]];
    image_to_lanes(images_.image(image), options_.mirror && (mirror.bits(image) & 1) != 0, i, batch);
  }
}

}  // namespace pbgen

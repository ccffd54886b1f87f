#include <algorithm>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "data/batch_loader.h"
#include "data/faces/synthetic_faces.h"
#include "data/folder/image_cache.h"
#include "data/folder/image_folder.h"
#include "data/formats/image_io.h"
#include "data/lane_images.h"
#include "tools/lib/bench/case.h"
#include "tools/lib/cli/temporary_folder.h"

namespace pbgen {
namespace {

constexpr int kSize = 64;  // side of a sample

// Pictures as large as the aligned CelebA faces, as JPEG in memory, to be made into samples.  Decoding takes the longer the more bytes a
// picture has: faint noise makes these 7 kB each, as those are on average.
class Decoding {
 public:
  explicit Decoding(std::int64_t count) : samples_(static_cast<std::size_t>(count)) {
    constexpr int kWidth = 178;
    constexpr int kHeight = 218;
    constexpr int kQuality = 90;
    constexpr std::int64_t kNoise = 6;
    const CounterRng rng(1, Stream::test);
    const ImageSet faces = synthetic_faces(1, 0, count, kHeight, 3);
    for (std::int64_t i = 0; i < count; ++i) {
      Image image = Image::black(kWidth, kHeight, 3);
      for (int y = 0; y < kHeight; ++y) {
        const std::uint8_t* const row = faces.image(i).data() + (y * kHeight + (kHeight - kWidth) / 2) * 3;
        for (std::int64_t x = 0; x < image.row_bytes(); ++x) {
          const auto index = static_cast<std::uint64_t>((i * kHeight + y) * image.row_bytes() + x);
          const std::int64_t value = row[x] + static_cast<std::int64_t>(rng.below(index, kNoise)) - kNoise / 2;
          image.row(y)[x] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, 255));
        }
      }
      jpegs_.push_back(encode_jpeg(image, kQuality));
      originals_.push_back(std::move(image));
    }
  }

  void run() {
    parallel_items(static_cast<std::int64_t>(jpegs_.size()), [&](std::int64_t i) {
      const auto at = static_cast<std::size_t>(i);
      samples_[at] = prepare_image(decode_image(jpegs_[at]).image, options(), kSize);
    });
  }

  // Samples are near those of the pictures that were encoded: JPEG loses little of what resizing leaves.
  void check_samples() const {
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      const Image expected = prepare_image(originals_[i], options(), kSize);
      check_equal(samples_[i].pixels.size(), expected.pixels.size(), "bench: bytes of a sample");
      std::int64_t difference = 0;
      for (std::size_t p = 0; p < expected.pixels.size(); ++p) difference += std::abs(samples_[i].pixels[p] - expected.pixels[p]);
      const double mean = static_cast<double>(difference) / static_cast<double>(expected.pixels.size());
      check(mean <= 3.0, "bench: JPEG ", i, ": its sample is off by ", mean, " of 255 on average, expected at most 3");
    }
  }

 private:
  static FolderOptions options() {
    FolderOptions options;
    options.size = kSize;
    options.crop = kCelebaCrop;
    return options;
  }

  std::vector<Image> originals_;
  std::vector<std::vector<std::uint8_t>> jpegs_;
  std::vector<Image> samples_;
};

// A cache file on disk, and epochs of batches from it.
class Epochs {
 public:
  Epochs(std::int64_t count, std::int64_t batch) : file_(folder_ / "images.cache"), count_(count) {
    write();
    set_ = open_image_cache(file_).images;
    std::vector<std::uint32_t> indices(static_cast<std::size_t>(count));
    std::iota(indices.begin(), indices.end(), 0u);
    loader_ = std::make_unique<BatchLoader>(set_, std::move(indices), batch, 1, BatchOptions{.mirror = true, .shuffle = true}, 0);
  }

  void run() {
    for (std::int64_t i = 0; i < loader_->iterations_per_epoch(); ++i) loader_->next();
  }

  // One more epoch: every image comes once, as it is or mirrored.
  void check_epoch() {
    std::vector<bool> seen(static_cast<std::size_t>(count_));
    std::vector<std::uint8_t> image(static_cast<std::size_t>(set_.bytes_per_image()));
    for (std::int64_t i = 0; i < loader_->iterations_per_epoch(); ++i) {
      const ConstTensorView batch = loader_->next();
      for (std::int64_t b = 0; b < batch.shape.batch; ++b) {
        lanes_to_image(batch, b, image);
        const std::int64_t number = image[0] + 256 * image[1];
        check(number < count_ && !seen[static_cast<std::size_t>(number)], "bench: epoch: image ", number, " comes twice, or is none of ",
              count_);
        seen[static_cast<std::size_t>(number)] = true;
        const std::span<const std::uint8_t> expected = set_.image(number);
        check(std::equal(image.begin(), image.end(), expected.begin()) || is_mirrored(image, expected), "bench: epoch: image ", number,
              " is not the cache's");
      }
    }
  }

 private:
  // Noise; both ends of the first row tell the image's number, mirrored or not.
  void write() const {
    const CounterRng rng(1, Stream::test);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(kSize * kSize * 3 + count_));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(rng.bits(i));
    ImageCacheWriter writer(file_, 1, kSize, 3);
    std::vector<std::uint8_t> image(static_cast<std::size_t>(kSize * kSize * 3));
    for (std::int64_t i = 0; i < count_; ++i) {
      std::copy_n(pixels.begin() + i, image.size(), image.begin());
      for (const std::size_t at : {0, kSize - 1}) {
        image[3 * at] = static_cast<std::uint8_t>(i % 256);
        image[3 * at + 1] = static_cast<std::uint8_t>(i / 256);
      }
      writer.append(image);
    }
    FolderReport report;
    report.files = count_;
    writer.finish(report);
  }

  static bool is_mirrored(std::span<const std::uint8_t> image, std::span<const std::uint8_t> original) {
    for (std::size_t i = 0; i < image.size(); ++i) {
      const std::size_t x = i / 3 % kSize;
      if (image[i] != original[i + 3 * (kSize - 1) - 6 * x]) return false;
    }
    return true;
  }

  TemporaryFolder folder_;
  std::string file_;
  std::int64_t count_;
  ImageSet set_;
  std::unique_ptr<BatchLoader> loader_;
};

BenchCase decoding_case(std::int64_t count) {
  BenchCase one;
  one.section = "data";
  one.layer = "jpeg";
  one.op = "sample";
  one.path = "image_io";
  one.shape = "178x218 -> 108x108 -> 64x64";
  one.batch = count;
  one.shows_rate = true;
  one.prepare = [count] {
    const auto state = std::make_shared<Decoding>(count);
    return PreparedCase{[state] { state->run(); }, [state] { state->check_samples(); }};
  };
  return one;
}

BenchCase epoch_case(std::int64_t batch) {
  constexpr std::int64_t kBatches = 64;
  constexpr std::int64_t kMostImages = 1 << 16;  // two bytes of an image tell its number
  const std::int64_t count = std::max(batch, std::min(kBatches * batch, kMostImages) / batch * batch);
  BenchCase one;
  one.section = "data";
  one.layer = "cache";
  one.op = "epoch";
  one.path = "batch_loader";
  one.shape = concat(count / batch, " batches of ", batch, ", 3x64x64");
  one.batch = count;
  one.shows_rate = true;
  one.threads = 1;  // the loader has one of its own, whatever the number for computing
  one.prepare = [count, batch] {
    const auto state = std::make_shared<Epochs>(count, batch);
    return PreparedCase{[state] { state->run(); }, [state] { state->check_epoch(); }};
  };
  return one;
}

}  // namespace

std::vector<BenchCase> data_cases(const BenchSizes& sizes) { return {decoding_case(sizes.batch), epoch_case(sizes.batch)}; }

}  // namespace pbgen

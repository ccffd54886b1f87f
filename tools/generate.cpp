// Draws images from a trained generator: ./tools/generate --help.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "core/check.h"
#include "core/conv_algorithm.h"
#include "core/cpu.h"
#include "data/image_grid.h"
#include "data/image_io.h"
#include "gan/latents.h"
#include "gan/sampler.h"
#include "tools/lib/args.h"
#include "tools/lib/exit.h"
#include "tools/lib/image_output.h"
#include "tools/lib/progress.h"
#include "tools/lib/scored_checkpoint.h"
#include "tools/lib/trained_generator.h"

namespace pbgen {
namespace {

constexpr std::int64_t kGridImages = 64;
constexpr std::int64_t kGridColumns = 8;  // also the steps of an interpolation

struct Options {
  std::string model;
  std::int64_t count = 64;
  std::uint64_t seed = 1;
  std::string out;
  std::string grid;
  bool interpolate = false;
  bool best = false;
  bool force = false;
  int bn_calibrate = kCalibrationBatches;
  int threads = 0;
  std::string conv = "direct";
};

// Latent vectors first .. first + count - 1 of the seed.  Interpolating, each group of kGridColumns walks in a straight
// line from one random vector to the next.
std::vector<float> latents(const Options& options, int z_dim, std::int64_t first, std::int64_t count) {
  const CounterRng rng(options.seed, Stream::generate);
  std::vector<float> z(static_cast<std::size_t>(count * z_dim));
  if (!options.interpolate) {
    draw_latents(rng, first, count, z_dim, z.data());
    return z;
  }
  std::vector<float> ends(static_cast<std::size_t>(2 * z_dim));
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = (first + i) / kGridColumns;
    const float t = static_cast<float>((first + i) % kGridColumns) / static_cast<float>(kGridColumns);
    draw_latents(rng, row, 2, z_dim, ends.data());
    const float* const from = ends.data();
    const float* const to = from + z_dim;
    for (int c = 0; c < z_dim; ++c) z[static_cast<std::size_t>(i * z_dim + c)] = (1.0f - t) * from[c] + t * to[c];
  }
  return z;
}

int run(int argc, char** argv) {
  Options options;
  ArgumentParser parser("generate", "draws images from a trained generator and writes them as PNG files",
                        "MODEL is a checkpoint that train_gan wrote, a run's folder, whose newest checkpoint is taken, or a model "
                        "that export wrote.  The same seed gives the same files; those of a checkpoint and of its export, calibrated "
                        "alike, differ by at most one grey level.");
  parser.positional("MODEL", &options.model, "a checkpoint, a run's folder, or an exported model");
  parser.add("--n", &options.count, "N", "how many images", in_range<std::int64_t>(1, 1'000'000));
  parser.add("--seed", &options.seed, "S", "which images");
  parser.add("--out", &options.out, "DIR", "folder for image_000000.png, image_000001.png, ...; made where it is missing");
  parser.add("--grid", &options.grid, "FILE", concat("write the first ", kGridImages, " images as one PNG picture"));
  parser.add("--interpolate", &options.interpolate,
             concat("walk in straight lines between random vectors, ", kGridColumns, " images from each to the next"));
  parser.add("--best", &options.best, "of a run's folder the checkpoint with the best score in place of the newest");
  parser.add("--bn-calibrate", &options.bn_calibrate, "N", "replace the moving statistics by exact ones over N batches of 64; 0: off",
             in_range(0, 10000));
  parser.add("--force", &options.force, "write into a folder that is not empty; files of the same name are replaced, others stay");
  parser.add("--threads", &options.threads, "N", "threads that compute; images do not depend on it", in_range(1, 1024))
      .default_text("what the machine grants");
  parser.add("--conv", &options.conv, "NAME", "how convolutions are computed: direct, or im2col, the definition; equal but for rounding",
             one_of({"direct", "im2col"}));
  parser.example("./tools/generate runs/H-dcgan-64-001 --n 1000 --out samples", "a thousand images from a run's newest checkpoint");
  parser.example("./tools/generate faces.pbgen --n 1000 --out samples", "the same from a model that export wrote");
  parser.example("./tools/generate runs/H-dcgan-64-001 --interpolate --grid walk.png", "one picture whose rows turn one face into another");
  if (!parser.parse(argc, argv)) return 0;
  if (options.out.empty() && options.grid.empty())
    fail(ErrorKind::usage, "nothing to write: name a folder with --out, a picture with --grid, or both");
  if (options.threads > 0) set_thread_count(options.threads);
  set_conv_algorithm(conv_algorithm_named(options.conv));

  TrainedGenerator generator(chosen_checkpoint(options.model, options.best));
  for (const char* const flag : {"--bn-calibrate", "--conv"})
    if (generator.exported() && parser.given(flag))
      fail(ErrorKind::usage, flag, ": ", options.model, " is an exported model, in which nothing is left to choose: give its checkpoint");
  if (!options.out.empty()) claim_output_folder(options.out, options.force);
  if (options.bn_calibrate > 0 && !generator.exported()) generator.calibrate(options.bn_calibrate, options.seed);

  const auto draw = [&](std::int64_t first, std::int64_t count) {
    return generator.draw(latents(options, generator.config().z_dim, first, count).data(), count);
  };
  if (!options.grid.empty()) {
    const std::int64_t count = std::min(options.count, kGridImages);
    write_png(options.grid, image_grid(draw(0, count), count, static_cast<int>(kGridColumns)));
  }
  if (!options.out.empty()) {
    const NetworkConfig& network = generator.config();
    const std::int64_t together = images_at_a_time(std::int64_t{network.size} * network.size * network.channels);
    Progress progress("generating", options.count);
    for (std::int64_t first = 0; first < options.count; first += together) {
      const std::int64_t count = std::min(together, options.count - first);
      write_numbered_pngs(options.out, "image", draw(first, count), first);
      progress.update(first + count);
    }
    progress.finish();
  }
  return 0;
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("generate", [&] { return pbgen::run(argc, argv); });
}

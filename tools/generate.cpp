// Draws images from a trained generator: ./tools/generate --help.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/conv/conv_algorithm.h"
#include "data/image_grid.h"
#include "gan/latents.h"
#include "gan/sampler.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/output_path.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/images/image_output.h"
#include "tools/lib/model/trained_generator.h"
#include "tools/lib/runs/checkpoint_path.h"
#include "tools/lib/runs/scored_checkpoint.h"

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

// Where the user names neither a folder nor a picture: beside the run, or beside a model that lies elsewhere.
void name_outputs(const std::string& model, Options& options) {
  const char* const walk = options.interpolate ? "walk-" : "";
  if (options.count > kGridImages) options.out = output_beside(model, concat("-images-", walk, options.seed));
  else options.grid = output_beside(model, concat("-grid-", walk, options.seed, ".png"));
}

int run(int argc, char** argv) {
  Options options;
  ArgumentParser parser("generate", "draws images from a trained generator and writes them as PNG files",
                        "MODEL is a checkpoint that train_gan wrote, a run's folder, whose newest checkpoint is taken, or a model "
                        "that export wrote.  The same seed gives the same files; those of a checkpoint and of its export, calibrated "
                        "alike, differ by at most one grey level.  Without --out and --grid the images go beside the run, or beside a "
                        "MODEL that lies in no run, and the last line says where.  Files appear whole or not at all.");
  parser.positional("MODEL", &options.model, "a checkpoint, a run's folder, or an exported model").path();
  parser.add("--n", &options.count, "N", "how many images, up to 1000000", in_range<std::int64_t>(1, 1'000'000));
  parser.add("--seed", &options.seed, "S", "which images");
  parser.add("--out", &options.out, "DIR", "folder for image_000000.png, image_000001.png, ...; made where it is missing")
      .default_text(concat("without --grid, for more than ", kGridImages, " images: RUN/ITERATION-images-SEED"));
  parser.add("--grid", &options.grid, "FILE", concat("write the first ", kGridImages, " images as one picture, a .png or .jpg file"))
      .default_text(concat("without --out, for at most ", kGridImages, " images: RUN/ITERATION-grid-SEED.png"));
  parser.add("--interpolate", &options.interpolate,
             concat("walk in straight lines between random vectors, ", kGridColumns, " images from each to the next"));
  parser.add("--best", &options.best, "of a run's folder the checkpoint with the best score in place of the newest");
  parser.add("--bn-calibrate", &options.bn_calibrate, "N", "replace the moving statistics by exact ones over N batches of 64; 0: off",
             in_range(0, 10000));
  parser.add("--force", &options.force,
             "replace FILE where it exists, and write into a DIR that is not empty; files of the same name are replaced, others stay");
  parser.add("--threads", &options.threads, "N", "threads that compute; images do not depend on it", in_range(1, 1024))
      .default_text("what the machine grants");
  parser.add("--conv", &options.conv, "NAME",
             "how convolutions are computed: direct, winograd, auto, or im2col, the definition; equal but for rounding",
             one_of({"direct", "winograd", "im2col", "auto"}));
  parser.example("./tools/generate runs/g12-d234-dcgan-64-001 --n 1000 --out samples", "a thousand images from a run's newest checkpoint");
  parser.example("./tools/generate faces.pbgen --n 1000 --out samples", "the same from a model that export wrote");
  parser.example("./tools/generate runs/g12-d234-dcgan-64-001 --interpolate --grid walk.png",
                 "one picture whose rows turn one face into another");
  if (!parser.parse(argc, argv)) return 0;
  require_picture_name("--grid", options.grid);
  if (options.threads > 0) set_thread_count(options.threads);
  set_conv_algorithm(conv_algorithm_named(options.conv));

  const std::string model = chosen_checkpoint(options.model, options.best);
  const bool named = !options.out.empty() || !options.grid.empty();
  if (!named) name_outputs(model, options);
  if (!options.grid.empty()) require_free_output("--grid", options.grid, options.force, {model});
  TrainedGenerator generator(model);
  for (const char* const flag : {"--bn-calibrate", "--conv"})
    if (generator.exported() && parser.given(flag))
      fail(ErrorKind::usage, flag, ": ", options.model, " is an exported model, in which nothing is left to choose: give its checkpoint");
  std::optional<FolderLock> lock;
  if (!options.out.empty()) lock.emplace(claim_output_folder(options.out, options.force));
  if (options.bn_calibrate > 0 && !generator.exported()) generator.calibrate(options.bn_calibrate, options.seed);

  const auto draw = [&](std::int64_t first, std::int64_t count) {
    return generator.draw(latents(options, generator.config().z_dim, first, count).data(), count);
  };
  if (!options.grid.empty()) {
    const std::int64_t count = std::min(options.count, kGridImages);
    write_picture(options.grid, image_grid(draw(0, count), count, static_cast<int>(kGridColumns)), existing_output(options.force));
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
  if (!named) say(stdout, options.out.empty() ? options.grid : options.out);
  return 0;
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("generate", [&] { return pbgen::run(argc, argv); });
}

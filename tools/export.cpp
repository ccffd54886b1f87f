// Writes a trained generator as a small model for the edge: ./tools/export --help.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/check.h"
#include "core/cpu.h"
#include "gan/checkpoint.h"
#include "gan/folded_generator.h"
#include "gan/packed_model.h"
#include "gan/sampler.h"
#include "tools/lib/args.h"
#include "tools/lib/exit.h"
#include "tools/lib/export_report.h"
#include "tools/lib/resume.h"

namespace pbgen {
namespace {

struct Options {
  std::string checkpoint;
  std::string out;
  std::string linear_precision = "float";
  int bn_calibrate = kCalibrationBatches;
  std::uint64_t seed = 1;
  bool force = false;
  int threads = 0;
};

// What stands at the path is replaced only where the user says so, and never the checkpoint itself.
void require_free(const Options& options, const std::string& checkpoint) {
  std::error_code error;
  if (std::filesystem::equivalent(options.out, checkpoint, error))
    fail(ErrorKind::usage, "--out ", options.out, " is the checkpoint itself: choose another file");
  if (std::filesystem::is_directory(options.out, error)) fail(ErrorKind::usage, "--out ", options.out, " is a folder: name a file in it");
  if (std::filesystem::exists(options.out, error) && !options.force)
    fail(ErrorKind::usage, "--out ", options.out, " exists: choose another file, or add --force to replace it");
}

int run(int argc, char** argv) {
  Options options;
  ArgumentParser parser("export", "writes a trained generator as a small model for the edge",
                        "CHECKPOINT is a file that train_gan wrote, or a run's folder, whose newest checkpoint is taken.  The model "
                        "holds the generator alone: binarized layers one bit a weight, biases and batch normalisation folded into a "
                        "scale and a shift.  It is a safetensors file; gan/packed_model.h describes it.  generate takes it in place of "
                        "the checkpoint.");
  parser.positional("CHECKPOINT", &options.checkpoint, "a checkpoint, or a run's folder");
  parser.add("--out", &options.out, "FILE", "the model").short_name("-o");
  parser.add("--linear-precision", &options.linear_precision, "NAME",
             "the linear layer's weights, unless they are in one bit: float, or half", one_of({"float", "half"}));
  parser.add("--bn-calibrate", &options.bn_calibrate, "N", "replace the moving statistics by exact ones over N batches of 64; 0: off",
             in_range(0, 10000));
  parser.add("--seed", &options.seed, "S", "which batches --bn-calibrate draws");
  parser.add("--force", &options.force, "replace FILE where it exists");
  parser.add("--threads", &options.threads, "N", "threads that compute; the model does not depend on it", in_range(1, 1024))
      .default_text("what the machine grants");
  parser.example("./tools/export runs/H-dcgan-64-001 -o faces.pbgen", "the newest checkpoint's generator");
  parser.example("./tools/export runs/H-dcgan-64-001 -o faces.pbgen --linear-precision half", "its linear layer in half the bytes");
  parser.example("./tools/generate faces.pbgen --n 64 --grid grid.png", "images from the model");
  if (!parser.parse(argc, argv)) return 0;
  if (options.out.empty()) fail(ErrorKind::usage, "nowhere to write: name a file with --out (-o)");
  if (options.threads > 0) set_thread_count(options.threads);

  const std::string path = named_checkpoint(options.checkpoint);
  require_free(options, path);
  const Checkpoint checkpoint = Checkpoint::load(path);
  const NetworkConfig& network = checkpoint.network();
  PackedModelOptions packing;
  if (options.linear_precision == "half") packing.linear = LinearPrecision::half;
  if (packing.linear == LinearPrecision::half && network.binarized.generator.contains(0))
    fail(ErrorKind::usage, "--linear-precision half: this generator's linear layer is in one bit");

  Sampler sampler(network, checkpoint.generator());
  if (options.bn_calibrate > 0) sampler.calibrate(options.bn_calibrate, kCalibrationBatch, options.seed);
  save_packed_model(options.out, fold_generator(sampler.network(), network), packing);

  std::printf("%s: %lld bytes; the generator of %s\nsetting %s (in one bit: %s), %dx%dx%d, widths %s, linear layer in %s\n\n%s",
              options.out.c_str(), static_cast<long long>(packed_model_bytes(network, packing)), path.c_str(),
              setting_name(network.binarized).c_str(), network.binarized.generator.to_string().c_str(), network.size, network.size,
              network.channels, value_text(std::vector<std::int64_t>(network.g_widths.begin(), network.g_widths.end())).c_str(),
              network.binarized.generator.contains(0) ? "one bit" : options.linear_precision.c_str(),
              text_table(export_table(network, packing)).c_str());
  return 0;
}

}  // namespace
}  // namespace pbgen

int main(int argc, char** argv) {
  return pbgen::run_tool("export", [&] { return pbgen::run(argc, argv); });
}

// What a user can say to train_gan, and what follows from it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/files/json.h"
#include "gan/networks.h"
#include "gan/sampler.h"
#include "gan/settings.h"
#include "gan/trainer.h"
#include "tools/lib/cli/args.h"

namespace pbgen {

// The most iterations of a run: far more than anybody waits for, and far less than overflows when images and bytes are counted.
inline constexpr std::int64_t kMaxIterations = 1'000'000'000;

// As the flags have it; resolve() turns presets, letters and widths into what runs.
struct TrainFlags {
  // Network.
  std::string preset;
  std::string setting;
  std::string binarize_g;
  std::string binarize_d;
  std::string bwn = "pbgen";
  int size = 64;
  int channels = 3;
  int z_dim = 100;
  std::optional<int> gf_dim;
  std::optional<int> df_dim;
  std::vector<std::int64_t> g_widths;
  std::vector<std::int64_t> d_widths;
  // Training.
  std::optional<std::int64_t> iterations;
  std::optional<double> epochs;
  int batch = 16;
  std::string loss = "dcgan";
  double lr = 5e-4;
  double beta1 = 0.5;
  int d_steps = 1;
  int g_steps = 2;
  double clip = 0.0;
  double ema = 0.0;
  std::uint64_t seed = 1;
  // Data.
  std::string data;
  std::int64_t synthetic_images = 8192;
  std::string crop;
  bool celeba = false;
  bool mirror = false;
  bool contrast_stretch = false;
  bool shuffle = true;
  double holdout = 0.1;
  std::string cache;
  std::string on_bad = "1%";
  // Scoring.
  std::int64_t swd_images = 1024;
  int swd_repeats = 1;
  int bn_calibrate = kCalibrationBatches;
  // The run.
  std::string out;
  std::string resume;
  std::string init_from;
  bool force = false;
  bool dry_run = false;
  std::int64_t sample_every = 250;
  std::int64_t swd_every = 500;
  std::int64_t checkpoint_every = 500;
  int keep = 3;
  int threads = 0;
  std::string conv = "direct";
  bool profile = false;
};

// What a tool's network is where no flag says otherwise.
struct NetworkDefaults {
  Setting binarized;
  const char* setting_text;  // how the help says it
  std::array<int, 4> g_widths;
  std::array<int, 4> d_widths;
};

// The flags that describe a network, in the parser's present section: --setting, --binarize-g, --binarize-d, --bwn, --size, --channels,
// --z-dim, --gf-dim, --df-dim, --g-widths, --d-widths.
void declare_network_flags(ArgumentParser& parser, TrainFlags& flags, const NetworkDefaults& defaults);

// Replaces --setting, --gf-dim and --df-dim by what they stand for, as resolve_train_flags() does, and validates.
void resolve_network_flags(const ArgumentParser& parser, TrainFlags& flags, const NetworkDefaults& defaults);

// The flags are resolved.
NetworkConfig network_config(const TrainFlags& flags);

// Declares every flag, with the help that teaches.
void declare_train_flags(ArgumentParser& parser, TrainFlags& flags);

// Replaces presets, --setting, --gf-dim, --df-dim, --celeba, and what --loss wgan has of its own by what they stand for, drops whichever of --iterations and --epochs does not count,
// so that parser.config() is complete: binarize_g, binarize_d, g_widths, d_widths, crop, batch, clip.  Where neither layers nor a preset
// are named, that is the default run's layers and its average of weights.  What is more specific wins, and the
// command line wins over the configuration.  Error(usage) for values out of range.
void resolve_train_flags(const ArgumentParser& parser, TrainFlags& flags);

// The flags are resolved.
TrainerOptions trainer_options(const TrainFlags& flags);

// The part of parser.config() that decides the bytes of a checkpoint and may not change on resume: everything but
// iterations, epochs, cadences, repetitions of the last scores, keep, cache, and the data folder's path (its content's fingerprint
// is compared instead).
// --conv is part of it, for the algorithms round differently; checkpoints older than the choice lack it and go on with either.
Json run_identity(const ArgumentParser& parser);

// Fills what the command line left open from the identity that a checkpoint holds.  Error(model_file) where it holds another thing:
// a checkpoint says what a run is, not where its files go.
void apply_identity(ArgumentParser& parser, const Json& identity, const std::string& checkpoint);

// Throws Error(usage) that lists what differs between a run's identity and that of the checkpoint from which it is to go on.  What an
// older checkpoint lacks is as it was before there was a choice: the default of its loss.
void require_same_run(const Json& identity, const Json& saved, const std::string& checkpoint);

}  // namespace pbgen

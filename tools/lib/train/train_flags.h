// What a user can say to train_gan, and the run that follows from it.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "gan/networks.h"
#include "gan/settings.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/train/run_config.h"

namespace pbgen {

// Words on networks that stand for others.
struct NetworkWords {
  std::optional<Setting> setting;
  std::optional<int> gf_dim;
  std::optional<int> df_dim;
};

// A command line.
struct TrainFlags {
  RunConfig said;  // what flags of their own say; complete only once the words below are taken in: run_config()
  NetworkWords network;
  std::string preset;
  bool celeba = false;
  // What is said of this sitting alone: no part of what a run is.
  std::string out;
  std::string resume;
  bool force = false;
  bool dry_run = false;
  int threads = 0;
  bool profile = false;
  double mpi_timeout = 60.0;  // seconds
  int ranks = 1;              // of a prediction
  double bandwidth = 10.0;    // Gbit/s
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
void declare_network_flags(ArgumentParser& parser, NetworkConfig& said, NetworkWords& words, const NetworkDefaults& defaults);

// The network that was said, with what --setting, --gf-dim and --df-dim stand for, as run_config() takes them.  InvalidOption.
NetworkConfig network_config(const ArgumentParser& parser, const NetworkConfig& said, const NetworkWords& words,
                             const NetworkDefaults& defaults);

// Declares every flag, with the help that teaches.
void declare_train_flags(ArgumentParser& parser, TrainFlags& flags);

// The run: what was said, with what presets, --setting, --gf-dim, --df-dim, --celeba and --loss wgan stand for.  Where neither layers nor a
// preset are named, that is the default run's layers, its average of weights and, but for wgan, its --beta1 and --smooth.  What is more
// specific wins, and the command line wins over the configuration.  Error(usage) for values that are out of range or exclude each other.
RunConfig run_config(const ArgumentParser& parser, const TrainFlags& flags);

}  // namespace pbgen

// What the pieces of ./tools/paper have in common: how large the networks are, how long they train, on which images.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gan/networks.h"
#include "tools/lib/train/run_config.h"
#include "tools/lib/trials/trial.h"

namespace pbgen {

// paper: 64x64, the paper's widths, 25 epochs.  laptop: 32x32, gf = df = 16, whose redundancies 124, 48, -32, -240 are a
// quarter of the paper's.  smoke: seconds, shows that everything runs and nothing else.
enum class Scale { paper, laptop, smoke };
Scale parse_scale(std::string_view name);
std::string_view scale_name(Scale scale);

struct Experiment {
  Scale scale = Scale::laptop;
  std::string out;                         // the folder
  int seeds = 1;                           // of the dcgan runs of Settings A to H; everything else has one
  std::vector<std::string> settings;       // letters of Table II that are trained, rising
  bool lsgan = true;                       // whether they are trained under the second loss, too
  RunConfig training;                      // what all trials share: nothing in one bit, seed 1
  RunConfig critic;                        // the same under wgan, which has defaults of its own
  std::string cache;                       // where decoded images are kept, which is no part of what a trial is
  std::int64_t iterations = 0;             // of a trial
  std::string images;                      // one line: what is trained on

  bool has_setting(std::string_view letter) const;
  const NetworkConfig& network() const { return training.network(); }
  int base_width() const { return network().g_widths[3]; }  // gf: c_4
};

// Lets an experiment's trials be trained as these arguments of train_gan say.  Error(usage) where train_gan would refuse them.
void train_as(Experiment& experiment, std::vector<std::string> arguments);

// The experiment that a scale stands for; `overrides` are further arguments of train_gan, which win (--data, --size ...), --epochs
// over the scale's --iterations, too.  settings: letters in any order.  Error(usage) where train_gan would refuse them.
Experiment make_experiment(Scale scale, const std::string& out, int seeds, const std::vector<std::string>& settings,
                           const std::vector<std::string>& overrides);

// One of Settings A to H: "dcgan-F-seed1".  loss: dcgan, lsgan or wgan.
Trial setting_trial(const Experiment& experiment, std::string_view letter, std::string_view loss, int seed);

// All trials that were asked for, by name.
class TrialBook {
 public:
  TrialBook() = default;
  explicit TrialBook(std::vector<TrialResult> results);
  // std::logic_error where no trial has that name.
  const TrialResult& at(const std::string& name) const;
  const TrialResult& at(const Trial& trial) const { return at(trial.name); }

 private:
  std::map<std::string, TrialResult> results_;
};

}  // namespace pbgen

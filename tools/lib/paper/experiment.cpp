#include "tools/lib/paper/experiment.h"

#include <algorithm>

#include "core/base/check.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/train/training_data.h"

namespace pbgen {
namespace {

using Arguments = std::vector<std::string>;

// Distances of 1,024 images a set, as many as are held out of 8,192 faces.
const Arguments kLaptop{"--size", "32", "--gf-dim", "16", "--df-dim", "16", "--batch", "32", "--lr", "2e-4", "--iterations", "3000",
                        "--synthetic-images", "8192", "--holdout", "0.125", "--swd-images", "1024", "--swd-repeats", "2",
                        "--swd-every", "500", "--sample-every", "250", "--checkpoint-every", "1000", "--keep", "1"};
const Arguments kPaper{"--preset", "paper", "--swd-images", "8192", "--swd-repeats", "2", "--swd-every", "5000", "--sample-every", "1000",
                       "--checkpoint-every", "1000", "--keep", "1"};
const Arguments kSmoke{"--size", "32", "--gf-dim", "2", "--df-dim", "2", "--batch", "8", "--lr", "2e-4", "--iterations", "20",
                       "--synthetic-images", "128", "--holdout", "0.25", "--swd-images", "32", "--swd-repeats", "2", "--swd-every", "10",
                       "--sample-every", "10", "--bn-calibrate", "2", "--checkpoint-every", "0", "--keep", "1"};

const Arguments& arguments_of(Scale scale) { return scale == Scale::paper ? kPaper : scale == Scale::laptop ? kLaptop : kSmoke; }

// The scale's own and then the overrides.  Of --iterations and --epochs train_gan takes the first: epochs that were asked for would be
// lost beside the scale's own iterations.
Arguments training_arguments(Scale scale, const Arguments& overrides) {
  Arguments training = arguments_of(scale);
  const bool epochs = std::any_of(overrides.begin(), overrides.end(), [](std::string_view argument) {
    return argument.substr(0, argument.find('=')) == "--epochs";
  });
  const auto iterations = std::find(training.begin(), training.end(), "--iterations");
  if (epochs && iterations != training.end()) training.erase(iterations, iterations + 2);
  training.insert(training.end(), overrides.begin(), overrides.end());
  return training;
}

std::vector<std::string> rising_once(std::vector<std::string> letters) {
  std::sort(letters.begin(), letters.end());
  letters.erase(std::unique(letters.begin(), letters.end()), letters.end());
  return letters;
}

}  // namespace

Scale parse_scale(std::string_view name) {
  for (const Scale scale : {Scale::paper, Scale::laptop, Scale::smoke})
    if (name == scale_name(scale)) return scale;
  fail(ErrorKind::usage, "--scale ", name, ": expected paper, laptop or smoke");
}

std::string_view scale_name(Scale scale) { return scale == Scale::paper ? "paper" : scale == Scale::laptop ? "laptop" : "smoke"; }

bool Experiment::has_setting(std::string_view letter) const {
  return std::find(settings.begin(), settings.end(), letter) != settings.end();
}

Experiment make_experiment(Scale scale, const std::string& out, int seeds, const std::vector<std::string>& settings,
                           const std::vector<std::string>& overrides) {
  Experiment experiment;
  experiment.scale = scale;
  experiment.out = out;
  experiment.seeds = seeds;
  experiment.settings = rising_once(settings);
  train_as(experiment, training_arguments(scale, overrides));
  const DataCount data = count_training_data(experiment.training);
  experiment.iterations = total_iterations(experiment.training, data.train);
  const std::string& folder = experiment.training.data.folder;
  experiment.images = folder.empty() ? concat(data.images, " synthetic faces") : concat(data.images, " images of ", folder);
  return experiment;
}

void train_as(Experiment& experiment, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--setting", "A"});
  experiment.training = run_config_of(arguments);
  arguments.insert(arguments.end(), {"--loss", std::string(loss_name(Loss::wgan))});
  experiment.critic = run_config_of(arguments);
}

Trial setting_trial(const Experiment& experiment, std::string_view letter, std::string_view loss, int seed) {
  const Loss which = parse_loss(loss);
  Trial trial{concat(loss, "-", letter, "-seed", seed), which == Loss::wgan ? experiment.critic : experiment.training};
  trial.config.trainer.loss = which;
  trial.config.trainer.seed = static_cast<std::uint64_t>(seed);
  trial.config.network().binarized = parse_setting(letter);
  return trial;
}

TrialBook::TrialBook(std::vector<TrialResult> results) {
  for (TrialResult& result : results) {
    std::string name = result.name;
    results_.insert_or_assign(std::move(name), std::move(result));
  }
}

const TrialResult& TrialBook::at(const std::string& name) const {
  const auto found = results_.find(name);
  check(found != results_.end(), "no trial is named ", name);
  return found->second;
}

}  // namespace pbgen

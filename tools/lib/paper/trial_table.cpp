#include "tools/lib/paper/trial_table.h"

#include "core/check.h"

namespace pbgen {

Trial trial_of(const Experiment& experiment, const Setting& setting) {
  const std::string name = setting_name(setting);
  if (name.size() == 1) return setting_trial(experiment, name, "dcgan", 1);
  return make_trial(experiment, concat("dcgan-", name, "-seed1"),
                    {"--binarize-g", setting.generator.to_string(), "--binarize-d", setting.discriminator.to_string(), "--loss", "dcgan", "--seed", "1"});
}

Trial marked_trial(const Experiment& experiment, std::string_view letter, std::string_view mark, const std::vector<std::string>& more) {
  Trial trial = setting_trial(experiment, letter, "dcgan", 1);
  trial.name = concat("dcgan-", letter, "-", mark, "-seed1");
  trial.arguments.insert(trial.arguments.end(), more.begin(), more.end());
  return trial;
}

std::vector<std::string> wanted_settings(const Experiment& experiment, std::string_view letters) {
  std::vector<std::string> wanted;
  for (const char letter : letters)
    if (experiment.has_setting({&letter, 1})) wanted.emplace_back(1, letter);
  return wanted;
}

}  // namespace pbgen

#include "tools/lib/paper/experiment_folder.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/trials/claimed_folder.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxExperimentBytes = 1 << 20;
constexpr const char* kName = "experiment.json";

// The training that a folder was claimed for.
RunConfig claimed_training(const std::string& path) {
  const Json claimed = parse_json(read_text_file(path, kMaxExperimentBytes), ErrorKind::data, path);
  const bool texts = claimed.is_array() && std::all_of(claimed.as_array().begin(), claimed.as_array().end(),
                                                       [](const Json& argument) { return argument.is_string(); });
  if (!texts) fail(ErrorKind::data, path, ": is no list of arguments; name another --out");
  std::vector<std::string> arguments{"--setting", "A"};  // older files leave the layers out
  for (const Json& argument : claimed.as_array()) arguments.push_back(argument.as_string());
  return run_config_of(arguments);
}

}  // namespace

void claim_folder(const Experiment& experiment) {
  Json arguments = Json::array();
  for (const std::string& argument : to_arguments(experiment.training)) arguments.push_back(Json(argument));
  if (claim_folder(experiment.out, kName, arguments.text(2) + "\n", "no experiment")) return;
  const RunConfig claimed = claimed_training(concat(experiment.out, '/', kName));
  if (claimed != experiment.training)
    fail(ErrorKind::usage, experiment.out, ": holds an experiment with other sizes, data or training (",
         first_difference(claimed, experiment.training), "); name another --out");
}

std::string trials_folder(const Experiment& experiment) { return experiment.out + "/trials"; }

std::vector<Trial> trials_of(const std::vector<const Piece*>& chosen, const Experiment& experiment) {
  std::vector<Trial> all;
  for (const Piece* const piece : chosen) {
    if (piece->trials == nullptr) continue;
    for (Trial& trial : piece->trials(experiment))
      if (std::find(all.begin(), all.end(), trial) == all.end()) all.push_back(std::move(trial));
  }
  return all;
}

}  // namespace pbgen

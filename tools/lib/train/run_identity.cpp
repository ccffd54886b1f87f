#include "tools/lib/train/run_identity.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "tools/lib/train/run_config_text.h"

namespace pbgen {
namespace {

// What may change on resume.
constexpr std::array<std::string_view, 10> kFree{"iterations",  "epochs",           "sample_every", "swd_every", "swd_repeats",
                                                 "checkpoint_every", "keep", "cache",        "data",      "init_from"};

// With what run_identity leaves out.
Json whole_identity(const RunConfig& config) {
  const Json all = to_json(config);
  Json identity = Json::object();
  for (const auto& [key, value] : all.as_object())
    if (std::find(kFree.begin(), kFree.end(), key) == kFree.end()) identity.set(key, value);
  return identity;
}

}  // namespace

Json run_identity(const RunConfig& config) {
  const Json whole = whole_identity(config);
  Json identity = Json::object();
  for (const auto& [key, value] : whole.as_object())
    if (key != "shards" || config.trainer.shards != TrainerOptions().shards) identity.set(key, value);
  return identity;
}

void apply_identity(ArgumentParser& parser, const Json& identity, const std::string& checkpoint) {
  if (!identity.is_object()) fail(ErrorKind::model_file, checkpoint, ": the options in its notes are no object");
  const Json config = parser.config();
  for (const auto& [key, value] : identity.as_object())
    if (config.find(key) == nullptr)
      fail(ErrorKind::model_file, checkpoint, ": the options in its notes have the key ", Json(key.substr(0, 64)).text(),
           ", which belongs to no run that this build knows; take the build that wrote it");
  try {
    parser.apply_config(identity, checkpoint);
  } catch (const Error& error) {
    fail(ErrorKind::model_file, error.what());
  }
}

void require_same_run(const RunConfig& config, const Json& saved, const std::string& checkpoint) {
  // A checkpoint names its layers, so that the default run's average is not its.
  const std::vector<std::string> loss_alone{"--setting", "A", "--loss", std::string(loss_name(config.trainer.loss))};
  const Json unsaid = whole_identity(run_config_of(loss_alone));
  const Json identity = whole_identity(config);
  std::string differences;
  for (const auto& [key, value] : identity.as_object()) {
    const Json* const before = saved.find(key);
    if (key == "isa") continue;
    // Before there was --conv, its default was another.
    if (before == nullptr && (key == "conv" || value == *unsaid.find(key))) continue;
    if (before != nullptr && *before == value) continue;
    differences += concat(differences.empty() ? "" : "; ", key, " ", value.text(), " (checkpoint: ", before ? before->text() : "none", ")");
  }
  if (!differences.empty()) {
    fail(ErrorKind::usage, "--resume ", checkpoint, ": a run goes on as it began; these differ: ", differences,
         ". Leave them out, or begin a new run with --init-from");
  }
}

}  // namespace pbgen

#include "tools/lib/train/run_config_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/check.h"
#include "tools/lib/cli/flag_names.h"
#include "tools/lib/train/train_flags.h"

namespace pbgen {
namespace {

// Always among the arguments: what a run is known by, and what other defaults depend on.
constexpr std::array<std::string_view, 3> kAlwaysSaid{"binarize_g", "binarize_d", "loss"};

constexpr std::array kNoPartOfARun{"--out",     "--resume",  "--force",       "--dry-run", "--ranks",
                                   "--bandwidth", "--threads", "--mpi-timeout", "--profile", "--config"};

// A member of config.json as words of a command line; none where it says nothing.
std::vector<std::string> words_of(const std::string& key, const Json& value) {
  const std::string flag = flag_of_field(key);
  if (value.is_null()) return {};
  if (value.is_bool()) return value.as_bool() ? std::vector{flag} : std::vector<std::string>{};
  const std::string text = value.is_string() ? value.as_string() : value.text();
  if (text.empty()) return {};
  if (text.starts_with('-')) return {concat(flag, '=', text)};  // it may begin as a flag does
  return {flag, text};
}

std::string said(const std::string& key, const Json& value) {
  std::string text;
  for (const std::string& word : words_of(key, value)) text += concat(text.empty() ? "" : " ", word);
  return text.empty() ? concat("no ", flag_of_field(key)) : text;
}

}  // namespace

Json to_json(const RunConfig& config) {
  TrainFlags flags;
  flags.said = config;
  ArgumentParser parser("train_gan", "");
  declare_train_flags(parser, flags);
  return parser.config();
}

RunConfig run_config_of(const Json& object, const std::string& source) {
  TrainFlags flags;
  ArgumentParser parser("train_gan", "");
  declare_train_flags(parser, flags);
  parser.apply_config(object, source);
  return run_config(parser, flags);
}

std::vector<std::string> to_arguments(const RunConfig& config) {
  const std::string loss = std::string(loss_name(config.trainer.loss));
  const Json unsaid = to_json(run_config_of(std::vector<std::string>{"--binarize-g", "none", "--binarize-d", "none", "--loss", loss}));
  std::vector<std::string> arguments;
  for (const auto& [key, value] : to_json(config).as_object()) {
    const bool always = std::find(kAlwaysSaid.begin(), kAlwaysSaid.end(), key) != kAlwaysSaid.end();
    if (!always && value == *unsaid.find(key)) continue;
    for (std::string& word : words_of(key, value)) arguments.push_back(std::move(word));
  }
  return arguments;
}

RunConfig run_config_of(const std::vector<std::string>& arguments) {
  TrainFlags flags;
  ArgumentParser parser("train_gan", "");
  declare_train_flags(parser, flags);
  for (const char* const name : kNoPartOfARun) parser.option(name).withdraw("is no part of what a run is; leave it out");
  std::vector<const char*> words{"train_gan"};
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") fail(ErrorKind::usage, argument, ": is no part of what a run is; leave it out");
    words.push_back(argument.c_str());
  }
  check(parser.parse(static_cast<int>(words.size()), words.data()), "train_gan's arguments ask for help");
  return run_config(parser, flags);
}

std::string first_difference(const RunConfig& saved, const RunConfig& asked) {
  const Json before = to_json(saved);
  const Json now = to_json(asked);
  for (const auto& [key, value] : now.as_object())
    if (const Json& other = *before.find(key); other != value) return concat(said(key, other), "; asked for: ", said(key, value));
  return "nothing";
}

}  // namespace pbgen

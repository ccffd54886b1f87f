#include "tools/lib/cli/flag_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/option_error.h"

namespace pbgen {
namespace {

// Fields whose flag is another word.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kOtherWords{
    {{"learning_rate", "--lr"}, {"ema_decay", "--ema"}, {"linear", "--linear-precision"}}};

}  // namespace

std::string flag_of_field(std::string_view field) {
  for (const auto& [other, flag] : kOtherWords)
    if (field == other) return std::string(flag);
  std::string flag = concat("--", field);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string told(const Error& error) {
  const auto* const naming = dynamic_cast<const OptionError*>(&error);
  return naming == nullptr ? std::string(error.what()) : naming->message([](const std::string& field) { return flag_of_field(field); });
}

}  // namespace pbgen

// What a user may say instead of a scale's own sizes, data and training: the flags of train_gan that make sense for all
// trials of an experiment at once.
#pragma once

#include <string>
#include <vector>

#include "tools/lib/cli/args.h"

namespace pbgen {

class Overrides {
 public:
  // Declares the flags, each with train_gan's name and meaning; train_gan's rules check their values.
  void declare(ArgumentParser& parser);
  // Those that were given, as arguments of train_gan: --flag=value.  All but --cache.
  std::vector<std::string> arguments() const;
  // --cache: says where decoded images are kept and nothing about them.
  std::string cache() const;

 private:
  struct Flag {
    std::string name;
    std::string value;
    // One word: a value may look like a flag.
    std::string argument() const { return name + "=" + value; }
  };
  std::vector<Flag> values_;
  bool celeba_ = false;
  bool mirror_ = false;
};

}  // namespace pbgen

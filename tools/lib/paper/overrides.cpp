#include "tools/lib/paper/overrides.h"

#include <array>

namespace pbgen {
namespace {

struct Declaration {
  const char* name;
  const char* metavar;
  const char* help;
};

constexpr const char* kCache = "--cache";

constexpr std::array kDeclarations{
    Declaration{"--data", "DIR", "train on the images in DIR; without it, on synthetic faces"},
    Declaration{"--crop", "CROP", "what is kept of each picture: WxH+X+Y or center:S"},
    Declaration{kCache, "DIR", "keep decoded images in DIR: with --data each trial maps them in place of decoding"},
    Declaration{"--holdout", "SHARE", "share of the images that are scored against and never trained on"},
    Declaration{"--swd-images", "N", "images a set when scoring"},
    Declaration{"--size", "N", "image side"},
    Declaration{"--gf-dim", "N", "generator width"},
    Declaration{"--df-dim", "N", "discriminator width"},
    Declaration{"--batch", "N", "images a step"},
    Declaration{"--lr", "X", "Adam's learning rate"},
    Declaration{"--iterations", "N", "iterations of a trial"},
    Declaration{"--epochs", "N", "passes over the images, in place of --iterations"},
};

}  // namespace

void Overrides::declare(ArgumentParser& parser) {
  parser.section("In place of the scale's own (train_gan --help has more on each)");
  // Whole before any address is taken: the parser keeps pointers to the values.
  for (const Declaration& declaration : kDeclarations) values_.push_back({declaration.name, ""});
  for (std::size_t i = 0; i < kDeclarations.size(); ++i)
    parser.add(kDeclarations[i].name, &values_[i].value, kDeclarations[i].metavar, kDeclarations[i].help).default_text("");
  parser.add("--celeba", &celeba_, "the crop for aligned CelebA");
  parser.add("--mirror", &mirror_, "mirror images at random");
}

std::vector<std::string> Overrides::arguments() const {
  std::vector<std::string> arguments;
  for (const Flag& flag : values_) {
    if (!flag.value.empty() && flag.name != kCache) arguments.push_back(flag.argument());
  }
  if (celeba_) arguments.emplace_back("--celeba");
  if (mirror_) arguments.emplace_back("--mirror");
  return arguments;
}

std::string Overrides::cache() const {
  for (const Flag& flag : values_)
    if (flag.name == kCache) return flag.value;
  return "";
}

}  // namespace pbgen

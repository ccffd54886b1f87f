// Fields of the engine's options, as a tool's user knows them.
#include "tools/lib/cli/flag_names.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/option_error.h"
#include "data/crop.h"
#include "gan/trainer.h"
#include "tools/lib/train/train_flags.h"

namespace pbgen {
namespace {

TEST(FlagNames, AnErrorOfTheEnginesIsToldWithFlags) {
  EXPECT_EQ(told(InvalidOption("ema_decay", 2, "a decay")), "--ema 2: expected a decay");
  EXPECT_EQ(told(InvalidOption("d_steps", 0, "1 to 100")), "--d-steps 0: expected 1 to 100");
  EXPECT_EQ(told(Error(ErrorKind::data, "batch: as it is")), "batch: as it is");
  try {
    parse_crop("nowhere");
    FAIL() << "a crop was taken";
  } catch (const Error& error) {
    EXPECT_EQ(told(error).find("--crop nowhere: expected WxH+X+Y"), 0u) << told(error);
  }
}

// Every field that the engine names in an error: train_gan has a flag of that name.
TEST(FlagNames, WhatTheEngineNamesIsAFlagOfTrainGan) {
  TrainFlags flags;
  ArgumentParser parser("train_gan", "");
  declare_train_flags(parser, flags);
  const std::vector<std::string> fields = {"batch",    "d_steps",  "g_steps", "ema_decay", "clip", "size",   "channels", "z_dim",
                                           "g_widths", "d_widths", "setting", "loss",      "crop", "on_bad", "conv",     "binarize_g",
                                           "binarize_d", "learning_rate", "smooth", "seed", "holdout", "cache", "threads"};
  for (const std::string& field : fields) EXPECT_NO_THROW(parser.option(flag_of_field(field))) << field;
  EXPECT_EQ(flag_of_field("linear"), "--linear-precision");  // of plan and export
}

}  // namespace
}  // namespace pbgen

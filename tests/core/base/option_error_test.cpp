// Errors that name options: by their fields, or by the names that a caller has for them.
#include "core/base/option_error.h"

#include <gtest/gtest.h>

#include <string>

namespace pbgen {
namespace {

std::string in_brackets(const std::string& field) { return "<" + field + ">"; }

TEST(OptionError, AnInvalidOptionTellsFieldValueAndRule) {
  const InvalidOption error("d_steps", 0, "1 to 100");
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_EQ(error.field(), "d_steps");
  EXPECT_EQ(error.value(), "0");
  EXPECT_EQ(error.rule(), "1 to 100");
  EXPECT_STREQ(error.what(), "d_steps 0: expected 1 to 100");
  EXPECT_EQ(error.message(in_brackets), "<d_steps> 0: expected 1 to 100");
  EXPECT_STREQ(InvalidOption("setting", "", "a letter").what(), "setting '': expected a letter");
}

TEST(OptionError, OnlyOptionsAreRenamedNotWhatLooksLikeOne) {
  try {
    fail_naming_options(ErrorKind::data, "batch/size: ", 7, " images; lower ", OptionName{"batch"}, " or ", OptionName{"holdout"});
    FAIL() << "nothing was thrown";
  } catch (const OptionError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_STREQ(error.what(), "batch/size: 7 images; lower batch or holdout");
    EXPECT_EQ(error.message(in_brackets), "batch/size: 7 images; lower <batch> or <holdout>");
  }
}

}  // namespace
}  // namespace pbgen

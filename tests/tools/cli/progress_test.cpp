// Quantities for people, and the progress line with a clock of the test's own.
#include "tools/lib/cli/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

TEST(Format, DurationsGrowTheirUnits) {
  EXPECT_EQ(format_duration(0.9), "0:00");
  EXPECT_EQ(format_duration(7.0), "0:07");
  EXPECT_EQ(format_duration(65.0), "1:05");
  EXPECT_EQ(format_duration(3599.9), "59:59");
  EXPECT_EQ(format_duration(2 * 3600.0 + 3 * 60.0), "2 h 03 min");
  EXPECT_EQ(format_duration(86399.0), "23 h 59 min");
  EXPECT_EQ(format_duration(3 * 86400.0 + 4 * 3600.0), "3 d 04 h");
  for (const double unknown : {-1.0, std::nan(""), std::numeric_limits<double>::infinity(), 1e300})
    EXPECT_EQ(format_duration(unknown), "?");
}

TEST(Format, BytesAreDecimalWithTwoDigitsAtLeast) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.0 kB");
  EXPECT_EQ(format_bytes(1540), "1.5 kB");
  EXPECT_EQ(format_bytes(9990), "10 kB");
  EXPECT_EQ(format_bytes(999499), "999 kB");
  EXPECT_EQ(format_bytes(999999), "1.0 MB");
  EXPECT_EQ(format_bytes(2489536512), "2.5 GB");
  EXPECT_EQ(format_bytes(std::numeric_limits<std::int64_t>::max()), "9223372 TB");
}

TEST(Format, WholeNumbersComeInGroupsOfThree) {
  EXPECT_EQ(grouped_text(0), "0");
  EXPECT_EQ(grouped_text(999), "999");
  EXPECT_EQ(grouped_text(1000), "1,000");
  EXPECT_EQ(grouped_text(-128), "-128");
  EXPECT_EQ(grouped_text(-1234567), "-1,234,567");
  EXPECT_EQ(grouped_text(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(Format, RatesShowTwoDigits) {
  EXPECT_EQ(format_rate(0.0), "0.000");
  EXPECT_EQ(format_rate(0.0521), "0.052");
  EXPECT_EQ(format_rate(0.521), "0.52");
  EXPECT_EQ(format_rate(5.21), "5.2");
  EXPECT_EQ(format_rate(9.96), "10");
  EXPECT_EQ(format_rate(1234.4), "1234");
  EXPECT_EQ(format_rate(std::nan("")), "?");
}

// A progress whose output and time are the test's.
class ProgressTest : public testing::Test {
 protected:
  ~ProgressTest() override { std::fclose(out_); }

  ProgressOptions options(ProgressOptions::Style style) {
    ProgressOptions result;
    result.out = out_;
    result.style = style;
    result.clock = [this] { return now_; };
    return result;
  }

  // What was written since the last call.
  std::string written() {
    std::string text;
    std::fseek(out_, read_, SEEK_SET);
    for (int c = std::fgetc(out_); c != EOF; c = std::fgetc(out_)) text.push_back(static_cast<char>(c));
    read_ = std::ftell(out_);
    std::fseek(out_, 0, SEEK_END);
    return text;
  }

  std::FILE* out_ = std::tmpfile();
  double now_ = 1000.0;
  long read_ = 0;
};

using Style = ProgressOptions::Style;

TEST_F(ProgressTest, PlainLinesComeSeldomAndNeverWithControlCharacters) {
  Progress progress("decoding", 1000, options(Style::plain));
  progress.update(10, "early");
  EXPECT_EQ(written(), "");
  now_ += 2.0;
  progress.update(100, "1 skipped");
  EXPECT_EQ(written(), "decoding 100/1000 (10%), 50/s, ETA 0:18, 1 skipped\n");
  now_ += 1.9;
  progress.update(200);
  EXPECT_EQ(written(), "");
  now_ += 6.1;
  progress.update(1000);
  progress.finish("2 skipped");
  EXPECT_EQ(written(), "decoding 1000/1000 (100%), 100/s, ETA 0:00\ndecoding 1000 in 0:10, 100/s, 2 skipped\n");
}

TEST_F(ProgressTest, PlainLinesOfALongJobComeOnceAMinute) {
  Progress progress("training", 100000, options(Style::plain));
  int lines = 0;
  for (int second = 0; second < 7200; ++second) {
    now_ += 1.0;
    progress.update(second);
    const std::string text = written();
    if (second >= 3600) lines += static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }
  EXPECT_EQ(lines, 60);
}

TEST_F(ProgressTest, ALiveLineIsRewrittenInPlaceAndEndedOnce) {
  Progress progress("training", 200, options(Style::live));
  progress.update(1);
  EXPECT_EQ(written(), "");
  now_ += 1.0;
  progress.update(50, "D 0.70");
  EXPECT_EQ(written(), "\rtraining 50/200 (25%), 50/s, ETA 0:03, D 0.70\x1b[K");
  now_ += 0.05;
  EXPECT_FALSE(progress.due());
  progress.update(51);
  EXPECT_EQ(written(), "");
  progress.note("saved");
  EXPECT_EQ(written(), "\rsaved\x1b[K\n\rtraining 51/200 (25%), 50/s, ETA 0:02, D 0.70\x1b[K");
  progress.finish();
  progress.finish();
  EXPECT_EQ(written(), "\rtraining 51/200 in 0:01, 49/s\x1b[K\n");
}

TEST_F(ProgressTest, ALiveLineIsCutToTheWidthAtAWholeCharacter) {
  {
    Progress progress("work", 0, options(Style::live));
    now_ += 1.0;
    std::string extra;
    for (int i = 0; i < 100; ++i) extra += "\xc3\xa9";
    progress.update(3, extra);
    // A file has no width: 80 columns, of which the last stays free.
    std::string expected = "\rwork 3, 3.0/s, ";
    for (std::size_t used = expected.size() - 1; used < 79; ++used) expected += "\xc3\xa9";
    EXPECT_EQ(written(), expected + "\x1b[K");
  }
  EXPECT_EQ(written(), "\n");  // left unfinished, the line still ends
}

TEST_F(ProgressTest, RatesCountItemsSinceTheStartOfAResumedRun) {
  ProgressOptions resumed = options(Style::plain);
  resumed.start = 1000;
  resumed.items_per_step = 64.0;
  resumed.unit = "img";
  Progress progress("training", 2000, resumed);
  EXPECT_TRUE(std::isnan(progress.rate()));
  now_ += 10.0;
  progress.update(1100, "D 0.70");
  EXPECT_EQ(written(), "training 1100/2000 (55%), 640 img/s, ETA 1:30, D 0.70\n");
  EXPECT_EQ(progress.rate(), 640.0);
  progress.finish();
  EXPECT_EQ(written(), "training 1100/2000 in 0:10, 640 img/s\n");
}

TEST_F(ProgressTest, TheRateForgetsWhatIsLongPast) {
  Progress progress("training", 0, options(Style::live));
  std::int64_t done = 0;
  for (int second = 0; second < 100; ++second) {
    now_ += 1.0;
    progress.update(done += second < 50 ? 1000 : 10);
  }
  EXPECT_EQ(progress.rate(), 10.0);
}

}  // namespace
}  // namespace pbgen

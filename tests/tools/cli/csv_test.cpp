// CSV: what is written is read back, and broken files are refused.
#include "tools/lib/cli/csv.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/check.h"
#include "tests/support/contains.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

TEST(Csv, ReadsBackWhatItWrote) {
  const Table table{{"name", "a,b", "say \"x\""}, {{"plain", "1,000", "two\nlines"}, {"", "\"", "\r"}, {"short"}}};
  const Table read = parse_csv(csv_text(table), "t.csv");
  EXPECT_EQ(read.header, table.header);
  ASSERT_EQ(read.rows.size(), 3u);
  EXPECT_EQ(read.rows[0], table.rows[0]);
  EXPECT_EQ(read.rows[1], table.rows[1]);
  EXPECT_EQ(read.rows[2], table.rows[2]);
}

TEST(Csv, QuotesOnlyWhatNeedsIt) { EXPECT_EQ(csv_text({{"a", "b"}, {{"1", "x,y"}}}), "a,b\n1,\"x,y\"\n"); }

TEST(Csv, ReadsOtherPeoplesLineEnds) {
  const Table read = parse_csv("a,b\r\n1,2\r\n3,4", "t.csv");
  ASSERT_EQ(read.rows.size(), 2u);
  EXPECT_EQ(read.rows[1], (std::vector<std::string>{"3", "4"}));
}

TEST(Csv, EmptyTextIsAnEmptyTable) { EXPECT_TRUE(parse_csv("", "t.csv").header.empty()); }

void expect_refused(const std::string& text, const std::string& part) {
  const std::string message = expect_refusal(ErrorKind::data, "", [&] { static_cast<void>(parse_csv(text, "t.csv")); });
  EXPECT_TRUE(contains(message, part)) << message;
}

TEST(Csv, RefusesOpenQuotesAndLongRows) {
  expect_refused("a,b\n1,\"2\n", "t.csv: record 2");
  expect_refused("a,b\n1,2\n1,2,3\n", "t.csv: record 3 has 3 cells, the header 2");
}

}  // namespace
}  // namespace pbgen

// Runs the tests and closes on the line 'N passed, N failed' (', N skipped' where some were).
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  std::signal(SIGCHLD, SIG_DFL);  // where whoever starts the tests ignores it, nobody learns how a tool ended
  ::unsetenv("COLUMNS");           // tools' tables are then as wide as they are
  testing::InitGoogleTest(&argc, argv);
  const int result = RUN_ALL_TESTS();
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  std::printf("%d passed, %d failed", all.successful_test_count(), all.failed_test_count());
  if (all.skipped_test_count() > 0) std::printf(", %d skipped", all.skipped_test_count());
  std::printf("\n");
  return all.test_to_run_count() == 0 ? 1 : result;
}

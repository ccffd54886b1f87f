// Signals that ask a tool to stop: what is noted, and that guards nest.
#include "tools/lib/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>

namespace pbgen {
namespace {

TEST(InterruptGuard, AnInnerGuardNeitherForgetsASignalNorLetsTheNextOnePass) {
  {
    const InterruptGuard outer;
    EXPECT_EQ(InterruptGuard::signal_received(), 0);
    {
      const InterruptGuard inner;
      EXPECT_EQ(InterruptGuard::signal_received(), 0);
    }
    std::raise(SIGTERM);  // the outer guard still stands: this process goes on
    EXPECT_EQ(InterruptGuard::signal_received(), SIGTERM);
    {
      const InterruptGuard inner;
      EXPECT_EQ(InterruptGuard::signal_received(), SIGTERM);
    }
  }
  EXPECT_EQ(InterruptGuard::signal_received(), SIGTERM);
  struct sigaction now = {};
  sigaction(SIGTERM, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
  const InterruptGuard next;
  EXPECT_EQ(InterruptGuard::signal_received(), 0);
}

TEST(InterruptGuard, AHangUpIsASignalUnlessItIsIgnored) {
  {
    const InterruptGuard guard;
    std::raise(SIGHUP);
    EXPECT_EQ(InterruptGuard::signal_received(), SIGHUP);
  }
  const auto before = std::signal(SIGHUP, SIG_IGN);
  {
    const InterruptGuard guard;
    std::raise(SIGHUP);
    EXPECT_EQ(InterruptGuard::signal_received(), 0);
  }
  std::signal(SIGHUP, before);
}

TEST(InterruptGuard, APatientOneCountsTheSecondSignalAndTheFirstIsKept) {
  {
    const InterruptGuard outer;
    const InterruptGuard patient(3);
    std::raise(SIGINT);
    std::raise(SIGTERM);
    EXPECT_EQ(InterruptGuard::signal_received(), SIGINT);
    EXPECT_EQ(InterruptGuard::count(), 2);
  }
  EXPECT_EXIT(
      {
        const InterruptGuard outer;
        { const InterruptGuard patient(3); }
        std::raise(SIGINT);
        std::raise(SIGTERM);
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

}  // namespace
}  // namespace pbgen

// SIGINT, SIGTERM, SIGHUP (the terminal was closed) and SIGXCPU (the CPU seconds of `ulimit -t` or of a queue are used up): the first
// asks politely, the second ends the process at once.
#pragma once

#include <array>
#include <csignal>

namespace pbgen {

inline constexpr std::array kStopSignals{SIGINT, SIGTERM, SIGHUP, SIGXCPU};

// Installs the handlers while it lives and puts the old ones back.  Inside another one's life it changes the patience only.
// A hang-up that is ignored (nohup) stays ignored.  An interrupt that a shell has ignored for a job in the background does not: who
// sends one to that job means it, and a run that stops can go on.
// The system repeats SIGXCPU every second until it kills: it counts where it is the first signal, and no more.
class InterruptGuard {
 public:
  // The process ends at once with signal number `patience`, from 2.  Whoever has children to end takes 3, and looks at count().
  explicit InterruptGuard(int patience = 2);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  // The first signal that came since the outermost guard began, its end included; or 0.
  static int signal_received();
  // How many came since.
  static int count();

 private:
  int patience_before_;
};

}  // namespace pbgen

// SIGINT, SIGTERM and SIGHUP (the terminal was closed): the first asks politely, the second ends the process at once.
#pragma once

namespace pbgen {

// Installs the handlers while it lives and puts the old ones back.  Inside another one's life it changes the patience only.
// A hang-up that is ignored (nohup) stays ignored.
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

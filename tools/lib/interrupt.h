// SIGINT and SIGTERM: the first asks politely, the second ends the process at once.
#pragma once

namespace pbgen {

// Installs the handlers while it lives and puts the old ones back.  Inside another one's life it does nothing.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  // The signal that came since the outermost guard began, its end included; or 0.
  static int signal_received();
};

}  // namespace pbgen

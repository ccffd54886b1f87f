// SIGINT and SIGTERM: the first asks politely, the second ends the process at once.
#pragma once

namespace pbgen {

// Installs the handlers while it lives and puts the old ones back.  One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  // The signal that came, or 0.
  static int signal_received();
};

}  // namespace pbgen

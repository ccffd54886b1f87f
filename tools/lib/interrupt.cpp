#include "tools/lib/interrupt.h"

#include <csignal>
#include <unistd.h>

namespace pbgen {
namespace {

volatile std::sig_atomic_t received = 0;
int guards = 0;
struct sigaction old_interrupt;
struct sigaction old_terminate;

extern "C" void on_signal(int signal) {
  if (received != 0) _exit(128 + signal);
  received = signal;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  if (guards++ > 0) return;
  received = 0;
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &old_interrupt);
  sigaction(SIGTERM, &action, &old_terminate);
}

InterruptGuard::~InterruptGuard() {
  if (--guards > 0) return;
  sigaction(SIGINT, &old_interrupt, nullptr);
  sigaction(SIGTERM, &old_terminate, nullptr);
}

int InterruptGuard::signal_received() { return received; }

}  // namespace pbgen

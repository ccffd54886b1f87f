#include "tools/lib/cli/interrupt.h"

#include <unistd.h>

#include <cstddef>

namespace pbgen {
namespace {

volatile std::sig_atomic_t received = 0;
volatile std::sig_atomic_t received_count = 0;
volatile std::sig_atomic_t patience = 0;
int guards = 0;
std::array<struct sigaction, kStopSignals.size()> old_actions;

extern "C" void on_signal(int signal) {
  if (signal == SIGXCPU && received_count > 0) return;
  const std::sig_atomic_t count = received_count + 1;
  received_count = count;
  if (count >= patience) _exit(128 + signal);
  if (count == 1) received = signal;
}

}  // namespace

InterruptGuard::InterruptGuard(int patience_now) : patience_before_(patience) {
  patience = patience_now;
  if (guards++ > 0) return;
  received = 0;
  received_count = 0;
  struct sigaction action = {};
  action.sa_handler = on_signal;
  // One at a time: the handler counts.
  sigemptyset(&action.sa_mask);
  for (const int signal : kStopSignals) sigaddset(&action.sa_mask, signal);
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    sigaction(kStopSignals[i], nullptr, &old_actions[i]);
    const bool keep_ignoring = kStopSignals[i] == SIGHUP && old_actions[i].sa_handler == SIG_IGN;
    if (!keep_ignoring) sigaction(kStopSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  patience = patience_before_;
  if (--guards > 0) return;
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) sigaction(kStopSignals[i], &old_actions[i], nullptr);
}

int InterruptGuard::signal_received() { return received; }
int InterruptGuard::count() { return received_count; }

}  // namespace pbgen

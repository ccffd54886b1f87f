#include "tools/lib/interrupt.h"

#include <array>
#include <csignal>
#include <cstddef>
#include <unistd.h>

namespace pbgen {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t received = 0;
volatile std::sig_atomic_t received_count = 0;
volatile std::sig_atomic_t patience = 0;
int guards = 0;
std::array<struct sigaction, kSignals.size()> old_actions;

extern "C" void on_signal(int signal) {
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
  for (const int signal : kSignals) sigaddset(&action.sa_mask, signal);
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &old_actions[i]);
    const bool keep_ignoring = kSignals[i] == SIGHUP && old_actions[i].sa_handler == SIG_IGN;
    if (!keep_ignoring) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  patience = patience_before_;
  if (--guards > 0) return;
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &old_actions[i], nullptr);
}

int InterruptGuard::signal_received() { return received; }
int InterruptGuard::count() { return received_count; }

}  // namespace pbgen

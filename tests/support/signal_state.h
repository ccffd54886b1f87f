// Signals as a shell leaves them to a job in the foreground, whatever the tests themselves were started with: nohup, a job in the
// background, a service manager.
#pragma once

#include <array>
#include <csignal>
#include <cstddef>

namespace pbgen {

// While it lives, what tools handle or need has its default disposition, and no signal is blocked in this thread.
class PlainSignals {
 public:
  PlainSignals() {
    struct sigaction plain = {};
    plain.sa_handler = SIG_DFL;
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &plain, &actions_[i]);
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, &mask_);
  }
  ~PlainSignals() {
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &actions_[i], nullptr);
  }
  PlainSignals(const PlainSignals&) = delete;
  PlainSignals& operator=(const PlainSignals&) = delete;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGPIPE, SIGXFSZ, SIGCHLD};
  std::array<struct sigaction, kSignals.size()> actions_;
  sigset_t mask_;
};

}  // namespace pbgen

#include "tools/lib/cli/signals.h"

#include "tools/lib/cli/interrupt.h"

namespace pbgen {

void prepare_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t asking;
  sigemptyset(&asking);
  for (const int signal : kStopSignals) sigaddset(&asking, signal);
  pthread_sigmask(SIG_UNBLOCK, &asking, nullptr);
}

sigset_t signals_of_our_own() {
  sigset_t own;
  sigemptyset(&own);
  for (const int signal : {SIGINT, SIGTERM, SIGXCPU, SIGPIPE, SIGXFSZ}) sigaddset(&own, signal);
  return own;
}

}  // namespace pbgen

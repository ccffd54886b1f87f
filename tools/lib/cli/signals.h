// What a tool does with the signals that ask nobody to stop; those that do are tools/lib/cli/interrupt.h's.
//
//   SIGPIPE, SIGXFSZ             ignored: a reader that has gone, a file that may not grow are errors of the write, which has a message,
//                                and where it was a line for a person the work goes on
//   SIGQUIT, SIGTSTP, SIGTTOU..  as the system has them: who sends SIGQUIT wants the process gone and its core, and a terminal that stops
//                                background jobs when they write was set to do so
#pragma once

#include <csignal>

namespace pbgen {

// Once, at a tool's start: ignores the first two, lets through what whoever started us had blocked of the signals that ask to stop, and
// takes up SIGCHLD, for the ends of programs that we start are lost where it is ignored.
void prepare_signals();

// Those whose dispositions a program that we start must not inherit: ours are changed, or a shell that starts us in the background
// has them ignored.  A hang-up is none of them: under nohup, what we start outlives the terminal, too.
sigset_t signals_of_our_own();

}  // namespace pbgen

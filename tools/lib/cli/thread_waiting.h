// How OpenMP's threads wait for each other at the end of a piece of work that they share.
//
// By default they turn for milliseconds before they sleep.  Where other programs want the cores too, one that turns holds the very core
// that the awaited thread needs: training beside two busy programs fell to a tenth.  Sleeping at once (OMP_WAIT_POLICY=passive) costs a
// wake-up for each of some two hundred pieces of an iteration.  A turn of some microseconds has neither fault (core/PERF.md, "Threads
// beside other work").
#pragma once

namespace pbgen {

// Makes the waits of this process short, unless the user has said how threads wait (OMP_WAIT_POLICY, GOMP_SPINCOUNT, KMP_BLOCKTIME,
// KMP_LIBRARY) or that there is but one (OMP_NUM_THREADS=1).  GNU's runtime reads its environment before main, so that the program
// begins once more by exec, with the same arguments, environment and process number; where that is not possible it goes on as it is.
// Programs that we start find the environment as the user left it.  To be called before anything else.
void make_waits_short();

}  // namespace pbgen

/* Threads for pbgen_options.parallel_for, as a program on a computer has them (POSIX).
 *
 * How they wait decides what a busy machine makes of an image.  A layer is one call of run, an image five of them, of 0.1 ms each: to
 * sleep at each costs a wake-up, some 50 us, five times.  A thread that turns until the next call or the last piece comes loses nothing
 * while each thread has a core of its own; but where other work runs, it holds the very core that the thread needs that it waits for,
 * until the system takes it away, which is after milliseconds: images of 2 ms took up to 173 ms.  So wait by turning as long as a
 * wake-up takes, and then sleep: what is lost is never more than twice what the better way would lose.  gan/edge/PERF.md has measurements.
 */
#pragma once

#include "pbgen.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct thread_pool thread_pool;

/* threads: with the calling one, 1 to 1024.  turn_ns: nanoseconds to turn before sleeping: THREAD_POOL_TURN_NS; 0 sleeps at once, INT64_MAX
 * never.  Null where memory or threads are missing. */
#define THREAD_POOL_TURN_NS 50000
thread_pool* thread_pool_start(int threads, int64_t turn_ns);
/* For options; one call of the library at a time. */
pbgen_parallel_for thread_pool_parallel_for(thread_pool* pool);
/* Ends the threads.  No call is under way.  Of null it does nothing. */
void thread_pool_stop(thread_pool* pool);

#ifdef __cplusplus
}
#endif

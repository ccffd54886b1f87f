#define _POSIX_C_SOURCE 200809L
#include "thread_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

/* Pieces are taken from `work`: the call's number, and how many pieces of it nobody has taken.  A thread that comes late finds another
 * number there, and takes nothing of a call that it does not know. */
struct event {
  atomic_int sleepers;
  pthread_cond_t happened;
};

struct thread_pool {
  _Atomic uint64_t work;
  atomic_int unfinished;
  atomic_bool stopping;
  struct event called;   /* the other threads wait for it */
  struct event finished; /* the calling one does */
  void (*body)(void* body_context, int index); /* of the call under way */
  void* body_context;
  uint32_t call;
  int64_t turn_ns;
  pthread_mutex_t mutex;
  int thread_count;
  pthread_t threads[];
};

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Tells the core that it turns, so that its other hardware thread goes on. */
static void pause_turn(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__ARM_ARCH_7A__)
  __asm__ volatile("yield");
#endif
}

/* Returns when ready says so: turns for a while, then sleeps.  A sleeper counts itself before it looks for the last time, and who
 * changes something looks for sleepers afterwards, so that one of them sees the other. */
static void wait_for(struct event* event, thread_pool* pool, bool (*ready)(thread_pool* pool, uint32_t call), uint32_t call) {
  if (pool->turn_ns > 0) {
    const int64_t begin = now_ns();
    do {
      for (int turn = 0; turn < 16; ++turn) {
        if (ready(pool, call)) return;
        pause_turn();
      }
    } while (now_ns() - begin < pool->turn_ns);
  }
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&event->sleepers, 1);
  while (!ready(pool, call)) pthread_cond_wait(&event->happened, &pool->mutex);
  atomic_fetch_sub(&event->sleepers, 1);
  pthread_mutex_unlock(&pool->mutex);
}

static void wake_sleepers(struct event* event, thread_pool* pool) {
  if (atomic_load(&event->sleepers) == 0) return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&event->happened);
  pthread_mutex_unlock(&pool->mutex);
}

static bool has_other_call(thread_pool* pool, uint32_t call) {
  return (uint32_t)(atomic_load(&pool->work) >> 32) != call || atomic_load(&pool->stopping);
}

static bool is_finished(thread_pool* pool, uint32_t call) {
  (void)call;
  return atomic_load(&pool->unfinished) == 0;
}

/* Runs pieces of a call until none is left.  The call cannot end before a piece that was taken does, so its body stays what it is. */
static void run_pieces(thread_pool* pool, uint32_t call) {
  uint64_t work = atomic_load(&pool->work);
  while ((uint32_t)(work >> 32) == call && (uint32_t)work > 0) {
    if (!atomic_compare_exchange_weak(&pool->work, &work, work - 1)) continue;
    pool->body(pool->body_context, (int)(uint32_t)work - 1);
    if (atomic_fetch_sub(&pool->unfinished, 1) == 1) wake_sleepers(&pool->finished, pool);
    work = atomic_load(&pool->work);
  }
}

static void* work_on(void* context) {
  thread_pool* const pool = context;
  uint32_t call = 0;
  for (;;) {
    wait_for(&pool->called, pool, has_other_call, call);
    if (atomic_load(&pool->stopping)) return NULL;
    call = (uint32_t)(atomic_load(&pool->work) >> 32);
    run_pieces(pool, call);
  }
}

static void run(void* context, int count, void (*body)(void* body_context, int index), void* body_context) {
  thread_pool* const pool = context;
  if (count < 1) return;
  pool->body = body;
  pool->body_context = body_context;
  const uint32_t call = ++pool->call;
  atomic_store(&pool->unfinished, count);
  atomic_store(&pool->work, (uint64_t)call << 32 | (uint32_t)count);
  wake_sleepers(&pool->called, pool);
  run_pieces(pool, call);
  wait_for(&pool->finished, pool, is_finished, call);
}

thread_pool* thread_pool_start(int threads, int64_t turn_ns) {
  if (threads < 1 || threads > 1024) return NULL;
  thread_pool* const pool = calloc(1, sizeof *pool + (size_t)threads * sizeof pool->threads[0]);
  if (pool == NULL) return NULL;
  pool->turn_ns = turn_ns;
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->called.happened, NULL);
  pthread_cond_init(&pool->finished.happened, NULL);
  for (; pool->thread_count < threads - 1; ++pool->thread_count)
    if (pthread_create(&pool->threads[pool->thread_count], NULL, work_on, pool) != 0) {
      thread_pool_stop(pool);
      return NULL;
    }
  return pool;
}

pbgen_parallel_for thread_pool_parallel_for(thread_pool* pool) {
  const pbgen_parallel_for parallel = {run, pool, pool->thread_count + 1};
  return parallel;
}

void thread_pool_stop(thread_pool* pool) {
  if (pool == NULL) return;
  atomic_store(&pool->stopping, true);
  wake_sleepers(&pool->called, pool);
  for (int i = 0; i < pool->thread_count; ++i) pthread_join(pool->threads[i], NULL);
  pthread_cond_destroy(&pool->called.happened);
  pthread_cond_destroy(&pool->finished.happened);
  pthread_mutex_destroy(&pool->mutex);
  free(pool);
}

/* How long single images take on several threads, beside whatever else the machine does, by how the threads wait (thread_pool.h).
 *
 *   pbgen_latency MODEL [THREADS [IMAGES]]
 *   waiting by       median ms    90% ms    99% ms   most ms  checksum
 *   turning alone        0.612     8.114    24.020    36.102  6f12a589
 *   ...
 *
 *   cc -std=c11 -pthread -Igan/edge gan/edge/examples/latency.c gan/edge/examples/thread_pool.c build/libpbgen.a -o pbgen_latency
 */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "thread_pool.h"

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static int compare(const void* a, const void* b) {
  const double x = *(const double*)a;
  const double y = *(const double*)b;
  return (x > y) - (x < y);
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint32_t checksum(const uint8_t* bytes, size_t count, uint32_t sum) {
  for (size_t i = 0; i < count; ++i) sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

struct Waiting {
  const char* name;
  int64_t turn_ns;
};

static void* memory(size_t bytes) {
  void* const place = malloc(bytes);
  if (place == NULL) {
    fputs("pbgen_latency: there is no memory\n", stderr);
    exit(1);
  }
  return place;
}

/* One line.  times: of `images` images. */
static int measure(pbgen_bytes file, int threads, int images, double* times, struct Waiting waiting) {
  thread_pool* const pool = thread_pool_start(threads, waiting.turn_ns);
  if (pool == NULL) {
    fputs("pbgen_latency: no memory or threads\n", stderr);
    exit(1);
  }
  pbgen_options options = {0};
  options.parallel_for = thread_pool_parallel_for(pool);
  pbgen_info info;
  pbgen_model* model;
  int code = pbgen_query(file.data, file.size, &options, &info);
  void* const arena = code == PBGEN_OK ? memory(info.arena_bytes) : NULL;
  uint8_t* const image = code == PBGEN_OK ? memory(info.image_bytes) : NULL;
  if (code == PBGEN_OK) code = pbgen_open(file.data, file.size, &options, arena, info.arena_bytes, &model);
  uint32_t sum = 2166136261u;
  for (int i = 0; i < images && code == PBGEN_OK; ++i) {
    const double begin = milliseconds();
    code = pbgen_generate_seed(model, 1, (uint64_t)i, image);
    times[i] = milliseconds() - begin;
    sum = checksum(image, info.image_bytes, sum);
  }
  thread_pool_stop(pool);
  free(image);
  free(arena);
  if (code != PBGEN_OK) return code;
  qsort(times, (size_t)images, sizeof *times, compare);
  printf("%-16s %9.3f %9.3f %9.3f %9.3f  %08x\n", waiting.name, times[images / 2], times[images * 9L / 10], times[images * 99L / 100],
         times[images - 1], sum);
  return PBGEN_OK;
}

static void print_usage(FILE* out) {
  fputs("usage: pbgen_latency MODEL [THREADS [IMAGES]]\n"
        "\n"
        "Draws IMAGES images (default 300) of an exported model on THREADS threads (default 2), one after the other, and prints how long\n"
        "single images took, once for each way in which the threads wait for each other.\n"
        "\n"
        "Exit codes: 0 done, 1 MODEL cannot be read or drawn, 2 usage\n",
        out);
}

int main(int argc, char** argv) {
  if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    print_usage(stdout);
    return fflush(stdout) == 0 ? 0 : 1;
  }
  char* threads_end = "";
  char* images_end = "";
  const long threads = argc > 2 ? strtol(argv[2], &threads_end, 10) : 2;
  const long images = argc > 3 ? strtol(argv[3], &images_end, 10) : 300;
  const bool numbers = *threads_end == '\0' && *images_end == '\0';
  if (argc < 2 || argc > 4 || !numbers || threads < 1 || threads > 1024 || images < 1 || images > 1000000) {
    print_usage(stderr);
    return 2;
  }
  static const struct Waiting ways[] = {
      {"turning alone", INT64_MAX}, {"sleeping alone", 0}, {"turning, sleep", THREAD_POOL_TURN_NS}};
  pbgen_bytes file;
  double* const times = memory((size_t)images * sizeof *times);
  int code = pbgen_map_file(argv[1], &file);
  if (code == PBGEN_OK) {
    puts("waiting by       median ms    90% ms    99% ms   most ms  checksum");
    for (size_t way = 0; way < sizeof ways / sizeof ways[0] && code == PBGEN_OK; ++way)
      code = measure(file, (int)threads, (int)images, times, ways[way]);
    pbgen_unmap_file(&file);
  }
  free(times);
  if (code != PBGEN_OK) fprintf(stderr, "pbgen_latency: MODEL: %s\n", pbgen_error_text(code));
  return code == PBGEN_OK ? 0 : 1;
}

/* What a model takes of a device: opens MODEL, draws one image, and prints one line of the time to it and of the memory.
 *
 *   footprint MODEL [NANOSECONDS]
 *   first_image_ms=4.310 open_ms=2.604 image_ms=0.931 VmHWM_kB=5376 RssAnon_kB=1756 RssFile_kB=3620
 *
 * NANOSECONDS: the monotonic clock just before this program was started (clock_gettime, CLOCK_MONOTONIC); without it the time
 * counts from the beginning of main.  open_ms: mapping, checking, laying out; image_ms: the first image.
 * Memory as Linux tells it of this program alone; VmHWM: the most that was resident, the C library with it.
 *
 *   cc -std=c11 -Igan/edge gan/edge/examples/footprint.c build/libpbgen.a -o footprint
 *
 * Our Makefile says which version and commit it builds, and by which compiler.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pbgen.h"

#ifndef FOOTPRINT_VERSION
#define FOOTPRINT_VERSION "of no known version"
#endif
#ifndef FOOTPRINT_COMPILER
#define FOOTPRINT_COMPILER "unknown"
#endif

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static double milliseconds(int64_t from, int64_t to) { return (double)(to - from) * 1e-6; }

/* " VmHWM_kB=5376 ...", as far as the system tells. */
static void print_memory(void) {
  static const char* const names[] = {"VmHWM", "RssAnon", "RssFile"};
  char line[256];
  FILE* const status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL)
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
      const size_t length = strlen(names[i]);
      if (strncmp(line, names[i], length) == 0 && line[length] == ':') printf(" %s_kB=%ld", names[i], strtol(line + length + 1, NULL, 10));
    }
  if (status != NULL) fclose(status);
}

/* begin: of this program; start: from when the time counts. */
static int measure(pbgen_bytes file, int64_t begin, int64_t start) {
  pbgen_info info;
  pbgen_model* model;
  int code = pbgen_query(file.data, file.size, NULL, &info);
  if (code != PBGEN_OK) return code;
  void* const arena = malloc(info.arena_bytes);
  uint8_t* const image = malloc(info.image_bytes);
  code = pbgen_open(file.data, file.size, NULL, arena, info.arena_bytes, &model);
  const int64_t opened = nanoseconds();
  if (code == PBGEN_OK) code = pbgen_generate_seed(model, 1, 0, image);
  const int64_t drawn = nanoseconds();
  if (code == PBGEN_OK) {
    printf("first_image_ms=%.3f open_ms=%.3f image_ms=%.3f", milliseconds(start, drawn), milliseconds(begin, opened),
           milliseconds(opened, drawn));
    print_memory();
    puts("");
    /* A line that is lost is no measurement. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
      perror("standard output");
      exit(1);
    }
  }
  free(image);
  free(arena);
  return code;
}

static void print_usage(FILE* out) {
  fputs("footprint: what an exported model takes: time to an image, memory\n"
        "\n"
        "Usage: footprint MODEL [NANOSECONDS]\n"
        "\n"
        "Opens an exported model, draws one image, and prints one line: the\n"
        "milliseconds to that image, of opening and of drawing, and the kB of\n"
        "memory that this program takes (VmHWM: the most that was resident, the\n"
        "C library with it).\n"
        "\n"
        "  MODEL        a file that export wrote (--to packed)\n"
        "  NANOSECONDS  the monotonic clock just before this program was started\n"
        "               (CLOCK_MONOTONIC): the time to the first image counts\n"
        "               from then; without it, from the beginning of main\n"
        "  --help, -h   this text\n"
        "  --version    version and commit, the kernels that this processor\n"
        "               takes, the compiler\n"
        "\n"
        "Exit codes: 0 done, 1 MODEL cannot be read or drawn, 2 usage\n",
        out);
}

/* The fastest kernels that libpbgen has for this processor; paths are looked at before the bytes, of which there are none here. */
static const char* kernels(void) {
  static const struct {
    int path;
    const char* name;
  } fast[] = {{PBGEN_PATH_AVX512, "avx512"}, {PBGEN_PATH_AVX2, "avx2"}, {PBGEN_PATH_NEON, "neon"}};
  pbgen_options options = {0};
  pbgen_info info;
  for (size_t i = 0; i < sizeof fast / sizeof fast[0]; ++i) {
    options.path = fast[i].path;
    if (pbgen_query(NULL, 0, &options, &info) != PBGEN_NO_PATH) return fast[i].name;
  }
  return "portable";
}

int main(int argc, char** argv) {
  const int64_t begin = nanoseconds();
  if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    print_usage(stdout);
    return fflush(stdout) == 0 ? 0 : 1;
  }
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    printf("footprint %s\nkernels: %s\ncompiler: %s\n", FOOTPRINT_VERSION, kernels(), FOOTPRINT_COMPILER);
    return fflush(stdout) == 0 ? 0 : 1;
  }
  char* end = "";
  const int64_t start = argc == 3 ? strtoll(argv[2], &end, 10) : begin;
  if ((argc != 2 && argc != 3) || *end != '\0') {
    print_usage(stderr);
    return 2;
  }
  pbgen_bytes file;
  int code = pbgen_map_file(argv[1], &file);
  if (code == PBGEN_OK) {
    code = measure(file, begin, start);
    pbgen_unmap_file(&file);
  }
  if (code != PBGEN_OK) fprintf(stderr, "footprint: MODEL: %s\n", pbgen_error_text(code));
  return code == PBGEN_OK ? 0 : 1;
}

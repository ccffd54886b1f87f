/* Writes one image of an exported model as a PPM or PGM picture:  pbgen_example MODEL SEED > face.ppm
 *
 *   cc -std=c11 -Igan/edge gan/edge/examples/generate.c build/libpbgen.a -o pbgen_example
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbgen.h"

static void fail_on(const char* what) {
  perror(what);
  exit(1);
}

static int generate(pbgen_bytes file, uint64_t seed) {
  pbgen_info info;
  pbgen_model* model;
  int code = pbgen_query(file.data, file.size, NULL, &info);
  if (code != PBGEN_OK) return code;
  void* arena = malloc(info.arena_bytes);
  uint8_t* image = malloc(info.image_bytes);
  if (arena == NULL || image == NULL) fail_on("memory");
  code = pbgen_open(file.data, file.size, NULL, arena, info.arena_bytes, &model);
  if (code == PBGEN_OK) code = pbgen_generate_seed(model, seed, 0, image);
  if (code == PBGEN_OK) {
    printf("P%c %d %d 255\n", info.channels == 3 ? '6' : '5', info.width, info.height);
    fwrite(image, 1, info.image_bytes, stdout);
    if (fflush(stdout) != 0 || ferror(stdout)) fail_on("standard output");
  }
  free(image);
  free(arena);
  return code;
}

static void print_usage(FILE* out) {
  fputs("usage: pbgen_example MODEL SEED > face.ppm\n"
        "\n"
        "Writes the first image that generate --seed SEED draws from an exported model, as a PPM or, where it is grey, PGM picture.\n"
        "\n"
        "Exit codes: 0 done, 1 MODEL cannot be read or drawn, or the picture cannot be written, 2 usage\n",
        out);
}

int main(int argc, char** argv) {
  if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    print_usage(stdout);
    return fflush(stdout) == 0 ? 0 : 1;
  }
  char* end = "";
  const uint64_t seed = argc == 3 ? strtoull(argv[2], &end, 10) : 0;
  if (argc != 3 || *end != '\0') {
    print_usage(stderr);
    return 2;
  }
  pbgen_bytes file;
  int code = pbgen_map_file(argv[1], &file);
  if (code == PBGEN_OK) {
    code = generate(file, seed);
    pbgen_unmap_file(&file);
  }
  if (code != PBGEN_OK) fprintf(stderr, "pbgen_example: MODEL: %s\n", pbgen_error_text(code));
  return code == PBGEN_OK ? 0 : 1;
}

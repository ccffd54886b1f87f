/* Writes one image of an exported model as a PPM or PGM picture:  pbgen_example MODEL SEED > face.ppm
 *
 *   cc -std=c11 -Igan/edge gan/edge/examples/generate.c build/libpbgen.a -o pbgen_example
 */
#include <stdio.h>
#include <stdlib.h>

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
    if (fflush(stdout) != 0) fail_on("standard output");
  }
  free(image);
  free(arena);
  return code;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s MODEL SEED > face.ppm\n", argv[0]);
    return 2;
  }
  pbgen_bytes file;
  int code = pbgen_map_file(argv[1], &file);
  if (code == PBGEN_OK) {
    code = generate(file, strtoull(argv[2], NULL, 10));
    pbgen_unmap_file(&file);
  }
  if (code != PBGEN_OK) fprintf(stderr, "%s: %s\n", argv[1], pbgen_error_text(code));
  return code == PBGEN_OK ? 0 : 1;
}

/* Writes images of an exported model as one PPM or PGM picture:  pbgen_example MODEL SEED [COUNT] > face.ppm
 *
 * With COUNT, a walk: so many images side by side, from the seed's first to its second.
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

static void* memory(size_t bytes) {
  void* const place = malloc(bytes);
  if (place == NULL) fail_on("memory");
  return place;
}

/* strip: `count` images side by side, so that a row of it is `count` rows of theirs. */
static int walk(pbgen_model* model, const pbgen_info* info, uint64_t seed, int count, uint8_t* strip) {
  const size_t z_dim = (size_t)info->z_dim;
  const ptrdiff_t image_row = (ptrdiff_t)info->width * info->channels;
  float* const from = memory(3 * z_dim * sizeof(float));
  float* const to = from + z_dim;
  float* const z = to + z_dim;
  pbgen_target target = {0};
  target.row_stride = count * image_row;
  int code = pbgen_latent(seed, 0, info->z_dim, from);
  if (code == PBGEN_OK) code = pbgen_latent(seed, 1, info->z_dim, to);
  for (int i = 0; code == PBGEN_OK && i < count; ++i) {
    const float t = count > 1 ? (float)i / (float)(count - 1) : 0.0f;
    target.pixels = strip + i * image_row;
    code = pbgen_walk(PBGEN_WALK_SPHERICAL, from, to, t, info->z_dim, z);
    if (code == PBGEN_OK) code = pbgen_draw(model, z, &target);
  }
  free(from);
  return code;
}

static int generate(pbgen_bytes file, uint64_t seed, int count) {
  pbgen_info info;
  pbgen_model* model;
  int code = pbgen_query(file.data, file.size, NULL, &info);
  if (code != PBGEN_OK) return code;
  const size_t strip_bytes = (size_t)count * info.image_bytes;
  void* const arena = memory(info.arena_bytes);
  uint8_t* const strip = memory(strip_bytes);
  code = pbgen_open(file.data, file.size, NULL, arena, info.arena_bytes, &model);
  if (code == PBGEN_OK) code = walk(model, &info, seed, count, strip);
  if (code == PBGEN_OK) {
    printf("P%c %d %d 255\n", info.channels == 3 ? '6' : '5', count * info.width, info.height);
    fwrite(strip, 1, strip_bytes, stdout);
    if (fflush(stdout) != 0 || ferror(stdout)) fail_on("standard output");
  }
  free(strip);
  free(arena);
  return code;
}

static void print_usage(FILE* out) {
  fputs("usage: pbgen_example MODEL SEED [COUNT] > face.ppm\n"
        "\n"
        "Writes the first image that generate --seed SEED draws from an exported model, as a PPM or, where it is grey, PGM picture.\n"
        "\n"
        "  COUNT   1 to 1000: so many images side by side, on the way from that image to the seed's second\n"
        "\n"
        "Exit codes: 0 done, 1 MODEL cannot be read or drawn, or the picture cannot be written, 2 usage\n",
        out);
}

int main(int argc, char** argv) {
  if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
    print_usage(stdout);
    return fflush(stdout) == 0 ? 0 : 1;
  }
  char* seed_end = "";
  char* count_end = "";
  const uint64_t seed = argc >= 3 ? strtoull(argv[2], &seed_end, 10) : 0;
  const long count = argc == 4 ? strtol(argv[3], &count_end, 10) : 1;
  if (argc < 3 || argc > 4 || *seed_end != '\0' || *count_end != '\0' || count < 1 || count > 1000) {
    print_usage(stderr);
    return 2;
  }
  pbgen_bytes file;
  int code = pbgen_map_file(argv[1], &file);
  if (code == PBGEN_OK) {
    code = generate(file, seed, (int)count);
    pbgen_unmap_file(&file);
  }
  if (code != PBGEN_OK) fprintf(stderr, "pbgen_example: MODEL: %s\n", pbgen_error_text(code));
  return code == PBGEN_OK ? 0 : 1;
}

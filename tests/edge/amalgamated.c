/* Draws MODEL by every path that this processor has, from the library in one file (`make amalgamation`):  amalgamated MODEL SEED COUNT
 *
 * Writes for each path, by its number, COUNT images of SEED one after another, whole and then row by row; then the z half of the way from
 * image 0 to image 1 on the sphere, as floats.  amalgamated_test.cpp compares that with libpbgen. */
#include <stdio.h>
#include <stdlib.h>

#include "pbgen.h"

static size_t row_bytes;

static int write_row(void* context, int y, const void* row) {
  (void)context;
  (void)y;
  return fwrite(row, 1, row_bytes, stdout) != row_bytes;
}

static int draw(pbgen_bytes file, const pbgen_options* options, uint64_t seed, uint64_t count) {
  pbgen_info info;
  pbgen_model* model;
  int code = pbgen_query(file.data, file.size, options, &info);
  if (code != PBGEN_OK) return code;
  void* const arena = malloc(info.arena_bytes);
  uint8_t* const image = malloc(info.image_bytes);
  float* const z = malloc((size_t)info.z_dim * sizeof(float));
  if (arena == NULL || image == NULL || z == NULL) exit(3);
  row_bytes = (size_t)info.width * (size_t)info.channels;
  code = pbgen_open(file.data, file.size, options, arena, info.arena_bytes, &model);
  for (uint64_t number = 0; code == PBGEN_OK && number < count; ++number) {
    code = pbgen_generate_seed(model, seed, number, image);
    fwrite(image, 1, info.image_bytes, stdout);
    if (code == PBGEN_OK) code = pbgen_latent(seed, number, info.z_dim, z);
    if (code == PBGEN_OK) code = pbgen_draw_rows(model, z, PBGEN_CHANNELS8, write_row, NULL);
  }
  free(z);
  free(image);
  free(arena);
  return code;
}

static int walk(int z_dim, uint64_t seed) {
  float from[4096];
  float to[4096];
  int code = pbgen_latent(seed, 0, z_dim, from);
  if (code == PBGEN_OK) code = pbgen_latent(seed, 1, z_dim, to);
  if (code == PBGEN_OK) code = pbgen_walk(PBGEN_WALK_SPHERICAL, from, to, 0.5f, z_dim, from);
  if (code == PBGEN_OK) fwrite(from, sizeof(float), (size_t)z_dim, stdout);
  return code;
}

int main(int argc, char** argv) {
  pbgen_bytes file;
  pbgen_info info;
  if (argc != 4) return 2;
  const uint64_t seed = strtoull(argv[2], NULL, 10);
  int code = pbgen_map_file(argv[1], &file);
  for (int path = PBGEN_PATH_PORTABLE; code == PBGEN_OK && path <= PBGEN_PATH_AVX512; ++path) {
    pbgen_options options = {0};
    options.path = path;
    code = draw(file, &options, seed, strtoull(argv[3], NULL, 10));
    if (code == PBGEN_NO_PATH) code = PBGEN_OK;
  }
  if (code == PBGEN_OK) code = pbgen_query(file.data, file.size, NULL, &info);
  if (code == PBGEN_OK) code = walk(info.z_dim, seed);
  if (code != PBGEN_OK) fprintf(stderr, "%s\n", pbgen_error_text(code));
  return code == PBGEN_OK && fflush(stdout) == 0 ? 0 : 1;
}

/* Draws an image of a model that is part of the program, without a file, a heap or a system, and prints what that took:
 *
 *   64x64x3 image, seed 1: checksum 6f12a589
 *   arena 592320, model 913792, stack of opening 2984, of drawing 1268 bytes
 *
 * The checksum is FNV-1a (Fowler, Noll, Vo) of the image's bytes. */
#include "board.h"
#include "pbgen.h"

/* model.S */
extern const uint8_t model_begin[];
extern const uint8_t model_end[];

/* Room for a model that is not prepacked, too; a product takes what pbgen_query says of its one model. */
static uint8_t arena[2 * 1024 * 1024];
static uint8_t image[64 * 64 * 3];

static void print_number(uint32_t number) {
  char text[11];
  char* at = text + sizeof text;
  *--at = '\0';
  do *--at = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  print(at);
}

static void print_hexadecimal(uint32_t number) {
  char text[9] = {0};
  for (int digit = 0; digit < 8; ++digit) text[digit] = "0123456789abcdef"[number >> (28 - 4 * digit) & 15];
  print(text);
}

static uint32_t checksum(const uint8_t* bytes, size_t count) {
  uint32_t sum = 2166136261u;
  for (size_t i = 0; i < count; ++i) sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

static int draw_one(void) {
  const size_t model_bytes = (size_t)(model_end - model_begin);
  const pbgen_options options = {.path = PBGEN_PATH_PORTABLE};
  pbgen_info info;
  pbgen_model* model;
  int code = pbgen_query(model_begin, model_bytes, &options, &info);
  if (code != PBGEN_OK) return code;
  if (info.image_bytes > sizeof image) return PBGEN_TOO_LARGE;
  stack_watch();
  code = pbgen_open(model_begin, model_bytes, &options, arena, sizeof arena, &model);
  const size_t opening = stack_used();
  if (code != PBGEN_OK) return code;
  stack_watch();
  const uint32_t before = million_instructions();
  code = pbgen_generate_seed(model, 1, 0, image);
  const uint32_t instructions = million_instructions() - before;
  const size_t drawing = stack_used();
  if (code != PBGEN_OK) return code;

  print_number((uint32_t)info.width);
  print("x");
  print_number((uint32_t)info.height);
  print("x");
  print_number((uint32_t)info.channels);
  print(" image, seed 1: checksum ");
  print_hexadecimal(checksum(image, info.image_bytes));
  print("\narena ");
  print_number((uint32_t)info.arena_bytes);
  print(", model ");
  print_number((uint32_t)model_bytes);
  print(", stack of opening ");
  print_number((uint32_t)opening);
  print(", of drawing ");
  print_number((uint32_t)drawing);
  print(" bytes\n");
  if (instructions != 0) {
    print_number(instructions);
    print(" million instructions for the image\n");
  }
  return PBGEN_OK;
}

int draw(void) {
  const int code = draw_one();
  if (code != PBGEN_OK) {
    print(pbgen_error_text(code));
    print("\n");
  }
  return code == PBGEN_OK ? 0 : 1;
}

/* libpbgen: draws images from a model that ./tools/export wrote.  C11 and C++; nothing but a C library is needed.
 *
 *   pbgen_bytes file;
 *   pbgen_info info;  // info.arena_bytes of any memory of yours: arena; info.image_bytes: image
 *   pbgen_model* model;
 *   int code = pbgen_map_file("faces.pbgen", &file);
 *   if (code == PBGEN_OK) code = pbgen_query(file.data, file.size, NULL, &info);
 *   if (code == PBGEN_OK) code = pbgen_open(file.data, file.size, NULL, arena, info.arena_bytes, &model);   // your memory
 *   if (code == PBGEN_OK) code = pbgen_generate_seed(model, 1, 0, image);                                   // info.image_bytes
 *   if (code != PBGEN_OK) puts(pbgen_error_text(code));
 *   pbgen_unmap_file(&file);
 *
 * gan/edge/examples holds this as whole programs, in C and in Python.
 *
 * Memory.  The library allocates nothing and has no global state.  A linear layer in floats or halves and all scales are read from the
 * model's bytes, so these stay as they are while the model is used.  All else lies in one arena of the caller's, whose size
 * pbgen_query tells:
 *   - the kernels' numbers for one-bit weights.  Of a deconvolution, 8 ceil(c_in / 6) / c_in times its bits where c_out is a multiple of
 *     8: 1.34 to 1.38 at the paper's widths; of the linear layer, 32 ceil(z_dim / 30) / z_dim times: 1.28;
 *   - the floats of deconvolutions that are not in one bit, in the kernels' order, and the linear layer's shifts;
 *   - two activations, an image in floats, and a product for each part of parallel_for.
 * A model needs no closing: unmap its file, or take back its memory.  The arena's size follows from the network that the file
 * describes, and a few kilobytes may describe a large one: at most 32 times the file, 524 MB for activations (two layers' outputs of
 * at most 256 MB, and the image), and 32 MB for each part.  Look at it before you grant it.
 *
 * Threads.  The library starts none; pbgen_options takes a way to run pieces side by side.  One call at a time for each
 * model; any number of models may share the bytes of a file, each in an arena of its own.
 *
 * Results.  The same bytes for every number of parts, and on every machine of the same path, while the processor rounds to nearest
 * and whether or not it flushes denormal numbers; two paths differ, for trained models, by one grey level where a value lies
 * at the edge of two.  They are those of ./tools/generate with the same model and path, seed by seed.  A build of these
 * files by other means than our Makefile needs -ffp-contract=off, and no -ffast-math, for that.
 *
 * Errors.  Functions return a code, 0 where all went well, and leave what they would have written alone where it did not (a
 * pbgen_bytes becomes zeros).  The bytes may be hostile: every length is bounded before it is used.  The checksum finds damage, not malice.
 *
 * Versions.  Codes, functions and structs of libpbgen.so.1 stay as they are; what would change one of them changes that number.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PBGEN_API __attribute__((visibility("default")))
#else
#define PBGEN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of exported models that this library reads; it refuses others (PBGEN_VERSION). */
#define PBGEN_MODEL_VERSION 1

/* Numbers stay what they are; new ones are appended. */
enum pbgen_code {
  PBGEN_OK = 0,
  PBGEN_ARGUMENT = 1,       /* a null pointer, or options out of range */
  PBGEN_ALIGNMENT = 2,      /* the bytes do not begin at a multiple of 4 */
  PBGEN_ARENA = 3,          /* the arena is smaller than pbgen_query says */
  PBGEN_NO_PATH = 4,        /* this build or this processor lacks the path that was asked for */
  PBGEN_NOT_FOUND = 5,      /* the file cannot be opened */
  PBGEN_NOT_MAPPED = 6,     /* the file cannot be mapped: empty, a folder, too large */
  PBGEN_NO_FILES = 7,       /* this platform has no mmap: give the bytes in memory */
  PBGEN_TRUNCATED = 8,      /* the file is shorter than it says */
  PBGEN_NOT_A_MODEL = 9,    /* another kind of file */
  PBGEN_VERSION = 10,       /* an exported model of another version */
  PBGEN_CHECKSUM = 11,      /* its bytes are not those that were written */
  PBGEN_HEADER = 12,        /* its header is not as an export's */
  PBGEN_NETWORK = 13,       /* the network's description is incomplete or out of range */
  PBGEN_ARRAYS = 14,        /* an array is missing, misplaced, or not of its network's size */
  PBGEN_NOT_FINITE = 15,    /* a weight, scale or shift is infinite or no number */
  PBGEN_TOO_LARGE = 16      /* its activations take more than this library allows, or than a pointer reaches */
};

/* A sentence, without a full stop, in static memory.  Never null. */
PBGEN_API const char* pbgen_error_text(int code);

enum pbgen_path {
  PBGEN_PATH_BEST = 0, /* the fastest that this processor has */
  PBGEN_PATH_PORTABLE = 1,
  PBGEN_PATH_AVX2 = 2,  /* x86-64 with AVX2, FMA and F16C */
  PBGEN_PATH_NEON = 3,  /* aarch64 */
  PBGEN_PATH_AVX512 = 4 /* as PBGEN_PATH_AVX2, with AVX-512 F, BW, DQ and VL, BMI2 and more than 44 KB of first-level cache */
};

/* Calls body(body_context, i) once for each i of [0, count), in any order, on any threads, and returns when all of them are done. */
typedef struct pbgen_parallel_for {
  void (*run)(void* context, int count, void (*body)(void* body_context, int index), void* body_context); /* null: serially */
  void* context;
  int parts; /* pieces that work is cut into, 1 to 1024: the number of threads */
} pbgen_parallel_for;

/* Zeros, or a null pointer to them: serially, on the best path. */
typedef struct pbgen_options {
  int path;
  pbgen_parallel_for parallel_for;
} pbgen_options;

typedef struct pbgen_info {
  int width, height; /* of an image, in pixels */
  int channels;      /* 3 (RGB) or 1 (grey) */
  int z_dim;         /* floats of a latent vector */
  int path;          /* that pbgen_open takes */
  size_t image_bytes;      /* width * height * channels */
  size_t arena_bytes;      /* that pbgen_open wants, with these options */
  size_t row_number_bytes; /* of them: numbers made of the one-bit weights */
} pbgen_info;

typedef struct pbgen_model pbgen_model;

typedef struct pbgen_bytes {
  const void* data;
  size_t size;
} pbgen_bytes;

/* Maps a file for reading (POSIX); where it fails, *file becomes zeros.  It must not be shortened while it is mapped. */
PBGEN_API int pbgen_map_file(const char* path, pbgen_bytes* file);
/* Leaves zeros in file; of zeros it does nothing. */
PBGEN_API void pbgen_unmap_file(pbgen_bytes* file);

/* What a model is and wants.  Reads its header alone: neither the checksum nor the values are looked at.  The options come first: a path
 * that is not there is PBGEN_NO_PATH whatever the bytes are.
 * data: the whole file, mapped or in memory, at a multiple of 4 (64 is faster).  options: may be null. */
PBGEN_API int pbgen_query(const void* data, size_t size, const pbgen_options* options, pbgen_info* info);

/* Verifies the file and makes a model of it.  *model lies in the arena; it and the data are in use until the last call with it.
 * data, options: as pbgen_query.  arena: of any alignment; pbgen_query's arena_bytes for the same options are enough. */
PBGEN_API int pbgen_open(const void* data, size_t size, const pbgen_options* options, void* arena, size_t arena_bytes,
                         pbgen_model** model);

/* z: z_dim floats, of which training used those in [-1, 1].  image: image_bytes, row by row, the channels of a pixel side by
 * side, 0 to 255; overwritten.  Rounds as the processor is set: to nearest for the results above. */
PBGEN_API int pbgen_generate(pbgen_model* model, const float* z, uint8_t* image);

/* Image `number`, from 0 on, below 2^43, of those that ./tools/generate --seed draws. */
PBGEN_API int pbgen_generate_seed(pbgen_model* model, uint64_t seed, uint64_t number, uint8_t* image);

#ifdef __cplusplus
}
#endif

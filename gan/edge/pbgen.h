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
 * gan/edge/examples holds this as whole programs, in C and in Python.  What else there is:
 *
 *   pbgen_target screen = {.pixels = frame, .format = PBGEN_BGRA8888, .row_stride = 4 * 320};
 *   pbgen_latent(1, 0, info.z_dim, from);                                           // the z of images 0 and 1 of seed 1
 *   pbgen_latent(1, 1, info.z_dim, to);
 *   pbgen_walk(PBGEN_WALK_SPHERICAL, from, to, 0.5f, info.z_dim, z);                // half of the way
 *   code = pbgen_draw(model, z, &screen);                                           // straight into a frame buffer
 *   code = pbgen_draw_rows(model, z, PBGEN_RGB565, send_row, display);              // or row by row, where there is none
 *
 * Memory.  The library allocates nothing and has no global state.  A linear layer in floats or halves, all scales, the deconvolutions'
 * shifts, and of a prepacked model (./tools/export --prepacked) the one-bit weights are read from the model's bytes, in flash or mapped, so
 * these stay as they are while the model is used.  All else lies in one arena of the caller's, whose size pbgen_query tells:
 *   - the kernels' numbers for one-bit weights, unless the model is prepacked.  Of a deconvolution, 8 ceil(c_in / 6) / c_in times its bits
 *     where c_out is a multiple of 8: 1.34 to 1.38 at the paper's widths; of the linear layer, 32 ceil(z_dim / 30) / z_dim times: 1.28;
 *   - the floats of deconvolutions that are not in one bit, in the kernels' order, and the linear layer's shifts;
 *   - the largest layer's input, output and, for each part of parallel_for, product.
 * At the paper's width, layers 0 to 3 in one bit, one thread: 1,446,848 bytes of arena, prepacked 592,576 (PBGEN_PATH_AVX512: 22,528 more),
 * beside files of 699,520 and 913,792 bytes.
 * A model needs no closing: unmap its file, or take back its memory.  It holds addresses of its arena and of the model's bytes: a copy of
 * the arena elsewhere is no model, and is refused (PBGEN_MOVED); open the bytes there anew.
 * The arena's size follows from the network that the file describes, and a few kilobytes may describe a large one: at most 32 times the
 * file, 512 MB for activations (two layers' outputs of at most 256 MB), and 32 MB for each part.  Look at it before you grant it.
 *
 * Stack.  At most 6 KB in pbgen_query and pbgen_open, 4 KB in what draws (as our compilers build it, optimised), and what the caller's own
 * functions take.
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
 * Members that are called reserved are zeros: a library that does not know what they mean refuses them (PBGEN_ARGUMENT).
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

/* The version of this header; pbgen_version tells that of the library.  (PBGEN_VERSION is a code.) */
#define PBGEN_VERSION_MAJOR 0
#define PBGEN_VERSION_MINOR 2
#define PBGEN_VERSION_PATCH 0
#define PBGEN_VERSION_NUMBER (PBGEN_VERSION_MAJOR * 10000 + PBGEN_VERSION_MINOR * 100 + PBGEN_VERSION_PATCH)

/* The newest version of exported models that this library reads; it reads all from 1 on and refuses others (PBGEN_VERSION).
 * 1: one-bit layers as bits; 2, of export --prepacked: as the kernels' numbers. */
#define PBGEN_MODEL_VERSION 2

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
  PBGEN_TOO_LARGE = 16,     /* its activations take more than this library allows, or than a pointer reaches */
  PBGEN_STOPPED = 17,       /* a pbgen_take_row stopped the image: nothing went wrong */
  PBGEN_MOVED = 18,         /* the model no longer lies where pbgen_open put it */
  PBGEN_ROW_NUMBERS = 19    /* a number made of one-bit weights leads out of its table */
};

/* A sentence, without a full stop, in static memory.  Never null. */
PBGEN_API const char* pbgen_error_text(int code);

/* PBGEN_VERSION_NUMBER of the library that is linked or loaded. */
PBGEN_API int pbgen_version(void);

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
  size_t row_number_bytes; /* of them: numbers made of the one-bit weights; 0 of a prepacked model, which holds them itself */
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

/* ---- Latent vectors: z_dim floats, of which training used those in [-1, 1].  Without a model; the same floats on every machine. */

/* The z of image `number`, from 0 on, below 2^43, of those that ./tools/generate --seed draws: independent and uniform in [-1, 1].
 * z_dim: 1 to 4096. */
PBGEN_API int pbgen_latent(uint64_t seed, uint64_t number, int z_dim, float* z);

enum pbgen_walk_kind {
  PBGEN_WALK_LINEAR = 0,   /* (1 - t) from + t to: stays in [-1, 1], but is shorter in the middle than z that were trained on */
  PBGEN_WALK_SPHERICAL = 1 /* sin((1 - t) W) / sin W from + sin(t W) / sin W to, W the angle between them (Shoemake 1985): as long as they
                              are, where these are equally long; components leave [-1, 1], up to 1.42 where W is a right angle at most */
};

/* A point of the way from one z to another: t = 0 is `from`, t = 1 is `to`, of finite vectors to the bit but for the sign of a zero.
 * kind: pbgen_walk_kind.  The spherical walk is the linear one where W is 0, and where there is no telling which way the arc goes: a vector
 * is 0 or not finite, or the two point away from each other, cos(W / 2) below 2^-10 (W within 0.12 degrees of 180).
 * t: in [0, 1], else PBGEN_ARGUMENT.  z: z_dim floats; it may be `from` or `to`.
 * Both factors are floats within 2^-23 of themselves, their products with the floats of the vectors exact, their sum rounded once to double
 * and once to float.  No function of the C library is called, and the order of operations leaves a compiler nothing to fuse. */
PBGEN_API int pbgen_walk(int kind, const float* from, const float* to, float t, int z_dim, float* z);

/* ---- Images. */

/* z: z_dim floats, of which training used those in [-1, 1].  image: image_bytes, row by row, the channels of a pixel side by
 * side, 0 to 255; overwritten.  Rounds as the processor is set: to nearest for the results above. */
PBGEN_API int pbgen_generate(pbgen_model* model, const float* z, uint8_t* image);

/* Image `number`, from 0 on, below 2^43, of those that ./tools/generate --seed draws. */
PBGEN_API int pbgen_generate_seed(pbgen_model* model, uint64_t seed, uint64_t number, uint8_t* image);

/* What a pixel becomes.  A byte is round(127.5 x + 127.5) of a value x of [-1, 1], 0 of NaN; other formats of bytes are made of it.
 * A grey model gives the formats of colour three equal channels. */
enum pbgen_format {
  PBGEN_CHANNELS8 = 0,        /* the model's channels, a byte each, side by side: what pbgen_generate writes */
  PBGEN_RGB888 = 1,           /* bytes R G B */
  PBGEN_BGR888 = 2,           /* bytes B G R */
  PBGEN_RGBA8888 = 3,         /* bytes R G B 255, as a canvas of a browser has them */
  PBGEN_BGRA8888 = 4,         /* bytes B G R 255, as most window systems have them */
  PBGEN_RGB565 = 5,           /* a uint16_t in the processor's order: R in the upper 5 bits, G in 6, B in 5, each the nearest to its byte:
                                 round(byte * 31 / 255), round(byte * 63 / 255) */
  PBGEN_RGB565_SWAPPED = 6,   /* the same with its bytes exchanged, as displays on a serial bus want it of a little-endian processor */
  PBGEN_PLANES8 = 7,          /* a byte, each of the model's channels in a plane of its own */
  PBGEN_CHANNELS_FLOAT32 = 8, /* floats in [-1, 1], the model's channels side by side; NaN stays */
  PBGEN_PLANES_FLOAT32 = 9    /* the same, each of the model's channels in a plane of its own */
};

/* Where an image goes, and as what.  Zeros but for `pixels`: as pbgen_generate.
 * Strides are in bytes and may be negative: the next row, plane or image then lies below in memory, and `pixels` is the uppermost row all
 * the same (of a bitmap that begins with its lowest row: pixels = begin + (height - 1) * pitch, row_stride = -pitch).  Addresses and
 * strides are multiples of 2 for RGB565, of 4 for floats.  Bytes between rows, planes and images are left alone. */
typedef struct pbgen_target {
  void* pixels;           /* row 0, the uppermost, of the first plane of the first image */
  ptrdiff_t row_stride;   /* from a row to the next, not less than a row; 0: they touch */
  ptrdiff_t plane_stride; /* from a plane to the next; 0: height rows.  Formats without planes do not look at it */
  ptrdiff_t image_stride; /* of pbgen_draw_batch, from an image to the next; 0: all planes of one.  Images may stand side by side */
  int format;             /* pbgen_format */
  int reserved[5];        /* zeros */
} pbgen_target;

/* z: as pbgen_generate.  A target that is out of range, or whose strides lead further than an address reaches: PBGEN_ARGUMENT. */
PBGEN_API int pbgen_draw(pbgen_model* model, const float* z, const pbgen_target* target);

/* `count` images, 0 or more, one after another: each is that of pbgen_draw.  z: [count][z_dim]. */
PBGEN_API int pbgen_draw_batch(pbgen_model* model, const float* z, int count, const pbgen_target* target);

/* Takes row y of an image and returns 0, or anything else to stop it.  row: in the library's memory, at a multiple of 64, until this
 * returns; its planes, where there are such, touch.  It may not call the library with the same model. */
typedef int (*pbgen_take_row)(void* context, int y, const void* row);

/* Row by row, from the uppermost on, as soon as they are finished: those of 8 input rows of the last layer at a time, without memory for a
 * whole image.  From the thread that calls this.  Where take_row stops it, PBGEN_STOPPED, and the rest is not computed. */
PBGEN_API int pbgen_draw_rows(pbgen_model* model, const float* z, int format, pbgen_take_row take_row, void* context);

#ifdef __cplusplus
}
#endif

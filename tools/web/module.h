// pbgen.wasm: libpbgen as a WebAssembly module, for browsers and for whatever else runs one.  It imports nothing.
//
// It exports its memory, the functions of gan/edge/pbgen.h but for those of files, and what is declared here, for a page has no C of its
// own.  Pointers are offsets into the memory, structs lie in it as in C for 32 bits, a uint64_t is a BigInt; tools/web/page.js uses it.
//
// One instance a model: its memory only grows, to at most a gigabyte, and goes with it.
#pragma once

#include "gan/edge/pbgen.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The next `bytes` bytes of memory, at a multiple of 64; null where the module cannot grow so far, and then nothing is taken. */
PBGEN_API void* pbgen_take_memory(size_t bytes);

enum { PBGEN_LAYERS = 5 }; /* linear, deconv1 .. deconv4 */

/* A layer as a file has it. */
typedef struct pbgen_layer {
  int c_in;              /* of the linear layer: z_dim */
  int c_out;
  int side;              /* of its output, in pixels */
  int bits;              /* a weight: 1, 16 or 32 */
  uint64_t weight_count;
  uint64_t weight_bytes; /* with what fills an array up to a multiple of 64 */
  uint64_t scale_bytes;  /* of scales and shifts; likewise */
} pbgen_layer;

/* Reads the header alone, as pbgen_query. */
PBGEN_API int pbgen_layers(const void* data, size_t size, pbgen_layer layers[PBGEN_LAYERS]);

#ifdef __cplusplus
}
#endif

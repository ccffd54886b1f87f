#!/usr/bin/env python3
"""Writes one image of an exported model as a PPM or PGM picture, through libpbgen and ctypes.

  python3 gan/edge/examples/generate.py build/libpbgen.so MODEL SEED > face.ppm
"""
import ctypes
import os
import sys


class Info(ctypes.Structure):  # pbgen_info
    _fields_ = [(name, ctypes.c_int) for name in ("width", "height", "channels", "z_dim", "path")] + [
        (name, ctypes.c_size_t) for name in ("image_bytes", "arena_bytes", "row_number_bytes")]


def generate(library, data, seed):
    """The picture's description and its bytes."""
    def call(function, *arguments):
        code = getattr(library, function)(*arguments)
        if code != 0:
            raise ValueError(library.pbgen_error_text(code).decode())

    info, model = Info(), ctypes.c_void_p()
    size = ctypes.c_size_t(len(data))
    call("pbgen_query", data, size, None, ctypes.byref(info))
    arena = ctypes.create_string_buffer(info.arena_bytes)
    image = ctypes.create_string_buffer(info.image_bytes)
    call("pbgen_open", data, size, None, arena, ctypes.c_size_t(info.arena_bytes), ctypes.byref(model))
    call("pbgen_generate_seed", model, ctypes.c_uint64(seed), ctypes.c_uint64(0), image)
    return info, image.raw


def main(library_path, model_path, seed):
    library = ctypes.CDLL(library_path)
    library.pbgen_error_text.restype = ctypes.c_char_p
    if os.path.exists(model_path) and not os.path.isfile(model_path):
        raise ValueError("no regular file")  # reading a pipe might never end
    if sys.stdout is None:
        raise ValueError("standard output is closed")
    with open(model_path, "rb") as file:
        info, pixels = generate(library, file.read(), int(seed))
    kind = 6 if info.channels == 3 else 5
    sys.stdout.buffer.write(b"P%d %d %d 255\n" % (kind, info.width, info.height) + pixels)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] in ("--help", "-h"):
        print(__doc__.strip())
        sys.exit(0)
    if len(sys.argv) != 4:
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    try:
        main(*sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[2]!r}: {error}")  # a name may hold what a terminal obeys

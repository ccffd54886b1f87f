#!/usr/bin/env python3
"""Writes images of an exported model as one PPM or PGM picture, through libpbgen and ctypes.

  python3 gan/edge/examples/generate.py build/libpbgen.so MODEL SEED [COUNT] > face.ppm

With COUNT, 1 to 1000, a walk: so many images side by side, from the seed's first to its second.
"""
import ctypes
import os
import sys

WALK_SPHERICAL = 1  # PBGEN_WALK_SPHERICAL


class Info(ctypes.Structure):  # pbgen_info
    _fields_ = [(name, ctypes.c_int) for name in ("width", "height", "channels", "z_dim", "path")] + [
        (name, ctypes.c_size_t) for name in ("image_bytes", "arena_bytes", "row_number_bytes")]


class Target(ctypes.Structure):  # pbgen_target; ctypes begins with zeros
    _fields_ = [("pixels", ctypes.c_void_p)] + [(name, ctypes.c_ssize_t) for name in ("row_stride", "plane_stride", "image_stride")] + [
        ("format", ctypes.c_int), ("reserved", ctypes.c_int * 5)]


def generate(library, data, seed, count):
    """The picture's description and its bytes."""
    def call(function, *arguments):
        code = getattr(library, function)(*arguments)
        if code != 0:
            raise ValueError(library.pbgen_error_text(code).decode())

    info, model = Info(), ctypes.c_void_p()
    size = ctypes.c_size_t(len(data))
    call("pbgen_query", data, size, None, ctypes.byref(info))
    arena = ctypes.create_string_buffer(info.arena_bytes)
    strip = ctypes.create_string_buffer(count * info.image_bytes)
    call("pbgen_open", data, size, None, arena, ctypes.c_size_t(info.arena_bytes), ctypes.byref(model))

    latent = ctypes.c_float * info.z_dim
    first, second, z = latent(), latent(), latent()
    for number, where in enumerate((first, second)):
        call("pbgen_latent", ctypes.c_uint64(seed), ctypes.c_uint64(number), info.z_dim, where)
    image_row = info.width * info.channels
    for i in range(count):
        t = i / (count - 1) if count > 1 else 0.0
        call("pbgen_walk", WALK_SPHERICAL, first, second, ctypes.c_float(t), info.z_dim, z)
        target = Target(pixels=ctypes.addressof(strip) + i * image_row, row_stride=count * image_row)
        call("pbgen_draw", model, z, ctypes.byref(target))
    return info, strip.raw


def main(library_path, model_path, seed, count="1"):
    library = ctypes.CDLL(library_path)
    library.pbgen_error_text.restype = ctypes.c_char_p
    if os.path.exists(model_path) and not os.path.isfile(model_path):
        raise ValueError("no regular file")  # reading a pipe might never end
    if sys.stdout is None:
        raise ValueError("standard output is closed")
    if not 1 <= int(count) <= 1000:
        raise ValueError("COUNT is 1 to 1000")
    with open(model_path, "rb") as file:
        info, pixels = generate(library, file.read(), int(seed), int(count))
    kind = 6 if info.channels == 3 else 5
    sys.stdout.buffer.write(b"P%d %d %d 255\n" % (kind, int(count) * info.width, info.height) + pixels)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] in ("--help", "-h"):
        print(__doc__.strip())
        sys.exit(0)
    if len(sys.argv) not in (4, 5):
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    try:
        main(*sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[2]!r}: {error}")  # a name may hold what a terminal obeys

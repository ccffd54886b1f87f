"""What libpbgen draws, by its portable path, and says: what a browser must do as well."""

import ctypes
import json
import os
import struct
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "edge"))
from some_model import crc64  # noqa: E402, of the folder beside this one

PORTABLE, SPHERICAL, RGBA = 1, 1, 3  # PBGEN_PATH_PORTABLE, PBGEN_WALK_SPHERICAL, PBGEN_RGBA8888


class Options(ctypes.Structure):  # pbgen_options
    _fields_ = [("path", ctypes.c_int), ("run", ctypes.c_void_p), ("context", ctypes.c_void_p), ("parts", ctypes.c_int)]


class Info(ctypes.Structure):  # pbgen_info
    _fields_ = [(name, ctypes.c_int) for name in ("width", "height", "channels", "z_dim", "path")] + [
        (name, ctypes.c_size_t) for name in ("image_bytes", "arena_bytes", "row_number_bytes")]


class Target(ctypes.Structure):  # pbgen_target
    _fields_ = [("pixels", ctypes.c_void_p), ("row_stride", ctypes.c_ssize_t), ("plane_stride", ctypes.c_ssize_t),
                ("image_stride", ctypes.c_ssize_t), ("format", ctypes.c_int), ("reserved", ctypes.c_int * 5)]


class Library:
    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        self.c.pbgen_error_text.restype = ctypes.c_char_p

    def check(self, code):
        if code != 0:
            raise ValueError(self.c.pbgen_error_text(code).decode())

    def open(self, data):
        """A model; ValueError with the library's sentence."""
        return Model(self, data)


class Model:
    def __init__(self, library, data):
        self.library = library
        self.data = ctypes.create_string_buffer(data, len(data) or 1)  # malloc's alignment
        size = ctypes.c_size_t(len(data))
        options = Options(path=PORTABLE)
        self.info = Info()
        library.check(library.c.pbgen_query(self.data, size, ctypes.byref(options), ctypes.byref(self.info)))
        self.arena = ctypes.create_string_buffer(self.info.arena_bytes)
        self.model = ctypes.c_void_p()
        library.check(library.c.pbgen_open(self.data, size, ctypes.byref(options), self.arena, ctypes.c_size_t(self.info.arena_bytes),
                                           ctypes.byref(self.model)))

    def draw(self, seed, following, t):
        """RGBA bytes at t of the way from the z of one seed to that of another."""
        c, z_dim = self.library.c, self.info.z_dim
        z, begin, end = [(ctypes.c_float * z_dim)() for _ in range(3)]
        self.library.check(c.pbgen_latent(ctypes.c_uint64(seed), ctypes.c_uint64(0), z_dim, begin))
        self.library.check(c.pbgen_latent(ctypes.c_uint64(following), ctypes.c_uint64(0), z_dim, end))
        self.library.check(c.pbgen_walk(SPHERICAL, begin, end, ctypes.c_float(t), z_dim, z))
        pixels = ctypes.create_string_buffer(4 * self.info.width * self.info.height)
        target = Target(pixels=ctypes.addressof(pixels), format=RGBA)
        self.library.check(c.pbgen_draw(self.model, z, ctypes.byref(target)))
        return pixels.raw


def header_of(data):
    """The JSON of an exported model's header."""
    length, = struct.unpack_from("<Q", data)
    return json.loads(data[8:8 + length])


def layers_of(data):
    """c_in, c_out, side of the output, bits a weight, weights, bytes of weights, bytes of scales and shifts: of each layer, as the header
    and gan/packed_model.h have it."""
    header = header_of(data)
    metadata = header["__metadata__"]
    shapes, network = json.loads(metadata["shapes"]), json.loads(metadata["network"])
    stored = lambda name: header[name]["data_offsets"][1] - header[name]["data_offsets"][0]
    layers = []
    for i, layer in enumerate(("linear", "deconv1", "deconv2", "deconv3", "deconv4")):
        kind = next(layer + end for end in (".weight", ".signs", ".words", ".rows") if layer + end in shapes)
        bits = {"U8": 1, "F16": 16, "F32": 32}[header[kind]["dtype"]]
        count = 1
        for extent in shapes[kind]:
            count *= extent
        c_in = shapes[kind][1] if i == 0 else shapes[kind][0]
        side = network["size"] // 16 << i
        scales = stored(layer + ".scale") + stored(layer + ".shift")
        layers.append([c_in, shapes[layer + ".scale"][0], side, bits, count, stored(kind), scales])
    return layers


def one_bit_model(size, widths):
    """A whole exported model whose weights are all in one bit, all -1: few bytes may describe a large network."""
    base, extents = size // 16, [1, *widths, 3]
    arrays, shapes = {}, {}

    def add(name, kind, shape, logical):
        begin = sum(len(array) for _, array in arrays.values())
        count = 1
        for extent in logical:
            count *= extent
        unit = 1 if kind == "U8" else 4
        stored = (count // 8 + (count % 8 > 0) if kind == "U8" else 4 * count) + 63 & ~63
        arrays[name] = ({"dtype": kind, "shape": [stored // unit], "data_offsets": [begin, begin + stored]}, bytes(stored))
        shapes[name] = shape

    for i in range(5):
        layer = "linear" if i == 0 else f"deconv{i}"
        c_in, c_out = (1, widths[0]) if i == 0 else (extents[i], extents[i + 1])
        features = c_out * base * base if i == 0 else c_out
        shape = [features, c_in] if i == 0 else [c_in, c_out, 5, 5]
        add(layer + ".signs", "U8", shape, shape)
        add(layer + ".scale", "F32", [c_out], [c_out])
        add(layer + ".shift", "F32", [features], [features])
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    network = {"size": size, "channels": 3, "z_dim": 1, "g_widths": widths, "binarize_g": "0,1,2,3,4"}
    metadata = {"checksum": "0" * 16, "format": "pbgen-generator", "version": "1", "network": compact(network), "shapes": compact(shapes),
                "bits": "least significant first, 1 is +1, 0 is -1"}
    header = compact({"__metadata__": metadata, **{name: entry for name, (entry, _) in arrays.items()}})
    header += " " * (-(8 + len(header)) % 64)
    data = struct.pack("<Q", len(header)) + header.encode() + b"".join(array for _, array in arrays.values())
    return data.replace(b"0" * 16, b"%016x" % crc64(data), 1)

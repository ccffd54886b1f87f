#!/usr/bin/env python3
"""Writes an exported model of the paper's width whose layers 0 to 3 hold one bit a weight, of random weights:

  some_model.py FILE               version 1, its one-bit layers as bits
  some_model.py FILE --prepacked   version 2, the same weights as the kernels' numbers

Written from the description in gan/packed_model.h alone, so that neither a build of the engine nor a trained model is needed.  Scales keep
what the layers make of the order of 1.
"""
import json
import math
import random
import struct
import sys

Z_DIM, WIDTHS, CHANNELS = 100, [512, 256, 128, 64], 3


def crc64(data):
    """CRC-64/XZ."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0xc96c5795d7870f42 if byte & 1 else 0)
        table.append(byte)
    state = (1 << 64) - 1
    for byte in data:
        state = table[(state ^ byte) & 0xff] ^ state >> 8
    return state ^ (1 << 64) - 1


def one_a_byte(bits):
    """Each bit as a byte of its own."""
    table = [bytes(byte >> i & 1 for i in range(8)) for byte in range(256)]
    return b"".join(table[byte] for byte in bits)


def words_of(bits, z_dim, channels, pixels):
    """The linear layer's; eight pixels fill a vector, and vectors a tile."""
    text = one_a_byte(bits).translate(bytes([48, 49]) + bytes(254))
    count, words = math.ceil(z_dim / 30), []
    for first in range(0, pixels // 8 * channels, 4):
        for word in range(count):
            for vector in range(first, first + 4):
                for lane in range(8):
                    feature = vector % channels * pixels + vector // channels * 8 + lane
                    begin, end = feature * z_dim + 30 * word, feature * z_dim + min(30 * word + 30, z_dim)
                    words.append(int(text[begin:end][::-1], 2))
    return struct.pack(f"<{len(words)}I", *words)


def rows_of(bits, c_in, c_out):
    """A deconvolution's: numbers of six channels and fewer are added as one long number, in which none of them reaches its neighbour."""
    weights, taps = one_a_byte(bits), 25 * c_out
    groups, rows = math.ceil(c_in / 6), 8 * math.ceil(5 * c_out / 8)
    blocks = math.ceil(groups / 11)
    numbers = []  # [group][ky][row]
    for group in range(groups):
        first, last = group * c_in // groups, (group + 1) * c_in // groups
        channels = [int.from_bytes(weights[c * taps:(c + 1) * taps], "little") << (2 + c - first) for c in range(first, last)]
        of_group = sum(channels).to_bytes(taps, "little")
        by_ky = [b"".join(of_group[25 * o + 5 * ky:25 * o + 5 * ky + 5] for o in range(c_out)) for ky in range(5)]
        numbers.append([row.ljust(rows, b"\0") for row in by_ky])
    return b"".join(numbers[group][ky][row:row + 8]
                    for block in range(blocks)
                    for ky in range(5)
                    for row in range(0, rows, 8)
                    for group in range(block * groups // blocks, (block + 1) * groups // blocks))


def main(path, prepacked):
    source = random.Random(1)

    def floats(count, low, high):
        values = [source.uniform(low, high) for _ in range(count)]
        return struct.pack(f"<{-(-count // 16) * 16}f", *values, *[0.0] * (-count % 16))  # zeros up to 64 bytes

    shapes, arrays = {}, {}
    inputs = [Z_DIM] + WIDTHS
    for layer, c_out in enumerate(WIDTHS + [CHANNELS]):
        name = f"deconv{layer}" if layer else "linear"
        c_in = inputs[layer]
        dims = [c_in, c_out, 5, 5] if layer else [16 * c_out, Z_DIM]
        weights, last = dims[0] * dims[1] * (25 if layer else 1), layer == 4
        terms = 6.25 * c_in if layer else Z_DIM
        kind = ".weight" if last else ".signs" if not prepacked else ".rows" if layer else ".words"
        shifts = c_out if layer else 16 * c_out
        shapes |= {name + kind: dims, name + ".scale": [c_out], name + ".shift": [shifts]}
        arrays[name + ".scale"] = ("F32", floats(c_out, 0.7 if last else 0.7 / terms ** 0.5, 1.3 if last else 1.3 / terms ** 0.5))
        arrays[name + ".shift"] = ("F32", floats(shifts, -0.3, 0.3))
        if last:
            arrays[name + kind] = ("F32", floats(weights, -0.1, 0.1))
            continue
        bits = source.randbytes(weights // 8)
        if prepacked:
            bits = rows_of(bits, c_in, c_out) if layer else words_of(bits, Z_DIM, c_out, 16)
        arrays[name + kind] = ("U8", bits + bytes(-len(bits) % 64))

    def compact(value):
        return json.dumps(value, separators=(",", ":"))

    network = {"size": 64, "channels": CHANNELS, "z_dim": Z_DIM, "g_widths": WIDTHS, "binarize_g": "0,1,2,3"}
    metadata = {"checksum": "0" * 16, "format": "pbgen-generator", "version": "2" if prepacked else "1",
                "network": compact(network), "shapes": compact(shapes),
                "bits": "least significant first, 1 is +1, 0 is -1"}
    header, begin = {"__metadata__": metadata}, 0
    names = sorted(arrays, key=lambda name: arrays[name][0] == "U8")  # floats first
    for name in names:
        dtype, data = arrays[name]
        size = len(data)
        header[name] = {"dtype": dtype, "shape": [size // 4 if dtype == "F32" else size], "data_offsets": [begin, begin + size]}
        begin += size
    text = compact(header).encode()
    text += b" " * (-(8 + len(text)) % 64)
    content = struct.pack("<Q", len(text)) + text + b"".join(arrays[name][1] for name in names)
    checksum = b"%016x" % crc64(content)  # of the file whose checksum is zeros
    with open(path, "wb") as file:
        file.write(content.replace(b"0" * 16, checksum, 1))


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3 or sys.argv[1].startswith("-") or sys.argv[2:] not in ([], ["--prepacked"]):
        print(__doc__.strip())
        sys.exit(0 if sys.argv[1:] in (["--help"], ["-h"]) else 2)
    main(sys.argv[1], len(sys.argv) == 3)

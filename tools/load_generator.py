#!/usr/bin/env python3
"""Loads a generator that export wrote, whichever --to, in numpy or PyTorch, and draws what generate draws.

  ./tools/export RUN -o faces.npz --to npz
  ./tools/generate RUN --n 16 --out ours
  python3 tools/load_generator.py faces.npz --compare ours         are they the same images?
  python3 tools/load_generator.py faces.npz --n 16 --out theirs    image_000000.ppm, ..

Exit codes: 0 done, 1 a value of --compare's pictures is more than one grey level off, 2 usage, 3 a file cannot be read or written, or
is none of ours, or numpy or PyTorch is missing.

The seed of export and generate also draws the batches that normalisation is calibrated by: for other images of the same
generator give --seed to generate with the model of --to packed, and here.

As a module: load(path), images(model, z), torch_module(model), latents(seed, first, count, z_dim), to_bytes(x).
Needs numpy alone.  The files are described in gan/packed_model.h and gan/expanded_generator.h; checksums are not looked at.
"""
import argparse
import json
import math
import pathlib
import struct
import sys
import zipfile
import zlib

try:
    import numpy as np
except ImportError:
    print("load_generator.py: numpy is missing: pip install numpy", file=sys.stderr)
    sys.exit(3)

LAYERS = ("linear", "deconv1", "deconv2", "deconv3", "deconv4")


class Model:
    """network: {"size", "channels", "z_dim", "g_widths", "binarize_g"}; layers: name -> (weight, bias), as PyTorch has them."""

    def __init__(self, network, layers):
        self.network, self.layers = network, layers
        self.base = (network["g_widths"][0], network["size"] // 16, network["size"] // 16)  # the first map


def load(path):
    if pathlib.Path(path).exists() and not pathlib.Path(path).is_file():
        raise ValueError("no regular file")  # reading a pipe might never end
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] == b"PK\3\4":
        with np.load(path) as file:  # allow_pickle=False
            arrays = {name: file[name] for name in file.files}
        metadata = {name: value.item().decode() for name, value in arrays.items() if getattr(value, "shape", None) == ()}
    else:
        metadata, arrays = read_safetensors(data)
    kind = (metadata.get("format"), metadata.get("version"))
    if kind == ("pbgen-generator-expanded", "1"):
        layers = {name: (arrays[name + ".weight"], arrays[name + ".bias"]) for name in LAYERS}
    elif kind in (("pbgen-generator", "1"), ("pbgen-generator", "2")):
        layers = {name: expand(arrays, json.loads(metadata["shapes"]), name) for name in LAYERS}
    else:
        raise ValueError(f"format {kind[0]}, version {kind[1]}")
    for name, arrays in layers.items():
        if not all(np.isfinite(array).all() for array in arrays):
            raise ValueError(f"{name} holds a value that is not finite: export an earlier checkpoint")
    return Model(json.loads(metadata["network"]), layers)


def read_safetensors(data):
    """The metadata, and the arrays by name: 8 bytes of length, a JSON header, the arrays' bytes."""
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    types = {"F32": "<f4", "F16": "<f2", "U8": "u1"}
    arrays = {}
    for name, entry in header.items():
        if entry["dtype"] in types:
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            arrays[name] = np.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
    return metadata, arrays


def unpack_rows(numbers, c_in, c_out):
    """Bits [c_in, c_out, 5, 5] of a deconvolution of version 2: six channels a byte, in groups, and these in blocks."""
    groups, rows = math.ceil(c_in / 6), 8 * math.ceil(5 * c_out / 8)
    blocks = math.ceil(groups / 11)
    bits, begin = np.empty((c_in, c_out, 5, 5), np.uint8), 0
    for block in range(blocks):
        first, last = block * groups // blocks, (block + 1) * groups // blocks
        end = begin + 5 * rows * (last - first)
        block_rows = numbers[begin:end].reshape(5, rows // 8, last - first, 8).transpose(2, 0, 1, 3).reshape(-1, 5, rows)
        for group, of_group in enumerate(block_rows, first):
            channel = group * c_in // groups
            taps = of_group[:, :5 * c_out].reshape(5, c_out, 5).transpose(1, 0, 2)
            for i in range((group + 1) * c_in // groups - channel):
                bits[channel + i] = taps >> (2 + i) & 1
        begin = end
    return bits


def unpack_words(data, features, z_dim, channels):
    """Bits [features, z_dim] of a linear layer of version 2: thirty a word, lanes of eight pixels, four vectors together."""
    groups, words = math.ceil(features // channels / 8), math.ceil(z_dim / 30)
    vectors = 8 * math.ceil(groups * channels / 8)
    packed = data[:32 * vectors * words].view("<u4").reshape(vectors // 4, words, 4, 8).transpose(0, 2, 3, 1).reshape(vectors, 8, words)
    packed = packed[:groups * channels].reshape(groups, channels, 8, words).transpose(1, 0, 2, 3).reshape(channels, 8 * groups, words)
    packed = packed[:, :features // channels].reshape(features, words, 1)
    return (packed >> np.arange(30, dtype=np.uint32) & 1).reshape(features, 30 * words)[:, :z_dim]


def expand(arrays, shapes, name):
    """Weight and bias of a layer of a packed model: its scale is multiplied into its weights."""
    def logical(key):
        return arrays[key][:math.prod(shapes[key])].reshape(shapes[key])

    def weights():
        if name + ".weight" in arrays:
            return logical(name + ".weight")
        if name + ".signs" in arrays:
            shape = shapes[name + ".signs"]
            bits = np.unpackbits(arrays[name + ".signs"], bitorder="little")[:math.prod(shape)].reshape(shape)
        elif name == "linear":
            bits = unpack_words(arrays["linear.words"], *shapes["linear.words"], *shapes["linear.scale"])
        else:
            bits = unpack_rows(arrays[name + ".rows"], *shapes[name + ".rows"][:2])
        return 2.0 * bits - 1.0

    weight = weights()
    scale, shift = logical(name + ".scale"), logical(name + ".shift")
    # A channel of the linear layer is side * side rows; of a deconvolution, the second of four dimensions.
    scale = np.repeat(scale, shift.size // scale.size)[:, None] if name == "linear" else scale[:, None, None]
    return (weight * scale).astype(np.float32), shift


def latents(seed, first, count, z_dim):
    """z [count, z_dim] of images first, first + 1, ..: Philox4x32-10 of (seed, stream 7, place), as core/base/rng.h."""
    mask = 0xFFFFFFFF
    index = np.arange(first * z_dim, (first + count) * z_dim, dtype=np.uint64)
    c0, c1, c2, c3 = index & mask, index >> 32, np.zeros_like(index), np.full_like(index, 7)
    k0, k1 = seed & mask, seed >> 32
    for _ in range(10):
        p0, p1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & mask, (p0 >> 32) ^ c3 ^ k1, p0 & mask
        k0, k1 = (k0 + 0x9E3779B9) & mask, (k1 + 0xBB67AE85) & mask
    uniform = ((c0 << 32 | c1) >> 11) * 2.0**-53
    return (2.0 * uniform - 1.0).astype(np.float32).reshape(count, z_dim)


def deconvolution(x, weight, bias):
    """[n, c_in, s, s] to [n, c_out, 2s, 2s]: every pixel adds its 5x5 kernels at twice its place; 1 is cut before, 2 after."""
    n, _, side, _ = x.shape
    taps = np.tensordot(x, weight, (1, 0))  # [n, s, s, c_out, 5, 5]
    full = np.zeros((n, 2 * side + 3, 2 * side + 3, weight.shape[1]), np.float32)
    for ky in range(5):
        for kx in range(5):
            full[:, ky:ky + 2 * side:2, kx:kx + 2 * side:2] += taps[..., ky, kx]
    return (full[:, 1:-2, 1:-2] + bias).transpose(0, 3, 1, 2)


def images(model, z):
    """z [n, z_dim] to [n, channels, size, size] in [-1, 1]."""
    weight, bias = model.layers["linear"]
    x = np.maximum(z @ weight.T + bias, 0).reshape(-1, *model.base)
    for name in LAYERS[1:4]:
        x = np.maximum(deconvolution(x, *model.layers[name]), 0)
    return np.tanh(deconvolution(x, *model.layers["deconv4"]))


def torch_module(model):
    """The same as a torch.nn.Module."""
    import torch
    from torch import nn

    modules = [nn.Linear(*reversed(model.layers["linear"][0].shape)), nn.ReLU(), nn.Unflatten(1, model.base)]
    for name in LAYERS[1:]:
        c_in, c_out = model.layers[name][0].shape[:2]
        # padding cuts 1 on each side of the full output, the negative padding 1 more at the end.
        modules += [nn.ConvTranspose2d(c_in, c_out, 5, stride=2, padding=1), nn.ConstantPad2d((0, -1, 0, -1), 0.0), nn.ReLU()]
    modules[-1] = nn.Tanh()
    weighted = [module for module in modules if hasattr(module, "weight")]
    with torch.no_grad():
        for module, (weight, bias) in zip(weighted, model.layers.values()):
            module.weight.copy_(torch.tensor(weight))
            module.bias.copy_(torch.tensor(bias))
    return nn.Sequential(*modules)


def to_bytes(x):
    """[n, channels, size, size] to uint8 [n, size, size, channels]."""
    return np.clip(np.floor(127.5 * x + 128.0), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def draw(model, seed, count, with_torch):
    """The images of a seed as bytes, one by one."""
    if with_torch:
        import torch
        module = torch_module(model)
    together = max(1, 65536 // model.network["size"]**2)
    for first in range(0, count, together):
        z = latents(seed, first, min(together, count - first), model.network["z_dim"])
        yield from to_bytes(module(torch.tensor(z)).detach().numpy() if with_torch else images(model, z))


def read_png(path):
    """uint8 [height, width, channels] of a PNG picture as generate writes them: 8 bits, grey or RGB, not interlaced."""
    data = pathlib.Path(path).read_bytes()
    at, packed, depth, colour = 8, b"", 0, 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", data, at + 8)
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += 12 + size
    if data[:8] != b"\x89PNG\r\n\x1a\n" or depth != 8 or colour not in (0, 2):
        raise ValueError(f"{str(path)!r}: no PNG picture that generate wrote")
    channels = 1 + colour
    row = width * channels
    raw = zlib.decompress(packed)
    above, pixels = bytes(row), bytearray()
    for begin in range(0, height * (row + 1), row + 1):
        line = bytearray(raw[begin + 1:begin + 1 + row])
        for i in range(row):
            a, b, c = (line[i - channels], above[i], above[i - channels]) if i >= channels else (0, above[i], 0)
            paeth = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[raw[begin]]) & 255
        pixels += line
        above = line
    return np.frombuffer(bytes(pixels), np.uint8).reshape(height, width, channels)


def write(drawn, folder):
    """PPM or PGM files, each whole or not at all; nothing that is there is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"{folder}: is not empty, choose a new folder")
    for number, image in enumerate(drawn):
        kind, end = (6, "ppm") if image.shape[2] == 3 else (5, "pgm")
        head = b"P%d %d %d 255\n" % (kind, image.shape[1], image.shape[0])
        partial = folder / f"image_{number:06}.{end}.partial-pbgen"
        try:
            partial.write_bytes(head + image.tobytes())
            partial.rename(partial.with_suffix(""))
        finally:
            partial.unlink(missing_ok=True)


def compare(drawn, paths):
    """Whether the images are those of generate; says how far they are from them."""
    differences = np.zeros(256, np.int64)
    for path, image in zip(paths, drawn):
        expected = read_png(path)
        if expected.shape != image.shape:
            raise ValueError(f"{str(path)!r}: {expected.shape}, the model draws {image.shape}")
        differences += np.bincount(np.abs(image.astype(int) - expected).ravel(), minlength=256)
    largest = np.flatnonzero(differences)[-1]
    print(f"{len(paths)} images, {differences.sum()} values: {differences[0]} equal, {differences[1]} one grey level apart, "
          f"{differences[2:].sum()} more; the largest difference is {largest}", flush=True)
    return largest <= 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL", help="what export wrote, in any of its formats")
    parser.add_argument("--n", type=int, help="how many images (default: 16, or all of --compare)")
    parser.add_argument("--seed", type=int, default=1, help="which images, as of generate (default: 1)")
    parser.add_argument("--out", type=pathlib.Path, metavar="DIR", help="write them as PPM (grey: PGM) pictures")
    parser.add_argument("--compare", type=pathlib.Path, metavar="DIR",
                        help="the pictures that generate wrote for this seed: exit code 1 where any is more than one grey level off")
    parser.add_argument("--torch", action="store_true", help="draw with PyTorch, else numpy")
    options = parser.parse_args()
    if not (options.out or options.compare):
        parser.error("nothing to do: name a folder with --out or --compare")
    if options.n is not None and options.n < 1:
        parser.error("--n: at least 1")
    if not 0 <= options.seed < 2**64:
        parser.error("--seed: 0 to 2^64 - 1")
    try:
        model = load(options.model)
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, zipfile.BadZipFile) as error:
        raise ValueError(f"{options.model!r}: not a generator that export wrote, of version 1 or 2 ({error})") from None
    if options.out:
        write(draw(model, options.seed, options.n or 16, options.torch), options.out)
    if not options.compare:
        return True
    count = options.n or len(list(options.compare.glob("image_*.png")))
    if count == 0:
        raise ValueError(f"{str(options.compare)!r}: no image_000000.png, .., which generate --out writes")
    paths = [options.compare / f"image_{number:06}.png" for number in range(count)]
    return compare(draw(model, options.seed, count, options.torch), paths)


if __name__ == "__main__":
    try:
        sys.exit(0 if main() else 1)
    except (OSError, ValueError, IndexError, ImportError, struct.error, zlib.error) as error:
        print(f"load_generator.py: {error}", file=sys.stderr)
        sys.exit(3)

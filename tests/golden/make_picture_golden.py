"""Writes pictures.bin: picture files of all kinds, and the pixels that Pillow (libjpeg-turbo, its own PNG, BMP and PNM readers) decodes.

  python3 -m venv env && env/bin/pip install pillow numpy && env/bin/python tests/golden/make_picture_golden.py tests/golden/pictures.bin

Each entry: length of the name (2 bytes, little-endian), name, length of the file (4), file, width (2), height (2), channels (1), pixels.
tests/support/golden_pictures.h reads it.  Files that Pillow cannot write are written here byte by byte.  Where Pillow does not decode
exactly (16 bits with transparency, 5 bits a sample, PNM of other maxima) pixels are worked out from the samples that went in; elsewhere
both are compared.
"""
import io
import struct
import sys
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps

ENTRIES = []
RNG = np.random.default_rng(11)


def over_white(colours, alpha):
    return (colours * alpha + 255 * (255 - alpha) + 127) // 255


def pillow_pixels(data):
    """[height][width][channels]: turned, laid on white."""
    image = Image.open(io.BytesIO(data))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA") or "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA")).astype(int)
        pixels = over_white(rgba[..., :3], rgba[..., 3:])
        return pixels[..., :1] if image.mode in ("1", "L", "LA") else pixels
    if image.mode.startswith("I"):
        return (np.asarray(image).astype(int) >> 8)[..., None]
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L")).astype(int)[..., None]
    return np.asarray(image.convert("RGB")).astype(int)


def add(name, data, expected=None, exact=True):
    """expected: worked out from what went in; exact: Pillow must agree."""
    pixels = pillow_pixels(data) if expected is None or exact else expected
    if expected is not None:
        assert pixels.shape == expected.shape and np.array_equal(pixels, expected), name
    height, width, channels = pixels.shape
    ENTRIES.append(struct.pack("<H", len(name)) + name.encode() + struct.pack("<I", len(data)) + data
                   + struct.pack("<HHB", width, height, channels) + pixels.astype(np.uint8).tobytes())


def picture(width, height, channels):
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 90 * np.sin(x / 3 + 2 * c) * np.cos(y / 4 + c) + RNG.integers(-20, 21, (height, width)) for c in range(channels)]
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


# JPEG ------------------------------------------------------------------------------------------------------------------------------------


def pillow_jpeg(mode, width, height, **options):
    channels = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
    pixels = picture(width, height, channels)
    out = io.BytesIO()
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels, mode).save(out, "JPEG", **options)
    return out.getvalue()


ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, (i // 8 if (i // 8 + i % 8) % 2 else i % 8)))
DC_SYMBOLS = list(range(12))                                                             # codes of 4 bits
AC_SYMBOLS = [0x00, 0xF0] + [run << 4 | size for run in range(16) for size in range(1, 11)]  # codes of 8 bits


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def magnitude(value):
    size = abs(value).bit_length()
    return size, (value if value >= 0 else value + (1 << size) - 1)


class ScanWriter:
    def __init__(self):
        self.bits = []

    def put(self, value, count):
        self.bits += [value >> i & 1 for i in range(count - 1, -1, -1)]

    def block(self, values, last_dc):
        size, low = magnitude(values[0] - last_dc)
        self.put(DC_SYMBOLS.index(size), 4)
        self.put(low, size)
        run = 0
        for value in values[1:]:
            if value == 0:
                run += 1
                continue
            for _ in range(run // 16):
                self.put(AC_SYMBOLS.index(0xF0), 8)
            size, low = magnitude(value)
            self.put(AC_SYMBOLS.index(run % 16 << 4 | size), 8)
            self.put(low, size)
            run = 0
        if run > 0:
            self.put(AC_SYMBOLS.index(0x00), 8)

    def bytes(self):
        bits = self.bits + [1] * (-len(self.bits) % 8)
        self.bits = []
        return np.packbits(np.array(bits, np.uint8)).tobytes().replace(b"\xff", b"\xff\x00")


def blocks(count):
    """Coefficients in the order of coding, such as a picture may have."""
    result = RNG.integers(-60, 61, (count, 1))
    rest = RNG.integers(-6, 7, (count, 63)) * (RNG.random((count, 63)) < 0.15)
    return np.concatenate([result, rest], 1).tolist()


def made_jpeg(width, height, sampling, scans=None, ids=None, restart=0, wide_steps=False, head=b"", fill=b"", surplus=b"",
              before_restart=b"", tail=b""):
    """sampling: (h, v) of each component; scans: lists of components, one of all by default."""
    ids = ids or list(range(1, len(sampling) + 1))
    most_h = max(h for h, _ in sampling)
    most_v = max(v for _, v in sampling)
    units_wide = -(-width // (8 * most_h))
    units_high = -(-height // (8 * most_v))
    steps = [8 + i // 4 for i in range(64)]
    out = b"\xff\xd8" + head
    content = struct.pack(">64H", *steps) if wide_steps else bytes(steps)
    out += fill + segment(0xDB, bytes([0x10 if wide_steps else 0x00]) + content)
    frame = struct.pack(">BHHB", 8, height, width, len(sampling))
    out += fill + segment(0xC1 if wide_steps else 0xC0, frame + b"".join(bytes([i, h << 4 | v, 0]) for i, (h, v) in zip(ids, sampling)))
    out += fill + segment(0xC4, bytes([0x00] + [0, 0, 0, 12] + [0] * 12 + DC_SYMBOLS))
    out += fill + segment(0xC4, bytes([0x10] + [0] * 7 + [len(AC_SYMBOLS)] + [0] * 8 + AC_SYMBOLS))
    if restart:
        out += segment(0xDD, struct.pack(">H", restart))
    for members in scans or [list(range(len(sampling)))]:
        out += fill + segment(0xDA, bytes([len(members)]) + b"".join(bytes([ids[c], 0]) for c in members) + bytes([0, 63, 0]))
        writer = ScanWriter()
        last = [0] * len(sampling)
        if len(members) == 1:
            h, v = sampling[members[0]]
            units = -(-(-(-width * h // most_h)) // 8) * -(-(-(-height * v // most_v)) // 8)
            layout = members
        else:
            units = units_wide * units_high
            layout = [c for c in members for _ in range(sampling[c][0] * sampling[c][1])]
        for unit in range(units):
            if restart and unit and unit % restart == 0:
                out += writer.bytes() + before_restart + bytes([0xFF, 0xD0 + (unit // restart - 1) % 8])
                last = [0] * len(sampling)
            for c, values in zip(layout, blocks(len(layout))):
                writer.block(values, last[c])
                last[c] = values[0]
        out += writer.bytes() + surplus
    return out + fill + b"\xff\xd9" + tail


def tiff(orientation, order, kind=3):
    """A directory with two entries, of which the orientation is the second."""
    entries = [struct.pack(order + "HHIHH", 0x0100, 3, 1, 640, 0), struct.pack(order + "HHIHH", 0x0112, kind, 1, orientation, 0)]
    return (b"II" if order == "<" else b"MM") + struct.pack(order + "HIH", 42, 8, 2) + b"".join(entries) + struct.pack(order + "I", 0)


def add_jpegs():
    add("jpeg grey", pillow_jpeg("L", 19, 13, quality=80))
    for sampling in ("4:4:4", "4:2:2", "4:2:0", "4:1:1"):
        add(f"jpeg {sampling}", pillow_jpeg("RGB", 35, 21, quality=75, subsampling=sampling))
    for width, height in ((1, 1), (2, 3), (3, 2), (4, 17), (5, 5)):
        add(f"jpeg 4:2:0 of {width}x{height}", pillow_jpeg("RGB", width, height, quality=75, subsampling="4:2:0"))
    add("jpeg quality 100", pillow_jpeg("RGB", 16, 16, quality=100, subsampling="4:4:4"))
    add("jpeg quality 1", pillow_jpeg("RGB", 16, 16, quality=1))
    add("jpeg progressive grey", pillow_jpeg("L", 19, 13, quality=90, progressive=True))
    add("jpeg progressive 4:2:0", pillow_jpeg("RGB", 35, 21, quality=90, progressive=True, subsampling="4:2:0"))
    add("jpeg progressive restarts", pillow_jpeg("RGB", 35, 21, quality=90, progressive=True, restart_marker_blocks=1))
    add("jpeg restarts", pillow_jpeg("RGB", 70, 37, quality=50, restart_marker_blocks=1))
    add("jpeg RGB by Adobe", pillow_jpeg("RGB", 19, 13, quality=75, keep_rgb=True))
    add("jpeg CMYK by Adobe", pillow_jpeg("CMYK", 19, 13, quality=75))
    for orientation in range(0, 10):
        head = segment(0xE1, b"Exif\0\0" + tiff(orientation, "<>"[orientation % 2]))
        add(f"jpeg orientation {orientation}", made_jpeg(13, 6, [(1, 1)], head=head))
    add("jpeg orientation behind a broken directory", made_jpeg(13, 6, [(1, 1)], head=segment(0xE1, b"Exif\0\0" + tiff(6, "<")[:30])))
    colour = [(1, 1)] * 3
    add("jpeg 1x2", made_jpeg(19, 27, [(1, 2), (1, 1), (1, 1)]))
    add("jpeg 4x2", made_jpeg(45, 27, [(4, 2), (1, 1), (1, 1)]))
    add("jpeg 1x4", made_jpeg(11, 45, [(1, 4), (1, 1), (1, 1)]))
    add("jpeg mixed ratios", made_jpeg(45, 27, [(2, 2), (1, 2), (2, 1)]))
    add("jpeg small luma", made_jpeg(45, 27, [(1, 1), (2, 2), (1, 2)]))
    add("jpeg grey of 2x2", made_jpeg(19, 27, [(2, 2)]))
    add("jpeg one scan a component", made_jpeg(35, 27, [(2, 2), (1, 1), (1, 1)], scans=[[0], [1], [2]]))
    add("jpeg two scans", made_jpeg(35, 27, [(2, 1), (1, 1), (1, 1)], scans=[[0], [1, 2]], restart=2))
    add("jpeg 16-bit steps", made_jpeg(19, 13, colour, wide_steps=True))
    add("jpeg fill bytes", made_jpeg(19, 13, colour, fill=b"\xff\xff\xff"))
    add("jpeg surplus behind the scan", made_jpeg(19, 13, colour, surplus=b"\x12\x34\xff\x00\x56" * 9))
    add("jpeg surplus between scans", made_jpeg(19, 13, colour, scans=[[0], [1], [2]], surplus=b"\x00" * 5))
    add("jpeg surplus before restarts", made_jpeg(35, 13, colour, restart=1, before_restart=b"\x00"))
    add("jpeg bytes behind the end", made_jpeg(19, 13, colour, tail=b"\xff\xd8\xff\xda more"))
    add("jpeg end marker in a comment", made_jpeg(19, 13, colour, head=segment(0xFE, b"\xff\xd9\xff\xd8")))
    add("jpeg RGB by name", made_jpeg(19, 13, colour, ids=[82, 71, 66]))
    jfif = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    add("jpeg JFIF before Adobe", made_jpeg(19, 13, colour, head=jfif + segment(0xEE, b"Adobe\0d\0\0\0\0\0")))
    add("jpeg YCbCr by Adobe", made_jpeg(19, 13, colour, ids=[82, 71, 66], head=segment(0xEE, b"Adobe\0d\0\0\0\0\1")))
    add("jpeg YCCK by Adobe", made_jpeg(19, 13, [(1, 1)] * 4, head=segment(0xEE, b"Adobe\0d\0\0\0\0\2")))


# PNG -------------------------------------------------------------------------------------------------------------------------------------

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def filtered(rows, step):
    """rows: packed, as arrays of bytes; the filters follow one another."""
    out = b""
    above = np.zeros(len(rows[0]), int) if rows else None
    for number, row in enumerate(rows):
        row = np.frombuffer(row, np.uint8).astype(int)
        left = np.concatenate([np.zeros(step, int), row])[: len(row)]
        corner = np.concatenate([np.zeros(step, int), above])[: len(row)]
        estimate = left + above - corner
        distances = np.stack([abs(estimate - left), abs(estimate - above), abs(estimate - corner)])
        paeth = np.choose(np.argmin(distances, 0), [left, above, corner])
        kind = number % 5
        predicted = [np.zeros(len(row), int), left, above, (left + above) // 2, paeth][kind]
        out += bytes([kind]) + ((row - predicted) % 256).astype(np.uint8).tobytes()
        above = row
    return out


def packed(samples, depth):
    """Rows of bytes of samples [height][width * samples of a pixel]."""
    rows = []
    for row in samples:
        if depth == 16:
            rows.append(row.astype(">u2").tobytes())
        elif depth == 8:
            rows.append(row.astype(np.uint8).tobytes())
        else:
            bits = [int(value) >> i & 1 for value in row for i in range(depth - 1, -1, -1)]
            rows.append(np.packbits(np.array(bits, np.uint8)).tobytes())
    return rows


def made_png(samples, depth, colour, interlaced=False, before=b"", behind=b"", tail=b"", level=9, strategy=0, cuts=1, surplus=b""):
    height, width, count = samples.shape
    step = max(1, count * depth // 8)
    raw = b""
    for x, y, x_step, y_step in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::y_step, x::x_step]
        if part.size:
            raw += filtered(packed(part.reshape(part.shape[0], -1), depth), step)
    encoder = zlib.compressobj(level, zlib.DEFLATED, 15, 9, strategy)
    data = encoder.compress(raw) + encoder.flush() + surplus
    size = -(-len(data) // cuts)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))) + before
    if cuts > 1:
        out += chunk(b"IDAT", b"")
    for i in range(cuts):
        out += chunk(b"IDAT", data[i * size:(i + 1) * size])
    return out + behind + chunk(b"IEND", b"") + tail


def png_pixels(samples, depth, colour, palette=None, key=None, alphas=()):
    """What the specification makes of samples."""
    to_8_bits = samples >> 8 if depth == 16 else samples * 255 // (2**depth - 1)
    if colour == 3:
        alpha = np.array(list(alphas) + [255] * 256)[samples]
        return over_white(np.array(palette)[samples[..., 0]], alpha)
    if colour in (4, 6):
        return over_white(to_8_bits[..., :-1], to_8_bits[..., -1:])
    if key is not None:
        return over_white(to_8_bits, np.where(np.all(samples == np.array(key), -1, keepdims=True), 0, 255))
    return to_8_bits


def some_samples(width, height, depth, colour, most=None):
    return RNG.integers(0, most or 2**depth, (height, width, SAMPLES[colour]))


def add_pngs():
    palette = RNG.integers(0, 256, (256, 3))
    for colour, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16))):
        for depth in depths:
            for interlaced in (False, True):
                samples = some_samples(11, 7, depth, colour)
                colours = palette[: 2**depth] if colour == 3 else None
                before = chunk(b"PLTE", colours.astype(np.uint8).tobytes()) if colour == 3 else b""
                add(f"png colour {colour} depth {depth}{' interlaced' * interlaced}", made_png(samples, depth, colour, interlaced, before),
                    png_pixels(samples, depth, colour, colours), exact=depth < 16 or colour in (0, 2))
    for width, height in ((1, 1), (2, 1), (1, 5), (3, 2), (5, 4), (8, 9)):
        samples = some_samples(width, height, 2, 0)
        add(f"png interlaced {width}x{height}", made_png(samples, 2, 0, True), png_pixels(samples, 2, 0))
    for depth in (1, 2, 4, 8, 16):
        samples = some_samples(11, 7, depth, 0)
        key = samples[3, 4]
        add(f"png key of grey depth {depth}", made_png(samples, depth, 0, before=chunk(b"tRNS", struct.pack(">H", key[0]))),
            png_pixels(samples, depth, 0, key=key), exact=False)
    for depth in (8, 16):
        samples = some_samples(11, 7, depth, 2)
        samples[2, 3] = samples[5, 6]
        samples[2, 3, 2] ^= 1
        key = samples[5, 6]
        add(f"png key of RGB depth {depth}", made_png(samples, depth, 2, before=chunk(b"tRNS", struct.pack(">3H", *key))),
            png_pixels(samples, depth, 2, key=key), exact=depth == 8)
    samples = some_samples(11, 7, 2, 0)
    add("png key with high bits", made_png(samples, 2, 0, before=chunk(b"tRNS", struct.pack(">H", 0xFF00 | samples[0, 0, 0]))),
        png_pixels(samples, 2, 0, key=samples[0, 0]), exact=False)
    samples = some_samples(11, 7, 4, 3, most=5)
    table = chunk(b"PLTE", palette[:5].astype(np.uint8).tobytes())
    add("png palette of 5", made_png(samples, 4, 3, before=table), png_pixels(samples, 4, 3, palette))
    add("png palette with some alpha", made_png(samples, 4, 3, before=table + chunk(b"tRNS", bytes([0, 128, 77]))),
        png_pixels(samples, 4, 3, palette, alphas=(0, 128, 77)))
    samples = some_samples(11, 7, 8, 2)
    add("png with a suggested palette", made_png(samples, 8, 2, before=table), png_pixels(samples, 8, 2))
    add("png in five pieces", made_png(samples, 8, 2, cuts=5), png_pixels(samples, 8, 2))
    add("png stored", made_png(samples, 8, 2, level=0), png_pixels(samples, 8, 2))
    add("png fixed codes", made_png(samples, 8, 2, strategy=zlib.Z_FIXED), png_pixels(samples, 8, 2))
    smooth = np.repeat(np.arange(40)[:, None, None] * np.ones((1, 40, 1), int) * 6, 3, 2)
    add("png long matches", made_png(smooth, 8, 2), png_pixels(smooth, 8, 2))
    add("png surplus behind the pixels", made_png(samples, 8, 2, surplus=b"\0\1\2\3"), png_pixels(samples, 8, 2))
    add("png bytes behind the end", made_png(samples, 8, 2, tail=b"\x89PNG more"), png_pixels(samples, 8, 2))
    colour_space = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"sRGB", b"\0") + chunk(b"bKGD", struct.pack(">3H", 255, 0, 0))
    add("png colour space", made_png(samples, 8, 2, before=colour_space + chunk(b"prVt", b"?")), png_pixels(samples, 8, 2))
    frame = struct.pack(">IIIIIHHBB", 0, 11, 7, 0, 0, 1, 10, 0, 0)
    animation = chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", frame)
    second = chunk(b"fcTL", struct.pack(">I", 1) + frame[4:]) + chunk(b"fdAT", struct.pack(">I", 2) + zlib.compress(b"\0" * 238))
    add("png animation", made_png(samples, 8, 2, before=animation, behind=second), png_pixels(samples, 8, 2))
    turned = np.rot90(png_pixels(samples, 8, 2), -1)
    add("png orientation 6", made_png(samples, 8, 2, before=chunk(b"eXIf", tiff(6, ">"))), turned)
    add("png orientation 6 behind the pixels", made_png(samples, 8, 2, behind=chunk(b"eXIf", tiff(6, "<"))), turned)


# BMP -------------------------------------------------------------------------------------------------------------------------------------


def bmp_rows(values, bits, from_top=False):
    """values [height][width]: pixels as numbers."""
    rows = []
    for row in values if from_top else values[::-1]:
        if bits >= 8:
            data = b"".join(int(value).to_bytes(bits // 8, "little") for value in row)
        else:
            data = packed([row], bits)[0]
        rows.append(data + b"\0" * (-len(data) % 4))
    return b"".join(rows)


def made_bmp(values, bits, header=40, compression=0, masks=(), palette=(), from_top=False, gap=b"", colours=0):
    """masks: behind a header of 40 bytes, within longer ones.  palette: (red, green, blue)."""
    height, width = values.shape
    entry = b"" if header == 12 else b"\x7f"
    table = b"".join(bytes([b, g, r]) + entry for r, g, b in palette)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    elif header == 16:
        info = struct.pack("<IIIHH", 16, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if from_top else height, 1, bits, compression, 0, 2835, 2835, colours, 0)
        fields = b"".join(struct.pack("<I", mask) for mask in masks)
        info += fields if header == 40 else (fields + b"\0" * header)[: header - 40]
    offset = 14 + len(info) + len(table) + len(gap)
    rows = bmp_rows(values, bits, from_top)
    return struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset) + info + table + gap + rows


def scaled(values, mask):
    shift = (mask & -mask).bit_length() - 1
    most = mask >> shift
    return (((values & mask) >> shift) * 255 + most // 2) // most


def rgb_of(values, masks):
    pixels = np.stack([scaled(values, mask) for mask in masks[:3]], -1)
    return over_white(pixels, scaled(values, masks[3])[..., None]) if len(masks) > 3 and masks[3] else pixels


def add_bmps():
    palette = RNG.integers(0, 256, (256, 3)).tolist()
    plain = (0xFF0000, 0xFF00, 0xFF)
    for header in (12, 16, 40, 52, 56, 64, 108, 124):
        for bits in (1, 4, 8):
            values = RNG.integers(0, 2**bits, (5, 7))
            add(f"bmp header {header} bits {bits}", made_bmp(values, bits, header, palette=palette[: 2**bits]), np.array(palette)[values],
                exact=header != 16)
        values = RNG.integers(0, 2**24, (5, 7))
        add(f"bmp header {header} bits 24", made_bmp(values, 24, header), rgb_of(values, plain), exact=header != 16)
    values = RNG.integers(0, 4, (5, 7))
    add("bmp bits 2", made_bmp(values, 2, palette=palette[:4]), np.array(palette)[values], exact=False)
    values = RNG.integers(0, 2, (64, 64))
    add("bmp OS/2 palette of 2", made_bmp(values, 1, 12, palette=palette[:2]), np.array(palette)[values])
    values = RNG.integers(0, 5, (5, 7))
    add("bmp palette of 5", made_bmp(values, 8, palette=palette[:5], colours=5), np.array(palette)[values])
    add("bmp palette of 5, not counted", made_bmp(values, 8, palette=palette[:5]), np.array(palette)[values], exact=False)
    values = RNG.integers(0, 2**24, (5, 7))
    add("bmp from the top", made_bmp(values, 24, from_top=True), rgb_of(values, plain))
    add("bmp gap before the pixels", made_bmp(values, 24, gap=b"gap."), rgb_of(values, plain))
    add("bmp 24 bits with a palette", made_bmp(values, 24, palette=palette[:3], colours=3), rgb_of(values, plain))
    add("bmp without the last filling", made_bmp(values, 24)[:-3], rgb_of(values, plain), exact=False)
    values = RNG.integers(0, 2**32, (5, 7))
    add("bmp 32 bits, the fourth is no alpha", made_bmp(values, 32), rgb_of(values, plain), exact=False)
    add("bmp V5 32 bits without masks", made_bmp(values, 32, 124), rgb_of(values, plain), exact=False)
    blue_first = (0xFF, 0xFF00, 0xFF0000)
    add("bmp masks behind the header", made_bmp(values, 32, compression=3, masks=blue_first), rgb_of(values, blue_first), exact=False)
    with_alpha = (0xFF000000, 0xFF0000, 0xFF00, 0xFF)
    add("bmp alpha masks behind the header", made_bmp(values, 32, compression=6, masks=with_alpha), rgb_of(values, with_alpha), exact=False)
    for header in (56, 108, 124):
        masks = plain + (0xFF000000,)
        add(f"bmp header {header} alpha", made_bmp(values, 32, header, 3, masks), rgb_of(values, masks))
    ten_bits = (0x3FF00000, 0xFFC00, 0x3FF)
    add("bmp 10 bits a sample", made_bmp(values, 32, 52, 3, ten_bits), rgb_of(values, ten_bits), exact=False)
    values = RNG.integers(0, 2**16, (5, 7))
    add("bmp bits 16", made_bmp(values, 16), rgb_of(values, (0x7C00, 0x3E0, 0x1F)), exact=False)
    add("bmp bits 16 of 5, 6, 5", made_bmp(values, 16, 52, 3, (0xF800, 0x7E0, 0x1F)), rgb_of(values, (0xF800, 0x7E0, 0x1F)), exact=False)
    four_bits = (0xF00, 0xF0, 0xF, 0xF000)
    add("bmp bits 16 of 4 and alpha", made_bmp(values, 16, 108, 3, four_bits), rgb_of(values, four_bits), exact=False)


# PNM -------------------------------------------------------------------------------------------------------------------------------------


def add_pnms():
    for channels, kind in ((1, b"P5"), (3, b"P6")):
        for most in (1, 15, 255, 256, 1000, 65535):
            samples = RNG.integers(0, most + 1, (5, 7, channels))
            head = kind + b"\n# a comment\n7 # another\n5\n" + str(most).encode() + b"\n"
            data = head + samples.astype(">u2" if most > 255 else np.uint8).tobytes()
            add(f"pnm {kind.decode()} maximum {most}", data, (samples * 255 + most // 2) // most, exact=most == 255)


if __name__ == "__main__":
    add_jpegs()
    add_pngs()
    add_bmps()
    add_pnms()
    with open(sys.argv[1], "wb") as file:
        file.write(b"".join(ENTRIES))
    print(f"{len(ENTRIES)} pictures, Pillow {PIL.__version__}, numpy {np.__version__}")

#!/usr/bin/env python3
"""The sliced Wasserstein distance in numpy and scipy.

Two sets of synthetic 64x64 RGB images, 128 patches of 7x7 an image and level, 4 x 128 directions, three levels: the definition
of metrics/sliced_wasserstein.h, in the form of Karras's published code: float32, scipy's convolution over whole batches, patches
by one indexing operation, np.sort along the patches.  The time without that of making the images."""

import os

import common

ARGUMENTS = common.begin(__doc__)
os.environ["OPENBLAS_NUM_THREADS"] = str(ARGUMENTS.threads)  # read when numpy is loaded

try:
    import numpy as np
    import scipy.ndimage
except ImportError:
    common.report(peer="numpy", missing="pip install numpy scipy")
    raise SystemExit(0)

COUNTS = (1024, 4096)  # images a set; more take minutes and many GB
SIZE, NHOOD, NHOODS, REPEATS, DIRECTIONS = 64, 7, 128, 4, 128
FILTER = (np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256.0).astype(np.float32)[np.newaxis, np.newaxis]
BATCH = 128


def make_images(seed, count):
    """Blocks of random colours, blurred by repetition, with noise: [count][3][SIZE][SIZE], bytes."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 200, (count, 3, 8, 8), dtype=np.uint8)
    images = coarse.repeat(SIZE // 8, axis=2).repeat(SIZE // 8, axis=3)
    images += rng.integers(0, 40 + 8 * seed, images.shape, dtype=np.uint8)
    return images


def down(planes):
    return scipy.ndimage.convolve(planes, FILTER, mode="mirror")[:, :, ::2, ::2]


def up(planes):
    n, channels, height, width = planes.shape
    zeros = np.zeros((n, channels, 2 * height, 2 * width), planes.dtype)
    zeros[:, :, ::2, ::2] = planes
    return scipy.ndimage.convolve(zeros, FILTER * 4.0, mode="mirror")


def pyramid(planes):
    gaussian = [planes]
    while gaussian[-1].shape[2] > 16:
        gaussian.append(down(gaussian[-1]))
    return [g - up(h) for g, h in zip(gaussian, gaussian[1:])] + [gaussian[-1]]


def patches(planes, rng):
    """[n * NHOODS][3][NHOOD][NHOOD]: x before y, as the definition has it."""
    n, channels, height, width = planes.shape
    half = NHOOD // 2
    image, channel, dx, dy = np.ogrid[0 : n * NHOODS, 0:channels, -half : half + 1, -half : half + 1]
    x = dx + rng.integers(half, width - half, (n * NHOODS, 1, 1, 1))
    y = dy + rng.integers(half, height - half, (n * NHOODS, 1, 1, 1))
    return planes.reshape(-1)[((image // NHOODS * channels + channel) * height + y) * width + x]


def descriptors(images, rng):
    """By level: one row a patch, normalised by channel over the set."""
    by_level = [[], [], []]
    for first in range(0, len(images), BATCH):
        for rows, planes in zip(by_level, pyramid(images[first : first + BATCH].astype(np.float32))):
            rows.append(patches(planes, rng))
    result = []
    for level in range(len(by_level)):
        rows = np.concatenate(by_level[level])
        by_level[level] = None
        rows -= np.mean(rows, axis=(0, 2, 3), keepdims=True)
        deviation = np.std(rows, axis=(0, 2, 3), keepdims=True)
        deviation[deviation == 0] = 1
        rows /= deviation
        result.append(rows.reshape(len(rows), -1))
    return result


def distance(a, b, rng):
    results = []
    for _ in range(REPEATS):
        directions = rng.standard_normal((a.shape[1], DIRECTIONS))
        directions = (directions / np.sqrt(np.sum(np.square(directions), axis=0, keepdims=True))).astype(np.float32)
        sorted_a = np.sort(np.matmul(a, directions), axis=0)
        sorted_b = np.sort(np.matmul(b, directions), axis=0)
        results.append(np.mean(np.abs(sorted_a - sorted_b)))
    return np.mean(results)


def main():
    common.introduce(ARGUMENTS, "numpy", f"{np.__version__} (scipy {scipy.__version__})", common.processor(ARGUMENTS),
                     common.openblas_waits())
    for count in COUNTS:
        name = f"swd{count}"
        if not common.wanted(ARGUMENTS, "swd", name, "distance"):
            continue
        sets = [make_images(seed, count) for seed in (1, 2)]

        def run():
            rng = np.random.default_rng(3)
            a, b = (descriptors(images, rng) for images in sets)
            for rows_a, rows_b in zip(a, b):
                distance(rows_a, rows_b, rng)

        # Seconds long: a warm-up would change nothing.
        common.report_times(ARGUMENTS, "numpy", "swd", name, "distance", run, batch=0, most_repeats=1, warm_up=False)


if __name__ == "__main__":
    main()

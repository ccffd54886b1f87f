"""Writes swd.txt: sliced Wasserstein distances computed with numpy and scipy alone, independently of the engine.

  python3 -m venv env && env/bin/pip install numpy scipy && env/bin/python tests/golden/make_swd_golden.py > tests/golden/swd.txt

Images, patch centres and directions come from integer formulas that tests/metrics/sliced_wasserstein_test.cpp repeats bit for
bit, so only results are stored.  `given` lines are computed under given centres and directions; `drawn` lines are the
mean and standard deviation over independent draws.
"""
import numpy as np
import scipy.ndimage

NHOOD = 7
FILTER = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256.0


class Lcg:
    """x := 1664525 x + 1013904223 mod 2^32; the top bits are handed out."""

    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (1664525 * self.state + 1013904223) % 2**32
        return (self.state >> 8) % bound


def make_images(seed, count, size, channels, slope, noise):
    """Ramps that differ by image, with noise: [count][size][size][channels], bytes."""
    lcg = Lcg(seed)
    images = np.zeros((count, size, size, channels), np.uint8)
    for i in range(count):
        for y in range(size):
            for x in range(size):
                for c in range(channels):
                    ramp = (slope * x + 2 * y * (c + 1) + 17 * i) // 2
                    images[i, y, x, c] = min(255, ramp % 180 + lcg.below(noise))
    return images


def make_centres(seed, count, nhoods, side):
    lcg = Lcg(seed)
    low = NHOOD // 2
    return [[(low + lcg.below(side - NHOOD + 1), low + lcg.below(side - NHOOD + 1)) for _ in range(nhoods)] for _ in range(count)]


def make_directions(seed, count, length):
    """Each row: integers around 0, scaled to unit norm."""
    lcg = Lcg(seed)
    rows = np.array([[lcg.below(2001) - 1000 for _ in range(length)] for _ in range(count)], np.float64)
    return rows / np.sqrt(np.sum(rows**2, axis=1, keepdims=True))


def down(plane):
    return scipy.ndimage.convolve(plane, FILTER, mode="mirror")[::2, ::2]


def up(plane):
    zeros = np.zeros((2 * plane.shape[0], 2 * plane.shape[1]))
    zeros[::2, ::2] = plane
    return scipy.ndimage.convolve(zeros, 4 * FILTER, mode="mirror")


def pyramid(plane):
    gaussian = [plane]
    while gaussian[-1].shape[0] > 16:
        gaussian.append(down(gaussian[-1]))
    return [g - up(h) for g, h in zip(gaussian, gaussian[1:])] + [gaussian[-1]]


def descriptors(levels, centres):
    """levels: [image][channel] planes of one level. Rows: [channel][dx][dy]."""
    half = NHOOD // 2
    rows = []
    for planes, places in zip(levels, centres):
        for x, y in places:
            rows.append([plane[y - half : y + half + 1, x - half : x + half + 1].T for plane in planes])
    rows = np.array(rows)  # [row][channel][dx][dy]
    mean = np.mean(rows, axis=(0, 2, 3), keepdims=True)
    deviation = np.std(rows, axis=(0, 2, 3), keepdims=True)
    deviation[deviation == 0] = 1
    return ((rows - mean) / deviation).reshape(len(rows), -1)


def distance(a, b, directions):
    sorted_a = np.sort(a @ directions.T, axis=0)
    sorted_b = np.sort(b @ directions.T, axis=0)
    return np.mean(np.abs(sorted_a - sorted_b))


def levels_of(images):
    """[level][image][channel] planes."""
    by_image = [[pyramid(image[:, :, c].astype(np.float64)) for c in range(image.shape[2])] for image in images]
    return [[[channel[level] for channel in image] for image in by_image] for level in range(len(by_image[0][0]))]


def given(name, size, channels, count, nhoods, directions):
    a = make_images(1, count, size, channels, 3, 60)
    b = make_images(2, count, size, channels, 5, 90)
    for level, (levels_a, levels_b) in enumerate(zip(levels_of(a), levels_of(b))):
        side = size >> level
        result = distance(
            descriptors(levels_a, make_centres(10 + level, count, nhoods, side)),
            descriptors(levels_b, make_centres(20 + level, count, nhoods, side)),
            make_directions(30 + level, directions, channels * NHOOD**2),
        )
        print(f"given {name} {size} {channels} {count} {nhoods} {directions} level {side} swd {result:.12g}")


def drawn(size, channels, count, draws):
    a = levels_of(make_images(1, count, size, channels, 3, 60))
    b = levels_of(make_images(2, count, size, channels, 5, 90))
    rng = np.random.default_rng(1)
    for level, (levels_a, levels_b) in enumerate(zip(a, b)):
        side = size >> level
        results = []
        for _ in range(draws):
            sets = [descriptors(levels, rng.integers(3, side - 3, (count, 128, 2))) for levels in (levels_a, levels_b)]
            directions = rng.normal(size=(512, channels * NHOOD**2))
            directions /= np.linalg.norm(directions, axis=1, keepdims=True)
            results.append(distance(*sets, directions))
        print(f"drawn - {size} {channels} {count} 128 512 level {side} swd {np.mean(results):.6g} sd {np.std(results, ddof=1):.3g}")


if __name__ == "__main__":
    print(f"# made by make_swd_golden.py with numpy {np.__version__}, scipy {scipy.__version__}")
    print("# kind name size channels images patches_per_image directions level side swd value [sd value]")
    given("colour", 64, 3, 4, 20, 16)
    given("grey", 32, 1, 5, 9, 8)
    given("smallest", 16, 3, 3, 11, 12)
    drawn(32, 3, 24, 12)

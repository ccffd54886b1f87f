"""Whole generators: the weights that bench exported, the images that we draw with them, and how a peer is held to those images.

Needs numpy.  In the folder of --weights, for each of the sections network and edge:

    SECTION.npz         the generator, as ./tools/export --to npz writes it
    SECTION_images.npz  z [n, z_dim] and images [n, channels, size, size] in [-1, 1]"""

import pathlib
import sys

import common
import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import load_generator  # noqa: E402

ALLOWED = 1e-3  # of a value in [-1, 1], where a peer computes in floats
ALLOWED_LEVELS = 8.0  # of 255 grey levels on average, where it computes in int8: more is another network
LEVELS = 127.5
NO_WEIGHTS = "whole networks need --weights, a folder that bench gives"
CALIBRATION_SEED = 2  # not ours, which the images are drawn by
CALIBRATION_IMAGES = 128


def calibration_latents(model):
    return load_generator.latents(CALIBRATION_SEED, 0, CALIBRATION_IMAGES, model.network["z_dim"])


def is_wanted(arguments):
    return any(common.wanted(arguments, section, "generator", "inference") for section in ("network", "edge"))


def agreement(peer, draw, folder, section, batch, int8):
    """Draws our images with the peer: how far they are from ours in words, or None, and the peer was reported as missing."""
    with np.load(folder / f"{section}_images.npz") as file:
        z, ours = file["z"], file["images"]
    differences = []
    for first in range(0, len(z), batch):
        draw.load(np.ascontiguousarray(z[first:first + batch]))
        draw.run()
        differences.append(np.abs(np.asarray(draw.images()) - ours[first:first + batch]))
    largest, levels = float(np.max(differences)), LEVELS * float(np.mean(differences))
    # So written that NaN is refused.
    if not (levels <= ALLOWED_LEVELS if int8 else largest <= ALLOWED):
        how_far = f"{largest:.1e} at most, {levels:.2f} grey levels on average"
        common.report(peer=peer, missing=f"its images of {section} are not ours: they are apart by {how_far}")
        return None
    return f"{levels:.2f} grey levels on average" if int8 else f"{largest:.1e} at most"


def measure(arguments, peer, make, sections=("network", "edge"), int8=False):
    """make(model, batch) has load(z) for z [batch, z_dim], run() and images() in [-1, 1]; run alone is timed."""
    for section, batch, least_repeats in (("network", arguments.batch, 1), ("edge", 1, 50)):
        if section not in sections or not common.wanted(arguments, section, "generator", "inference"):
            continue
        if arguments.weights is None:
            common.report(peer=peer, missing=NO_WEIGHTS)
            continue
        folder = pathlib.Path(arguments.weights)
        draw = make(load_generator.load(folder / f"{section}.npz"), batch)
        agrees = agreement(peer, draw, folder, section, batch, int8)
        if agrees is not None:
            common.report_times(arguments, peer, section, "generator", "inference", draw.run, batch=batch, least_repeats=least_repeats,
                                agreement=agrees)
